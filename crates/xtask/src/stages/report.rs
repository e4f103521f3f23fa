//! What the run took and how it ended.

use std::fmt;
use std::time::Duration;

use super::counts::Counts;

/// How a stage ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    OverBudget,
    /// With the reason.
    Failed(String),
    /// For want of the stage named.
    Skipped(&'static str),
}

/// One stage of the run.
pub(super) struct Row {
    pub(super) stage: &'static str,
    pub(super) elapsed: Duration,
    pub(super) budget: Duration,
    pub(super) outcome: Outcome,
}

/// All stages of the run, and the test runners' closing lines.
pub(super) struct Report {
    rows: Vec<Row>,
    closing_lines: Vec<String>,
    budget: Duration,
}

impl Report {
    pub(super) fn new(budget: Duration) -> Self {
        Self {
            rows: Vec::new(),
            closing_lines: Vec::new(),
            budget,
        }
    }

    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Says these lines again at the end, where a person and a build machine look for them.
    pub(super) fn repeat(&mut self, lines: Vec<String>) {
        self.closing_lines.extend(lines);
    }

    /// Whether the stage ran and gave nothing to go on with; being slow is no such failure.
    pub(super) fn has_failed(&self, stage: &str) -> bool {
        let gave_nothing =
            |outcome: &Outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Skipped(_));
        self.rows
            .iter()
            .any(|row| row.stage == stage && gave_nothing(&row.outcome))
    }

    pub(super) fn is_success(&self) -> bool {
        self.total() <= self.budget && self.rows.iter().all(|row| row.outcome == Outcome::Passed)
    }

    fn total(&self) -> Duration {
        self.rows.iter().map(|row| row.elapsed).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<10} {:>9} {:>9}  outcome",
            "stage", "took", "budget"
        )?;
        for row in &self.rows {
            let outcome = match &row.outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::OverBudget => "OVER BUDGET".to_owned(),
                Outcome::Failed(reason) => {
                    format!("FAILED: {}", reason.lines().next().unwrap_or_default())
                }
                Outcome::Skipped(needed) => format!("skipped: {needed} failed"),
            };
            writeln!(
                formatter,
                "{:<10} {:>9} {:>9}  {outcome}",
                row.stage,
                seconds(row.elapsed),
                seconds(row.budget)
            )?;
        }
        let outcome = if self.total() <= self.budget {
            "ok"
        } else {
            "OVER BUDGET"
        };
        writeln!(
            formatter,
            "{:<10} {:>9} {:>9}  {outcome}",
            "total",
            seconds(self.total()),
            seconds(self.budget)
        )?;
        for line in &self.closing_lines {
            writeln!(formatter, "{line}")?;
        }
        let counts = Counts::of(self.closing_lines.iter().map(String::as_str));
        if counts != Counts::default() {
            writeln!(
                formatter,
                "tests: {} passed, {} failed, {} skipped",
                counts.passed, counts.failed, counts.skipped
            )?;
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> String {
    format!(
        "{}.{} s",
        duration.as_secs(),
        duration.subsec_millis() / 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_secs(60);

    fn report(outcome: Outcome, elapsed: Duration) -> Report {
        let mut report = Report::new(BUDGET);
        report.add(Row {
            stage: "build",
            elapsed,
            budget: BUDGET,
            outcome,
        });
        report
    }

    #[test]
    fn a_run_at_its_budget_succeeds_and_one_over_it_fails() {
        assert!(report(Outcome::Passed, BUDGET).is_success());
        assert!(!report(Outcome::Passed, BUDGET + Duration::from_millis(1)).is_success());
    }

    #[test]
    fn a_slow_stage_fails_the_run_and_lets_the_next_one_begin() {
        let slow = report(Outcome::OverBudget, Duration::ZERO);
        assert!(!slow.is_success() && !slow.has_failed("build"));
        let broken = report(Outcome::Failed("why".to_owned()), Duration::ZERO);
        assert!(!broken.is_success() && broken.has_failed("build"));
    }

    #[test]
    fn the_table_shows_each_stage_and_closes_with_the_tests() {
        let mut report = report(
            Outcome::Failed("`a` failed\nmore".to_owned()),
            Duration::from_millis(1250),
        );
        report.repeat(vec![
            "     Summary [   0.1s] 3 tests run: 2 passed, 1 failed, 0 skipped".to_owned(),
        ]);
        let shown = report.to_string();
        let lines: Vec<&str> = shown.lines().map(str::trim).collect();
        assert_eq!(
            lines[1],
            "build          1.2 s    60.0 s  FAILED: `a` failed"
        );
        assert_eq!(lines[2], "total          1.2 s    60.0 s  ok");
        assert!(lines[3].starts_with("Summary ["));
        assert_eq!(lines[4], "tests: 2 passed, 1 failed, 0 skipped");
    }
}
