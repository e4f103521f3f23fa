//! What is deducted beyond the year's total, and from when the surcharge for late payment runs on
//! it (fact: section 2.5 (9)).

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::money::{Fen, RateBp};
use crate::month::{TaxPeriod, TaxYear};
use crate::policy::KeyGroupPolicy;
use crate::reason::ReasonCode;

use super::ByGroup;
use super::caveat::caveat;
use super::entry::Caveat;
use super::plan::PlanInput;
use super::year::{Release, YearState};

impl PlanInput<'_> {
    /// What the whole year gives, with the months still to come where a period was released by
    /// projection: an advance that the year still covers is not over-deducted.
    fn year_total(&self, after: &YearState, declared: Option<Release>) -> ByGroup {
        let released = after
            .periods
            .iter()
            .map(|period| period.release)
            .chain(declared);
        let projects = after.settled.is_none()
            && released
                .into_iter()
                .any(|release| release == Release::AnnualProjected);
        let projected = if projects {
            self.projected(Release::AnnualProjected)
        } else {
            ByGroup::ZERO
        };
        after.accrued.plus(projected)
    }

    /// What is deducted beyond the year's total, by where it arose.
    pub(super) fn over_deductions(
        &self,
        after: &YearState,
        declared: Option<Release>,
        tax_year: TaxYear,
    ) -> Vec<OverDeduction> {
        let total = self.year_total(after, declared);
        let over = (after.deducted().total() - total.total()).or_zero();
        parts_of(self, after, over, total, tax_year)
    }
}

/// A part of what is deducted too much, with the declaration that it arose in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverDeduction {
    /// The first period whose cumulative deduction exceeds the corrected release; `None` is the
    /// annual settlement.
    pub period: Option<TaxPeriod>,
    /// How much.
    pub amount_fen: Fen,
    /// The day from which the surcharge for late payment runs; `None` where no encoded policy
    /// covers it.
    pub late_from_on: Option<CivilDate>,
}

impl OverDeduction {
    /// Days late on a day, that day included.
    pub fn late_days(&self, on: CivilDate) -> i32 {
        self.late_from_on
            .map_or(0, |from| (on.epoch_day() - from.epoch_day() + 1).max(0))
    }

    /// The surcharge up to a day, that day included: the part times days times the daily rate in
    /// force on the first of them, half up (税收征收管理法 art. 32). `None` where no rate covers it.
    pub fn late_surcharge_fen(&self, policy: &KeyGroupPolicy, on: CivilDate) -> Option<Fen> {
        let from = self.late_from_on?;
        let rate = policy.late_surcharge_day_bp.on(from)?.value;
        let days = self.late_days(on);
        Some(
            self.amount_fen
                .at_rate(RateBp::new(rate.get().saturating_mul(days))),
        )
    }
}

/// The sum of the parts.
pub fn over_deducted_fen(parts: &[OverDeduction]) -> Fen {
    parts.iter().map(|part| part.amount_fen).sum()
}

pub(super) fn over_deducted(parts: &[OverDeduction]) -> Option<Caveat> {
    let amount = over_deducted_fen(parts);
    (amount > Fen::ZERO).then(|| {
        caveat(
            ReasonCode::OverDeducted,
            [("over_deducted_yuan", amount.yuan())],
        )
    })
}

/// Goes through the periods in order: what the cumulative deduction exceeds the corrected release by
/// arose there, as far as it was not told of an earlier one. The rest is the CIT leg's. The
/// surcharge runs from the day after the filing term, or after the settlement is due (fact: section
/// 2.5 (9)).
fn parts_of(
    input: &PlanInput<'_>,
    after: &YearState,
    over: Fen,
    year_total: ByGroup,
    tax_year: TaxYear,
) -> Vec<OverDeduction> {
    let policy = &input.policy.key_group;
    let mut parts = Vec::new();
    let mut told = Fen::ZERO;
    let mut cumulative = Fen::ZERO;
    let mut projects = false;
    for period in &after.periods {
        cumulative += period.deducted().total();
        // Once a period was released by projection the later ones stand on the year's total too.
        projects |= period.release == Release::AnnualProjected;
        let released = if projects {
            year_total
        } else {
            input.supported_through(period.period.last_month())
        };
        let exceeded = (cumulative - released.total()).min(over);
        if exceeded > told {
            let end = period.period.last_month().last_day();
            let days = policy.vat_filing_term_days.on(end).map(|days| days.value);
            parts.push(OverDeduction {
                period: Some(period.period),
                amount_fen: exceeded - told,
                late_from_on: days.map(|days| end.plus_days(1 + days)),
            });
            told = exceeded;
        }
    }
    if over > told {
        parts.push(OverDeduction {
            period: None,
            amount_fen: over - told,
            late_from_on: settlement_late_from(policy, tax_year),
        });
    }
    parts
}

/// The day after the annual settlement is due.
fn settlement_late_from(policy: &KeyGroupPolicy, tax_year: TaxYear) -> Option<CivilDate> {
    let due = &policy
        .cit_settlement_due
        .on(tax_year.last_month().last_day())?
        .value;
    let due_on = CivilDate::parse(&format!("{:04}-{due}", tax_year.number() + 1)).ok()?;
    Some(due_on.plus_days(1))
}
