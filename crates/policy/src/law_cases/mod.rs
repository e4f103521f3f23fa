//! The law cases of `tests/cases/`, as a lawyer reads and adds to them, run against any edition.
//!
//! The tests run them against the repository's policies; `mamagang policy diff` runs them against
//! two editions and tells which answers change. The files are compiled in.

pub mod cases;

#[doc(hidden)]
pub mod allocation;
#[doc(hidden)]
pub mod desk;
#[doc(hidden)]
pub mod identifiers;
#[doc(hidden)]
pub mod measure8;
#[doc(hidden)]
pub mod measure9;
#[doc(hidden)]
pub mod preferences;
#[doc(hidden)]
pub mod reviews;
#[doc(hidden)]
pub mod subsidies;
#[doc(hidden)]
pub mod words;
#[doc(hidden)]
pub mod world;

use std::path::Path;
use std::sync::Arc;

use mamagang_domain::policy::PolicyBook;

use crate::embedded;
use crate::load::read_folder;
use crate::problem::{PolicyProblem, ProblemKind};
use cases::{Case, Compared, parse};

/// A case file: its path below the cases' folder, such as `measure8/term.yaml`, and its text.
pub type CaseFile = (String, String);

/// One case with what came of it.
#[derive(Clone, Debug)]
pub struct CaseAnswer {
    /// The file.
    pub file: String,
    /// The case's name.
    pub name: String,
    /// What it rests on.
    pub source: String,
    /// What it expects and what was decided.
    pub compared: Compared,
}

/// Reads the cases of a file and runs them against an edition.
type Runner = fn(&str, &str, &Arc<PolicyBook>) -> Result<Vec<CaseAnswer>, PolicyProblem>;

/// Every folder of cases with what runs it.
const RUNNERS: &[(&str, Runner)] = &[
    (
        allocation::AllocationCase::FOLDER,
        run_file::<allocation::AllocationCase>,
    ),
    (
        identifiers::IdentifierCase::FOLDER,
        run_file::<identifiers::IdentifierCase>,
    ),
    (
        measure8::Measure8Case::FOLDER,
        run_file::<measure8::Measure8Case>,
    ),
    (
        measure9::Measure9Case::FOLDER,
        run_file::<measure9::Measure9Case>,
    ),
    (
        preferences::PreferenceCase::FOLDER,
        run_file::<preferences::PreferenceCase>,
    ),
    (
        subsidies::SubsidyCase::FOLDER,
        run_file::<subsidies::SubsidyCase>,
    ),
];

fn run_file<C: Case>(
    file: &str,
    text: &str,
    book: &Arc<PolicyBook>,
) -> Result<Vec<CaseAnswer>, PolicyProblem> {
    let cases = parse::<C>(text)
        .map_err(|error| PolicyProblem::new(file, "-", ProblemKind::Syntax, error))?;
    let answers = cases.iter().map(|case| CaseAnswer {
        file: file.to_owned(),
        name: case.name().to_owned(),
        source: case.source().to_owned(),
        compared: case.run(book),
    });
    Ok(answers.collect())
}

/// The folders of cases that are run.
pub fn folders() -> impl Iterator<Item = &'static str> {
    RUNNERS.iter().map(|(folder, _)| *folder)
}

/// The case files compiled into the binary.
pub fn embedded_files() -> Vec<CaseFile> {
    let files = embedded::CASES.iter();
    files
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// The case files of a folder, each in the folder of its measure.
pub fn files_in(folder: &Path) -> Result<Vec<CaseFile>, Vec<PolicyProblem>> {
    read_folder(folder)
}

/// Runs files against an edition, in order. On failure every file that cannot be read, or that
/// lies in a folder of no measure, is named.
pub fn run(
    files: &[CaseFile],
    book: &Arc<PolicyBook>,
) -> Result<Vec<CaseAnswer>, Vec<PolicyProblem>> {
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in files {
        let folder = path.split('/').next().unwrap_or_default();
        let runner = RUNNERS.iter().find(|(known, _)| *known == folder);
        let Some((_, runner)) = runner else {
            let message = "lies in no folder of cases";
            problems.push(PolicyProblem::new(
                path,
                "-",
                ProblemKind::Unreadable,
                message,
            ));
            continue;
        };
        match runner(path, text, book) {
            Ok(found) => answers.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(answers)
    } else {
        Err(problems)
    }
}
