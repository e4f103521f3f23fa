//! The rules against a second implementation, written in Python from the fact book alone
//! (`tests/model/oracle.py`): random law cases of measures 8, 9 and 10, of the subsidies and
//! of the ledger's arithmetic near every edge.
//!
//! 2,000 cases a run, 20,000 with `cargo xtask test --full`. The seed is printed, and taken from
//! `MAMAGANG_ORACLE_SEED` where that is set. A case on which the two differ is made smaller for as
//! long as they do, and told as a law case.

mod process;
mod shrink;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use mamagang_policy::law_cases::{self, world};
use serde_json::{Value, json};

use process::{Oracle, Told};
use shrink::shrink;

const CASES: usize = 2_000;
const CASES_FULL: usize = 20_000;
/// Cases of one document: a reader of YAML bounds what one document may hold.
const DOCUMENT_CASES: usize = 500;

fn count() -> usize {
    if std::env::var_os("MAMAGANG_TEST_FULL").is_some() {
        CASES_FULL
    } else {
        CASES
    }
}

fn seed() -> u64 {
    let given = std::env::var_os("MAMAGANG_ORACLE_SEED");
    given
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or_else(|| RandomState::new().hash_one("oracle"))
}

/// The differences of cases of one folder, each with the case's place; an error where a case
/// cannot be read.
fn differences(folder: &str, cases: &[Value]) -> Result<Vec<(usize, String)>, String> {
    let mut found = Vec::new();
    for (part, some) in cases.chunks(DOCUMENT_CASES).enumerate() {
        let document = json!({ "about": "oracle", "cases": some });
        let file = (format!("{folder}/oracle.yaml"), document.to_string());
        let answers = law_cases::run(&[file], &world::book())
            .map_err(|problems| format!("{:?}", problems.first()))?;
        let places = (part * DOCUMENT_CASES..).zip(answers.iter());
        found.extend(
            places.filter_map(|(place, answer)| Some((place, answer.compared.difference()?))),
        );
    }
    Ok(found)
}

fn difference(folder: &str, case: &Value) -> Option<String> {
    let found = differences(folder, std::slice::from_ref(case)).ok()?;
    found.into_iter().next().map(|(_, difference)| difference)
}

/// The smallest case found on which the two still differ, as a reader adds it to `tests/cases`.
fn smallest(oracle: &mut Oracle, folder: &str, case: &Value) -> String {
    let answered = |oracle: &mut Oracle, situation: &Value| {
        oracle.answer(&Told {
            folder: folder.to_owned(),
            case: situation.clone(),
        })
    };
    let small = shrink(case, |situation| {
        answered(oracle, situation).is_some_and(|told| difference(folder, &told.case).is_some())
    });
    let told = answered(oracle, &small).map_or(small, |told| told.case);
    let text = serde_json::to_string_pretty(&told).unwrap_or_default();
    let difference = difference(folder, &told).unwrap_or_default();
    format!("{folder}: the second implementation expects\n{text}\n{difference}")
}

#[test]
fn the_second_implementation_agrees_on_random_cases() {
    let (seed, count) = (seed(), count());
    println!("oracle: seed {seed}, {count} cases");
    let mut by_folder: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for told in process::generate(seed, count) {
        by_folder.entry(told.folder).or_default().push(told.case);
    }
    let told: usize = by_folder.values().map(Vec::len).sum();
    assert_eq!((told, by_folder.len()), (count, 5), "cases and folders");
    for (folder, cases) in by_folder {
        let found = differences(&folder, &cases).expect("every case can be read");
        let Some((place, _)) = found.first() else {
            continue;
        };
        let mut oracle = Oracle::start();
        let small = smallest(&mut oracle, &folder, &cases[*place]);
        panic!(
            "seed {seed}: {} of {} cases differ; the first, made smaller:\n{small}",
            found.len(),
            cases.len()
        );
    }
}

#[test]
fn a_case_on_which_the_two_differ_is_made_small_and_told() {
    let mut oracle = Oracle::start();
    let told = process::generate(7, 40)
        .into_iter()
        .find(|told| told.folder == "subsidies" && told.case["given"]["contracts"].is_array());
    let told = told.expect("a case with contracts");
    // The two are made to differ: whoever has a filing is expected to be told something else.
    let wrong = |case: &Value| {
        case["given"]["filings"]
            .as_array()
            .is_some_and(|it| !it.is_empty())
    };
    let small = shrink(&told.case, |situation| {
        let asked = Told {
            folder: told.folder.clone(),
            case: situation.clone(),
        };
        oracle.answer(&asked).is_some() && wrong(situation)
    });
    assert!(wrong(&small));
    let given = small["given"].as_object().expect("facts");
    assert!(given.len() <= 3, "{small:#}");
}
