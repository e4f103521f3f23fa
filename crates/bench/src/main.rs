//! Measures the service beside what the machine can do without it: `cargo xtask bench`.
//!
//! The machine may be shared and noisy, so every figure is a ratio to a yardstick that ran in the
//! same minute: service and yardstick take turns, and the median of the ratios counts. The client,
//! its connections and its processor are the same for both.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool reports on standard output"
)]
#![expect(clippy::float_arithmetic, reason = "rates and ratios, never money")]

mod chart;
mod city;
mod echo;
mod files;
mod load;
mod measure;
mod report;
mod seed;
mod service;
mod wire;
mod yardstick;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "mamagang-bench", about = "Measures P1 to P10")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the measures and prints the table.
    Run(RunArgs),
    /// Answers with the same bytes always; started by `run`.
    #[command(hide = true)]
    Echo(echo::EchoArgs),
}

/// What to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    /// The service's binary.
    #[arg(long)]
    mamagang: PathBuf,
    /// Where the results are written.
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
    /// A smaller city, fewer and shorter turns: two minutes instead of fifteen.
    #[arg(long)]
    quick: bool,
    /// Only these measures, such as P1,P3.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Workers of the city.
    #[arg(long)]
    workers: Option<u64>,
    /// How many of them make an employer, five where it is not told; others for P9 alone.
    #[arg(long)]
    staff: Option<u64>,
    /// Turns of service and yardstick.
    #[arg(long)]
    turns: Option<u32>,
    /// Seconds of a turn.
    #[arg(long)]
    seconds: Option<u64>,
    /// Months of everybody's contributions, 12 where it is not told.
    #[arg(long)]
    months: Option<i32>,
    /// The program of `bench/peers`: other ledgers take turns with the postings.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// A folder whose PostgreSQL stays: the city is filled once and found again by later runs.
    #[arg(long)]
    keep: Option<PathBuf>,
}

impl RunArgs {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.eq_ignore_ascii_case(name))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            println!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = match arguments.command {
        Command::Run(args) => runtime.block_on(measure::run(args)),
        Command::Echo(args) => runtime.block_on(echo::run(args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
