//! From what was read to the months of each worker.

use std::collections::{BTreeMap, HashMap};

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::Contract;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::{
    BookedMonth, Evidence, MonthFinding, Person, assess, projected_months,
};
use mamagang_domain::ledger::{MonthValue, WorkerMonths};
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::{CodeGroup, PolicyBook};
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_domain::timeline::{EmployerRecord, Timeline};
use mamagang_store::rows::{LedgerInputs, PersonMonth, WorkerSnapshot};

use crate::eligibility::unclaimed;

/// A worker's months in a year: what a plan reads, and what it does not book.
pub(crate) struct YearMonths {
    /// Up to the month that a plan books through.
    pub(crate) plan: WorkerMonths,
    /// What facts support after that month.
    pub(crate) later: Vec<MonthValue>,
    /// Months after it that a person has to decide on.
    pub(crate) later_under_review: i32,
}

/// The months of a worker at an employer in a year, split at `through`; with `projects`, also what
/// is expected after it.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a different part of one employer-year"
)]
pub(crate) fn worker_months(
    policy: &PolicyBook,
    employer_code: &EmployerCode,
    record: &EmployerRecord,
    elsewhere: &HashMap<EmployerCode, EmployerRecord>,
    snapshot: &WorkerSnapshot,
    months: &[PersonMonth],
    year: TaxYear,
    through: TaxMonth,
    projects: bool,
) -> YearMonths {
    let worker_id = snapshot.worker.worker_id;
    let evidence = Evidence {
        person: Person::Known(&snapshot.worker.timeline),
        employer_code,
        employer: record,
        booked: &snapshot.booked,
        unclaimed_elsewhere: 0,
        filings: &snapshot.filings,
    };
    let booked = months
        .iter()
        .filter(|month| month.worker_id == worker_id)
        .map(|month| MonthValue {
            month: month.month,
            group: month.group,
            amount_fen: month.amount_fen,
        });
    let found = assess(
        &policy.key_group,
        &evidence,
        year.first_month(),
        year.last_month(),
    );
    let projected = match projects && through < year.last_month() {
        true => projected_months(
            &policy.key_group,
            &evidence,
            through.plus(1),
            year.last_month(),
        ),
        false => Vec::new(),
    };
    let (planned, after) = found.months.split_at(
        found
            .months
            .partition_point(|finding| finding.month <= through),
    );
    let booked_elsewhere = planned
        .iter()
        .filter(|finding| finding.code == ReasonCode::MonthBookedElsewhere && finding.substantial);
    let plan = WorkerMonths {
        worker_id: Some(worker_id),
        revision: snapshot.worker.timeline.revision,
        booked: booked.collect(),
        supported: eligible(planned),
        projected: eligible(&projected),
        elsewhere: i32::try_from(booked_elsewhere.count()).unwrap_or(i32::MAX),
        unclaimed_elsewhere: found.start_month.map_or(0, |own_start| {
            unclaimed(policy, &evidence, elsewhere, own_start)
        }),
        left_on: left_on(&snapshot.worker.timeline, employer_code),
        under_review: under_review(planned),
    };
    YearMonths {
        plan,
        later: eligible(after),
        later_under_review: under_review(after),
    }
}

/// Months booked under records that were merged into others and could not pass on: no facts support them any more, so
/// that the next evaluation of the year takes them back.
pub(crate) fn left_behind(inputs: &LedgerInputs) -> impl Iterator<Item = YearMonths> {
    let is_gone = |month: &&PersonMonth| {
        let known = inputs
            .workers
            .binary_search_by_key(&month.worker_id, |snapshot| snapshot.worker.worker_id);
        known.is_err()
    };
    let mut gone: BTreeMap<WorkerId, Vec<MonthValue>> = BTreeMap::new();
    for month in inputs.months.iter().filter(is_gone) {
        gone.entry(month.worker_id).or_default().push(MonthValue {
            month: month.month,
            group: month.group,
            amount_fen: month.amount_fen,
        });
    }
    gone.into_iter().map(|(worker_id, booked)| YearMonths {
        plan: WorkerMonths {
            worker_id: Some(worker_id),
            revision: 0,
            booked,
            supported: Vec::new(),
            projected: Vec::new(),
            elsewhere: 0,
            unclaimed_elsewhere: 0,
            left_on: None,
            under_review: 0,
        },
        later: Vec::new(),
        later_under_review: 0,
    })
}

/// The last day of a worker's last contract at an employer; `None` while one is open.
fn left_on(timeline: &Timeline, employer_code: &EmployerCode) -> Option<CivilDate> {
    let contracts = timeline.contracts.iter().map(|held| &held.body);
    let here = contracts.filter(|contract| contract.employer_code == *employer_code);
    let ends: Option<Vec<CivilDate>> = here.map(Contract::last_on).collect();
    ends.and_then(|ends| ends.into_iter().max())
}

/// The other employers with which an employer's workers have contracts.
pub(crate) fn other_employers(inputs: &[LedgerInputs]) -> Vec<EmployerCode> {
    let mut codes = Vec::new();
    for read in inputs {
        let own = read
            .employer
            .as_ref()
            .map(|employer| employer.employer_code);
        for snapshot in &read.workers {
            let employers = snapshot.worker.timeline.contract_employers().into_iter();
            codes.extend(employers.filter(|code| Some(*code) != own));
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn under_review(findings: &[MonthFinding]) -> i32 {
    let review = findings
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Review && finding.substantial);
    i32::try_from(review.count()).unwrap_or(i32::MAX)
}

fn eligible(findings: &[MonthFinding]) -> Vec<MonthValue> {
    let eligible = findings
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Eligible);
    eligible.filter_map(value_of).collect()
}

fn value_of(finding: &MonthFinding) -> Option<MonthValue> {
    let group = CodeGroup::from(finding.category?);
    Some(MonthValue {
        month: finding.month,
        group,
        amount_fen: finding.amount_fen,
    })
}

/// Brings a worker's booked months up to a change that is not stored yet.
pub(crate) fn rebook(booked: &mut Vec<BookedMonth>, month: BookedMonth, is_booked: bool) {
    if is_booked {
        let index = booked.partition_point(|known| *known < month);
        booked.insert(index, month);
    } else {
        booked.retain(|known| *known != month);
    }
}
