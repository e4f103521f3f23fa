//! P8: the pure decision of one worker's year.

use std::hint::black_box;
use std::time::Duration;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    Contract, ContractKind, EmployerKind, EmployerProfile, Insurance, PersonCategory,
    PovertyStatus, SizeClass, Source, VatPayer, WorkerFact,
};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::key_group::{Evidence, Person, assess, explain};
use mamagang_domain::money::RateBp;
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::policy::{InsuranceSet, KeyGroupPolicy};
use mamagang_domain::timeline::{EmployerRecord, Timeline};

use super::Bench;
use crate::city::{employer_code, month};
use crate::report::{Bounds, Figure, median, spread};

/// A worker with 12 insured months, and the employer.
pub(crate) struct Case {
    code: EmployerCode,
    timeline: Timeline,
    employer: EmployerRecord,
}

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a date")
}

impl Case {
    pub(crate) fn new(months: i32) -> Self {
        let source = Source {
            name: "基准".to_owned(),
            drawn_on: None,
        };
        let code = EmployerCode::parse(&employer_code(0)).expect("a code");
        let mut employer = EmployerRecord::default();
        let profile = EmployerProfile {
            name: "中山市第0号有限公司".to_owned(),
            kind: EmployerKind::Company,
            town_code: "442000001".to_owned(),
            industry_code: "C1411".to_owned(),
            vat_payer: VatPayer::General,
            filing_cycle: FilingCycle::Monthly,
            umct_rate_bp: RateBp::new(700),
            half_rate_surcharges: false,
            size_class: SizeClass::Other,
            from_on: date("2019-01-01"),
        };
        employer.apply(profile, &source);
        let mut timeline = Timeline::default();
        timeline.apply(
            WorkerFact::Poverty(PovertyStatus {
                category: PersonCategory::LiftedFromPoverty,
                from_on: date("2015-01-01"),
                to_on: None,
            }),
            &source,
        );
        timeline.apply(
            WorkerFact::Contract(Contract {
                contract_id: "C0".to_owned(),
                employer_code: code,
                kind: ContractKind::LabourContract,
                signed_on: date("2023-01-01"),
                start_on: date("2023-01-01"),
                end_on: None,
                terminated_on: None,
                part_time: false,
                filing_id: String::new(),
            }),
            &source,
        );
        for index in 0..months {
            let insured = mamagang_domain::fact::Contribution {
                employer_code: Some(code),
                month: month(index),
                insurances: InsuranceSet::of(Insurance::ALL),
                paid_on: month(index).last_day(),
            };
            timeline.apply(WorkerFact::Contribution(insured), &source);
        }
        Self {
            code,
            timeline,
            employer,
        }
    }

    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            person: Person::Known(&self.timeline),
            employer_code: &self.code,
            employer: &self.employer,
            booked: &[],
            unclaimed_elsewhere: 0,
            filings: &[],
        }
    }
}

fn first_and_last() -> (TaxMonth, TaxMonth) {
    (month(0), month(11))
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Nanoseconds of processor time of one round of `work`, for each of several short stretches: others
/// on the machine do not show.
fn time(turns: u32, mut work: impl FnMut()) -> Vec<f64> {
    const ROUNDS: u32 = 2_000;
    let stretch = Duration::from_millis(50);
    let mut nanos = Vec::new();
    for _ in 0..turns.max(5) {
        let started = thread_time();
        let mut rounds = 0_u32;
        while thread_time() - started < stretch {
            for _ in 0..ROUNDS {
                work();
            }
            rounds += ROUNDS;
        }
        let spent = (thread_time() - started).as_secs_f64();
        nanos.push(spent * 1e9 / f64::from(rounds));
    }
    nanos
}

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let policies = mamagang_policy::load_embedded()
        .map_err(|problems| anyhow::anyhow!("the policies cannot be read: {problems:?}"))?;
    let policy: &KeyGroupPolicy = &policies.book.key_group;
    let case = Case::new(12);
    let evidence = case.evidence();
    let (first, last) = first_and_last();
    let decide = || assess(policy, black_box(&evidence), first, last);
    let bare = time(bench.turns, || drop(black_box(decide())));
    let traced = time(bench.turns, || {
        drop(black_box(explain(policy, black_box(&evidence), &decide())));
    });
    let reasons = explain(policy, &evidence, &decide())
        .statutory
        .reasons
        .len();
    let mut figures = Vec::new();
    let parts = [
        (
            "decision of a worker-year".to_owned(),
            bare,
            Bounds::falling(500.0, 300.0, Some(150.0)),
        ),
        (
            format!("the same with its reasons ({reasons}), citations and evidence"),
            traced,
            Bounds::falling(3_000.0, 2_000.0, Some(1_000.0)),
        ),
    ];
    for (what, nanos, bounds) in parts {
        let mut figure = Figure::new("P8", what, median(&nanos)).own(median(&nanos), "ns");
        figure.spread = spread(&nanos);
        figures.push(figure.within(bounds));
    }
    Ok(figures)
}

/// The gate on the pure decision: what it allocates is the same on every machine, however busy.
#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of months and of hires.
    const DECISION_MAX: u64 = 2;
    /// With reasons, their values as text, citations and evidence.
    const EXPLAINED_MAX: u64 = 60;

    fn allocations(work: impl FnOnce()) -> u64 {
        allocation_counter::measure(work).count_total
    }

    #[test]
    fn a_decision_allocates_no_more_than_its_lists() {
        let policies = mamagang_policy::load_embedded().expect("policies");
        let policy = &policies.book.key_group;
        let (first, last) = first_and_last();
        for months in [1, 12, 36] {
            let case = Case::new(months);
            let evidence = case.evidence();
            let decided = allocations(|| drop(assess(policy, &evidence, first, last)));
            assert!(decided <= DECISION_MAX, "{months} months: {decided}");
            let explained = allocations(|| {
                let assessment = assess(policy, &evidence, first, last);
                drop(explain(policy, &evidence, &assessment));
            });
            assert!(explained <= EXPLAINED_MAX, "{months} months: {explained}");
        }
    }
}
