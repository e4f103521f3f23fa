//! The stages, quick ones first, so that a slip shows before the long builds.

use anyhow::{Result, bail};

use super::{Run, Stage, counts};
use crate::{deploy, deps, tidy, tools};

const QUICKSTART: &str = "clients/python/quickstart.py";

/// All stages in order. The budgets hold on two cores with nothing built and nothing installed.
pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "tools",
        budget_seconds: 240,
        needs: None,
        action: |run| quiet(install_tools(run)),
    },
    Stage {
        name: "runner",
        budget_seconds: 600,
        needs: None,
        action: |run| quiet(tools::nextest::install(run.repo)),
    },
    Stage {
        name: "fmt",
        budget_seconds: 15,
        needs: None,
        action: |run| quiet(format(run)),
    },
    Stage {
        name: "tidy",
        budget_seconds: 15,
        needs: None,
        action: |run| quiet(tidy::run(run.repo)),
    },
    Stage {
        name: "deps",
        budget_seconds: 30,
        needs: None,
        action: |run| quiet(deps::run(run.repo)),
    },
    Stage {
        name: "proto",
        budget_seconds: 30,
        needs: Some("tools"),
        action: |run| quiet(tools::buf::check_contract(run.repo)),
    },
    Stage {
        name: "deploy",
        budget_seconds: 15,
        needs: None,
        action: |run| quiet(deploy::run(run.repo)),
    },
    Stage {
        name: "clippy",
        budget_seconds: 600,
        needs: None,
        action: |run| quiet(clippy(run)),
    },
    Stage {
        name: "build",
        budget_seconds: 600,
        needs: None,
        action: |run| quiet(build(run)),
    },
    Stage {
        name: "policies",
        budget_seconds: 15,
        needs: Some("build"),
        action: |run| quiet(policies(run)),
    },
    Stage {
        name: "doctest",
        budget_seconds: 120,
        needs: Some("build"),
        action: doctest,
    },
    Stage {
        name: "test",
        budget_seconds: 600,
        needs: Some("build"),
        action: test,
    },
    Stage {
        name: "clients",
        budget_seconds: 60,
        needs: Some("build"),
        action: |run| quiet(clients(run)),
    },
];

fn quiet(result: Result<()>) -> (Vec<String>, Result<()>) {
    (Vec::new(), result)
}

fn install_tools(run: &Run) -> Result<()> {
    let postgres = tools::postgres::install(run.repo)?;
    println!("PostgreSQL in {}", postgres.display());
    tools::buf::install(run.repo)?;
    tools::python::install(run.repo)
}

/// The peers of the bench are a workspace of their own, of one crate: with `--all` their libraries
/// would be fetched to be looked at.
fn format(run: &Run) -> Result<()> {
    let cargo = || run.repo.cargo().args(["fmt", "--check"]);
    cargo().args(["--all"]).run()?;
    cargo().args(["--manifest-path", crate::PEERS]).run()
}

fn clippy(run: &Run) -> Result<()> {
    run.repo
        .cargo()
        .args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .run()
}

/// Builds the tests as well: they share the libraries with the service, and the stage `test` is then the tests' own time.
fn build(run: &Run) -> Result<()> {
    run.repo
        .cargo()
        .args(["build", "--workspace", "--all-targets"])
        .run()
}

/// Asks the service that was built, since `cargo run` would build its libraries again with fewer features.
fn policies(run: &Run) -> Result<()> {
    run.repo
        .command(run.service()?)
        .args(["policy", "check"])
        .run()
}

fn doctest(run: &Run) -> (Vec<String>, Result<()>) {
    match run.with_test_settings(run.repo.cargo().args(["test", "--doc", "--workspace"])) {
        Ok(process) => process.run_keeping(counts::is_result_of_cargo_test),
        Err(error) => quiet(Err(error)),
    }
}

fn test(run: &Run) -> (Vec<String>, Result<()>) {
    let (arguments, keep): (&[&str], fn(&str) -> bool) = if tools::nextest::is_installed() {
        (
            &["nextest", "run", "--workspace", "--no-fail-fast"],
            counts::is_result_of_nextest,
        )
    } else {
        (
            &["test", "--workspace", "--all-targets", "--no-fail-fast"],
            counts::is_result_of_cargo_test,
        )
    };
    match run.with_test_settings(run.repo.cargo().args(arguments)) {
        Ok(process) => process.run_keeping(keep),
        Err(error) => quiet(Err(error)),
    }
}

fn clients(run: &Run) -> Result<()> {
    if !run.repo.path(QUICKSTART).is_file() {
        bail!("{QUICKSTART} is not there");
    }
    tools::python::install(run.repo)?;
    let python = run
        .repo
        .command(tools::python::interpreter(run.repo))
        .args([QUICKSTART]);
    python.env("MAMAGANG_BIN", run.service()?).run()
}
