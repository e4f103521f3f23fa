//! Each check, on the side that it refuses and on the side that it lets pass.

use mamagang_policy::{ProblemKind, lint, load_dir, load_embedded};

use crate::edition::{DAY, Edition, QUOTA, REGIME, WITHHOLDING, repository};

const CONTRACT_MONTHS: &str = "national/key_group/contract_months_min.yaml";
const EDU_MONTH: &str = "national/surcharges/edu_exempt_month.yaml";
const EMPLOYERS: &str = "national/key_group/employer_kinds.yaml";
const CODE: &str = "national/key_group/reduction_codes/vat_poverty.yaml";
const VAT_LEG: &str = "national/key_group/vat_leg.yaml";

#[test]
fn the_repository_passes_and_equals_what_is_compiled_in() {
    let folder = load_dir(&repository()).expect("the repository's policies");
    let embedded = load_embedded().expect("the embedded policies");
    assert_eq!(folder.version(), embedded.version());
    assert_eq!(folder.parameters(), embedded.parameters());
    Edition::new().passes();
}

#[test]
fn a_gap_between_two_values_is_refused_unless_a_reason_is_given() {
    let gap = || {
        Edition::new().replace(
            WITHHOLDING,
            "effective_to: 2026-10-31",
            "effective_to: 2026-10-30",
        )
    };
    gap().has_only(WITHHOLDING, "values[1].effective_from", ProblemKind::Gap);
    gap()
        .replace(
            WITHHOLDING,
            "values:",
            "gaps_allowed_because: one day without law\nvalues:",
        )
        .passes();
    gap()
        .replace(
            WITHHOLDING,
            "values:",
            "gaps_allowed_because: \" \"\nvalues:",
        )
        .has_only(WITHHOLDING, "gaps_allowed_because", ProblemKind::Empty);
}

#[test]
fn two_values_on_one_day_are_refused() {
    Edition::new()
        .replace(
            WITHHOLDING,
            "effective_to: 2026-10-31",
            "effective_to: 2026-11-01",
        )
        .has_only(
            WITHHOLDING,
            "values[1].effective_from",
            ProblemKind::Overlap,
        );
    Edition::new()
        .replace(WITHHOLDING, "    effective_to: 2026-10-31\n", "")
        .has_only(
            WITHHOLDING,
            "values[1].effective_from",
            ProblemKind::Overlap,
        );
    Edition::new()
        .replace(
            WITHHOLDING,
            "effective_from: 2026-11-01",
            "effective_from: 2021-04-01",
        )
        .has_only(
            WITHHOLDING,
            "values[1].effective_from",
            ProblemKind::Overlap,
        );
}

#[test]
fn values_out_of_order_are_refused() {
    Edition::new()
        .replace(
            WITHHOLDING,
            "effective_from: 2026-11-01",
            "effective_from: 2021-03-31",
        )
        .has_only(
            WITHHOLDING,
            "values[1].effective_from",
            ProblemKind::Unsorted,
        );
}

#[test]
fn a_value_that_ends_before_it_begins_is_refused_and_one_of_a_single_day_passes() {
    Edition::new()
        .replace(
            WITHHOLDING,
            "effective_to: 2027-12-31",
            "effective_to: 2026-10-31",
        )
        .has_only(
            WITHHOLDING,
            "values[1].effective_to",
            ProblemKind::DatesReversed,
        );
    Edition::new()
        .replace(
            WITHHOLDING,
            "effective_to: 2027-12-31",
            "effective_to: 2026-11-01",
        )
        .passes();
}

#[test]
fn a_value_without_instrument_or_quote_is_uncited_and_one_without_article_is_not() {
    let citation = "      article: 第二条\n      quote: 签订1年以上期限劳动合同\n";
    let instrument = "      instrument: 财税〔2019〕22号\n";
    let uncited = |edition: Edition| {
        edition.has_only(CONTRACT_MONTHS, "values[0].citation", ProblemKind::Uncited)
    };
    uncited(Edition::new().replace(CONTRACT_MONTHS, citation, ""));
    uncited(Edition::new().replace(CONTRACT_MONTHS, instrument, ""));
    uncited(Edition::new().replace(CONTRACT_MONTHS, "财税〔2019〕22号", "\" \""));
    let whole = format!("    citation:\n{instrument}{citation}");
    uncited(Edition::new().replace(CONTRACT_MONTHS, &whole, ""));
    Edition::new()
        .replace(CONTRACT_MONTHS, "      article: 第二条\n", "")
        .passes();
}

#[test]
fn words_outside_their_lists_are_refused_with_their_fields() {
    let unknown = |file: &str, from: &str, to: &str, field: &str| {
        Edition::new()
            .replace(file, from, to)
            .has_only(file, field, ProblemKind::UnknownWord);
    };
    unknown(QUOTA, "unit: fen", "unit: yuan", "unit");
    unknown(QUOTA, "bound: none", "bound: open", "values[0].bound");
    unknown(
        QUOTA,
        "confidence: read",
        "confidence: sure",
        "values[0].confidence",
    );
    unknown(EMPLOYERS, "PARTNERSHIP", "PARTNERS", "values[0].value");
    unknown(
        "national/vat/platform_scope.yaml",
        "all_sales",
        "some_sales",
        "values[1].value",
    );
    unknown(
        "national/key_group/quota_year_raise_max.yaml",
        "kind: raise_max",
        "kind: raise",
        "limits.kind",
    );
}

#[test]
fn a_date_that_does_not_exist_is_refused() {
    for (from, to) in [("2021-12-31", "2021-02-29"), ("2021-12-31", "2021-12-3")] {
        let edition = Edition::new().replace(
            CONTRACT_MONTHS,
            &format!("effective_to: {from}"),
            &format!("effective_to: {to}"),
        );
        edition.has_only(
            CONTRACT_MONTHS,
            "values[0].effective_to",
            ProblemKind::BadDate,
        );
    }
    Edition::new()
        .replace(
            CONTRACT_MONTHS,
            "known_from: 2019-02-02",
            "known_from: yesterday",
        )
        .has_only(
            CONTRACT_MONTHS,
            "values[0].known_from",
            ProblemKind::BadDate,
        );
}

#[test]
fn amounts_are_whole_fen_and_never_fractions() {
    for fraction in ["780000.0", "780000.5", "7.8e5"] {
        let problems = Edition::new()
            .replace(QUOTA, "value: 780000", &format!("value: {fraction}"))
            .problems();
        assert!(
            problems
                .iter()
                .all(|problem| problem.kind == ProblemKind::Syntax && problem.file == QUOTA)
        );
        assert!(
            problems[0].message.contains("not a whole number"),
            "{problems:?}"
        );
    }
    let wrong = |value: &str| {
        let edition = Edition::new().replace(QUOTA, "value: 780000", &format!("value: {value}"));
        assert!(
            edition
                .problems()
                .iter()
                .any(|problem| problem.kind == ProblemKind::WrongType),
            "{value}"
        );
    };
    wrong("\"780000\"");
    wrong("-12");
    wrong("1000000000000001");
    wrong("true");
}

#[test]
fn a_code_keeps_its_leading_zeros_only_in_quotes() {
    let policies = Edition::new().load().expect("policies");
    let code = policies
        .get("key_group.reduction_codes.vat_poverty")
        .expect("a code");
    assert_eq!(code.values[0].value.to_string(), "0001013612");
    let edition = Edition::new().replace(CODE, "\"0001013612\"", "1013612");
    assert!(
        edition
            .problems()
            .iter()
            .all(|problem| problem.kind == ProblemKind::WrongType)
    );
    assert!(!edition.problems().is_empty());
}

#[test]
fn a_bound_stands_on_ceilings_and_on_nothing_else() {
    let wrong = |file: &str, from: &str, to: &str| {
        let problems = Edition::new().replace(file, from, to).problems();
        assert!(!problems.is_empty(), "{file}");
        assert!(
            problems
                .iter()
                .all(|problem| problem.kind == ProblemKind::WrongBound && problem.file == file)
        );
    };
    wrong(EDU_MONTH, "bound: inclusive", "bound: none");
    wrong(QUOTA, "bound: none", "bound: inclusive");
    wrong(CONTRACT_MONTHS, "bound: none", "bound: exclusive");
    wrong(
        DAY,
        "value: null\n    bound: none",
        "value: null\n    bound: inclusive",
    );
    Edition::new()
        .replace(EDU_MONTH, "bound: inclusive", "bound: exclusive")
        .passes();
}

#[test]
fn a_province_may_raise_the_quota_to_the_ceiling_and_no_fen_further() {
    Edition::new()
        .replace(QUOTA, "value: 780000", "value: 779988")
        .passes();
    Edition::new()
        .replace(QUOTA, "value: 780000", "value: 780012")
        .has_only(QUOTA, "values[0].value", ProblemKind::BeyondLimit);
}

#[test]
fn a_province_keeps_within_the_national_range_of_the_day_threshold() {
    for (fen, passes) in [
        (30_000, true),
        (29_999, false),
        (50_000, true),
        (50_001, false),
    ] {
        let edition = Edition::new().replace(DAY, "value: 50000", &format!("value: {fen}"));
        if passes {
            edition.passes();
        } else {
            edition.has_only(DAY, "values[0].value", ProblemKind::BeyondLimit);
        }
    }
}

#[test]
fn a_quota_is_divisible_into_twelve_months_of_whole_fen() {
    Edition::new()
        .replace(QUOTA, "value: 780000", "value: 779999")
        .has_only(QUOTA, "values[0].value", ProblemKind::QuotaNotDivisible);
}

#[test]
fn the_codes_of_the_self_employed_never_stand_for_a_hire() {
    for code in ["0001013610", "0001013611"] {
        Edition::new().replace(CODE, "0001013612", code).has_only(
            CODE,
            "values[0].value",
            ProblemKind::ForbiddenCode,
        );
    }
}

#[test]
fn the_name_spells_the_path_and_the_scope_the_folder() {
    Edition::new()
        .replace(
            CODE,
            "name: key_group.reduction_codes.vat_poverty",
            "name: key_group.reduction_codes.vat_poor",
        )
        .problems()
        .iter()
        .find(|problem| problem.kind == ProblemKind::NameIsNotPath && problem.file == CODE)
        .expect("the name is refused");
    Edition::new()
        .replace(QUOTA, "scope: \"440000\"", "scope: \"440001\"")
        .has_only(QUOTA, "scope", ProblemKind::WrongScope);
    let elsewhere = "hunan/key_group/quota_year.yaml";
    let problems = Edition::new().rename(QUOTA, elsewhere).problems();
    assert!(
        problems
            .iter()
            .any(|p| p.file == elsewhere && p.kind == ProblemKind::WrongScope),
        "{problems:?}"
    );
    let other_ending = "national/vat/regime.yml";
    let problems = Edition::new().rename(REGIME, other_ending).problems();
    assert!(
        problems
            .iter()
            .any(|p| p.file == other_ending && p.kind == ProblemKind::NameIsNotPath),
        "{problems:?}"
    );
}

#[test]
fn every_parameter_that_decisions_read_is_required() {
    let embedded = load_embedded().expect("policies");
    let optional = [
        "key_group.evidence_retention_years",
        "key_group.form_type_codes.poverty",
        "key_group.form_type_codes.unemployment",
        "key_group.quota_year_raise_max",
        "key_group.registration_counting",
        "key_group.self_employment_codes",
        "vat.natural_person_day_least",
        "vat.natural_person_day_most",
    ];
    for (position, parameter) in embedded.parameters().iter().enumerate() {
        let mut catalogue = embedded.catalogue().clone();
        catalogue.parameters.remove(position);
        let kinds: Vec<_> = lint(&catalogue)
            .into_iter()
            .map(|problem| problem.kind)
            .collect();
        let stands_alone = optional.contains(&parameter.name.as_str()) || parameter.file == QUOTA;
        assert_eq!(
            kinds.is_empty(),
            stands_alone,
            "{}: {kinds:?}",
            parameter.file
        );
        assert!(
            kinds.iter().all(|kind| *kind == ProblemKind::Missing),
            "{}: {kinds:?}",
            parameter.file
        );
    }
}

#[test]
fn the_day_of_the_check_lies_in_the_edition_and_not_before_the_publication() {
    for (checked, passes) in [
        ("2026-11-22", false),
        ("2026-11-23", true),
        ("2026-11-24", false),
    ] {
        let edition = Edition::new().replace(
            CONTRACT_MONTHS,
            "checked_on: 2026-11-23",
            &format!("checked_on: {checked}"),
        );
        if passes {
            edition.passes();
        } else {
            edition.has_only(
                CONTRACT_MONTHS,
                "values[0].checked_on",
                ProblemKind::CheckedOn,
            );
        }
    }
    Edition::new()
        .replace(
            CONTRACT_MONTHS,
            "known_from: 2019-02-02",
            "known_from: 2026-11-23",
        )
        .passes();
    Edition::new()
        .replace(
            CONTRACT_MONTHS,
            "known_from: 2019-02-02",
            "known_from: 2026-11-24",
        )
        .has_only(
            CONTRACT_MONTHS,
            "values[0].checked_on",
            ProblemKind::CheckedOn,
        );
}

#[test]
fn fields_that_are_unknown_doubled_or_absent_are_refused_by_name() {
    let refused = |edition: Edition, word: &str| {
        let problems = edition.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(
            (problems[0].file.as_str(), problems[0].kind),
            (QUOTA, ProblemKind::Syntax)
        );
        assert!(problems[0].message.contains(word), "{problems:?}");
    };
    refused(Edition::new().append(QUOTA, "remark: none\n"), "remark");
    refused(Edition::new().append(QUOTA, "unit: fen\n"), "unit");
    refused(Edition::new().replace(QUOTA, "unit: fen\n", ""), "unit");
    refused(
        Edition::new().replace(
            QUOTA,
            "  - value: 780000\n    bound: none",
            "  - bound: none",
        ),
        "value",
    );
}

#[test]
fn a_place_uses_the_nations_unit() {
    let edition = Edition::new().replace(QUOTA, "unit: fen", "unit: months");
    let problems = edition.problems();
    assert!(
        problems
            .iter()
            .any(|p| p.field == "unit" && p.kind == ProblemKind::WrongType),
        "{problems:?}"
    );
}

#[test]
fn all_problems_of_all_files_are_told_at_once() {
    let problems = Edition::new()
        .replace(QUOTA, "confidence: read", "confidence: sure")
        .replace(QUOTA, "bound: none", "bound: open")
        .replace(
            VAT_LEG,
            "effective_to: 2025-12-31",
            "effective_to: 2025-12-30",
        )
        .replace(EDU_MONTH, "title_en: Monthly", "titel_en: Monthly")
        .problems();
    let mut files: Vec<_> = problems
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    files.sort_unstable();
    assert_eq!(files, [QUOTA, QUOTA, VAT_LEG, EDU_MONTH]);
    let shown = problems[0].to_string();
    assert!(
        shown.starts_with(&format!("{}: {}: ", problems[0].file, problems[0].field)),
        "{shown}"
    );
}

#[test]
fn the_index_is_a_tree_under_one_nation() {
    let refused = |from: &str, to: &str, field: &str| {
        Edition::new().replace("index.yaml", from, to).has_only(
            "index.yaml",
            field,
            ProblemKind::BadIndex,
        );
    };
    refused(
        "jurisdiction: zhongshan",
        "jurisdiction: foshan",
        "jurisdiction",
    );
    refused("parent: guangdong", "parent: hunan", "scopes[2].parent");
    refused("parent: guangdong", "parent: zhongshan", "scopes[2].parent");
    refused("    parent: national\n", "", "scopes[1].parent");
    refused("code: \"442000\"", "code: \"4420\"", "scopes[2].code");
    refused("code: \"442000\"", "code: \"440000\"", "scopes[2].folder");
    refused(
        "checked_from: 2026-11-23",
        "checked_from: 2026-11-24",
        "checked_to",
    );
    Edition::new()
        .replace("index.yaml", "checked_to: 2026-11-23", "checked_to: soon")
        .problems()
        .iter()
        .find(|problem| problem.kind == ProblemKind::BadDate)
        .expect("the date is refused");
    Edition::new()
        .remove("index.yaml")
        .has_only("index.yaml", "-", ProblemKind::Missing);
}

#[test]
fn a_folder_that_is_not_there_is_a_problem_and_no_panic() {
    let problems = load_dir(&repository().join("nowhere")).expect_err("nothing to read");
    assert_eq!(problems[0].kind, ProblemKind::Unreadable);
}
