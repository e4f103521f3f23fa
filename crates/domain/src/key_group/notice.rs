//! The notice's layer: was the post filed as a labour-contract mama post (中府函〔2022〕226号)?
//!
//! Kept apart from the statutory layer: a hire without a filing still has the tax right.

use crate::date::CivilDate;
use crate::fact::ContractKind;
use crate::month::TaxMonth;
use crate::policy::KeyGroupPolicy;
use crate::reason::{Outcome, ReasonCode};

use super::Hire;

/// A filed post (备案), as far as the layer needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// Its id, as contracts name it.
    pub filing_id: String,
    /// Labour contract or service.
    pub kind: ContractKind,
    /// Day of acceptance.
    pub accepted_on: Option<CivilDate>,
    /// Day of revocation.
    pub revoked_on: Option<CivilDate>,
}

/// The layer's finding for one month.
pub(super) fn notice_code(
    policy: &KeyGroupPolicy,
    hires: &[Hire],
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
    let codes = named.map(
        |id| match filings.iter().find(|filing| filing.filing_id == *id) {
            None => ReasonCode::PostNotFiled,
            Some(filing) => filing_code(filing, kind, month.last_day()),
        },
    );
    // The contract that meets the layer is the one that counts.
    codes
        .min_by_key(|code| (code.outcome(), code.precedence()))
        .unwrap_or(ReasonCode::PostNotFiled)
}

fn filing_code(filing: &Filing, kind: Option<ContractKind>, last_day: CivilDate) -> ReasonCode {
    if Some(filing.kind) != kind {
        return ReasonCode::FilingKindMismatch;
    }
    let accepted = filing
        .accepted_on
        .is_some_and(|accepted| accepted <= last_day);
    let revoked = filing.revoked_on.is_some_and(|revoked| revoked <= last_day);
    if accepted && !revoked {
        ReasonCode::AllConditionsMet
    } else {
        ReasonCode::FilingNotAccepted
    }
}

/// The layer over all months asked.
pub(super) fn notice_over(codes: &[ReasonCode]) -> Outcome {
    Outcome::any(codes.iter().map(|code| code.outcome()))
}
