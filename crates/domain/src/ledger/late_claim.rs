//! What amended returns of a past year would recover (退税, fact: section 2.5 (10)), and what is barred:
//! months of persons who have left by then, and taxes paid too long ago (税收征收管理法 art. 51).

use std::sync::Arc;

use crate::date::CivilDate;
use crate::fact::EmployerProfile;
use crate::ids::WorkerId;
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod, TaxYear};
use crate::policy::{Citation, PolicyBook};
use crate::tax::TaxKind;

use super::{Available, ByGroup, MonthValue, PeriodTaxes, TaxLine, YearState, allocate};

/// A month that facts support and nobody has booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnbookedMonth {
    /// Whose.
    pub worker_id: WorkerId,
    /// Which month, and what it gives.
    pub value: MonthValue,
    /// Whether the person still has a contract with the employer when the claim is made.
    pub is_employed: bool,
}

/// What an estimate reads.
#[derive(Clone, Copy, Debug)]
pub struct LateClaimInput<'a> {
    /// The law.
    pub policy: &'a PolicyBook,
    /// The employer's profile.
    pub profile: &'a EmployerProfile,
    /// The year as it is booked.
    pub state: &'a YearState,
    /// Which year.
    pub tax_year: TaxYear,
    /// What nobody has booked.
    pub unbooked: &'a [UnbookedMonth],
    /// When the amended returns would be made.
    pub claimed_on: CivilDate,
}

/// A tax that was paid, and what an amended return would leave of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedPeriod {
    /// Which period; `None` for the settlement.
    pub period: Option<TaxPeriod>,
    /// The last day on which its return may be amended for a refund.
    pub until_on: CivilDate,
    /// Whether that day has passed.
    pub is_barred: bool,
    /// What would come back, by tax; may be below zero where an earlier period takes what a later
    /// one had.
    pub recovered: Vec<(TaxKind, Fen)>,
}

/// The estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateClaim {
    /// Months that may be claimed.
    pub claimable: Vec<UnbookedMonth>,
    /// Months of persons who have left.
    pub left: Vec<UnbookedMonth>,
    /// Period by period, the settlement last.
    pub periods: Vec<ClaimedPeriod>,
    /// The sum of what would come back.
    pub recovered_fen: Fen,
    /// What of the claimable months' quota no tax would take.
    pub unused_fen: Fen,
    /// The rules behind the bars.
    pub citations: Vec<Arc<Citation>>,
}

/// The estimate; `None` where no encoded policy covers a day.
pub fn estimate_late_claim(input: &LateClaimInput<'_>) -> Option<LateClaim> {
    let key_group = &input.policy.key_group;
    let years = key_group.late_claim_years.on(input.claimed_on)?;
    let needs_employment = key_group.late_claim_needs_employment.on(input.claimed_on)?;
    let may_claim = |month: &&UnbookedMonth| month.is_employed || !needs_employment.value;
    let (claimable, left): (Vec<UnbookedMonth>, Vec<UnbookedMonth>) = {
        let (may, not): (Vec<&UnbookedMonth>, Vec<&UnbookedMonth>) =
            input.unbooked.iter().partition(may_claim);
        (
            may.into_iter().copied().collect(),
            not.into_iter().copied().collect(),
        )
    };
    let claim = Claim {
        input,
        claimable: &claimable,
        years: years.value,
    };
    let (periods, unused_fen) = claim.periods()?;
    let recovered = periods.iter().flat_map(|period| &period.recovered);
    Some(LateClaim {
        recovered_fen: recovered.map(|(_, amount)| *amount).sum(),
        periods,
        unused_fen,
        citations: vec![years.citation.clone(), needs_employment.citation.clone()],
        claimable,
        left,
    })
}

struct Claim<'a> {
    input: &'a LateClaimInput<'a>,
    claimable: &'a [UnbookedMonth],
    years: i32,
}

impl Claim<'_> {
    /// Quota of the claimable months up to a month.
    fn added_through(&self, through: TaxMonth) -> ByGroup {
        let mut sum = ByGroup::ZERO;
        for month in self
            .claimable
            .iter()
            .filter(|month| month.value.month <= through)
        {
            sum.add(month.value.group, month.value.amount_fen);
        }
        sum
    }

    fn until(&self, due_on: CivilDate) -> CivilDate {
        due_on.plus_months(12 * self.years)
    }

    /// Every posted period again in order, each against what the months booked and claimed by then
    /// release and the periods before it have used; barred ones keep what they deducted.
    fn periods(&self) -> Option<(Vec<ClaimedPeriod>, Fen)> {
        let state = self.input.state;
        let mut periods = Vec::with_capacity(state.periods.len() + 1);
        let mut used = ByGroup::ZERO;
        for posted in &state.periods {
            let last = posted.period.last_month();
            let days = self
                .input
                .policy
                .key_group
                .vat_filing_term_days
                .on(last.last_day())?;
            // Paid by the end of the filing term, from when the three years run.
            let until_on = self.until(last.last_day().plus_days(days.value));
            let is_barred = self.input.claimed_on > until_on;
            let lines = match is_barred {
                true => posted.lines.to_vec(),
                false => {
                    let taxes = PeriodTaxes::new(
                        self.input.policy,
                        self.input.profile,
                        posted.period,
                        posted.vat_payable_fen,
                        posted.sales_fen,
                    )?;
                    let released = self
                        .taken_through(posted.period)
                        .plus(self.added_through(last));
                    allocate(&taxes, Available::new(released, used))
                }
            };
            for line in &lines {
                used = used.plus(line.deducted);
            }
            periods.push(ClaimedPeriod {
                period: Some(posted.period),
                until_on,
                is_barred,
                recovered: recovered(&posted.lines, &lines),
            });
        }
        let accrued = state
            .accrued
            .plus(self.added_through(self.input.tax_year.last_month()));
        let mut left = (accrued.total() - used.total()).or_zero();
        if let Some(settled) = &state.settled {
            let until_on = self.until(settlement_due(self.input)?);
            let is_barred = self.input.claimed_on > until_on;
            let before = settled.cit.total();
            let after = match is_barred {
                true => before,
                false => left.min(settled.cit_payable_fen),
            };
            left = (left - after).or_zero();
            periods.push(ClaimedPeriod {
                period: None,
                until_on,
                is_barred,
                recovered: vec![(TaxKind::Cit, after - before)],
            });
        }
        Some((
            periods,
            left.min(self.added_through(self.input.tax_year.last_month()).total()),
        ))
    }

    /// What the returns up to a period took: the claimed months' quota comes on top of it.
    fn taken_through(&self, period: TaxPeriod) -> ByGroup {
        let posted = self.input.state.periods.iter();
        posted
            .filter(|posted| posted.period.first_month() <= period.first_month())
            .fold(ByGroup::ZERO, |sum, posted| sum.plus(posted.deducted()))
    }
}

/// What comes back of each tax: what was paid less what would be.
fn recovered(before: &[TaxLine], after: &[TaxLine]) -> Vec<(TaxKind, Fen)> {
    let pairs = before.iter().zip(after);
    pairs
        .map(|(before, after)| (before.tax, before.paid_fen - after.paid_fen))
        .collect()
}

/// The day of the next year by which the year is settled.
fn settlement_due(input: &LateClaimInput<'_>) -> Option<CivilDate> {
    let due = input
        .policy
        .key_group
        .cit_settlement_due
        .on(input.tax_year.last_month().last_day())?;
    CivilDate::parse(&format!("{}-{}", input.tax_year.number() + 1, due.value)).ok()
}
