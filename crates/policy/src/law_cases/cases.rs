//! Reads and runs case files, and tells failures as a difference line by line.

use std::sync::Arc;

use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Assumption, Reason};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A case of one folder.
pub trait Case: DeserializeOwned {
    /// The folder under `tests/cases/`.
    const FOLDER: &'static str;

    /// Its name, which no other case has.
    fn name(&self) -> &str;

    /// What it rests on.
    fn source(&self) -> &str;

    /// What the case expects and what was decided, each as lines of the same form.
    fn run(&self, book: &Arc<PolicyBook>) -> Compared;
}

/// Two sheets of lines that should be equal.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What the case expects.
    pub expected: Vec<String>,
    /// What was decided.
    pub actual: Vec<String>,
    /// Parameters that are not established and that the answer names: in a review, a caveat or
    /// among its assumptions. Not compared.
    pub told: Vec<String>,
}

impl Compared {
    /// Adds a line to each sheet.
    pub fn add(
        &mut self,
        label: &str,
        expected: impl std::fmt::Display,
        actual: impl std::fmt::Display,
    ) {
        self.expected.push(format!("{label}: {expected}"));
        self.actual.push(format!("{label}: {actual}"));
    }

    /// Adds lines under one label.
    pub fn add_lines(
        &mut self,
        label: &str,
        expected: impl IntoIterator<Item = String>,
        actual: impl IntoIterator<Item = String>,
    ) {
        let labelled = |line: String| format!("{label}: {line}");
        self.expected.extend(expected.into_iter().map(labelled));
        self.actual.extend(actual.into_iter().map(labelled));
    }

    /// Notes the parameters that reasons and caveats name.
    pub fn tell_parameters(&mut self, reasons: &[Reason]) {
        let facts = reasons.iter().flat_map(|reason| &reason.facts);
        let named = facts.filter(|(name, _)| *name == "parameter");
        self.told
            .extend(named.flat_map(|(_, names)| names.split(", ").map(str::to_owned)));
    }

    /// Notes the parameters that assumptions name.
    pub fn tell_assumptions(&mut self, assumptions: &[Assumption]) {
        let names = assumptions.iter().map(|it| it.parameter.to_string());
        self.told.extend(names);
    }

    /// The lines that only one side has; `None` when the sheets agree.
    pub fn difference(&self) -> Option<String> {
        if self.expected == self.actual {
            return None;
        }
        let missing = self
            .expected
            .iter()
            .filter(|line| !self.actual.contains(line));
        let surplus = self
            .actual
            .iter()
            .filter(|line| !self.expected.contains(line));
        let lines: Vec<String> = missing
            .map(|line| format!("    - expected {line}"))
            .chain(surplus.map(|line| format!("    + actual   {line}")))
            .collect();
        if lines.is_empty() {
            return Some("    the lines agree but their order does not".to_owned());
        }
        Some(lines.join("\n"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "C: DeserializeOwned"))]
struct Document<C> {
    /// A sentence for the reader.
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<C>,
}

/// The cases of a file's text; a wrong word or an unknown key is told.
pub fn parse<C: Case>(text: &str) -> Result<Vec<C>, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options::<Document<C>>(text, options)
        .map(|document| document.cases)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_lines_of_each_side() {
        let mut compared = Compared::default();
        compared.add("outcome", "ELIGIBLE", "ELIGIBLE");
        assert_eq!(compared.difference(), None);
        compared.add("total", "650.00", "0.00");
        assert_eq!(
            compared.difference().as_deref(),
            Some("    - expected total: 650.00\n    + actual   total: 0.00")
        );
    }
}
