//! The table and the file of results.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::chart;

/// What a measure has to reach.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Bounds {
    pub(crate) floor: f64,
    pub(crate) goal: f64,
    pub(crate) beyond: Option<f64>,
    /// Whether less is better.
    pub(crate) falling: bool,
}

impl Bounds {
    pub(crate) const fn rising(floor: f64, goal: f64, beyond: f64) -> Self {
        Self {
            floor,
            goal,
            beyond: Some(beyond),
            falling: false,
        }
    }

    pub(crate) const fn falling(floor: f64, goal: f64, beyond: Option<f64>) -> Self {
        Self {
            floor,
            goal,
            beyond,
            falling: true,
        }
    }

    fn verdict(&self, value: f64) -> &'static str {
        let reaches = |bound: f64| match self.falling {
            true => value <= bound,
            false => value >= bound,
        };
        if self.beyond.is_some_and(reaches) {
            "beyond"
        } else if reaches(self.goal) {
            "goal"
        } else if reaches(self.floor) {
            "floor"
        } else {
            "BELOW THE FLOOR"
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// `P1`, …
    pub(crate) name: &'static str,
    /// What was done, with client, bytes and rows.
    pub(crate) what: String,
    /// The figure that the bounds are for: a ratio where there is a yardstick.
    pub(crate) value: f64,
    /// Its lowest and highest turn.
    pub(crate) spread: (f64, f64),
    /// What it is a ratio to; empty where it is none.
    pub(crate) to: String,
    /// The service's own figure, with its unit.
    pub(crate) own: f64,
    pub(crate) unit: &'static str,
    /// The yardstick's figure.
    pub(crate) yardstick: Option<f64>,
    pub(crate) bounds: Option<Bounds>,
    /// What `bounds` say of it.
    pub(crate) verdict: &'static str,
    /// Latencies, memory and whatever else was seen.
    pub(crate) seen: serde_json::Value,
}

impl Figure {
    pub(crate) fn new(name: &'static str, what: impl Into<String>, value: f64) -> Self {
        Self {
            name,
            what: what.into(),
            value,
            spread: (value, value),
            to: String::new(),
            own: value,
            unit: "",
            yardstick: None,
            bounds: None,
            verdict: "",
            seen: serde_json::Value::Null,
        }
    }

    pub(crate) fn within(mut self, bounds: Bounds) -> Self {
        self.verdict = bounds.verdict(self.value);
        self.bounds = Some(bounds);
        self
    }

    pub(crate) fn own(mut self, own: f64, unit: &'static str) -> Self {
        (self.own, self.unit) = (own, unit);
        self
    }

    pub(crate) fn seen(mut self, seen: serde_json::Value) -> Self {
        self.seen = seen;
        self
    }
}

/// What a whole run has shown.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Seconds since 1970 at its start.
    pub(crate) started: u64,
    pub(crate) quick: bool,
    pub(crate) commit: String,
    pub(crate) processors: usize,
    pub(crate) workers: u64,
    pub(crate) turns: u32,
    /// The load average of a minute when it began and when it ended: who else was at work.
    pub(crate) load: (f64, f64),
    pub(crate) figures: Vec<Figure>,
}

/// The median; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// The lowest and the highest.
pub(crate) fn spread(values: &[f64]) -> (f64, f64) {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(0.0, f64::max);
    (lowest, highest)
}

impl Report {
    /// The figures as a table in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "{} workers, {} turns, {} processors, load average {} at the start and {} at the end, \
             commit {}.\n\n\
             | # | measure | figure | of | value (lowest–highest turn) | floor / goal / beyond | reached |\n\
             |---|---|---|---|---|---|---|\n",
            self.workers,
            self.turns,
            self.processors,
            number(self.load.0),
            number(self.load.1),
            self.commit,
        );
        for figure in &self.figures {
            let bounds = figure.bounds.map_or_else(String::new, |bounds| {
                let beyond = bounds.beyond.map_or_else(|| "–".to_owned(), number);
                format!(
                    "{} / {} / {beyond}",
                    number(bounds.floor),
                    number(bounds.goal)
                )
            });
            let yardstick = figure.yardstick.map_or_else(String::new, |yardstick| {
                format!("{} {}/s", figure.to, number(yardstick))
            });
            let _ = writeln!(
                table,
                "| {} | {} | {} {} | {yardstick} | {} ({}–{}) | {bounds} | {} |",
                figure.name,
                figure.what,
                number(figure.own),
                figure.unit,
                number(figure.value),
                number(figure.spread.0),
                number(figure.spread.1),
                figure.verdict,
            );
        }
        table
    }

    /// Writes the results and the table; returns the file's path.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let kind = if self.quick { "quick" } else { "full" };
        let path = folder.join(format!("{}-{kind}.json", self.started));
        std::fs::write(&path, serde_json::to_string_pretty(self)? + "\n")?;
        std::fs::write(path.with_extension("md"), self.table())?;
        std::fs::write(path.with_extension("svg"), chart::svg(&self.figures))?;
        Ok(path)
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        middle if middle >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_told_by_the_highest_bound_that_it_reaches() {
        let rising = Bounds::rising(1.0, 2.0, 3.0);
        let told = [0.9, 1.0, 2.5, 3.0].map(|value| rising.verdict(value));
        assert_eq!(told, ["BELOW THE FLOOR", "floor", "goal", "beyond"]);
        let falling = Bounds::falling(40.0, 25.0, None);
        let told = [41.0, 40.0, 25.0, 1.0].map(|value| falling.verdict(value));
        assert_eq!(told, ["BELOW THE FLOOR", "floor", "goal", "goal"]);
    }

    #[test]
    fn the_median_is_the_middle_turn() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (1.0, 3.0));
    }
}
