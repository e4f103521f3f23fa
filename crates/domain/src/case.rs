//! Cases: what passes from desk to desk until it is closed.
//!
//! What all kinds have in common is here; each kind's states and rules are in a module of its own.

/// The kinds of case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseKind {
    /// A filed post or training plan (备案): [`crate::filing`].
    Filing,
    /// A hire reported against a filing (用工报备).
    Hire,
    /// A subsidy claim (补贴申领).
    Claim,
    /// An issued certificate (认定证明).
    Certificate,
    /// A finding of supervision (监督线索).
    Finding,
    /// A question that a rule may not decide alone (待核).
    Review,
    /// Two records found to be of one person (人员合并).
    Merge,
}

impl CaseKind {
    /// All, in order of number.
    pub const ALL: [Self; 7] = [
        Self::Filing,
        Self::Hire,
        Self::Claim,
        Self::Certificate,
        Self::Finding,
        Self::Review,
        Self::Merge,
    ];

    /// The number under which it is stored. For ever.
    pub const fn number(self) -> i64 {
        match self {
            Self::Filing => 1,
            Self::Hire => 2,
            Self::Claim => 3,
            Self::Certificate => 4,
            Self::Finding => 5,
            Self::Review => 6,
            Self::Merge => 7,
        }
    }

    /// The kind of a number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Why a step of a case is refused. Named alike in errors' metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransitionRefusal {
    /// It was not submitted yet.
    NotSubmitted,
    /// It was submitted and waits for its decision.
    AlreadySubmitted,
    /// It was never accepted.
    NotAccepted,
    /// It was accepted before.
    AlreadyAccepted,
    /// It is not frozen.
    NotFrozen,
    /// It is frozen already.
    AlreadyFrozen,
    /// Nobody was given it yet.
    NotAssigned,
    /// It was registered before.
    AlreadyRegistered,
    /// The employment has not ended.
    NotEnded,
    /// The first review has not passed it.
    NotReviewed,
    /// The first review has passed it.
    AlreadyReviewed,
    /// The final review has not approved it.
    NotApproved,
    /// The final review has approved it.
    AlreadyApproved,
    /// It is not paid.
    NotPaid,
    /// It was paid before.
    AlreadyPaid,
    /// Nothing was proposed yet.
    NotProposed,
    /// A proposal waits for the second person.
    AlreadyProposed,
    /// It is not resolved.
    NotResolved,
    /// It is over, and nothing more can be done to it.
    Ended,
}

impl TransitionRefusal {
    /// The name, as errors tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSubmitted => "NOT_SUBMITTED",
            Self::AlreadySubmitted => "ALREADY_SUBMITTED",
            Self::NotAccepted => "NOT_ACCEPTED",
            Self::AlreadyAccepted => "ALREADY_ACCEPTED",
            Self::NotFrozen => "NOT_FROZEN",
            Self::AlreadyFrozen => "ALREADY_FROZEN",
            Self::NotAssigned => "NOT_ASSIGNED",
            Self::AlreadyRegistered => "ALREADY_REGISTERED",
            Self::NotEnded => "NOT_ENDED",
            Self::NotReviewed => "NOT_REVIEWED",
            Self::AlreadyReviewed => "ALREADY_REVIEWED",
            Self::NotApproved => "NOT_APPROVED",
            Self::AlreadyApproved => "ALREADY_APPROVED",
            Self::NotPaid => "NOT_PAID",
            Self::AlreadyPaid => "ALREADY_PAID",
            Self::NotProposed => "NOT_PROPOSED",
            Self::AlreadyProposed => "ALREADY_PROPOSED",
            Self::NotResolved => "NOT_RESOLVED",
            Self::Ended => "ENDED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_under_its_number_and_no_other_is() {
        for kind in CaseKind::ALL {
            assert_eq!(CaseKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(CaseKind::from_number(0), None);
        assert_eq!(CaseKind::from_number(8), None);
    }
}
