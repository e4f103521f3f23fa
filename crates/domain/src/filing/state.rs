//! The life of a filing: draft → submitted → accepted | returned → expired | revoked | frozen.

use crate::case::TransitionRefusal as Refusal;

/// Where a filing stands. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilingState {
    /// 草稿: not submitted yet.
    Draft = 1,
    /// 已提交: waits for the office's decision.
    Submitted = 2,
    /// 已受理: in force.
    Accepted = 3,
    /// 已退回: to be corrected and submitted again.
    Returned = 4,
    /// 已到期: no new hires; those it had stay as they are.
    Expired = 5,
    /// 已撤销: does not hold from the day of revocation.
    Revoked = 6,
    /// 已冻结: under supervision; no new hires and no payments until it is decided.
    Frozen = 7,
}

/// What may be done to a filing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilingAction {
    /// The employer changes its draft, or what was returned.
    Save,
    /// The employer submits it.
    Submit,
    /// The office accepts it (受理).
    Accept,
    /// The office returns it (退回).
    Return,
    /// The office revokes it (撤销).
    Revoke,
    /// Supervision freezes it (冻结).
    Freeze,
    /// Supervision lifts the freeze (解冻).
    Unfreeze,
    /// Its time is over (到期).
    Expire,
}

impl FilingState {
    /// All, by number.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Submitted,
        Self::Accepted,
        Self::Returned,
        Self::Expired,
        Self::Revoked,
        Self::Frozen,
    ];

    /// The state with a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The name, as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::Accepted => "ACCEPTED",
            Self::Returned => "RETURNED",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
            Self::Frozen => "FROZEN",
        }
    }

    /// The state after an action, or why it is not allowed.
    pub const fn after(self, action: FilingAction) -> Result<Self, Refusal> {
        use FilingAction as A;
        match (self, action) {
            (Self::Draft | Self::Returned, A::Save) => Ok(self),
            (Self::Draft | Self::Returned, A::Submit) => Ok(Self::Submitted),
            (Self::Submitted, A::Accept) => Ok(Self::Accepted),
            (Self::Submitted, A::Return) => Ok(Self::Returned),
            (Self::Accepted, A::Freeze) => Ok(Self::Frozen),
            (Self::Frozen, A::Unfreeze) => Ok(Self::Accepted),
            (Self::Accepted | Self::Frozen, A::Revoke) => Ok(Self::Revoked),
            (Self::Accepted | Self::Frozen | Self::Returned, A::Expire) => Ok(Self::Expired),
            (Self::Expired | Self::Revoked, _) => Err(Refusal::Ended),
            (Self::Draft | Self::Returned, A::Accept | A::Return) => Err(Refusal::NotSubmitted),
            (Self::Submitted, A::Save | A::Submit) => Err(Refusal::AlreadySubmitted),
            (
                Self::Draft | Self::Submitted | Self::Returned,
                A::Revoke | A::Freeze | A::Unfreeze | A::Expire,
            ) => Err(Refusal::NotAccepted),
            (Self::Accepted | Self::Frozen, A::Save | A::Submit | A::Accept | A::Return) => {
                Err(Refusal::AlreadyAccepted)
            }
            (Self::Accepted, A::Unfreeze) => Err(Refusal::NotFrozen),
            (Self::Frozen, A::Freeze) => Err(Refusal::AlreadyFrozen),
        }
    }
}

impl FilingAction {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Save,
        Self::Submit,
        Self::Accept,
        Self::Return,
        Self::Revoke,
        Self::Freeze,
        Self::Unfreeze,
        Self::Expire,
    ];

    /// The name, as errors tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Save => "SAVE",
            Self::Submit => "SUBMIT",
            Self::Accept => "ACCEPT",
            Self::Return => "RETURN",
            Self::Revoke => "REVOKE",
            Self::Freeze => "FREEZE",
            Self::Unfreeze => "UNFREEZE",
            Self::Expire => "EXPIRE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a state, one column an action: the state after it, or why not.
    const TABLE: &str = "
              SAVE      SUBMIT    ACCEPT   RETURN   REVOKE  FREEZE  UNFREEZE EXPIRE
    DRAFT     DRAFT     SUBMITTED -unsub   -unsub   -unacc  -unacc  -unacc   -unacc
    SUBMITTED -sub      -sub      ACCEPTED RETURNED -unacc  -unacc  -unacc   -unacc
    ACCEPTED  -acc      -acc      -acc     -acc     REVOKED FROZEN  -unfro   EXPIRED
    RETURNED  RETURNED  SUBMITTED -unsub   -unsub   -unacc  -unacc  -unacc   EXPIRED
    EXPIRED   -ended    -ended    -ended   -ended   -ended  -ended  -ended   -ended
    REVOKED   -ended    -ended    -ended   -ended   -ended  -ended  -ended   -ended
    FROZEN    -acc      -acc      -acc     -acc     REVOKED -fro    ACCEPTED EXPIRED
    ";

    fn refusal(mark: &str) -> Refusal {
        match mark {
            "-unsub" => Refusal::NotSubmitted,
            "-sub" => Refusal::AlreadySubmitted,
            "-unacc" => Refusal::NotAccepted,
            "-acc" => Refusal::AlreadyAccepted,
            "-unfro" => Refusal::NotFrozen,
            "-fro" => Refusal::AlreadyFrozen,
            "-ended" => Refusal::Ended,
            _ => panic!("{mark}"),
        }
    }

    #[test]
    fn every_state_takes_the_actions_of_the_table_and_refuses_the_others_by_name() {
        let mut rows = TABLE.lines().filter(|line| !line.trim().is_empty());
        let actions: Vec<&str> = rows.next().expect("a head").split_whitespace().collect();
        assert_eq!(actions, FilingAction::ALL.map(FilingAction::name));
        let mut seen = 0;
        for (row, state) in rows.zip(FilingState::ALL) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells[0], state.name());
            for (action, cell) in FilingAction::ALL.into_iter().zip(&cells[1..]) {
                seen += 1;
                match state.after(action) {
                    Ok(next) => assert_eq!(next.name(), *cell, "{state:?} {action:?}"),
                    Err(why) => assert_eq!(why, refusal(cell), "{state:?} {action:?}"),
                }
            }
        }
        assert_eq!(seen, 56);
    }

    #[test]
    fn every_number_names_one_state() {
        for state in FilingState::ALL {
            assert_eq!(FilingState::from_number(state as u8), Some(state));
        }
        assert_eq!(FilingState::from_number(0), None);
        assert_eq!(FilingState::from_number(8), None);
    }
}
