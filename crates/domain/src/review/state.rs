//! The life of a review: open → proposed → resolved, and back where the second person refuses, or
//! where the resolution is taken back.

use crate::case::TransitionRefusal as Refusal;

/// Where a review stands. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewState {
    /// 待核: waits for a proposal.
    Open = 1,
    /// 待确认: waits for the second person.
    Proposed = 2,
    /// 已办结: the resolution is recorded.
    Resolved = 3,
}

/// What may be done to a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewAction {
    /// 拟定结论.
    Propose,
    /// 确认结论, by a second person.
    Confirm,
    /// 退回: the second person does not agree.
    Refuse,
    /// 重新待核: the recorded resolution is no longer in force, and the question came up again.
    Reopen,
    /// 转入合并后的人员: the question waits under the record that the person's was merged into.
    CarryOver,
}

impl ReviewState {
    /// All, by number.
    pub const ALL: [Self; 3] = [Self::Open, Self::Proposed, Self::Resolved];

    /// The state with a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The name, as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Proposed => "PROPOSED",
            Self::Resolved => "RESOLVED",
        }
    }

    /// The state after an action, or why it is not allowed.
    pub const fn after(self, action: ReviewAction) -> Result<Self, Refusal> {
        match (self, action) {
            (Self::Open, ReviewAction::Propose) => Ok(Self::Proposed),
            (Self::Open, ReviewAction::Confirm | ReviewAction::Refuse) => Err(Refusal::NotProposed),
            (Self::Proposed, ReviewAction::Propose) => Err(Refusal::AlreadyProposed),
            (Self::Proposed, ReviewAction::Confirm) => Ok(Self::Resolved),
            (Self::Proposed, ReviewAction::Refuse) => Ok(Self::Open),
            (Self::Open | Self::Proposed, ReviewAction::Reopen) => Err(Refusal::NotResolved),
            (Self::Resolved, ReviewAction::Reopen) => Ok(Self::Open),
            (Self::Open | Self::Proposed, ReviewAction::CarryOver) => Ok(Self::Resolved),
            (Self::Resolved, _) => Err(Refusal::Ended),
        }
    }
}

impl ReviewAction {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Propose,
        Self::Confirm,
        Self::Refuse,
        Self::Reopen,
        Self::CarryOver,
    ];

    /// The name, as errors tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Propose => "PROPOSE",
            Self::Confirm => "CONFIRM",
            Self::Refuse => "REFUSE",
            Self::Reopen => "REOPEN",
            Self::CarryOver => "CARRY_OVER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_takes_the_actions_of_the_table_and_refuses_the_others_by_name() {
        use Refusal::{AlreadyProposed, Ended, NotProposed, NotResolved};
        use ReviewState::{Open, Proposed, Resolved};
        let table = [
            (
                Open,
                [
                    Ok(Proposed),
                    Err(NotProposed),
                    Err(NotProposed),
                    Err(NotResolved),
                    Ok(Resolved),
                ],
            ),
            (
                Proposed,
                [
                    Err(AlreadyProposed),
                    Ok(Resolved),
                    Ok(Open),
                    Err(NotResolved),
                    Ok(Resolved),
                ],
            ),
            (
                Resolved,
                [Err(Ended), Err(Ended), Err(Ended), Ok(Open), Err(Ended)],
            ),
        ];
        assert_eq!(table.map(|(state, _)| state), ReviewState::ALL);
        for (state, row) in table {
            let taken = ReviewAction::ALL.map(|action| state.after(action));
            assert_eq!(taken, row, "{state:?}");
            assert_eq!(ReviewState::from_number(state as u8), Some(state));
        }
        assert_eq!(ReviewState::from_number(0), None);
        assert_eq!(ReviewState::from_number(4), None);
    }
}
