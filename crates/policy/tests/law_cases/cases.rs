//! Finds, reads and runs case files, and tells failures as a difference line by line.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A case of one folder.
pub(crate) trait Case: DeserializeOwned {
    /// The folder under `tests/cases/`.
    const FOLDER: &'static str;

    fn name(&self) -> &str;

    fn source(&self) -> &str;

    /// What the case expects and what was decided, each as lines of the same form.
    fn run(&self) -> Compared;
}

/// Two sheets of lines that should be equal.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) expected: Vec<String>,
    pub(crate) actual: Vec<String>,
}

impl Compared {
    pub(crate) fn add(
        &mut self,
        label: &str,
        expected: impl std::fmt::Display,
        actual: impl std::fmt::Display,
    ) {
        self.expected.push(format!("{label}: {expected}"));
        self.actual.push(format!("{label}: {actual}"));
    }

    pub(crate) fn add_lines(
        &mut self,
        label: &str,
        expected: impl IntoIterator<Item = String>,
        actual: impl IntoIterator<Item = String>,
    ) {
        let labelled = |line: String| format!("{label}: {line}");
        self.expected.extend(expected.into_iter().map(labelled));
        self.actual.extend(actual.into_iter().map(labelled));
    }

    /// The lines that only one side has; `None` when the sheets agree.
    fn difference(&self) -> Option<String> {
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

pub(crate) fn parse<C: Case>(text: &str) -> Result<Vec<C>, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options::<Document<C>>(text, options)
        .map(|document| document.cases)
        .map_err(|error| error.to_string())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases")
}

/// Every folder that holds cases, sorted.
pub(crate) fn folders() -> Vec<String> {
    let entries = fs::read_dir(root()).expect("the folder of cases");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file_type().expect("a type").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every file of a folder, sorted; anything but a YAML file is an error.
pub(crate) fn files_under(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of cases");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    for file in &files {
        let is_yaml = file
            .extension()
            .is_some_and(|extension| extension == "yaml");
        assert!(is_yaml, "{} is not run", file.display());
    }
    files.sort();
    files
}

fn read_all<C: Case>() -> Vec<(String, C)> {
    let mut all = Vec::new();
    for file in files_under(C::FOLDER) {
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = format!("{}/{}", C::FOLDER, name.unwrap_or_default());
        let text = fs::read_to_string(&file).expect("a case file");
        let cases = parse::<C>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!cases.is_empty(), "{name} has no cases");
        all.extend(cases.into_iter().map(|case| (name.clone(), case)));
    }
    all
}

/// The names of all cases of a folder.
pub(crate) fn names<C: Case>() -> Vec<String> {
    let cases = read_all::<C>();
    for (file, case) in &cases {
        assert!(
            !case.source().is_empty(),
            "{file}: {} cites nothing",
            case.name()
        );
    }
    cases
        .iter()
        .map(|(_, case)| case.name().to_owned())
        .collect()
}

/// Runs every case of a folder and tells all failures at once.
pub(crate) fn run_all<C: Case>() {
    let cases = read_all::<C>();
    let count = cases.len();
    let failures: Vec<String> = cases
        .into_iter()
        .filter_map(|(file, case)| {
            let difference = case.run().difference()?;
            Some(format!(
                "{file}: {} ({})\n{difference}",
                case.name(),
                case.source()
            ))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {count} cases fail:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

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
