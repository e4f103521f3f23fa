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
}

impl CaseKind {
    /// All, in order of number.
    pub const ALL: [Self; 6] = [
        Self::Filing,
        Self::Hire,
        Self::Claim,
        Self::Certificate,
        Self::Finding,
        Self::Review,
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
        }
    }

    /// The kind of a number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
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
        assert_eq!(CaseKind::from_number(7), None);
    }
}
