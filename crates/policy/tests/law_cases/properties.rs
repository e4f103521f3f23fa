//! What holds for any facts of a person.

use std::collections::BTreeSet;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    ContractKind, EmployerKind, Insurance, OtherRelief, PersonCategory, PriorTermUse, ReliefCode,
    WorkerFact,
};
use mamagang_domain::key_group::{Assessment, BookedMonth, Decision, assess, explain};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::InsuranceSet;
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_domain::timeline::{EmployerRecord, Timeline};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{
    World, book, certificate, contract, day, flexible, month, paid, poverty, spell,
};

/// The months asked: from before the first encoded policy to after the last.
const ASKED: (&str, &str) = ("2018-10", "2030-12");

fn any_day() -> impl Strategy<Value = CivilDate> {
    (day("2018-06-01").epoch_day()..=day("2028-06-30").epoch_day())
        .prop_map(|days| CivilDate::from_epoch_day(days).expect("a day of this century"))
}

fn any_month() -> impl Strategy<Value = TaxMonth> {
    any_day().prop_map(TaxMonth::of)
}

fn any_employer() -> impl Strategy<Value = Employer> {
    select(vec![
        Employer::Us,
        Employer::Us,
        Employer::Us,
        Employer::A,
        Employer::B,
    ])
}

/// A day and, perhaps, another one some days later.
fn any_span(days: std::ops::Range<i32>) -> impl Strategy<Value = (CivilDate, Option<CivilDate>)> {
    (any_day(), proptest::option::of(days))
        .prop_map(|(first, length)| (first, length.map(|length| first.plus_days(length))))
}

fn any_contract() -> impl Strategy<Value = WorkerFact> {
    let ends = (
        proptest::option::of(3..50),
        proptest::option::weighted(0.3, 0..900),
    );
    let kinds = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.1));
    (0..4u8, any_employer(), any_day(), ends, kinds, -40..70).prop_map(
        |(number, employer, start_on, (months, lasted), (service, part_time), signed_after)| {
            let end_on = months.map(|months| start_on.plus_months(months).plus_days(-1));
            let mut body = contract(&format!("C{number}"), start_on, end_on);
            body.employer_code = employer.code();
            body.terminated_on = lasted.map(|days| start_on.plus_days(days));
            body.part_time = part_time;
            body.signed_on = start_on.plus_days(signed_after);
            if service {
                body.kind = ContractKind::ServiceAgreement;
            }
            WorkerFact::Contract(body)
        },
    )
}

/// An unbroken employment at the employer that asks, insured in time: what most people have.
fn any_ordinary_hire() -> impl Strategy<Value = Vec<WorkerFact>> {
    (any_day(), 12..60i32, 0..3i32).prop_map(|(start_on, months, uninsured)| {
        let end_on = start_on.plus_months(months).plus_days(-1);
        let hire = WorkerFact::Contract(contract("ordinary", start_on, Some(end_on)));
        let insured = TaxMonth::of(start_on)
            .plus(uninsured)
            .through(TaxMonth::of(end_on));
        let paid = insured.map(|month| WorkerFact::Contribution(paid(Some(Employer::Us), month)));
        std::iter::once(hire).chain(paid).collect()
    })
}

/// A run of insured months with a late one and an incomplete one here and there.
fn any_contributions() -> impl Strategy<Value = Vec<WorkerFact>> {
    let payer = proptest::option::weighted(0.95, any_employer());
    (
        payer,
        any_month(),
        proptest::collection::vec(0..12u8, 0..60),
    )
        .prop_map(|(payer, first, months)| {
            let facts = (0..).zip(months).filter(|(_, kind)| *kind > 0);
            facts
                .map(|(offset, kind)| {
                    let mut body = paid(payer, first.plus(offset));
                    match kind {
                        1 => body.paid_on = body.month.plus(2).first_day(),
                        2 => body.insurances = InsuranceSet::of([Insurance::Pension]),
                        _ => {}
                    }
                    WorkerFact::Contribution(body)
                })
                .collect()
        })
}

fn any_status() -> impl Strategy<Value = WorkerFact> {
    let poverty_categories = select(vec![
        PersonCategory::LiftedFromPoverty,
        PersonCategory::PovertyMonitored,
    ]);
    let reliefs = select(vec![
        ReliefCode::Veteran,
        ReliefCode::SocialInsuranceSubsidy,
    ]);
    prop_oneof![
        4 => any_span(1..900).prop_map(|(first, end)| WorkerFact::Spell(spell(first, end))),
        2 => (poverty_categories, any_span(1..2000))
            .prop_map(|(category, (first, end))| WorkerFact::Poverty(poverty(category, first, end))),
        2 => (0..3u8, any::<bool>())
            .prop_map(|(number, noted)| WorkerFact::Certificate(certificate(number, noted))),
        1 => any_span(1..300).prop_map(|(first, end)| WorkerFact::Flexible(flexible(first, end))),
        1 => (any_employer(), reliefs, any_month(), proptest::option::of(0..20)).prop_map(
            |(employer, relief_code, from_month, length)| WorkerFact::Relief(OtherRelief {
                employer_code: employer.code(),
                relief_code,
                from_month,
                to_month: length.map(|length| from_month.plus(length)),
            })
        ),
        1 => (any_employer(), any_month(), 0..30).prop_map(
            |(employer, from_month, length)| WorkerFact::PriorUse(PriorTermUse {
                employer_code: employer.code(),
                from_month,
                to_month: from_month.plus(length),
            })
        ),
    ]
}

/// What makes two facts the same one, so that the later takes the earlier's place.
fn natural_key(fact: &WorkerFact) -> String {
    match fact {
        WorkerFact::Spell(body) => format!("spell {}", body.registered_on),
        WorkerFact::Poverty(body) => format!("poverty {:?} {}", body.category, body.from_on),
        WorkerFact::Certificate(body) => format!("certificate {:?}", body.key),
        WorkerFact::Contract(body) => {
            format!("contract {} {}", body.employer_code, body.contract_id)
        }
        WorkerFact::Contribution(body) => format!("paid {:?} {}", body.employer_code, body.month),
        WorkerFact::Flexible(body) => format!("flexible {}", body.from_on),
        WorkerFact::Relief(body) => format!(
            "relief {} {:?} {}",
            body.employer_code, body.relief_code, body.from_month
        ),
        WorkerFact::PriorUse(body) => format!("used {} {}", body.employer_code, body.from_month),
        other => format!("{:?}", other.kind()),
    }
}

fn any_facts() -> impl Strategy<Value = Vec<WorkerFact>> {
    let contracts = proptest::collection::vec(any_contract(), 0..5);
    let paid = proptest::collection::vec(any_contributions(), 0..4);
    let status = proptest::collection::vec(any_status(), 0..8);
    // Most people fit: a status that holds, or nothing would ever be counted.
    let lifted = proptest::option::weighted(
        0.7,
        Just(WorkerFact::Poverty(poverty(
            PersonCategory::LiftedFromPoverty,
            day("2016-01-01"),
            None,
        ))),
    );
    let ordinary = proptest::option::weighted(0.6, any_ordinary_hire());
    let strange = (contracts, paid, status);
    (ordinary, strange, lifted).prop_map(|(ordinary, (contracts, paid, status), lifted)| {
        let mut keys = BTreeSet::new();
        let facts = contracts.into_iter().chain(paid.into_iter().flatten());
        let facts = facts.chain(ordinary.into_iter().flatten());
        facts
            .chain(status)
            .chain(lifted)
            .filter(|fact| keys.insert(natural_key(fact)))
            .collect()
    })
}

/// A month is booked for one employer at most.
fn any_booked() -> impl Strategy<Value = Vec<BookedMonth>> {
    let run = (any_employer(), any_month(), 0..20);
    proptest::collection::vec(run, 0..3).prop_map(|runs| {
        let mut taken = BTreeSet::new();
        let mut booked = Vec::new();
        for (employer, first, length) in runs {
            for month in first.through(first.plus(length)) {
                if taken.insert(month) {
                    booked.push(BookedMonth {
                        month,
                        employer_code: employer.code(),
                    });
                }
            }
        }
        booked.sort_unstable();
        booked
    })
}

fn any_employer_record() -> impl Strategy<Value = EmployerRecord> {
    let kinds = select(vec![
        EmployerKind::Company,
        EmployerKind::Partnership,
        EmployerKind::IndividualBusiness,
    ]);
    proptest::option::weighted(0.3, (any_day(), kinds)).prop_map(|change| {
        let mut world = World::default();
        world.employ(EmployerKind::Company, day("2010-01-01"));
        if let Some((from_on, kind)) = change {
            world.employ(kind, from_on);
        }
        world.employer
    })
}

/// Any facts of one person, in the order in which they arrived.
#[derive(Clone, Debug)]
struct Person {
    facts: Vec<WorkerFact>,
    booked: Vec<BookedMonth>,
    employer: EmployerRecord,
}

fn any_person() -> impl Strategy<Value = Person> {
    (any_facts(), any_booked(), any_employer_record()).prop_map(|(facts, booked, employer)| {
        Person {
            facts,
            booked,
            employer,
        }
    })
}

impl Person {
    fn world(&self) -> World {
        let mut world = World {
            employer: self.employer.clone(),
            booked: self.booked.clone(),
            ..World::default()
        };
        for fact in &self.facts {
            world.add(fact.clone());
        }
        world
    }
}

fn decide(world: &World, from: TaxMonth, through: TaxMonth) -> (Assessment, Decision) {
    let policy = &book().key_group;
    let code = Employer::Us.code();
    let evidence = world.evidence(world.known(), &code);
    let assessment = assess(policy, &evidence, from, through);
    let decision = explain(policy, &evidence, &assessment);
    (assessment, decision)
}

fn decide_all(world: &World) -> (Assessment, Decision) {
    decide(world, month(ASKED.0), month(ASKED.1))
}

proptest! {
    #[test]
    fn the_order_in_which_facts_arrive_changes_nothing(
        (person, shuffled) in any_person().prop_flat_map(|person| {
            let shuffled = Just(person.facts.clone()).prop_shuffle();
            (Just(person), shuffled)
        }),
    ) {
        let (assessment, mut decision) = decide_all(&person.world());
        let reordered = Person { facts: shuffled, ..person };
        let (other_assessment, mut other) = decide_all(&reordered.world());
        prop_assert_eq!(assessment.months, other_assessment.months);
        // Evidence names revisions, which tell of arrival.
        decision.evidence.clear();
        other.evidence.clear();
        prop_assert_eq!(decision, other);
    }

    #[test]
    fn each_month_alone_is_decided_as_in_the_whole(
        person in any_person(),
        picked in proptest::collection::vec(any::<Index>(), 20),
    ) {
        let world = person.world();
        let (whole, _) = decide_all(&world);
        for index in picked {
            let found = *index.get(&whole.months);
            let (alone, _) = decide(&world, found.month, found.month);
            prop_assert_eq!(alone.months, [found]);
        }
    }

    #[test]
    fn deciding_again_gives_the_same_answer(person in any_person()) {
        let world = person.world();
        let first = decide_all(&world);
        prop_assert_eq!(&first, &decide_all(&world));
        let stored = World {
            timeline: Timeline::unpack(&world.timeline.pack()).expect("a packed timeline"),
            employer: EmployerRecord::unpack(&world.employer.pack()).expect("a packed record"),
            ..world
        };
        prop_assert_eq!(&first, &decide_all(&stored));
    }

    #[test]
    fn at_most_36_months_of_a_person_are_counted(person in any_person()) {
        let world = person.world();
        let (assessment, decision) = decide_all(&world);
        let eligible: BTreeSet<TaxMonth> = assessment
            .months
            .iter()
            .filter(|found| found.outcome() == Outcome::Eligible)
            .map(|found| found.month)
            .collect();
        let us = Employer::Us.code();
        let booked = person.booked.iter().filter(|booked| booked.employer_code != us);
        let prior = world.timeline.prior_uses.iter().map(|held| &held.body);
        let elsewhere: BTreeSet<TaxMonth> = booked
            .map(|booked| booked.month)
            .chain(prior.flat_map(|used| used.from_month.through(used.to_month)))
            .collect();
        prop_assert!(eligible.is_disjoint(&elsewhere));
        prop_assert!(eligible.is_empty() || eligible.len() + elsewhere.len() <= 36);
        if let (Some(first), Some(last)) = (eligible.first(), eligible.last()) {
            prop_assert!(last.since(*first) < 36);
            prop_assert!(decision.start_month.is_some_and(|start| start <= *first));
            prop_assert!(decision.term_end_month.is_some_and(|end| *last <= end));
        }
    }

    #[test]
    fn outcome_reason_and_amount_of_a_month_agree(person in any_person()) {
        let (assessment, decision) = decide_all(&person.world());
        let mut eligible = 0;
        for (found, told) in assessment.months.iter().zip(&decision.months) {
            prop_assert_eq!(told.outcome, found.code.outcome());
            prop_assert!(found.code.precedence() <= ReasonCode::AllConditionsMet.precedence());
            let amount = match told.outcome {
                Outcome::Eligible => Fen::new(65_000),
                _ => Fen::ZERO,
            };
            prop_assert_eq!(told.amount_fen, amount);
            eligible += i64::from(told.outcome == Outcome::Eligible);
        }
        prop_assert_eq!(decision.total_fen, Fen::new(65_000).times(eligible));
        let outcomes = decision.months.iter().map(|told| told.outcome);
        prop_assert_eq!(decision.outcome, Outcome::any(outcomes));
    }

    #[test]
    fn a_timeline_is_unpacked_as_it_was_packed(person in any_person(), cut in any::<Index>()) {
        let timeline = person.world().timeline;
        let packed = timeline.pack();
        prop_assert_eq!(Timeline::unpack(&packed), Ok(timeline));
        prop_assert!(Timeline::unpack(&packed[..cut.index(packed.len())]).is_err());
    }

    #[test]
    fn no_bytes_make_unpacking_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Timeline::unpack(&bytes);
        let _ = EmployerRecord::unpack(&bytes);
        let versioned: Vec<u8> = std::iter::once(1).chain(bytes).collect();
        let _ = Timeline::unpack(&versioned);
        let _ = EmployerRecord::unpack(&versioned);
    }

    #[test]
    fn a_retracted_fact_leaves_no_trace_in_the_decision(
        person in any_person(),
        index in any::<Index>(),
    ) {
        prop_assume!(!person.facts.is_empty());
        let mut world = person.world();
        let (revision, _) = world.timeline.in_force()[index.index(person.facts.len())];
        world.timeline.retract(revision).expect("a fact in force");
        let mut without = person.clone();
        without.facts.remove(usize::try_from(revision).expect("a small revision") - 1);
        let (left, _) = decide_all(&world);
        let (never_there, _) = decide_all(&without.world());
        prop_assert_eq!(left.months, never_there.months);
    }
}

/// The properties above would hold of people of whom nothing is ever counted.
#[test]
fn the_generated_people_meet_nearly_every_reason() {
    let mut runner = TestRunner::deterministic();
    let people = any_person();
    let mut told = BTreeSet::new();
    let mut counted = 0;
    for _ in 0..400 {
        let person = people.new_tree(&mut runner).expect("a person").current();
        let (assessment, decision) = decide_all(&person.world());
        told.extend(assessment.months.iter().map(|found| found.code.name()));
        counted += usize::from(decision.outcome == Outcome::Eligible);
    }
    assert!(
        counted >= 100,
        "of 400 people {counted} have a month that counts"
    );
    assert!(told.len() >= 18, "{told:?}");
}
