//! The values, on the days on which they change.

use mamagang_domain::fact::{EmployerKind, Insurance, PersonCategory, ReliefCode};
use mamagang_domain::money::Fen;
use mamagang_domain::policy::{CodeGroup, Confidence, Dated, InsuranceSet, PlatformScope};
use mamagang_domain::tax::TaxKind;
use mamagang_policy::{Bound, Parameter, Policies, load_embedded};

use crate::edition::{Edition, QUOTA, day};

const NOTHING: &str = "not encoded";

fn policies() -> Policies {
    load_embedded().expect("the embedded policies")
}

/// What holds on a day, with the bound's sign.
fn shown(parameter: &Parameter, on: &str) -> String {
    parameter
        .on(day(on))
        .map_or(NOTHING.to_owned(), |value| match value.bound {
            Bound::Inclusive => format!("<= {}", value.value),
            Bound::Exclusive => format!("< {}", value.value),
            Bound::None => value.value.to_string(),
        })
}

#[test]
fn every_value_holds_from_its_first_day_to_its_last_and_on_no_other() {
    let policies = policies();
    assert!(policies.parameters().len() > 40);
    for parameter in policies.parameters() {
        for (position, value) in parameter.values.iter().enumerate() {
            let name = format!("{} {}", parameter.file, value.dates());
            let neighbour =
                |other: Option<usize>| other.and_then(|index| parameter.values.get(index));
            assert_eq!(parameter.on(value.effective_from), Some(value), "{name}");
            let before = parameter.on(value.effective_from.plus_days(-1));
            assert_eq!(before, neighbour(position.checked_sub(1)), "{name}");
            if let Some(last) = value.effective_to {
                assert_eq!(parameter.on(last), Some(value), "{name}");
                assert_eq!(
                    parameter.on(last.plus_days(1)),
                    neighbour(Some(position + 1)),
                    "{name}"
                );
            } else {
                assert_eq!(parameter.values.last(), Some(value), "{name}");
            }
        }
    }
}

/// Compares a bound parameter with its file on both sides of every edge.
fn same_edges<T>(policies: &Policies, dated: &Dated<T>) {
    let parameter = policies
        .get(&dated.name)
        .expect("a parameter of the book has a file");
    let mut edges = Vec::new();
    for value in &parameter.values {
        edges.push(value.effective_from.plus_days(-1));
        edges.push(value.effective_from);
        edges.extend(
            value
                .effective_to
                .into_iter()
                .flat_map(|last| [last, last.plus_days(1)]),
        );
    }
    for edge in edges {
        let expected = parameter
            .on(edge)
            .map(|value| (value.effective_from, &value.instrument, value.confidence));
        let bound = dated
            .on(edge)
            .map(|value| (value.from, &value.citation.instrument, value.confidence()));
        assert_eq!(bound, expected, "{} on {edge}", dated.name);
    }
}

#[test]
fn the_book_has_the_dates_and_sources_of_the_files() {
    let policies = policies();
    let (key_group, surcharges, vat) = (
        &policies.book.key_group,
        &policies.book.surcharges,
        &policies.book.vat,
    );
    key_group
        .category_covered
        .values()
        .for_each(|dated| same_edges(&policies, dated));
    key_group
        .reduction_codes
        .values()
        .for_each(|dated| same_edges(&policies, dated));
    vat.natural_person_day
        .values()
        .for_each(|dated| same_edges(&policies, dated));
    same_edges(&policies, &key_group.employer_kinds);
    same_edges(&policies, &key_group.cit_leg_kinds);
    same_edges(&policies, &key_group.contract_months_min);
    same_edges(&policies, &key_group.registration_months_min);
    same_edges(&policies, &key_group.required_insurances);
    same_edges(&policies, &key_group.payment_grace_months);
    same_edges(&policies, &key_group.term_months);
    same_edges(&policies, &key_group.person_months_max);
    same_edges(&policies, &key_group.quota_year_fen);
    same_edges(&policies, &key_group.excluding_reliefs);
    same_edges(&policies, &key_group.vat_leg);
    same_edges(&policies, &key_group.late_surcharge_day_bp);
    same_edges(&policies, &surcharges.edu_rate_bp);
    same_edges(&policies, &surcharges.ledu_rate_bp);
    same_edges(&policies, &surcharges.edu_exempt_month);
    same_edges(&policies, &surcharges.edu_exempt_quarter);
    same_edges(&policies, &surcharges.half_rate_bp);
    same_edges(&policies, &surcharges.umct_rates_bp);
    same_edges(&policies, &vat.regime);
    same_edges(&policies, &vat.levy_rate_bp);
    same_edges(&policies, &vat.small_scale_month);
    same_edges(&policies, &vat.small_scale_quarter);
    same_edges(&policies, &vat.platform_month);
    same_edges(&policies, &vat.platform_scope);
    same_edges(&policies, &vat.natural_person_withholding);
}

#[test]
fn values_are_those_of_the_fact_book_on_both_sides_of_each_change() {
    let policies = policies();
    // Parameter, day, value. A missing amount is a dash, an exempt regime has no ceiling.
    let table = "
        key_group.category_covered.lifted_from_poverty   2018-12-31  not encoded
        key_group.category_covered.lifted_from_poverty   2019-01-01  true
        key_group.category_covered.lifted_from_poverty   2027-12-31  true
        key_group.category_covered.lifted_from_poverty   2028-01-01  not encoded
        key_group.category_covered.poverty_monitored     2018-12-31  not encoded
        key_group.category_covered.poverty_monitored     2019-01-01  false
        key_group.category_covered.poverty_monitored     2022-12-31  false
        key_group.category_covered.poverty_monitored     2023-01-01  true
        key_group.category_covered.poverty_monitored     2028-01-01  not encoded
        key_group.category_covered.registered_unemployed 2018-12-31  not encoded
        key_group.category_covered.registered_unemployed 2027-12-31  true
        key_group.category_covered.registered_unemployed 2028-01-01  not encoded
        key_group.quota_year         2018-12-31  not encoded
        key_group.quota_year         2019-01-01  780000
        key_group.quota_year         2027-12-31  780000
        key_group.quota_year         2028-01-01  not encoded
        key_group.term_months        2027-12-31  36
        key_group.person_months_max  2023-01-01  36
        key_group.contract_months_min      2022-08-01  12
        key_group.registration_months_min  2022-08-01  6
        key_group.payment_grace_months     2023-01-01  1
        key_group.vat_leg            2025-12-31  true
        key_group.vat_leg            2026-01-01  true
        key_group.vat_leg            2030-12-31  true
        key_group.late_surcharge_day 2024-05-16  5
        surcharges.edu_rate          2024-01-01  300
        surcharges.ledu_rate         2024-01-01  200
        surcharges.umct_rates        2024-01-01  700, 500, 100
        surcharges.edu_exempt_month  2024-01-01  <= 10000000
        surcharges.edu_exempt_quarter 2024-01-01 <= 30000000
        surcharges.half_rate         2021-12-31  not encoded
        surcharges.half_rate         2022-01-01  5000
        surcharges.half_rate         2027-12-31  5000
        surcharges.half_rate         2028-01-01  not encoded
        vat.regime                   2021-03-31  not encoded
        vat.regime                   2021-04-01  R0
        vat.regime                   2022-03-31  R0
        vat.regime                   2022-04-01  R1
        vat.regime                   2022-12-31  R1
        vat.regime                   2023-01-01  R2
        vat.regime                   2025-12-31  R2
        vat.regime                   2026-01-01  R3
        vat.regime                   2026-11-01  R3
        vat.regime                   2027-12-31  R3
        vat.regime                   2028-01-01  not encoded
        vat.levy_rate                2022-03-31  100
        vat.levy_rate                2022-04-01  0
        vat.levy_rate                2022-12-31  0
        vat.levy_rate                2023-01-01  100
        vat.small_scale_month        2022-03-31  <= 15000000
        vat.small_scale_month        2022-04-01  -
        vat.small_scale_month        2022-12-31  -
        vat.small_scale_month        2023-01-01  <= 10000000
        vat.small_scale_month        2025-12-31  <= 10000000
        vat.small_scale_month        2026-01-01  < 10000000
        vat.small_scale_quarter      2022-03-31  <= 45000000
        vat.small_scale_quarter      2022-04-01  -
        vat.small_scale_quarter      2023-01-01  <= 30000000
        vat.small_scale_quarter      2025-12-31  <= 30000000
        vat.small_scale_quarter      2026-01-01  < 30000000
        vat.platform_month           2022-03-31  <= 15000000
        vat.platform_month           2022-04-01  -
        vat.platform_month           2023-01-01  <= 10000000
        vat.platform_month           2026-01-01  < 10000000
        vat.platform_scope           2021-04-01  platform_only
        vat.platform_scope           2025-12-31  platform_only
        vat.platform_scope           2026-01-01  all_sales
        vat.platform_scope           2028-01-01  not encoded
        vat.natural_person_day       2021-03-31  not encoded
        vat.natural_person_day       2022-03-31  < 50000
        vat.natural_person_day       2022-04-01  -
        vat.natural_person_day       2022-12-31  -
        vat.natural_person_day       2023-01-01  < 50000
        vat.natural_person_day       2025-12-31  < 50000
        vat.natural_person_day       2026-01-01  < 100000
        vat.natural_person_day       2028-01-01  not encoded
        vat.natural_person_withholding 2026-10-31 false
        vat.natural_person_withholding 2026-11-01 true
        vat.natural_person_withholding 2028-01-01 not encoded
    ";
    for row in table.trim().lines() {
        let mut parts = row.split_whitespace();
        let (name, on) = (parts.next().expect("a name"), parts.next().expect("a day"));
        let expected = parts.collect::<Vec<_>>().join(" ");
        let parameter = policies
            .get(name)
            .unwrap_or_else(|| panic!("{name} is no parameter"));
        assert_eq!(shown(parameter, on), expected, "{row}");
    }
}

#[test]
fn the_typed_book_reads_sets_ceilings_and_codes() {
    let policies = policies();
    let (key_group, vat) = (&policies.book.key_group, &policies.book.vat);
    let on = day("2023-03-10");
    assert!(
        key_group.category_covered[&PersonCategory::PovertyMonitored]
            .on(on)
            .expect("a value")
            .value
    );
    assert_eq!(
        key_group.quota_year_fen.on(on).expect("a value").value,
        Fen::new(780_000)
    );
    let kinds = &key_group.employer_kinds.on(on).expect("a value").value;
    assert!(
        kinds.contains(&EmployerKind::DispatchAgency)
            && !kinds.contains(&EmployerKind::IndividualBusiness)
    );
    let cit = &key_group.cit_leg_kinds.on(on).expect("a value").value;
    assert!(
        !cit.contains(&EmployerKind::SoleProprietorship)
            && !cit.contains(&EmployerKind::Partnership)
    );
    let insurances = InsuranceSet::of([
        Insurance::Pension,
        Insurance::WorkInjury,
        Insurance::Unemployment,
    ]);
    assert_eq!(
        key_group.required_insurances.on(on).expect("a value").value,
        insurances
    );
    let excluding = &key_group.excluding_reliefs.on(on).expect("a value").value;
    assert_eq!(
        excluding,
        &[ReliefCode::Veteran, ReliefCode::OtherEmploymentTax]
    );
    assert_eq!(
        vat.natural_person_day.keys().collect::<Vec<_>>(),
        ["440000"]
    );
    let limit = vat.natural_person_day["440000"]
        .on(on)
        .expect("a value")
        .value
        .expect("a ceiling");
    assert!(limit.admits(Fen::new(49_999)) && !limit.admits(Fen::new(50_000)));
    assert_eq!(
        vat.small_scale_month
            .on(day("2022-08-15"))
            .expect("a value")
            .value,
        None
    );
    assert_eq!(
        vat.platform_scope
            .on(day("2026-05-01"))
            .expect("a value")
            .value,
        PlatformScope::AllSales
    );
}

#[test]
fn every_tax_of_a_period_has_a_code_for_each_group_and_income_tax_has_none() {
    let policies = policies();
    let codes = &policies.book.key_group.reduction_codes;
    let code = |tax, group| {
        codes
            .get(&(tax, group))
            .map(|dated| dated.on(day("2023-03-31")).expect("a code").value.clone())
    };
    let rows = [
        (TaxKind::Vat, Some("0001013612"), Some("0001013613")),
        (TaxKind::Umct, Some("0007013612"), Some("0007013613")),
        (TaxKind::Edu, Some("0061013610"), Some("0061013611")),
        (TaxKind::Ledu, Some("0099013603"), Some("0099013604")),
        (TaxKind::Cit, None, None),
    ];
    for (tax, poverty, unemployment) in rows {
        assert_eq!(code(tax, CodeGroup::Poverty).as_deref(), poverty, "{tax:?}");
        assert_eq!(
            code(tax, CodeGroup::Unemployment).as_deref(),
            unemployment,
            "{tax:?}"
        );
    }
}

#[test]
fn a_decision_cites_the_instrument_in_force_on_the_hire_date() {
    let policies = policies();
    let quota = &policies.book.key_group.term_months;
    for (on, instrument) in [
        ("2021-12-31", "财税〔2019〕22号"),
        ("2022-01-01", "公告2021年第18号"),
        ("2022-12-31", "公告2021年第18号"),
        ("2023-01-01", "公告2023年第15号"),
    ] {
        let cited = &quota.on(day(on)).expect("a value").citation.instrument;
        assert!(cited.ends_with(instrument), "{cited} on {on}");
    }
}

#[test]
fn what_is_not_established_is_listed_and_keeps_its_confidence() {
    let policies = policies();
    let vat_leg = &policies.book.key_group.vat_leg;
    assert_eq!(
        vat_leg.on(day("2025-12-31")).expect("a value").confidence(),
        Confidence::Recalled
    );
    assert_eq!(
        vat_leg.on(day("2026-01-01")).expect("a value").confidence(),
        Confidence::Unconfirmed
    );
    let withholding = &policies.book.vat.natural_person_withholding;
    assert_eq!(
        withholding
            .on(day("2026-10-31"))
            .expect("a value")
            .confidence(),
        Confidence::Derived
    );
    assert_eq!(
        withholding
            .on(day("2026-11-01"))
            .expect("a value")
            .confidence(),
        Confidence::Unconfirmed
    );
    let scope = &policies.book.vat.platform_scope;
    assert_eq!(
        scope.on(day("2025-12-31")).expect("a value").confidence(),
        Confidence::Unconfirmed
    );
    assert_eq!(
        scope.on(day("2026-01-01")).expect("a value").confidence(),
        Confidence::Secondary
    );
    let counting = policies
        .get("key_group.registration_counting")
        .expect("a parameter");
    assert!(
        counting
            .values
            .iter()
            .all(|value| value.confidence == Confidence::Derived)
    );
    let open = policies.unconfirmed();
    for name in [
        "key_group.vat_leg",
        "vat.natural_person_withholding",
        "key_group.reduction_codes.cit_poverty",
    ] {
        assert!(
            open.iter().any(|point| point.parameter.name == name),
            "{name}"
        );
    }
    for number in ["粤财税〔2019〕7号", "粤财税〔2023〕34号"] {
        assert!(
            open.iter()
                .any(|point| point.point.is_some_and(|text| text.contains(number))),
            "{number}"
        );
    }
}

#[test]
fn a_place_stands_before_its_province_and_that_before_the_nation() {
    let nation = "600000";
    let policies = policies();
    assert_eq!(
        shown(
            policies
                .own("national", "key_group.quota_year")
                .expect("a value"),
            "2023-01-01"
        ),
        nation
    );
    assert_eq!(
        policies
            .get("key_group.quota_year")
            .map(|quota| quota.folder.as_str()),
        Some("guangdong")
    );
    let without_province = Edition::new()
        .remove(QUOTA)
        .load()
        .expect("the national value remains");
    assert_eq!(
        without_province
            .book
            .key_group
            .quota_year_fen
            .on(day("2023-01-01"))
            .expect("a value")
            .value,
        Fen::new(600_000)
    );
    let city = "zhongshan/key_group/quota_year.yaml";
    let text = std::fs::read_to_string(crate::edition::repository().join(QUOTA)).expect("a file");
    let text = text.replace("440000", "442000").replace("780000", "720000");
    let with_city = Edition::new()
        .write(city, &text)
        .load()
        .expect("a city may set its own");
    assert_eq!(
        with_city
            .book
            .key_group
            .quota_year_fen
            .on(day("2023-01-01"))
            .expect("a value")
            .value,
        Fen::new(720_000)
    );
    let too_high = text.replace("720000", "780012");
    let problems = Edition::new().write(city, &too_high).problems();
    assert!(
        !problems.is_empty() && problems.iter().all(|problem| problem.file == city),
        "{problems:?}"
    );
}
