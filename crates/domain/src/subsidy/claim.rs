//! When a month may be claimed. Tested when a claim is submitted, never by a check.

use crate::date::CivilDate;
use crate::month::TaxMonth;
use crate::reason::Assumption;

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
