//! Which tax takes how much of the quota (fact: section 2.5 (1)–(5)).

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::fact::EmployerProfile;
use crate::money::{Fen, RateBp};
use crate::month::{FilingCycle, TaxPeriod};
use crate::policy::{CodeGroup, PolicyBook};
use crate::tax::TaxKind;

use super::ByGroup;

/// What may be deducted, by reduction-code group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available(ByGroup);

impl Available {
    /// What is released and not used. One group's over-deduction is taken from the other's rest,
    /// so that the sum never exceeds `released - used`.
    pub fn new(released: ByGroup, used: ByGroup) -> Self {
        Self::up_to(released, used, released.total() - used.total())
    }

    /// As [`Available::new`], and no more than `limit` in all.
    pub fn up_to(released: ByGroup, used: ByGroup, limit: Fen) -> Self {
        let left = released.minus(used);
        let total = limit.min(left.total()).or_zero();
        let poverty = left.poverty.or_zero().min(total);
        let unemployment = left.unemployment.or_zero().min(total - poverty);
        Self(ByGroup {
            poverty,
            unemployment,
        })
    }

    /// The sum of both groups.
    pub fn total(&self) -> Fen {
        self.0.total()
    }

    /// By group.
    pub const fn by_group(&self) -> ByGroup {
        self.0
    }

    /// Takes up to `amount`, poverty first.
    pub fn take(&mut self, amount: Fen) -> ByGroup {
        let mut taken = ByGroup::ZERO;
        for group in CodeGroup::ALL {
            let part = self.0.get(group).min(amount - taken.total()).or_zero();
            taken.add(group, part);
            self.0.add(group, -part);
        }
        taken
    }
}

/// The line of one tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// The tax.
    pub tax: TaxKind,
    /// What is due before the deduction: base × rate, half up.
    pub due_fen: Fen,
    /// What the quota takes, by reduction-code group.
    pub deducted: ByGroup,
    /// What the half rate remits of the rest.
    pub halved_fen: Fen,
    /// What is left to pay.
    pub paid_fen: Fen,
}

/// The taxes of a period before any deduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodTaxes {
    due: [Fen; 4],
    vat_leg: bool,
    half_rate: Option<RateBp>,
}

impl PeriodTaxes {
    /// The due amounts of a period. The surcharges' base is the VAT payable before the deduction.
    /// `sales_fen` decides whether the education surcharges are due; `None` means they are.
    /// `None` is returned where no policy covers the period's last day.
    pub fn new(
        policy: &PolicyBook,
        profile: &EmployerProfile,
        period: TaxPeriod,
        vat_payable_fen: Fen,
        sales_fen: Option<Fen>,
    ) -> Option<Self> {
        let day = period.last_month().last_day();
        let surcharges = &policy.surcharges;
        let education_due = !education_exempt(policy, period.cycle(), day, sales_fen)?;
        let education = |rate: RateBp| {
            if education_due {
                vat_payable_fen.at_rate(rate)
            } else {
                Fen::ZERO
            }
        };
        let half_rate = surcharges.half_rate_bp.on(day).map(|value| value.value);
        Some(Self {
            due: [
                vat_payable_fen,
                vat_payable_fen.at_rate(profile.umct_rate_bp),
                education(surcharges.edu_rate_bp.on(day)?.value),
                education(surcharges.ledu_rate_bp.on(day)?.value),
            ],
            vat_leg: policy.key_group.vat_leg.on(day)?.value,
            half_rate: half_rate.filter(|_| profile.half_rate_surcharges),
        })
    }
}

/// Whether the education surcharges are not due (财税〔2016〕12号): sales are told and stay within the
/// ceiling. `None` where no policy covers the day.
pub fn education_exempt(
    policy: &PolicyBook,
    cycle: FilingCycle,
    day: CivilDate,
    sales_fen: Option<Fen>,
) -> Option<bool> {
    let ceiling = match cycle {
        FilingCycle::Monthly => policy.surcharges.edu_exempt_month.on(day)?.value,
        FilingCycle::Quarterly => policy.surcharges.edu_exempt_quarter.on(day)?.value,
    };
    Some(sales_fen.is_some_and(|sales| ceiling.admits(sales)))
}

/// Deducts VAT, UMCT, EDU, LEDU in this order until nothing is left. Always four lines.
pub fn allocate(taxes: &PeriodTaxes, mut available: Available) -> Vec<TaxLine> {
    TaxKind::OF_PERIOD
        .into_iter()
        .zip(taxes.due)
        .map(|(tax, due_fen)| {
            let may_deduct = tax != TaxKind::Vat || taxes.vat_leg;
            let deducted = if may_deduct {
                available.take(due_fen)
            } else {
                ByGroup::ZERO
            };
            let left = due_fen - deducted.total();
            let paid_fen = match taxes.half_rate {
                Some(share) if tax != TaxKind::Vat => left.at_rate(share),
                _ => left,
            };
            TaxLine {
                tax,
                due_fen,
                deducted,
                halved_fen: left - paid_fen,
                paid_fen,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_group(poverty: i64, unemployment: i64) -> ByGroup {
        ByGroup {
            poverty: Fen::new(poverty),
            unemployment: Fen::new(unemployment),
        }
    }

    /// Both groups together keep within the limit, and poverty comes first (section 2.6).
    #[test]
    fn a_limit_holds_over_both_groups_and_leaves_poverty_its_part_first() {
        let released = by_group(50_000, 40_000);
        for (limit, available) in [
            (90_001, by_group(50_000, 40_000)),
            (90_000, by_group(50_000, 40_000)),
            (60_000, by_group(50_000, 10_000)),
            (50_000, by_group(50_000, 0)),
            (20_000, by_group(20_000, 0)),
            (-1, by_group(0, 0)),
        ] {
            let found = Available::up_to(released, ByGroup::ZERO, Fen::new(limit));
            assert_eq!(found.by_group(), available, "{limit}");
            assert_eq!(found.total(), available.total(), "{limit}");
        }
    }

    #[test]
    fn what_one_group_took_too_much_is_taken_from_the_rest_of_the_other() {
        let used = by_group(30_000, 0);
        let found = Available::new(by_group(10_000, 50_000), used);
        assert_eq!(found.by_group(), by_group(0, 30_000));
        let found = Available::new(by_group(50_000, 10_000), by_group(0, 30_000));
        assert_eq!(found.by_group(), by_group(30_000, 0));
    }
}
