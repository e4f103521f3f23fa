//! The law cases of `tests/cases/`, run against the repository's policies, and beside them what no
//! single case can show: which of two refusals is told, and what holds for any facts.

mod allocation;
mod cases;
mod desk;
mod identifiers;
mod ledger_properties;
mod measure8;
mod measure9;
mod properties;
mod refusals;
mod words;
mod world;

use mamagang_policy::load_embedded;

use crate::cases::{Case, files_under, folders, run_all};

/// Fewer cases than this means that files were lost.
const CASES_MIN: usize = 150;

#[test]
fn measure8_cases_are_decided_as_the_fact_book_says() {
    run_all::<measure8::Measure8Case>();
}

#[test]
fn measure9_cases_are_decided_as_the_fact_book_says() {
    run_all::<measure9::Measure9Case>();
}

#[test]
fn allocation_cases_book_and_deduct_as_the_fact_book_says() {
    run_all::<allocation::AllocationCase>();
}

#[test]
fn identifier_cases_are_read_or_refused_as_the_fact_book_says() {
    run_all::<identifiers::IdentifierCase>();
}

#[test]
fn every_case_file_belongs_to_a_folder_that_is_run() {
    let run = [
        measure8::Measure8Case::FOLDER,
        measure9::Measure9Case::FOLDER,
        allocation::AllocationCase::FOLDER,
        identifiers::IdentifierCase::FOLDER,
    ];
    let mut expected: Vec<String> = run.map(str::to_owned).into();
    expected.sort();
    assert_eq!(folders(), expected);
    for folder in run {
        assert!(!files_under(folder).is_empty(), "{folder} has no cases");
    }
}

#[test]
fn no_case_is_lost_and_no_name_is_used_twice() {
    let mut names: Vec<String> = Vec::new();
    names.extend(cases::names::<measure8::Measure8Case>());
    names.extend(cases::names::<measure9::Measure9Case>());
    names.extend(cases::names::<allocation::AllocationCase>());
    names.extend(cases::names::<identifiers::IdentifierCase>());
    assert!(names.len() >= CASES_MIN, "{} cases", names.len());
    names.sort();
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
fn the_policies_that_the_cases_run_against_are_the_repositorys() {
    let version = load_embedded()
        .expect("the embedded policies")
        .book
        .version
        .clone();
    assert_eq!(version, world::book().version);
}
