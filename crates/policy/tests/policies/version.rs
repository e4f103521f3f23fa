//! What changes the version of an edition, and what does not.

use mamagang_policy::{Policies, load_embedded};

use crate::edition::{Edition, QUOTA};

fn version(edition: Edition) -> String {
    edition
        .load()
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .version()
        .to_owned()
}

#[test]
fn the_version_is_a_hash_that_the_book_carries() {
    let policies = load_embedded().expect("policies");
    assert_eq!(policies.version(), &*policies.book.version);
    assert_eq!(policies.version().len(), 64);
    assert!(
        policies
            .version()
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    );
    assert_eq!(policies.version(), version(Edition::new()));
}

#[test]
fn comments_layout_and_explanations_leave_the_version_alone() {
    let unchanged = version(Edition::new());
    let same = |edition: Edition| assert_eq!(version(edition), unchanged);
    same(Edition::new().append(QUOTA, "# a remark\n"));
    same(Edition::new().replace(QUOTA, "unit: fen\n", "\nunit:   \"fen\"   # the unit\n"));
    same(Edition::new().replace(QUOTA, "Yearly quota", "title_en: Quota of a year"));
    same(Edition::new().replace(QUOTA, "The amount", "This amount"));
    // Rewritten last, so that a folder listed in order of writing is in another order.
    same(
        Edition::new()
            .rename(QUOTA, "later.yaml")
            .rename("later.yaml", QUOTA),
    );
    same(Edition::new().write("guangdong/README.md", "not a policy"));
}

#[test]
fn every_value_date_and_source_changes_the_version() {
    let unchanged = version(Edition::new());
    let changes = [
        ("value: 780000", "value: 768000"),
        ("effective_from: 2019-01-01", "effective_from: 2019-01-02"),
        ("effective_to: 2027-12-31", "effective_to: 2027-12-30"),
        ("known_from: 2022-07-04", "known_from: 2022-07-05"),
        (
            "instrument: 中府函〔2022〕226号",
            "instrument: 中府函〔2022〕227号",
        ),
        ("article: 措施8", "article: 措施9"),
        ("quote: 重点群体", "quote: 人员"),
        ("confidence: read", "confidence: recalled"),
    ];
    let mut seen = vec![unchanged];
    for (from, to) in changes {
        let changed = version(Edition::new().replace(QUOTA, from, to));
        assert!(!seen.contains(&changed), "{from} → {to}");
        seen.push(changed);
    }
    let bound = version(Edition::new().replace(
        "national/surcharges/edu_exempt_month.yaml",
        "inclusive",
        "exclusive",
    ));
    assert!(!seen.contains(&bound));
    assert!(!seen.contains(&version(Edition::new().remove(QUOTA))));
}

#[test]
fn an_edition_comes_back_from_its_canonical_text() {
    let policies = load_embedded().expect("the embedded policies");
    let text = policies.canonical_text();
    let again = Policies::from_canonical_text(&text).expect("an edition");
    assert_eq!(again.version(), policies.version());
    assert_eq!(again.canonical_text(), text);
    let (kept, first) = (&again.book.key_group, &policies.book.key_group);
    assert_eq!(kept.quota_year_fen, first.quota_year_fen);
    assert_eq!(kept.category_covered, first.category_covered);
    assert_eq!(
        again.book.vat.natural_person_day,
        policies.book.vat.natural_person_day
    );
}

#[test]
fn a_canonical_text_that_was_changed_or_cut_is_refused_or_another_edition() {
    let policies = load_embedded().expect("the embedded policies");
    let text = policies.canonical_text();
    for cut in (0..text.len())
        .step_by(997)
        .filter(|cut| text.is_char_boundary(*cut))
    {
        assert!(
            Policies::from_canonical_text(&text[..cut]).is_err(),
            "cut at {cut}"
        );
    }
    let changed = text.replace("6:780000", "6:770000");
    let other = Policies::from_canonical_text(&changed).expect("another edition");
    assert_ne!(other.version(), policies.version());
    let padded = text.replacen("9:zhongshan", "09:zhongshan", 1);
    assert!(Policies::from_canonical_text(&padded).is_err());
}

#[test]
fn an_edition_from_before_a_parameter_leaves_its_law_not_encoded() {
    let policies = load_embedded().expect("the embedded policies");
    // As long a name at the same place in the order: the text stays canonical.
    let text = policies.canonical_text().replace(
        "key_group.cit_settlement_due",
        "key_group.cit_settlement_duf",
    );
    let older = Policies::from_canonical_text(&text).expect("an edition");
    assert!(older.book.key_group.cit_settlement_due.values().is_empty());
}
