//! The law cases of `tests/cases/`, run against the repository's policies, and beside them what no
//! single case can show: which of two refusals is told, and what holds for any facts.

mod explained;
mod ledger_properties;
mod other_readings;
mod projected;
mod properties;
mod refusals;
mod terms;
mod told;

use std::collections::BTreeSet;
use std::path::Path;

use mamagang_policy::law_cases::{self, CaseAnswer, cases, identifiers, world};
use mamagang_policy::load_embedded;

/// Fewer cases than this means that files were lost.
const CASES_MIN: usize = 150;

fn files() -> Vec<law_cases::CaseFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    law_cases::files_in(&root).expect("the folder of cases")
}

fn answers() -> Vec<CaseAnswer> {
    law_cases::run(&files(), &world::book()).expect("every file is read")
}

/// Runs every case of a folder and tells all failures at once.
fn run_all(folder: &str) {
    let of_folder: Vec<CaseAnswer> = answers()
        .into_iter()
        .filter(|answer| answer.file.starts_with(&format!("{folder}/")))
        .collect();
    assert!(!of_folder.is_empty(), "{folder} has no cases");
    let failures: Vec<String> = of_folder
        .iter()
        .filter_map(|answer| {
            let difference = answer.compared.difference()?;
            let CaseAnswer {
                file, name, source, ..
            } = answer;
            Some(format!("{file}: {name} ({source})\n{difference}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        of_folder.len(),
        failures.join("\n")
    );
}

#[test]
fn measure8_cases_are_decided_as_the_fact_book_says() {
    run_all("measure8");
}

#[test]
fn subsidy_cases_are_decided_as_the_fact_book_says() {
    run_all("subsidies");
}

#[test]
fn measure10_cases_are_decided_as_the_fact_book_says() {
    run_all("measure10");
}

#[test]
fn measure9_cases_are_decided_as_the_fact_book_says() {
    run_all("measure9");
}

#[test]
fn allocation_cases_book_and_deduct_as_the_fact_book_says() {
    run_all("allocation");
}

#[test]
fn identifier_cases_are_read_or_refused_as_the_fact_book_says() {
    run_all("identifiers");
}

/// `law_cases::run` refuses a file in a folder that nothing runs.
#[test]
fn every_case_file_belongs_to_a_folder_that_is_run_and_every_folder_has_one() {
    let answered = answers();
    let found: BTreeSet<&str> = answered
        .iter()
        .filter_map(|answer| answer.file.split('/').next())
        .collect();
    assert_eq!(found, law_cases::folders().collect());
}

#[test]
fn the_cases_compiled_in_are_those_of_the_folder() {
    let mut embedded = law_cases::embedded_files();
    let mut of_folder = files();
    embedded.sort();
    of_folder.sort();
    assert_eq!(embedded, of_folder);
}

#[test]
fn no_case_is_lost_uncited_or_named_twice() {
    let answered = answers();
    for answer in &answered {
        assert!(!answer.source.is_empty(), "{} cites nothing", answer.name);
    }
    let mut names: Vec<&str> = answered.iter().map(|answer| answer.name.as_str()).collect();
    assert!(names.len() >= CASES_MIN, "{} cases", names.len());
    names.sort_unstable();
    let doubled: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
}

#[test]
fn an_unknown_key_in_a_case_is_refused() {
    let right = "about: x\ncases:\n  - {name: n, source: s, kind: EMPLOYER_CODE, text: '1', expect: {refused: Length}}\n";
    assert!(cases::parse::<identifiers::IdentifierCase>(right).is_ok());
    let wrong = right.replace("refused:", "refusd:");
    let message = cases::parse::<identifiers::IdentifierCase>(&wrong).expect_err("a refusal");
    assert!(message.contains("refusd"), "{message}");
}

#[test]
fn a_file_in_a_folder_of_no_measure_is_refused() {
    let stray = [(
        "measure99/a.yaml".to_owned(),
        "about: x\ncases: []\n".to_owned(),
    )];
    let problems = law_cases::run(&stray, &world::book()).expect_err("a refusal");
    assert_eq!(problems[0].file, "measure99/a.yaml");
}

#[test]
fn the_policies_that_the_cases_run_against_are_the_repositorys() {
    let version = load_embedded()
        .expect("the embedded policies")
        .book
        .version
        .clone();
    assert_eq!(version, world::book().version);
}
