//! 六税两费: small-scale taxpayers, 小型微利 and individual businesses pay half of what other reliefs
//! leave.

use crate::fact::{EmployerKind, VatPayer};
use crate::money::Fen;
use crate::policy::PolicyBook;
use crate::reason::{Outcome, Reason, ReasonCode};
use crate::vat::VatDecision;

use super::{PreferenceItem, PreferenceQuestion, PreferenceResult, cited, day_of, missing};

const ITEM: PreferenceItem = PreferenceItem::HalfRateSurcharges;

pub(super) fn check(
    policy: &PolicyBook,
    question: &PreferenceQuestion,
    sales: Option<&VatDecision>,
    small_profit: Outcome,
) -> PreferenceResult {
    let day = match day_of(question, &policy.surcharges.half_rate_bp) {
        Ok(day) => day,
        Err(reason) => return PreferenceResult::review(ITEM, reason),
    };
    let Some(share) = policy.surcharges.half_rate_bp.on(day) else {
        return PreferenceResult::review(ITEM, super::not_encoded(question));
    };
    let Some(due) = due(question, sales) else {
        return PreferenceResult::review(ITEM, missing(&["surcharges_due"]));
    };
    let left = (due.fen - question.surcharges_relieved_fen).or_zero();
    let is_small = question.vat_payer == Some(VatPayer::SmallScale)
        || question.employer_kind == Some(EmployerKind::IndividualBusiness);
    match (is_small, small_profit) {
        (false, Outcome::Review) => {
            let lacking = ["vat_payer", "taxable_income", "staff_count", "total_assets"];
            PreferenceResult::review(ITEM, missing(&lacking))
        }
        (false, Outcome::Ineligible) => {
            let reason = Reason {
                code: ReasonCode::NotHalfRatePayer,
                citations: cited(&policy.surcharges.half_rate_bp, day),
                facts: vec![("due_yuan", due.fen.yuan())],
            };
            PreferenceResult::refused(ITEM, reason, left)
        }
        _ => {
            // Each tax line is rounded for itself where the lines are known.
            let whole = question.surcharges_relieved_fen == Fen::ZERO;
            let halved = due.halved_fen.filter(|_| whole);
            let paid_fen = halved.unwrap_or_else(|| left.at_rate(share.value));
            PreferenceResult {
                item: ITEM,
                outcome: Outcome::Eligible,
                amount_fen: paid_fen,
                reasons: vec![Reason {
                    code: ReasonCode::AllConditionsMet,
                    citations: cited(&policy.surcharges.half_rate_bp, day),
                    facts: vec![
                        ("due_yuan", due.fen.yuan()),
                        ("relieved_yuan", question.surcharges_relieved_fen.yuan()),
                    ],
                }],
            }
        }
    }
}

struct Due {
    fen: Fen,
    /// What the half rate leaves of the lines, where they are known.
    halved_fen: Option<Fen>,
}

/// What was told, or what is due on the VAT of a small-scale taxpayer's sales.
fn due(question: &PreferenceQuestion, sales: Option<&VatDecision>) -> Option<Due> {
    if let Some(fen) = question.surcharges_due_fen {
        return Some(Due {
            fen,
            halved_fen: None,
        });
    }
    let known = question.vat_payer == Some(VatPayer::SmallScale) && question.umct_rate_bp.is_some();
    let lines = &sales.filter(|_| known)?.surcharges;
    Some(Due {
        fen: lines.iter().map(|line| line.due_fen).sum(),
        halved_fen: Some(lines.iter().map(|line| line.paid_fen).sum()),
    })
}
