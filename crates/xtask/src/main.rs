//! The project's own commands: `cargo xtask test` runs everything, the others run one part of it.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool reports on standard output"
)]

mod deploy;
mod deps;
mod mutants;
mod process;
mod repo;
mod sbom;
mod source;
mod stages;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::repo::Repo;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks and tests mamagang")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what is missing, then runs every check and test, each stage within its time budget.
    Test {
        /// Runs the full counts of the long tests, with six times the time.
        #[arg(long)]
        full: bool,
        /// Runs the named stages alone; see the table that a whole run prints.
        #[arg(long, value_name = "STAGE", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Checks the files of the repository against the house rules.
    Tidy,
    /// Checks which crate depends on which, and on which library.
    Deps,
    /// Lints the API contract and checks its format.
    Proto,
    /// Checks the policy files with the service's own command.
    Policies,
    /// Writes the binary's bill of materials, CycloneDX, into the target folder.
    Sbom,
    /// Checks the deployment files as far as the tools of this machine go.
    Deploy,
    /// Changes the rules one small step at a time and looks whether a test notices; see docs/mutation.md.
    Mutants {
        /// Passed on to `cargo mutants`, such as `--shard 0/4`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds for release and measures P1 to P10 beside the machine's own speed; see docs/performance.md.
    Bench {
        /// Builds with the profile `bench-dev`, in a third of the time, for figures that nobody is told.
        #[arg(long)]
        dev: bool,
        /// Builds the other ledgers of `bench/peers` too, which then take turns with the postings.
        #[arg(long)]
        peers: bool,
        /// Passed on to the bench, such as `--quick` or `--only P1,P3`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let repo = Repo::find()?;
    match command {
        Command::Test { full, only } => stages::run(&repo, full, &only),
        Command::Tidy => tidy::run(&repo),
        Command::Deps => deps::run(&repo),
        Command::Proto => tools::buf::check_contract(&repo),
        Command::Policies => repo
            .cargo()
            .args([
                "run",
                "--quiet",
                "-p",
                "mamagang-server",
                "--",
                "policy",
                "check",
            ])
            .run(),
        Command::Sbom => sbom::run(&repo),
        Command::Deploy => deploy::run(&repo),
        Command::Mutants { arguments } => mutants::run(&repo, &arguments),
        Command::Bench {
            dev,
            peers,
            arguments,
        } => bench(&repo, dev, peers, &arguments),
    }
}

/// The other ledgers: a workspace of its own, for the libraries that they need.
const PEERS: &str = "bench/peers/Cargo.toml";

fn bench(repo: &Repo, dev: bool, peers: bool, arguments: &[String]) -> Result<()> {
    let profile = if dev { "bench-dev" } else { "release" };
    let build = repo.cargo().args(["build", "--profile", profile]);
    build
        .args(["-p", "mamagang-server", "-p", "mamagang-bench"])
        .run()?;
    let built = repo.path("target").join(profile);
    let bench = repo
        .command(built.join("mamagang-bench"))
        .args(["run", "--mamagang"])
        .args([built.join("mamagang")]);
    if !peers {
        return bench.args(arguments).run();
    }
    let folder = repo.path("target").join("peers");
    let build = repo.cargo().args(["build", "--release", "--locked"]);
    let build = build.args(["--manifest-path", PEERS, "--target-dir"]);
    build.args([&folder]).run()?;
    let program = folder.join("release").join("mamagang-peers");
    let bench = bench.args(["--peers"]).args([program]);
    bench.args(arguments).run()
}
