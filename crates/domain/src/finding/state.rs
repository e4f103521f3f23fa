//! The life of a finding: open → assigned → resolved.

use crate::case::TransitionRefusal as Refusal;

/// Where a finding stands. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingState {
    /// 待分派: waits for somebody.
    Open = 1,
    /// 已分派: somebody looks at it.
    Assigned = 2,
    /// 已办结.
    Resolved = 3,
}

/// What may be done to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingAction {
    /// 分派, also to somebody else.
    Assign,
    /// 办结.
    Resolve,
}

impl FindingState {
    /// All, by number.
    pub const ALL: [Self; 3] = [Self::Open, Self::Assigned, Self::Resolved];

    /// The state with a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The name, as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Assigned => "ASSIGNED",
            Self::Resolved => "RESOLVED",
        }
    }

    /// The state after an action, or why it is not allowed.
    pub const fn after(self, action: FindingAction) -> Result<Self, Refusal> {
        match (self, action) {
            (Self::Open | Self::Assigned, FindingAction::Assign) => Ok(Self::Assigned),
            (Self::Assigned, FindingAction::Resolve) => Ok(Self::Resolved),
            (Self::Open, FindingAction::Resolve) => Err(Refusal::NotAssigned),
            (Self::Resolved, _) => Err(Refusal::Ended),
        }
    }
}

impl FindingAction {
    /// All.
    pub const ALL: [Self; 2] = [Self::Assign, Self::Resolve];

    /// The name, as errors tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assign => "ASSIGN",
            Self::Resolve => "RESOLVE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_takes_the_actions_of_the_table_and_refuses_the_others_by_name() {
        use FindingState::{Assigned, Open, Resolved};
        let table = [
            (Open, [Ok(Assigned), Err(Refusal::NotAssigned)]),
            (Assigned, [Ok(Assigned), Ok(Resolved)]),
            (Resolved, [Err(Refusal::Ended), Err(Refusal::Ended)]),
        ];
        assert_eq!(table.map(|(state, _)| state), FindingState::ALL);
        for (state, row) in table {
            let taken = FindingAction::ALL.map(|action| state.after(action));
            assert_eq!(taken, row, "{state:?}");
            assert_eq!(FindingState::from_number(state as u8), Some(state));
        }
        assert_eq!(FindingState::from_number(0), None);
        assert_eq!(FindingState::from_number(4), None);
    }
}
