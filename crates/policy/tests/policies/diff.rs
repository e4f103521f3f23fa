//! What changes between two editions, in words and in law cases.

use mamagang_policy::{Language, changed_cases, diff, diff_report, law_cases, load_embedded};

use crate::edition::{DAY, Edition, QUOTA};

/// The day's threshold of 2026 becomes inclusive.
fn inclusive() -> Edition {
    Edition::new().replace(
        DAY,
        "value: 100000\n    bound: exclusive",
        "value: 100000\n    bound: inclusive",
    )
}

#[test]
fn a_bound_that_changes_is_told_with_its_days_and_the_cases_it_changes() {
    let before = load_embedded().expect("the embedded policies");
    let after = inclusive().load().expect("an edition");
    let changes = diff(&before, &after);
    let told: Vec<String> = changes
        .iter()
        .flat_map(|change| change.sentences(Language::En))
        .collect();
    assert_eq!(
        told,
        [
            "from 2026-01-01 to 2027-12-31, Natural persons: threshold of a day, Guangdong \
          (vat.natural_person_day, 440000) changes its bound from exclusive to inclusive"
        ]
    );
    let zh = changes[0].sentences(Language::Zh);
    assert!(zh[0].ends_with("的上限由不含本数改为含本数"), "{zh:?}");

    let cases = changed_cases(&law_cases::embedded_files(), &before, &after).expect("cases");
    assert!(!cases.is_empty());
    for case in &cases {
        assert!(case.file.starts_with("measure9/"), "{case:?}");
        assert!(
            case.after.iter().any(|line| line.contains("<= 1000.00")),
            "{case:?}"
        );
    }
    let report = diff_report(&before, &after, &cases, Language::En);
    let count = format!("{} cases change\n", cases.len());
    assert!(report.contains(&count), "{report}");
}

#[test]
fn an_amount_and_a_day_that_change_are_told_apart() {
    let before = load_embedded().expect("the embedded policies");
    let edition = Edition::new().replace(
        QUOTA,
        "value: 780000\n    bound: none\n    effective_from: 2023-01-01",
        "value: 702000\n    bound: none\n    effective_from: 2023-01-01",
    );
    let after = edition.load().expect("an edition");
    let changes = diff(&before, &after);
    assert_eq!(changes.len(), 1, "{changes:?}");
    let told = changes[0].sentences(Language::En);
    assert!(
        told[0].starts_with("from 2023-01-01 to 2027-12-31"),
        "{told:?}"
    );
    assert!(
        told[0].ends_with("changes from 7800.00 yuan to 7020.00 yuan"),
        "{told:?}"
    );
    let zh = changes[0].sentences(Language::Zh);
    assert!(zh[0].ends_with("由 7800.00 元 改为 7020.00 元"), "{zh:?}");
}

#[test]
fn an_edition_differs_from_itself_in_nothing() {
    let policies = load_embedded().expect("the embedded policies");
    assert!(diff(&policies, &policies).is_empty());
    let files = law_cases::embedded_files();
    let cases = changed_cases(&files, &policies, &policies).expect("cases");
    assert!(cases.is_empty());
    let report = diff_report(&policies, &policies, &cases, Language::Zh);
    assert_eq!(report, "两个版本相同\n0 个案例的结论改变\n");
}
