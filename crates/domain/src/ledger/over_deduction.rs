//! What is deducted beyond the year's total, and from when the surcharge for late payment runs on
//! it (fact: section 2.5 (9)).

use crate::date::CivilDate;
use crate::money::Fen;
use crate::month::TaxYear;
use crate::reason::ReasonCode;

use super::ByGroup;
use super::entry::Caveat;
use super::plan::{PlanInput, caveat};
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

    /// What is deducted beyond the year's total, and from when the surcharge for late payment runs
    /// on it.
    pub(super) fn over_deduction(
        &self,
        after: &YearState,
        declared: Option<Release>,
        tax_year: TaxYear,
    ) -> (Fen, Option<CivilDate>) {
        let total = self.year_total(after, declared);
        let over = (after.deducted().total() - total.total()).or_zero();
        let from = if over > Fen::ZERO {
            over_deducted_from(self, after, total, tax_year)
        } else {
            None
        };
        (over, from)
    }
}

pub(super) fn over_deducted(amount: Fen) -> Option<Caveat> {
    (amount > Fen::ZERO).then(|| {
        caveat(
            ReasonCode::OverDeducted,
            [("over_deducted_yuan", amount.yuan())],
        )
    })
}

/// The day after the filing term of the first period whose cumulative deduction exceeds the
/// corrected release; the day after the annual settlement is due when only the CIT leg exceeds it
/// (fact: section 2.5 (9)).
fn over_deducted_from(
    input: &PlanInput<'_>,
    after: &YearState,
    year_total: ByGroup,
    tax_year: TaxYear,
) -> Option<CivilDate> {
    let policy = &input.policy.key_group;
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
        if cumulative > released.total() {
            let end = period.period.last_month().last_day();
            let days = policy.vat_filing_term_days.on(end)?.value;
            return Some(end.plus_days(1 + days));
        }
    }
    let due = &policy
        .cit_settlement_due
        .on(tax_year.last_month().last_day())?
        .value;
    let due_on = CivilDate::parse(&format!("{:04}-{due}", tax_year.number() + 1)).ok()?;
    Some(due_on.plus_days(1))
}
