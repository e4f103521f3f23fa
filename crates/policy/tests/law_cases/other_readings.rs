//! What an answer comes to where an open question is decided otherwise than the default says
//! (sections 2.1 and 6): the rules read the parameter and nothing else.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{DependentChild, EmployerKind, TrainingRecord, WorkerFact};
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::ledger::{Available, ByGroup, PeriodTaxes, allocate};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxPeriod;
use mamagang_domain::policy::{Dated, DatedValue, KeyGroupPolicy, PolicyBook};
use mamagang_domain::reason::ReasonCode::{
    self, AllConditionsMet, DependentChildEnded, EmployerKindNotCovered, NotInForce,
    OutsideTrialPeriod, PolicyNotEncoded, TrainingPlanNotFiled,
};
use mamagang_domain::subsidy::{
    Evidence, SubsidyKind, SubsidyPolicy, TrialTest, WorkerTested, decide,
};
use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{World, book, contract, day, month, paid, profile};

/// The parameter with one value for all days.
fn always<T>(dated: &Dated<T>, value: T) -> Dated<T> {
    let value = DatedValue {
        from: CivilDate::MIN,
        to: None,
        value,
        citation: dated.values()[0].citation.clone(),
    };
    Dated::new(dated.name.clone(), vec![value])
}

/// A mother hired by contract on a filed post and insured from the month of the hire on.
fn hired(start_on: &str, end_on: Option<&str>, submitted_on: &str, child_until: &str) -> World {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    let child = DependentChild {
        until_on: day(child_until),
    };
    world.add(WorkerFact::Child(child));
    let mut body = contract("C", day(start_on), end_on.map(day));
    body.filing_id = "F1".to_owned();
    world.add(WorkerFact::Contract(body));
    for month in month("2022-07").through(month("2024-12")) {
        let row = paid(Some(Employer::Us), month);
        world.add(WorkerFact::Contribution(row));
    }
    world.filings.push(Filing {
        filing_id: "F1".to_owned(),
        employer_code: Employer::Us.code(),
        kind: FilingKind::LabourContract,
        submitted_on: Some(day(submitted_on)),
        accepted_on: Some(day(submitted_on)),
        revoked_on: None,
    });
    world
}

fn told(policy: &SubsidyPolicy, world: &World, asked: &str) -> ReasonCode {
    let code = Employer::Us.code();
    let evidence = Evidence {
        person: world.known(),
        employer_code: &code,
        employer: &world.employer,
        booked: &[],
        claimed: &[],
        filings: &world.filings,
    };
    let (asked, kind) = (month(asked), SubsidyKind::EmployerInsurance);
    decide(policy, kind, &evidence, asked, asked).months[0].code
}

#[test]
fn a_child_is_looked_at_on_the_last_day_of_each_month_where_the_place_says_so() {
    let law = &book().subsidy;
    let each_month = SubsidyPolicy {
        worker_tested: always(&law.worker_tested, WorkerTested::EachMonth),
        ..law.clone()
    };
    for (until, asked, by_default, by_month) in [
        ("2022-10-31", "2022-10", AllConditionsMet, AllConditionsMet),
        (
            "2022-10-30",
            "2022-10",
            AllConditionsMet,
            DependentChildEnded,
        ),
        (
            "2022-10-31",
            "2022-11",
            AllConditionsMet,
            DependentChildEnded,
        ),
        // Ended before the hire, asked for a month after the contract.
        ("2022-08-31", "2023-09", DependentChildEnded, NotInForce),
    ] {
        let world = hired("2022-09-01", Some("2023-08-31"), "2022-08-01", until);
        let codes = (told(law, &world, asked), told(&each_month, &world, asked));
        assert_eq!(codes, (by_default, by_month), "{until} {asked}");
    }
}

#[test]
fn only_what_the_place_tests_has_to_lie_inside_the_trial_period() {
    let law = &book().subsidy;
    let with = |tests: &[TrialTest]| SubsidyPolicy {
        trial_tests: always(&law.trial_tests, tests.to_vec()),
        ..law.clone()
    };
    let contract_alone = with(&[TrialTest::ContractStarted]);
    let filing_alone = with(&[TrialTest::FilingSubmitted]);
    let filed_late = hired("2023-07-03", None, "2023-07-04", "2030-06-30");
    let hired_late = hired("2023-07-04", None, "2023-07-03", "2030-06-30");
    for (world, by_contract, by_filing) in [
        (&filed_late, AllConditionsMet, OutsideTrialPeriod),
        (&hired_late, OutsideTrialPeriod, AllConditionsMet),
    ] {
        assert_eq!(told(law, world, "2023-08"), OutsideTrialPeriod);
        assert_eq!(told(&contract_alone, world, "2023-08"), by_contract);
        assert_eq!(told(&filing_alone, world, "2023-08"), by_filing);
    }
}

/// The code of a training under a plan that nobody filed.
fn told_of_training(policy: &SubsidyPolicy) -> ReasonCode {
    let mut world = World::default();
    world.employ(EmployerKind::Company, day("2010-01-01"));
    let until_on = day("2030-06-30");
    world.add(WorkerFact::Child(DependentChild { until_on }));
    world.add(WorkerFact::Training(TrainingRecord {
        employer_code: Employer::Us.code(),
        plan_id: "P1".to_owned(),
        class_hours: 10,
        completed_on: Some(day("2022-10-14")),
        standard_met: true,
    }));
    let code = Employer::Us.code();
    let evidence = Evidence {
        person: world.known(),
        employer_code: &code,
        employer: &world.employer,
        booked: &[],
        claimed: &[],
        filings: &[],
    };
    let asked = month("2022-10");
    decide(policy, SubsidyKind::Training, &evidence, asked, asked).trainings[0].code
}

#[test]
fn what_stands_against_the_employer_is_told_before_the_plan_that_nobody_filed() {
    let law = &book().subsidy;
    assert_eq!(told_of_training(law), TrainingPlanNotFiled);
    let kinds = &law.employer_kinds[&SubsidyKind::Training];
    let mut partnerships_alone = law.clone();
    let partnership = always(kinds, vec![EmployerKind::Partnership]);
    let kinds = &mut partnerships_alone.employer_kinds;
    kinds.insert(SubsidyKind::Training, partnership);
    assert_eq!(
        told_of_training(&partnerships_alone),
        EmployerKindNotCovered
    );
    let mut not_encoded = law.clone();
    not_encoded.employer_kinds.remove(&SubsidyKind::Training);
    assert_eq!(told_of_training(&not_encoded), PolicyNotEncoded);
}

/// Whether VAT is still reduced from 2026 on is not established: where it is not, the quota goes to
/// the surcharges alone.
#[test]
fn where_vat_is_no_longer_reduced_the_surcharges_take_the_quota() {
    let law = book();
    let without = PolicyBook {
        key_group: KeyGroupPolicy {
            vat_leg: always(&law.key_group.vat_leg, false),
            ..law.key_group.clone()
        },
        ..(*law).clone()
    };
    let profile = profile(EmployerKind::Company, day("2010-01-01"));
    let january = TaxPeriod::parse("2026-01").expect("a period");
    let deducted = |book: &PolicyBook| -> Vec<i64> {
        let vat = Fen::new(400_000);
        let taxes = PeriodTaxes::new(book, &profile, january, vat, None).expect("encoded");
        let released = ByGroup {
            poverty: Fen::new(65_000),
            unemployment: Fen::ZERO,
        };
        let lines = allocate(&taxes, Available::new(released, ByGroup::ZERO));
        let taken = lines.iter().map(|line| line.deducted.total().get());
        taken.collect()
    };
    assert_eq!(deducted(&law), [65_000, 0, 0, 0]);
    // 7 %, 3 % and 2 % of 4,000.00.
    assert_eq!(deducted(&without), [0, 28_000, 12_000, 8_000]);
}
