//! `cargo xtask test`: every check and test in order, each within its budget of time.

mod counts;
mod list;
mod report;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::list::STAGES;
use self::report::{Outcome, Report, Row};
use crate::process::Process;
use crate::repo::Repo;
use crate::tools;

/// All stages together, from an empty build folder on two cores.
const TOTAL_BUDGET: Duration = Duration::from_secs(25 * 60);

/// What the full counts may take, as a multiple of the ordinary budgets.
const FULL_FACTOR: u32 = 6;

/// One step of the run.
struct Stage {
    name: &'static str,
    budget_seconds: u64,
    /// The stage without which this one has nothing to work on.
    needs: Option<&'static str>,
    /// Returns lines to be said again at the run's end, failed or not.
    action: fn(&Run) -> (Vec<String>, Result<()>),
}

/// What the stages share.
struct Run<'a> {
    repo: &'a Repo,
    is_full: bool,
}

impl Run<'_> {
    /// The folder that cargo builds into.
    fn target(&self) -> Result<PathBuf> {
        let metadata = self
            .repo
            .cargo()
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .output()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let folder = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target_directory")?;
        Ok(PathBuf::from(folder))
    }

    /// The service that the stage `build` made.
    fn service(&self) -> Result<PathBuf> {
        let service = self.target()?.join("debug/mamagang");
        if !service.is_file() {
            bail!("{} is not there: run the stage `build`", service.display());
        }
        Ok(service)
    }

    /// A command with what the tests are told about this run.
    fn with_test_settings(&self, process: Process) -> Result<Process> {
        let process = process
            .env(
                tools::postgres::VARIABLE,
                tools::postgres::install(self.repo)?,
            )
            .env("MAMAGANG_BIN", self.service()?)
            // Colours would hide the closing lines from whoever looks for them.
            .env("CARGO_TERM_COLOR", "never");
        Ok(if self.is_full {
            process
                .env("MAMAGANG_TEST_FULL", "1")
                // Property tests take their count from here; 256 otherwise.
                .env("PROPTEST_CASES", "4000")
        } else {
            process
        })
    }
}

/// Runs the stages named in `only`, or all of them, and prints what each took.
pub(crate) fn run(repo: &Repo, is_full: bool, only: &[String]) -> Result<()> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !STAGES.iter().any(|stage| stage.name == name.as_str()))
    {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("no stage {unknown}; there are {}", names.join(", "));
    }
    let run = Run { repo, is_full };
    let factor = if is_full { FULL_FACTOR } else { 1 };
    let mut report = Report::new(TOTAL_BUDGET * factor);
    for stage in STAGES
        .iter()
        .filter(|stage| only.is_empty() || only.iter().any(|name| name == stage.name))
    {
        let budget = Duration::from_secs(stage.budget_seconds) * factor;
        if let Some(needed) = stage.needs.filter(|needed| report.has_failed(needed)) {
            report.add(Row {
                stage: stage.name,
                elapsed: Duration::ZERO,
                budget,
                outcome: Outcome::Skipped(needed),
            });
            continue;
        }
        println!("\n== {} ==", stage.name);
        let (elapsed, (closing_lines, result)) = timed(|| (stage.action)(&run));
        report.repeat(closing_lines);
        let outcome = match result {
            Err(error) => Outcome::Failed(format!("{error:#}")),
            Ok(()) if elapsed > budget => Outcome::OverBudget,
            Ok(()) => Outcome::Passed,
        };
        report.add(Row {
            stage: stage.name,
            elapsed,
            budget,
            outcome,
        });
    }
    println!("\n{report}");
    if !report.is_success() {
        bail!("the run failed");
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stage is measured against its budget"
)]
fn timed<T>(action: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = action();
    (start.elapsed(), result)
}
