//! Final refusals of the ledger, kept under their request ids like answers.
//!
//! Final is what the ledger's own state refuses and nothing can undo: a period is posted once, a year settled once.
//! What a fact recorded later, a day that passes or a further posting may change is not kept, so that the same
//! request may succeed then.

use mamagang_domain::timeline::{pack, unpack};
use serde::{Deserialize, Serialize};

use super::command::LedgerReply;
use crate::error::{AppError, AppResult, ErrorReason};

/// What a kept refusal begins with: no packed answer does.
const MARK: u8 = 0xFF;
const LAST_POSTED: &str = "last_posted_period";

#[derive(Serialize, Deserialize)]
struct Kept {
    reason: ErrorReason,
    last_posted: Option<String>,
}

/// The bytes to keep of a refusal, if it is final.
pub(super) fn kept(error: &AppError) -> Option<Vec<u8>> {
    let is_final = matches!(
        error.reason,
        ErrorReason::PeriodAlreadyPosted
            | ErrorReason::PeriodOutOfOrder
            | ErrorReason::YearSettled
            | ErrorReason::ReturnNumberReused
    );
    if !is_final {
        return None;
    }
    let mut told = error.metadata.iter();
    let last_posted = told.find(|(name, _)| *name == LAST_POSTED);
    let kept = Kept {
        reason: error.reason,
        last_posted: last_posted.map(|(_, period)| period.clone()),
    };
    let mut bytes = vec![MARK];
    bytes.extend(pack(&kept));
    Some(bytes)
}

/// The first answer to a request: an entry's, or a final refusal, to which the caller adds what it concerns.
pub(super) fn first_answer(bytes: &[u8]) -> AppResult<LedgerReply> {
    let Some((&MARK, rest)) = bytes.split_first() else {
        return unpack(bytes).map_err(AppError::internal);
    };
    let kept: Kept = unpack(rest).map_err(AppError::internal)?;
    let error = AppError::new(kept.reason);
    Err(match kept.last_posted {
        None => error,
        Some(period) => error.with(LAST_POSTED, period),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_refusal_is_told_again_as_it_was() {
        let error = AppError::new(ErrorReason::PeriodOutOfOrder).with(LAST_POSTED, "2023-03");
        let bytes = kept(&error).expect("final");
        let again = first_answer(&bytes).expect_err("a refusal");
        assert_eq!(
            (again.reason, again.metadata),
            (error.reason, error.metadata)
        );
    }

    #[test]
    fn what_a_day_or_a_fact_may_change_is_not_kept() {
        for reason in [
            ErrorReason::PeriodNotEnded,
            ErrorReason::YearNotEnded,
            ErrorReason::PeriodNotPosted,
            ErrorReason::EmployerNotEnterprise,
            ErrorReason::FilingCycleMismatch,
            ErrorReason::Internal,
        ] {
            assert_eq!(kept(&AppError::new(reason)), None, "{reason:?}");
        }
    }

    #[test]
    fn bytes_that_are_neither_are_a_fault() {
        for bytes in [&[][..], &[MARK], &[0, 1]] {
            let error = first_answer(bytes).expect_err("a fault");
            assert_eq!(error.reason, ErrorReason::Internal);
        }
    }
}
