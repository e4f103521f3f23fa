//! The notice's layer: was the post filed as a labour-contract mama post (中府函〔2022〕226号)?
//!
//! Kept apart from the statutory layer: a hire without a filing still has the tax right.

use crate::date::CivilDate;
use crate::filing::{Filing, FilingKind};
use crate::identifier::EmployerCode;
use crate::month::TaxMonth;
use crate::policy::KeyGroupPolicy;
use crate::reason::{Outcome, ReasonCode};

use super::Hire;

/// The layer's finding for one month.
pub(super) fn notice_code(
    policy: &KeyGroupPolicy,
    hires: &[Hire],
    employer: &EmployerCode,
    filings: &[Filing],
    month: TaxMonth,
) -> ReasonCode {
    let kind = policy
        .notice_post_kind
        .on(month.last_day())
        .map(|value| value.value);
    let named = hires
        .iter()
        .flat_map(|hire| hire.spans.iter().zip(&hire.filing_ids))
        .filter(|((first, last), id)| {
            !id.is_empty() && *first <= month && last.is_none_or(|last| month <= last)
        })
        .map(|(_, id)| id);
    let codes = named.map(|id| {
        match filings
            .iter()
            .find(|filing| filing.filing_id == *id && filing.employer_code == *employer)
        {
            None => ReasonCode::PostNotFiled,
            Some(filing) => filing_code(filing, kind, month.last_day()),
        }
    });
    // The contract that meets the layer is the one that counts.
    codes
        .min_by_key(|code| (code.outcome(), code.precedence()))
        .unwrap_or(ReasonCode::PostNotFiled)
}

fn filing_code(filing: &Filing, kind: Option<FilingKind>, last_day: CivilDate) -> ReasonCode {
    if Some(filing.kind) != kind {
        return ReasonCode::FilingKindMismatch;
    }
    if filing.is_accepted_on(last_day) {
        ReasonCode::AllConditionsMet
    } else {
        ReasonCode::FilingNotAccepted
    }
}

/// The layer over all months asked.
pub(super) fn notice_over(codes: &[ReasonCode]) -> Outcome {
    Outcome::any(codes.iter().map(|code| code.outcome()))
}
