//! Nothing is decided silently on what is not established: every value of confidence
//! `unconfirmed` is changed in an edition of its own, all law cases run against it, and every
//! answer that changes names the parameter, in a review, a caveat or an assumption.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::{Confidence, PolicyBook};
use mamagang_domain::subsidy::claim_window;
use mamagang_policy::law_cases::{self, CaseAnswer, CaseFile};
use mamagang_policy::{Parameter, Policies, Value, load_dir, load_embedded};

/// Codes that only forms print: a missing one is written empty, and no decision reads them.
const FORMS: &str = "key_group.reduction_codes.cit_";

fn root(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(below)
}

/// Where the cases lie that read a parameter: those of its measure, and of what builds on it.
fn folders_of(name: &str) -> &'static [&'static str] {
    match name.split('.').next() {
        Some("subsidy") => &["subsidies/"],
        Some("inclusive") => &["measure10/"],
        Some("vat") => &["measure9/", "measure10/"],
        Some("key_group") => &["measure8/", "allocation/", "measure10/"],
        _ => &[""],
    }
}

fn cases_in(folders: &[&str]) -> Vec<CaseFile> {
    let mut files = law_cases::files_in(&root("tests/cases")).expect("the folder of cases");
    files.retain(|(path, _)| folders.iter().any(|folder| path.starts_with(folder)));
    files
}

fn answers(cases: &[CaseFile], book: &Arc<PolicyBook>) -> Vec<CaseAnswer> {
    law_cases::run(cases, book).expect("every case is read")
}

fn unconfirmed(policies: &Policies) -> Vec<&Parameter> {
    let parameters = policies.parameters().iter();
    parameters
        .filter(|parameter| !parameter.name.starts_with(FORMS))
        .filter(|parameter| {
            let mut values = parameter.values.iter();
            values.any(|value| value.confidence == Confidence::Unconfirmed)
        })
        .collect()
}

/// Another value of the same type, as a file writes it.
fn another(parameter: &Parameter, value: &Value) -> String {
    match value {
        Value::Boolean(value) => (!value).to_string(),
        Value::Integer(number) if parameter.unit == mamagang_policy::Unit::Bp => {
            (number / 2).to_string()
        }
        Value::Integer(number) => (number + 1).to_string(),
        Value::Texts(words) => format!("[{}]", words[..words.len() - 1].join(", ")),
        Value::Text(word) => other_word(word).to_owned(),
        Value::Nothing | Value::Integers(_) => panic!("{}: no other value", parameter.name),
    }
}

fn other_word(word: &str) -> &'static str {
    match word {
        "MONTH_END" => "MONTH_START",
        "COUNTED_MONTHS" => "CALENDAR_MONTHS",
        "HIRE_DATE" => "EACH_MONTH",
        "ANY_DAY" => "EVERY_DAY",
        "PERSON" => "PERSON_AT_EMPLOYER",
        "QUARTERLY" => "MONTHLY",
        "COVERED" => "REVIEW",
        "REVIEW" => "COVERED",
        "INCREMENT" => "WHOLE_CREDIT",
        "WHOLE_CREDIT" => "INCREMENT",
        "platform_only" => "all_sales",
        "CALENDAR_AND_USED_MONTHS" => "CALENDAR_MONTHS",
        _ => panic!("{word}: no other word"),
    }
}

/// The repository's policies with the unconfirmed values of one parameter changed.
fn edition_without(parameter: &Parameter) -> Policies {
    let folder = tempfile::tempdir().expect("a folder");
    for file in law_files() {
        let text = std::fs::read_to_string(root("policies").join(&file)).expect("a policy");
        let text = if file == Path::new(&parameter.file) {
            changed(parameter, &text)
        } else {
            text
        };
        let path = folder.path().join(&file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }
    load_dir(folder.path()).unwrap_or_else(|problems| panic!("{}: {problems:?}", parameter.name))
}

fn law_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root("policies").join(&folder)).expect("policies") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                files.push(path);
            }
        }
    }
    files
}

fn changed(parameter: &Parameter, text: &str) -> String {
    const START: &str = "  - value: ";
    let mut values = parameter.values.iter();
    let lines = text.lines().map(|line| {
        if !line.starts_with(START) {
            return line.to_owned();
        }
        let value = values.next().expect("a value a line");
        match value.confidence {
            Confidence::Unconfirmed => format!("{START}{}", another(parameter, &value.value)),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn every_unconfirmed_parameter_is_named_where_it_decides() {
    let policies = load_embedded().expect("the embedded policies");
    let parameters = unconfirmed(&policies);
    assert!(parameters.len() >= 40, "{} parameters", parameters.len());
    let mut silent = Vec::new();
    let mut never_named = Vec::new();
    // What the repository's own edition answers is the same beside every other one.
    let mut known = BTreeMap::new();
    for parameter in parameters {
        let folders = folders_of(&parameter.name);
        let (cases, before) = known.entry(folders).or_insert_with(|| {
            let cases = cases_in(folders);
            let before = answers(&cases, &policies.book);
            (cases, before)
        });
        let names = |answer: &CaseAnswer| answer.compared.told.contains(&parameter.name);
        let of_claims = claim_names(&policies).contains(&parameter.name);
        if !of_claims && !before.iter().any(names) {
            never_named.push(parameter.name.clone());
        }
        let edition = edition_without(parameter);
        let after = answers(cases, &edition.book);
        for (one, other) in before.iter().zip(&after) {
            let differs = one.compared.actual != other.compared.actual;
            if differs && !names(one) && !names(other) {
                silent.push(format!("{}: {}: {}", parameter.name, one.file, one.name));
            }
        }
    }
    assert!(never_named.is_empty(), "no case leans on {never_named:#?}");
    assert!(
        silent.is_empty(),
        "decided silently:\n{}",
        silent.join("\n")
    );
}

fn claim_names(policies: &Policies) -> BTreeSet<String> {
    let month = TaxMonth::parse("2022-11").expect("a month");
    let window = claim_window(&policies.book.subsidy, month).expect("encoded");
    let names = window.assumptions.iter();
    names.map(|it| it.parameter.to_string()).collect()
}

#[test]
fn the_window_of_claims_names_what_it_rests_on() {
    let policies = load_embedded().expect("the embedded policies");
    let names: Vec<String> = claim_names(&policies).into_iter().collect();
    assert_eq!(
        names,
        ["subsidy.claim_cycle", "subsidy.claim_window_months"]
    );
    let window = |text: &str| {
        let month = TaxMonth::parse(text).expect("a month");
        let window = claim_window(&policies.book.subsidy, month)?;
        Some(format!("{} {}", window.opens_on, window.closes_on))
    };
    let expected = [
        ("2022-10", Some("2023-01-01 2023-10-31")),
        ("2022-12", Some("2023-01-01 2023-12-31")),
        ("2023-01", Some("2023-04-01 2024-01-31")),
        ("2022-06", None),
    ];
    for (month, told) in expected {
        assert_eq!(window(month).as_deref(), told, "{month}");
    }
}

#[test]
fn a_silent_parameter_would_be_noticed() {
    let policies = load_embedded().expect("the embedded policies");
    // The amount is established, so nothing names it; changing it changes answers.
    let amount = policies
        .own("zhongshan", "subsidy.amount.post")
        .expect("a parameter");
    let cases = cases_in(folders_of(&amount.name));
    let before = answers(&cases, &policies.book);
    let mut doubted = amount.clone();
    for value in &mut doubted.values {
        value.confidence = Confidence::Unconfirmed;
    }
    let edition = edition_without(&doubted);
    let after = answers(&cases, &edition.book);
    let silent = before.iter().zip(&after).filter(|(one, other)| {
        one.compared.actual != other.compared.actual && !one.compared.told.contains(&amount.name)
    });
    assert!(silent.count() > 0);
}
