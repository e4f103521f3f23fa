//! Reviews: what a rule may not decide alone, decided by two persons.
//!
//! Every REVIEW has a case whose id follows from the question, so that the same check finds the same
//! case. What the two persons decide is recorded as a fact of the worker, [`ReviewResolution`], and
//! rules read it like any other fact: where it holds, the reason that it settles no longer stands
//! against a month, or refuses it.
//!
//! [`ReviewResolution`]: crate::fact::ReviewResolution

mod question;
mod state;

pub use question::{ReviewQuestion, Reviewed, Subject};
pub use state::{ReviewAction, ReviewState};

use serde::{Deserialize, Serialize};

use crate::month::TaxMonth;
use crate::reason::{Outcome, ReasonCode};

/// What a review says of itself, beside the case's employer and worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFile {
    /// The number of the measure.
    pub measure: i32,
    /// The reason that put the question to a person, by its number.
    pub code: i32,
    /// First month that the check which opened it found under review; `None` where no months are
    /// in question.
    pub from_month: Option<TaxMonth>,
    /// The last.
    pub through_month: Option<TaxMonth>,
    /// The question of law, where no person is concerned: `obligation_month=2026-11`, …
    pub matter: String,
    /// The decision that opened it.
    pub decision_id: String,
    /// The policies that it was made under.
    pub policy_version: String,
    /// What is proposed, or was confirmed.
    pub proposal: Option<Proposal>,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// The worker's revision under which the resolution is recorded.
    pub resolution_revision: Option<u32>,
}

/// What one person proposes and another confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Whether the condition is taken as met.
    pub accepted: bool,
    /// The months that it is for; `None` where no months are in question.
    pub from_month: Option<TaxMonth>,
    /// The last of them.
    pub through_month: Option<TaxMonth>,
    /// Why.
    pub reason: String,
    /// What was looked at: numbers of papers and records, without personal data.
    pub evidence: Vec<String>,
    /// Who proposes.
    pub proposed_by: String,
}

impl ReviewFile {
    /// The reason that put the question to a person.
    pub fn reason(&self) -> Option<ReasonCode> {
        ReasonCode::from_number(self.code)
    }
}

/// Whether a person may take the condition behind a review as met. Of the others something is
/// missing that no judgement can stand in for: the fact itself, a figure, or the law.
pub const fn may_be_accepted(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::CertificateNoteMissing
            | ReasonCode::ConflictingEvidence
            | ReasonCode::TermCountUnconfirmed
            | ReasonCode::BackPaidInsurance
            | ReasonCode::IndividualBusinessUnconfirmed
            | ReasonCode::FilingDateMissing
    )
}

/// Whether a review of it is a person's affair: a figure that was not told is the caller's to tell.
pub fn needs_a_person(code: ReasonCode) -> bool {
    code.outcome() == Outcome::Review && code != ReasonCode::FigureMissing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reviews_may_be_accepted_and_none_that_lacks_a_fact_or_the_law() {
        let accepted = ReasonCode::ALL
            .iter()
            .filter(|code| may_be_accepted(**code));
        for code in accepted {
            assert!(needs_a_person(*code), "{code:?}");
        }
        for code in [
            ReasonCode::NoRecord,
            ReasonCode::NotMatched,
            ReasonCode::PolicyNotEncoded,
            ReasonCode::FigureMissing,
        ] {
            assert!(!may_be_accepted(code), "{code:?}");
        }
        assert!(!needs_a_person(ReasonCode::FigureMissing));
        assert!(!needs_a_person(ReasonCode::InsuranceNotPaid));
    }
}
