//! What the rest of a year is expected to bring (section 2.5 (8)): insurance is assumed to be paid
//! in the months to come, contract ends and the 36 months are kept.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{EmployerKind, PersonCategory, WorkerFact};
use mamagang_domain::key_group::{Person, projected_months};
use mamagang_domain::money::Fen;
use mamagang_domain::reason::ReasonCode::AllConditionsMet;
use mamagang_policy::law_cases::words::{Employer, Months};
use mamagang_policy::law_cases::world::{
    World, book, certificate, contract, day, month, paid, poverty, spell,
};

/// A person lifted from poverty, hired by contract and insured for the first months.
fn hired(start_on: &str, end_on: Option<&str>, insured: i32) -> World {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    let lifted = poverty(PersonCategory::LiftedFromPoverty, day("2016-01-01"), None);
    world.add(WorkerFact::Poverty(lifted));
    work(&mut world, day(start_on), end_on.map(day), insured);
    world
}

fn work(world: &mut World, start_on: CivilDate, end_on: Option<CivilDate>, insured: i32) {
    world.add(WorkerFact::Contract(contract("C", start_on, end_on)));
    let first = mamagang_domain::month::TaxMonth::of(start_on);
    for month in first.through(first.plus(insured - 1)) {
        let row = paid(Some(Employer::Us), month);
        world.add(WorkerFact::Contribution(row));
    }
}

/// The first and the last month projected and how many they are; `None` where there are none.
fn projected(world: &World, from: &str, through: &str) -> Option<(String, usize)> {
    let code = Employer::Us.code();
    let evidence = world.evidence(world.known(), &code);
    let policy = &book().key_group;
    let months = projected_months(policy, &evidence, month(from), month(through));
    for found in &months {
        assert_eq!(found.code, AllConditionsMet, "{}", found.month);
        assert_eq!(found.amount_fen, Fen::new(65_000), "{}", found.month);
    }
    let span = Months {
        first: months.first()?.month,
        last: months.last()?.month,
    };
    Some((span.to_string(), months.len()))
}

fn span(months: &str, count: usize) -> Option<(String, usize)> {
    Some((months.to_owned(), count))
}

#[test]
fn the_months_to_come_are_taken_as_insured_while_the_contract_is_in_force() {
    let open = hired("2023-03-10", None, 2);
    assert_eq!(
        projected(&open, "2023-05", "2023-12"),
        span("2023-05..2023-12", 8)
    );
    let ended = hired("2022-11-01", Some("2023-10-31"), 6);
    assert_eq!(
        projected(&ended, "2023-05", "2023-12"),
        span("2023-05..2023-10", 6)
    );
    let to_come = hired("2023-09-15", None, 0);
    assert_eq!(
        projected(&to_come, "2023-05", "2023-12"),
        span("2023-09..2023-12", 4)
    );
}

#[test]
fn a_projection_keeps_the_36_months() {
    let world = hired("2021-01-01", None, 30);
    assert_eq!(
        projected(&world, "2023-07", "2024-06"),
        span("2023-07..2023-12", 6)
    );
    let mut elsewhere = hired("2023-01-01", None, 1);
    elsewhere.book(Employer::A, month("2020-07"), month("2022-12"));
    assert_eq!(
        projected(&elsewhere, "2023-02", "2023-12"),
        span("2023-02..2023-06", 5)
    );
}

#[test]
fn a_term_started_under_the_last_policy_is_projected_beyond_its_end() {
    let world = hired("2027-06-15", None, 7);
    assert_eq!(
        projected(&world, "2027-12", "2028-12"),
        span("2027-12..2028-12", 13)
    );
}

#[test]
fn a_hire_after_the_last_policy_is_projected_to_nothing() {
    let world = hired("2028-01-01", None, 1);
    assert_eq!(projected(&world, "2028-01", "2028-12"), None);
}

#[test]
fn what_is_known_of_a_month_since_does_not_undo_its_projection() {
    let mut world = hired("2023-03-10", None, 2);
    // Paid late, as came to light after the period was declared.
    let mut late = paid(Some(Employer::Us), month("2023-06"));
    late.paid_on = day("2023-09-01");
    world.add(WorkerFact::Contribution(late));
    assert_eq!(
        projected(&world, "2023-05", "2023-08"),
        span("2023-05..2023-08", 4)
    );
}

#[test]
fn months_under_review_and_persons_who_are_not_known_release_nothing() {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    world.add(WorkerFact::Spell(spell(day("2022-08-01"), None)));
    work(&mut world, day("2023-03-10"), None, 2);
    assert_eq!(projected(&world, "2023-05", "2023-12"), None);
    world.add(WorkerFact::Certificate(certificate(1, true)));
    assert_eq!(
        projected(&world, "2023-05", "2023-12"),
        span("2023-05..2023-12", 8)
    );
    let code = Employer::Us.code();
    let evidence = world.evidence(Person::Unknown, &code);
    let (from, through) = (month("2023-05"), month("2023-12"));
    let unknown = projected_months(&book().key_group, &evidence, from, through);
    assert_eq!(unknown, []);
}

#[test]
fn nothing_is_projected_for_a_contract_at_another_employer() {
    let mut world = hired("2023-03-10", None, 2);
    let mut elsewhere = contract("A", day("2023-03-10"), None);
    elsewhere.employer_code = Employer::A.code();
    world.add(WorkerFact::Contract(elsewhere));
    let mut ended = contract("C", day("2023-03-10"), Some(day("2024-03-09")));
    ended.terminated_on = Some(day("2023-06-30"));
    world.add(WorkerFact::Contract(ended));
    assert_eq!(
        projected(&world, "2023-05", "2023-12"),
        span("2023-05..2023-06", 2)
    );
}
