//! What an explanation of measure 8 says: the numbers put in, and the records they come from.

use mamagang_domain::date::CivilDate;
use mamagang_domain::explanation::{FactRef, Step};
use mamagang_domain::fact::{
    EmployerKind,
    FactKind::{
        self, EmploymentCertificate, PovertyStatus, ReviewResolution as Resolution,
        UnemploymentSpell,
    },
    PersonCategory, ReviewResolution, WorkerFact,
};
use mamagang_domain::ids::CaseId;
use mamagang_domain::key_group::{EvidenceRef, MEASURE, assess, explain, trace};
use mamagang_domain::reason::{Language, ReasonCode};
use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{
    World, book, certificate, contract, day, month, paid, poverty, spell,
};

use PersonCategory::LiftedFromPoverty;

const CATEGORY: &str = "Category on the hire date";
const START: &str = "Start month and term";
const MONTH: &str = "Month";

/// A company's hire, with the person's status recorded first: revisions count from 1 in its order.
fn hired(status: Vec<WorkerFact>, start_on: CivilDate, insured: (&str, &str)) -> World {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    for fact in status {
        world.add(fact);
    }
    world.add(WorkerFact::Contract(contract("C", start_on, None)));
    for month in month(insured.0).through(month(insured.1)) {
        let row = paid(Some(Employer::Us), month);
        world.add(WorkerFact::Contribution(row));
    }
    world
}

fn lifted(to: Option<&str>) -> Vec<WorkerFact> {
    let status = poverty(LiftedFromPoverty, day("2016-01-01"), to.map(day));
    vec![WorkerFact::Poverty(status)]
}

fn unemployed(spells: &[(&str, Option<&str>)]) -> Vec<WorkerFact> {
    let spells = spells
        .iter()
        .map(|(registered, ended)| WorkerFact::Spell(spell(day(registered), ended.map(day))));
    let noted = WorkerFact::Certificate(certificate(1, true));
    spells.chain([noted]).collect()
}

/// The steps of a rule, over the months asked.
fn steps(world: &World, (from, through): (&str, &str), rule: &str) -> Vec<Step> {
    let policy = &book().key_group;
    let code = Employer::Us.code();
    let evidence = world.evidence(world.known(), &code);
    let assessment = assess(policy, &evidence, month(from), month(through));
    let explanation = trace(policy, &evidence, &assessment, Language::English);
    let mut steps = explanation.steps;
    steps.retain(|step| step.rule == rule);
    steps
}

fn formulas(world: &World, asked: (&str, &str), rule: &str) -> Vec<String> {
    let steps = steps(world, asked, rule);
    steps.into_iter().map(|step| step.formula).collect()
}

/// The category step's formula, its code, and the records that it names beside the contract.
fn category_told(world: &World, asked: &str) -> (String, Option<ReasonCode>, Vec<(u32, FactKind)>) {
    let steps = steps(world, (asked, asked), CATEGORY);
    let [step] = &steps[..] else {
        panic!("{} steps", steps.len())
    };
    let named = step.inputs.iter().filter_map(|input| match input.fact {
        Some(FactRef::Worker { revision, kind }) => Some((revision, kind)),
        _ => None,
    });
    let named = named.filter(|(_, kind)| *kind != FactKind::Contract);
    (step.formula.clone(), step.code, named.collect())
}

fn evidence_of(world: &World, asked: &str, kind: FactKind) -> Vec<u32> {
    let policy = &book().key_group;
    let code = Employer::Us.code();
    let evidence = world.evidence(world.known(), &code);
    let assessment = assess(policy, &evidence, month(asked), month(asked));
    let refs: Vec<EvidenceRef> = explain(policy, &evidence, &assessment).evidence;
    let of_kind = refs.into_iter().filter(|found| found.kind == kind);
    of_kind.map(|found| found.revision).collect()
}

#[test]
fn a_month_is_told_with_its_share_the_ends_of_the_terms_and_the_months_used() {
    let world = hired(lifted(None), day("2023-03-10"), ("2023-03", "2023-12"));
    assert_eq!(
        formulas(&world, ("2023-05", "2023-06"), MONTH),
        [
            "7800.00 ÷ 12 = 650.00; 2023-05 ≤ 2026-02; used 2 < 36",
            "7800.00 ÷ 12 = 650.00; 2023-06 ≤ 2026-02; used 3 < 36",
        ]
    );
}

#[test]
fn a_month_after_the_last_policy_is_told_with_the_law_of_its_hire() {
    let world = hired(lifted(None), day("2026-06-01"), ("2026-06", "2029-06"));
    assert_eq!(
        formulas(&world, ("2028-03", "2028-03"), MONTH),
        ["7800.00 ÷ 12 = 650.00; 2028-03 ≤ 2029-05; used 21 < 36"]
    );
    let mut uninsured = hired(lifted(None), day("2026-06-01"), ("2026-06", "2028-02"));
    let mut late = paid(Some(Employer::Us), month("2028-04"));
    late.paid_on = day("2028-06-01");
    uninsured.add(WorkerFact::Contribution(late));
    assert_eq!(
        formulas(&uninsured, ("2028-03", "2028-04"), MONTH),
        [
            "{pension unemployment work injury} ⊄ {nothing recorded}",
            "2028-06-01 > 2028-05-31 (2028-04 + 1)",
        ]
    );
}

#[test]
fn the_start_is_told_with_the_ends_of_the_employers_and_of_the_persons_months() {
    let mut world = hired(lifted(None), day("2023-03-10"), ("2023-04", "2023-12"));
    world.book(Employer::A, month("2022-07"), month("2022-12"));
    assert_eq!(
        formulas(&world, ("2023-05", "2023-06"), START),
        ["s = 2023-04; here 2023-04 + 35 = 2026-03; person 2022-07 + 35 = 2025-06; min = 2025-06"]
    );
    assert_eq!(
        formulas(&world, ("2023-05", "2023-05"), MONTH),
        ["7800.00 ÷ 12 = 650.00; 2023-05 ≤ 2026-03; 2023-05 ≤ 2025-06; used 7 < 36"]
    );
}

#[test]
fn a_status_by_poverty_is_told_with_its_days_and_its_record() {
    let (hired_on, insured) = (day("2023-03-10"), ("2023-03", "2023-04"));
    let with_end = hired(lifted(Some("2024-12-31")), hired_on, insured);
    assert_eq!(
        category_told(&with_end, "2023-03"),
        (
            "2023-03-10 ∈ 2016-01-01 … 2024-12-31".to_owned(),
            None,
            vec![(1, PovertyStatus)]
        )
    );
    assert_eq!(evidence_of(&with_end, "2023-03", PovertyStatus), [1]);
    // Two records of which one holds: that one is told.
    let earlier = poverty(
        LiftedFromPoverty,
        day("2014-01-01"),
        Some(day("2015-12-31")),
    );
    let both = [vec![WorkerFact::Poverty(earlier)], lifted(None)].concat();
    let both = hired(both, hired_on, insured);
    assert_eq!(
        category_told(&both, "2023-03"),
        (
            "2023-03-10 ∈ 2016-01-01 … open".to_owned(),
            None,
            vec![(2, PovertyStatus)]
        )
    );
}

#[test]
fn a_registration_is_told_with_its_half_year_its_last_day_and_its_certificate() {
    // It ended on the day of the hire, so its last day is the one before.
    let status = unemployed(&[("2022-08-01", Some("2023-03-10"))]);
    let world = hired(status, day("2023-03-10"), ("2023-03", "2023-04"));
    assert_eq!(
        category_told(&world, "2023-03"),
        (
            "2022-08-01 + 6 months = 2023-02-01 ≤ 2023-03-10; \
             2023-03-09 ∈ 2022-08-01 … 2023-03-09"
                .to_owned(),
            None,
            vec![(1, UnemploymentSpell), (2, EmploymentCertificate)]
        )
    );
    assert_eq!(evidence_of(&world, "2023-03", UnemploymentSpell), [1]);
    assert_eq!(evidence_of(&world, "2023-03", EmploymentCertificate), [2]);
}

#[test]
fn a_registration_that_had_ended_is_told_with_its_days() {
    // The latest of those that had ended.
    let status = unemployed(&[
        ("2021-01-01", Some("2021-03-01")),
        ("2022-02-01", Some("2023-02-01")),
    ]);
    let world = hired(status, day("2023-03-10"), ("2023-03", "2023-04"));
    assert_eq!(
        category_told(&world, "2023-03"),
        (
            "2022-02-01 + 6 months = 2022-08-01 ≤ 2023-03-10; \
             2023-03-09 ∈ 2022-02-01 … 2023-01-31"
                .to_owned(),
            Some(ReasonCode::SpellBroken),
            vec![(2, UnemploymentSpell)]
        )
    );
}

#[test]
fn a_registration_that_came_after_the_hire_is_told_with_its_days() {
    let status = unemployed(&[("2023-03-10", None)]);
    let world = hired(status, day("2023-03-10"), ("2023-03", "2023-04"));
    assert_eq!(
        category_told(&world, "2023-03"),
        (
            "2023-03-10 + 6 months = 2023-09-10 > 2023-03-10; 2023-03-09 ∈ 2023-03-10 … open"
                .to_owned(),
            Some(ReasonCode::SpellTooShort),
            vec![(1, UnemploymentSpell)]
        )
    );
}

#[test]
fn of_two_registrations_that_support_a_hire_alike_the_earlier_is_told() {
    let status = unemployed(&[("2022-02-01", None), ("2022-06-01", None)]);
    let world = hired(status, day("2023-03-10"), ("2023-03", "2023-04"));
    let (_, code, named) = category_told(&world, "2023-03");
    assert_eq!(code, None);
    assert_eq!(named, [(1, UnemploymentSpell), (3, EmploymentCertificate)]);
}

#[test]
fn a_month_settled_by_a_review_names_its_resolution_and_others_do_not() {
    let status = vec![WorkerFact::Spell(spell(day("2022-08-01"), None))];
    let mut world = hired(status, day("2023-03-10"), ("2023-03", "2023-05"));
    let resolution = |number: u8, asked: &str, accepted| {
        WorkerFact::Resolution(ReviewResolution {
            case_id: CaseId::from_slice(&[number; 16]).expect("sixteen bytes"),
            measure: MEASURE,
            employer_code: Employer::Us.code(),
            code: ReasonCode::CertificateNoteMissing.number(),
            from_month: month(asked),
            through_month: month(asked),
            accepted,
        })
    };
    world.add(resolution(1, "2023-03", true));
    world.add(resolution(2, "2023-04", false));
    let named: Vec<Vec<(String, String)>> = steps(&world, ("2023-03", "2023-05"), MONTH)
        .into_iter()
        .map(|step| {
            let reviews = step.inputs.into_iter();
            let reviews = reviews.filter(|input| input.name == "review's resolution");
            let told = reviews.map(|input| (input.value, format!("{:?}", input.fact)));
            told.collect()
        })
        .collect();
    let fact = |revision| {
        let kind = Resolution;
        format!("{:?}", Some(FactRef::Worker { revision, kind }))
    };
    assert_eq!(
        named,
        [
            vec![("accepted".to_owned(), fact(6))],
            vec![("refused".to_owned(), fact(7))],
            vec![],
        ]
    );
    assert_eq!(evidence_of(&world, "2023-03", Resolution), [6]);
    assert_eq!(evidence_of(&world, "2023-05", Resolution), [] as [u32; 0]);
}
