//! The text of `mamagang policy check`.

use mamagang_policy::{Language, load_embedded, report};

#[test]
fn the_report_names_every_parameter_the_open_points_and_the_version() {
    let policies = load_embedded().expect("policies");
    for (language, heading, place) in [
        (Language::Zh, "尚未确认", "适用地区: 中山市"),
        (Language::En, "Not established", "Jurisdiction: Zhongshan"),
    ] {
        let text = report(&policies, language);
        for parameter in policies.parameters() {
            assert!(
                text.contains(&format!("{} [{}, ", parameter.name, parameter.folder)),
                "{}",
                parameter.file
            );
        }
        assert!(
            text.contains(&format!("{heading}: {}\n", policies.unconfirmed().len())),
            "{text}"
        );
        assert!(
            text.contains(place) && text.contains(policies.version()),
            "{text}"
        );
    }
    let text = report(&policies, Language::En);
    assert!(
        text.contains("2026-01-01..2027-12-31  < 10000000  secondary"),
        "{text}"
    );
    assert!(text.contains("2026-01-01..  true  unconfirmed"), "{text}");
}
