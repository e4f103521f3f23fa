//! Of which hire a month and its term are told, and which start and end (section 2.4).

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{Contract, EmployerKind, PersonCategory, WorkerFact};
use mamagang_domain::key_group::{Assessment, Person, assess, category_on};
use mamagang_domain::policy::{Dated, DatedValue, KeyGroupPolicy};
use mamagang_domain::reason::ReasonCode::{
    self, AllConditionsMet, ContractTooShort, NoRecord, PartTime, TermExhausted,
};
use mamagang_domain::subsidy::{Evidence, SubsidyKind, decide};
use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{
    World, book, certificate, contract, day, month, paid, poverty, spell,
};

fn lifted(contracts: impl IntoIterator<Item = Contract>, (first, last): (&str, &str)) -> World {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    let status = poverty(PersonCategory::LiftedFromPoverty, day("2016-01-01"), None);
    world.add(WorkerFact::Poverty(status));
    for body in contracts {
        world.add(WorkerFact::Contract(body));
    }
    for month in month(first).through(month(last)) {
        let row = paid(Some(Employer::Us), month);
        world.add(WorkerFact::Contribution(row));
    }
    world
}

fn asked(policy: &KeyGroupPolicy, world: &World, from: &str, through: &str) -> Assessment {
    let code = Employer::Us.code();
    let evidence = world.evidence(world.known(), &code);
    assess(policy, &evidence, month(from), month(through))
}

/// The codes of the months asked, and the term that is told: its first and its last month.
type Told = (Vec<ReasonCode>, Option<(String, String)>);

fn told(policy: &KeyGroupPolicy, world: &World, from: &str, through: &str) -> Told {
    let found = asked(policy, world, from, through);
    let codes = found.months.iter().map(|month| month.code).collect();
    let term = found.start_month.zip(found.term_end_month);
    let term = term.map(|(start, end)| (start.to_string(), end.to_string()));
    (codes, term)
}

fn term(start: &str, end: &str) -> Option<(String, String)> {
    Some((start.to_owned(), end.to_owned()))
}

/// The policy with one value of a parameter for all days.
fn with_months(dated: &Dated<i32>, months: i32) -> Dated<i32> {
    let known = &dated.values()[0];
    let value = DatedValue {
        from: CivilDate::MIN,
        to: None,
        value: months,
        citation: known.citation.clone(),
    };
    Dated::new(dated.name.clone(), vec![value])
}

#[test]
fn a_hire_that_gives_no_right_tells_no_term_though_an_earlier_one_had_its_own() {
    let policy = &book().key_group;
    let mut part_time = contract("C2", day("2024-06-01"), None);
    part_time.part_time = true;
    let full_time = contract("C1", day("2023-01-01"), Some(day("2023-12-31")));
    let world = lifted([full_time, part_time], ("2023-01", "2024-12"));
    let of_first = told(policy, &world, "2023-12", "2023-12");
    assert_eq!(
        of_first,
        (vec![AllConditionsMet], term("2023-01", "2025-12"))
    );
    let of_second = told(policy, &world, "2024-07", "2024-07");
    assert_eq!(of_second, (vec![PartTime], None));
}

/// Both are 36 months today. An edition that gives a person more than one employer may give is
/// decided by the law of both: the term here ends with the shorter.
#[test]
fn the_term_ends_with_the_shorter_of_the_employers_and_the_persons_months() {
    let law = &book().key_group;
    let world = lifted(
        [contract("C", day("2023-01-01"), None)],
        ("2023-01", "2027-12"),
    );
    for (of_employer, of_person, end, after) in [
        (36, 48, "2025-12", "2026-01"),
        (24, 36, "2024-12", "2025-01"),
    ] {
        let policy = KeyGroupPolicy {
            term_months: with_months(&law.term_months, of_employer),
            person_months_max: with_months(&law.person_months_max, of_person),
            ..law.clone()
        };
        assert_eq!(
            told(&policy, &world, end, after),
            (vec![AllConditionsMet, TermExhausted], term("2023-01", end)),
            "{of_employer} and {of_person} months"
        );
    }
}

#[test]
fn a_hire_that_is_only_planned_needs_a_registration_that_no_earlier_one_has_used() {
    let policy = &book().key_group;
    let mut world = World::default();
    world.add(WorkerFact::Spell(spell(day("2022-08-01"), None)));
    world.add(WorkerFact::Certificate(certificate(1, true)));
    let planned = |world: &World| category_on(policy, &world.timeline, day("2024-06-01")).code;
    assert_eq!(planned(&world), None);
    let mut elsewhere = contract("A", day("2023-03-10"), Some(day("2024-03-09")));
    elsewhere.employer_code = Employer::A.code();
    world.add(WorkerFact::Contract(elsewhere));
    assert_eq!(planned(&world), Some(NoRecord));
    // One that is to begin later has used nothing yet.
    let mut later = World::default();
    later.add(WorkerFact::Spell(spell(day("2022-08-01"), None)));
    later.add(WorkerFact::Certificate(certificate(1, true)));
    later.add(WorkerFact::Contract(contract("C", day("2024-06-02"), None)));
    assert_eq!(planned(&later), None);
}

#[test]
fn of_two_contracts_that_say_the_same_of_a_subsidys_month_the_earlier_is_told() {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    for (id, start, end) in [
        ("C1", "2022-09-01", "2022-12-31"),
        ("C2", "2022-10-01", "2023-01-31"),
    ] {
        let body = contract(id, day(start), Some(day(end)));
        world.add(WorkerFact::Contract(body));
    }
    let code = Employer::Us.code();
    let evidence = Evidence {
        person: Person::Known(&world.timeline),
        employer_code: &code,
        employer: &world.employer,
        booked: &[],
        claimed: &[],
        filings: &[],
    };
    let (asked, kind) = (month("2022-11"), SubsidyKind::EmployerInsurance);
    let decision = decide(&book().subsidy, kind, &evidence, asked, asked);
    let [reason] = &decision.reasons[..] else {
        panic!("{:?}", decision.reasons)
    };
    assert_eq!(reason.code, ContractTooShort);
    let hired_on = reason.facts.iter().find(|(name, _)| *name == "hired_on");
    assert_eq!(hired_on, Some(&("hired_on", "2022-09-01".to_owned())));
}
