//! When a month may be claimed. Tested when a claim is submitted, never by a check.

use crate::date::CivilDate;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::reason::{Assumption, ReasonCode};

use super::notes::Notes;
use super::policy::{ClaimCycle, SubsidyPolicy};

/// The days on which a month may be claimed, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimWindow {
    /// The day after the month's quarter, or after the month.
    pub opens_on: CivilDate,
    /// The last day of the last month in which a claim is in time.
    pub closes_on: CivilDate,
    /// The defaults that it rests on.
    pub assumptions: Vec<Assumption>,
}

/// A month as a claim finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimableMonth {
    /// Which.
    pub month: TaxMonth,
    /// What it brings; nothing where its conditions are not met.
    pub amount_fen: Fen,
    /// The reason that it tells.
    pub code: ReasonCode,
    /// Whether a claim holds the month of this subsidy already.
    pub is_claimed: bool,
}

/// What stands against claiming a month on a day; `None` = it becomes a line. A month that is claimed
/// already is told so before anything else, and its own conditions before the days of claiming.
pub fn line_refusal(
    policy: &SubsidyPolicy,
    found: ClaimableMonth,
    today: CivilDate,
) -> Option<ReasonCode> {
    if found.is_claimed {
        return Some(ReasonCode::MonthAlreadyClaimed);
    }
    if found.amount_fen <= Fen::ZERO {
        return Some(found.code);
    }
    let window = claim_window(policy, found.month);
    match window.map(|window| (window.opens_on..=window.closes_on).contains(&today)) {
        Some(true) => None,
        Some(false) => Some(ReasonCode::ClaimWindowClosed),
        None => Some(ReasonCode::PolicyNotEncoded),
    }
}

/// What the days on which these months may be claimed rest on and is not established, each once.
pub fn claim_days_assumed(
    policy: &SubsidyPolicy,
    months: impl IntoIterator<Item = TaxMonth>,
) -> Vec<Assumption> {
    let mut assumed = Vec::new();
    for month in months {
        let window = claim_window(policy, month);
        for assumption in window.into_iter().flat_map(|window| window.assumptions) {
            if !assumed.contains(&assumption) {
                assumed.push(assumption);
            }
        }
    }
    assumed
}

/// The window of a month; `None` where no policy covers it.
pub fn claim_window(policy: &SubsidyPolicy, month: TaxMonth) -> Option<ClaimWindow> {
    let mut notes = Notes::default();
    let day = month.last_day();
    let cycle_ends_in = match notes.read(&policy.claim_cycle, day)? {
        ClaimCycle::Monthly => month,
        ClaimCycle::Quarterly => month.plus(2 - (month.month() - 1) % 3),
    };
    let months = notes.read(&policy.claim_window_months, day)?;
    Some(ClaimWindow {
        opens_on: cycle_ends_in.plus(1).first_day(),
        closes_on: month.plus(*months).last_day(),
        assumptions: notes.finish(),
    })
}
