//! What is told beside a plan.

use crate::ids::WorkerId;
use crate::month::TaxPeriod;
use crate::reason::ReasonCode;

use super::allocation::education_exempt;
use super::entry::{AccrualChange, Caveat};
use super::plan::{Declaration, PlanInput};
use super::year::YearState;

pub(super) fn caveat<const N: usize>(code: ReasonCode, facts: [(&str, String); N]) -> Caveat {
    Caveat {
        code,
        facts: facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// Workers named in one caveat.
const NAMED_WORKERS_MAX: usize = 10;

/// A caveat with a number of months and the workers, by our id, whom they are of: never with what
/// another employer is called.
pub(super) fn months_of_workers(
    code: ReasonCode,
    found: impl Iterator<Item = (Option<WorkerId>, i32)>,
) -> Option<Caveat> {
    let found: Vec<_> = found.filter(|(_, months)| *months > 0).collect();
    if found.is_empty() {
        return None;
    }
    let months: i32 = found.iter().map(|(_, months)| months).sum();
    let named = found
        .iter()
        .filter_map(|(worker, _)| *worker)
        .take(NAMED_WORKERS_MAX);
    let worker_ids: Vec<String> = named.map(|worker| worker.to_string()).collect();
    let facts = [
        ("months", months.to_string()),
        ("worker_ids", worker_ids.join(",")),
    ];
    Some(caveat(code, facts))
}

/// Months that are taken back and booked again under the other group of codes: returns filed before
/// show them under the old one.
pub(super) fn regrouped(accruals: &[AccrualChange]) -> Option<Caveat> {
    let is_moved = |change: &&AccrualChange| {
        change.booked
            && accruals.iter().any(|other| {
                !other.booked
                    && (other.worker_id, other.month) == (change.worker_id, change.month)
                    && other.group != change.group
            })
    };
    let mut moved: Vec<(Option<WorkerId>, i32)> = Vec::new();
    for change in accruals.iter().filter(is_moved) {
        match moved.last_mut() {
            Some((worker, months)) if *worker == Some(change.worker_id) => *months += 1,
            _ => moved.push((Some(change.worker_id), 1)),
        }
    }
    months_of_workers(ReasonCode::MonthsRegrouped, moved.into_iter())
}

/// Tells that the education surcharges are not due (财税〔2016〕12号).
pub(super) fn education_caveat(input: &PlanInput<'_>, declared: &Declaration) -> Option<Caveat> {
    let Declaration {
        period, sales_fen, ..
    } = declared;
    let day = period.last_month().last_day();
    let is_exempt = education_exempt(input.policy, period.cycle(), day, *sales_fen);
    let sales = sales_fen.filter(|_| is_exempt == Some(true))?;
    let facts = [("sales_yuan", sales.yuan())];
    Some(caveat(ReasonCode::EduExemptBySales, facts))
}

/// Tells that periods before this one were not posted.
pub(super) fn skipped(state: &YearState, period: TaxPeriod) -> Option<Caveat> {
    let next = state
        .periods
        .last()
        .map_or(0, |last| last.period.ordinal() + 1);
    let count = period.ordinal() - next;
    (count > 0).then(|| caveat(ReasonCode::PeriodSkipped, [("periods", count.to_string())]))
}
