//! Enterprise income tax of 小型微利: below the limits a reduced rate, above them the full rate on
//! everything (a cliff, not a step).

use crate::money::{Fen, RateBp};
use crate::policy::PolicyBook;
use crate::reason::{Outcome, Reason, ReasonCode};

use super::{InclusivePolicy, PreferenceItem, PreferenceQuestion, PreferenceResult};
use super::{cited, missing, not_encoded};

const ITEM: PreferenceItem = PreferenceItem::SmallProfitIncomeTax;

pub(super) fn check(policy: &PolicyBook, question: &PreferenceQuestion) -> PreferenceResult {
    let day = question.tax_year.last_month().last_day();
    let pays = question.employer_kind.is_none_or(|kind| {
        let kinds = policy.key_group.cit_leg_kinds.on(day);
        kinds.is_none_or(|kinds| kinds.value.contains(&kind))
    });
    if !pays {
        let reason = Reason {
            code: ReasonCode::NoEnterpriseIncomeTax,
            citations: cited(&policy.key_group.cit_leg_kinds, day),
            facts: Vec::new(),
        };
        return PreferenceResult::refused(ITEM, reason, Fen::ZERO);
    }
    decide(&policy.inclusive, question)
        .unwrap_or_else(|| PreferenceResult::review(ITEM, not_encoded(question)))
}

/// `None` where the year is not encoded.
fn decide(policy: &InclusivePolicy, question: &PreferenceQuestion) -> Option<PreferenceResult> {
    let day = question.tax_year.last_month().last_day();
    let income_max = policy.income_max.on(day)?;
    let staff_max = policy.staff_max.on(day)?;
    let assets_max = policy.assets_max.on(day)?;
    let standard = policy.standard_bp.on(day)?;
    let Some(income_fen) = question.taxable_income_fen else {
        return Some(PreferenceResult::review(ITEM, missing(&["taxable_income"])));
    };
    let mut against: Vec<Reason> = Vec::new();
    if !income_max.value.admits(income_fen) {
        against.push(Reason {
            code: ReasonCode::IncomeAboveLimit,
            citations: cited(&policy.income_max, day),
            facts: vec![
                ("income_yuan", income_fen.yuan()),
                ("threshold_yuan", income_max.value.fen.yuan()),
            ],
        });
    }
    if let Some(staff) = question
        .staff_count
        .filter(|staff| *staff > staff_max.value)
    {
        against.push(Reason {
            code: ReasonCode::StaffAboveLimit,
            citations: cited(&policy.staff_max, day),
            facts: vec![
                ("staff", staff.to_string()),
                ("staff_limit", staff_max.value.to_string()),
            ],
        });
    }
    let assets = question.total_assets_fen;
    if let Some(assets) = assets.filter(|assets| !assets_max.value.admits(*assets)) {
        against.push(Reason {
            code: ReasonCode::AssetsAboveLimit,
            citations: cited(&policy.assets_max, day),
            facts: vec![
                ("assets_yuan", assets.yuan()),
                ("threshold_yuan", assets_max.value.fen.yuan()),
            ],
        });
    }
    if question.restricted_industry {
        against.push(Reason {
            code: ReasonCode::RestrictedIndustry,
            citations: cited(&policy.income_max, day),
            facts: Vec::new(),
        });
    }
    if !against.is_empty() {
        return Some(PreferenceResult {
            item: ITEM,
            outcome: Outcome::Ineligible,
            amount_fen: income_fen.at_rate(standard.value),
            reasons: against,
        });
    }
    let asked = [
        (question.staff_count.is_none(), "staff_count"),
        (assets.is_none(), "total_assets"),
    ];
    let lacking: Vec<&'static str> = asked
        .into_iter()
        .filter(|(is_missing, _)| *is_missing)
        .map(|(_, name)| name)
        .collect();
    if !lacking.is_empty() {
        return Some(PreferenceResult::review(ITEM, missing(&lacking)));
    }
    let tier = policy.first_tier_fen.on(day)?.value;
    let lower = policy.first_tier_bp.on(day)?.value;
    let upper = policy.second_tier_bp.on(day)?.value;
    let amount_fen = tiered(income_fen, tier, lower, upper);
    Some(PreferenceResult {
        item: ITEM,
        outcome: Outcome::Eligible,
        amount_fen,
        reasons: vec![Reason {
            code: ReasonCode::AllConditionsMet,
            citations: cited(&policy.second_tier_bp, day),
            facts: vec![
                ("income_yuan", income_fen.yuan()),
                ("tax_yuan", amount_fen.yuan()),
            ],
        }],
    })
}

/// The lower rate up to the tier, the upper one above; one rounding.
fn tiered(income_fen: Fen, tier: Option<Fen>, lower: RateBp, upper: RateBp) -> Fen {
    let low = tier.map_or(Fen::ZERO, |tier| income_fen.min(tier));
    Fen::sum_at_rates([(low, lower), (income_fen - low, upper)])
}
