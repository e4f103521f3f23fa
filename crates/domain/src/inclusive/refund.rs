//! 留抵退税: what is paid back of input tax that could not be credited.

use crate::date::CivilDate;
use crate::money::{Fen, RateBp};
use crate::policy::{Confidence, Dated, PolicyBook};
use crate::reason::{Outcome, Reason, ReasonCode};

use super::{
    InclusivePolicy, PreferenceItem, PreferenceQuestion, PreferenceResult, RefundBasis,
    RefundClass, cited, day_of, missing, not_encoded,
};

const ITEM: PreferenceItem = PreferenceItem::CreditRefund;

pub(super) fn check(policy: &PolicyBook, question: &PreferenceQuestion) -> PreferenceResult {
    let policy = &policy.inclusive;
    let Some(class) = question.refund_class else {
        return PreferenceResult::review(ITEM, missing(&["refund_class"]));
    };
    let Some(basis) = policy.refund_basis.get(&class) else {
        return PreferenceResult::review(ITEM, not_encoded(question));
    };
    match day_of(question, basis) {
        Err(reason) => PreferenceResult::review(ITEM, reason),
        Ok(day) => decide(policy, question, class, day)
            .unwrap_or_else(|| PreferenceResult::review(ITEM, not_encoded(question))),
    }
}

/// The values read, and those of them that are not established.
struct Rule<'a> {
    day: CivilDate,
    open: Vec<&'a str>,
}

impl<'a> Rule<'a> {
    fn read<T: Copy>(&mut self, dated: &'a Dated<T>) -> Option<T> {
        let value = dated.on(self.day)?;
        if value.confidence() == Confidence::Unconfirmed {
            self.open.push(&dated.name);
        }
        Some(value.value)
    }
}

/// `None` where the day is not encoded.
fn decide(
    policy: &InclusivePolicy,
    question: &PreferenceQuestion,
    class: RefundClass,
    day: CivilDate,
) -> Option<PreferenceResult> {
    let mut rule = Rule {
        day,
        open: Vec::new(),
    };
    let dated = policy.refund_basis.get(&class)?;
    let basis = rule.read(dated)?;
    let share = rule.read(policy.refund_share_bp.get(&class)?)?;
    let Some(ratio) = question.input_ratio_bp else {
        return Some(PreferenceResult::review(ITEM, missing(&["input_ratio"])));
    };
    let mut result = match basis {
        RefundBasis::WholeCredit => match question.input_credit_fen {
            None => PreferenceResult::review(ITEM, missing(&["input_credit"])),
            Some(credit) => paid_back(&[(credit, share)], ratio),
        },
        RefundBasis::Increment => of_increment(policy, question, class, share, ratio, &mut rule)?,
    };
    for reason in &mut result.reasons {
        reason.citations = cited(dated, day);
    }
    Some(
        if rule.open.is_empty() || result.outcome == Outcome::Review {
            result
        } else {
            unconfirmed(&result, &rule)
        },
    )
}

fn of_increment<'a>(
    policy: &'a InclusivePolicy,
    question: &PreferenceQuestion,
    class: RefundClass,
    share: RateBp,
    ratio: RateBp,
    rule: &mut Rule<'a>,
) -> Option<PreferenceResult> {
    let least = rule.read(&policy.refund_increment_min_fen)?;
    let months_min = rule.read(&policy.refund_months_min)?;
    let (Some(increment), Some(months)) = (question.credit_increment_fen, question.credit_months)
    else {
        let lacking = ["credit_increment", "credit_months"];
        return Some(PreferenceResult::review(ITEM, missing(&lacking)));
    };
    let refused = |code, facts| {
        let reason = Reason {
            code,
            citations: Vec::new(),
            facts,
        };
        Some(PreferenceResult::refused(ITEM, reason, Fen::ZERO))
    };
    if months < months_min {
        return refused(
            ReasonCode::CreditNotLasting,
            vec![("months", months.to_string())],
        );
    }
    if increment < least {
        return refused(
            ReasonCode::CreditIncrementTooSmall,
            vec![
                ("increment_yuan", increment.yuan()),
                ("threshold_yuan", least.yuan()),
            ],
        );
    }
    // Only other firms have a second share for what lies above the tier.
    let tier = match class {
        RefundClass::RealEstate => None,
        _ => rule.read(&policy.refund_tier_fen)?,
    };
    let low = tier.map_or(increment, |tier| increment.min(tier));
    let above = increment - low;
    let above_share = match above {
        Fen::ZERO => share,
        _ => rule.read(&policy.refund_above_tier_bp)?,
    };
    Some(paid_back(&[(low, share), (above, above_share)], ratio))
}

/// Each part times its share, all times the ratio; one rounding.
fn paid_back(parts: &[(Fen, RateBp)], ratio: RateBp) -> PreferenceResult {
    let amount_fen = Fen::sum_at_rates_times(parts.iter().copied(), ratio);
    PreferenceResult {
        item: ITEM,
        outcome: Outcome::Eligible,
        amount_fen,
        reasons: vec![Reason {
            code: ReasonCode::AllConditionsMet,
            citations: Vec::new(),
            facts: vec![("refund_yuan", amount_fen.yuan())],
        }],
    }
}

/// What would hold if the open values did.
fn unconfirmed(known: &PreferenceResult, rule: &Rule<'_>) -> PreferenceResult {
    let citations = known
        .reasons
        .first()
        .map(|reason| reason.citations.clone())
        .unwrap_or_default();
    let reason = Reason {
        code: ReasonCode::RefundRuleUnconfirmed,
        citations,
        facts: vec![
            ("parameter", rule.open.join(", ")),
            ("refund_yuan", known.amount_fen.yuan()),
        ],
    };
    PreferenceResult::review(ITEM, reason)
}
