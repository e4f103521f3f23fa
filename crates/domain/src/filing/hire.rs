//! Hires reported against a filing (用工报备), and the registrations that follow them.
//!
//! 就业登记 within 30 days of the hire and within 15 days after its end (就业服务与就业管理规定
//! art. 62); the days are policy parameters.

use serde::{Deserialize, Serialize};

use crate::case::TransitionRefusal as Refusal;
use crate::date::CivilDate;

/// Where a hire stands. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HireState {
    /// 已报备: the registration of the employment is due.
    Reported = 1,
    /// 已就业登记: works.
    Registered = 2,
    /// 已离职: the registration of the end is due.
    Ended = 3,
    /// 已办结.
    Closed = 4,
}

/// What may be done to a hire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HireAction {
    /// The employment was registered.
    Register,
    /// The worker left.
    End,
    /// The end was registered.
    RegisterEnd,
}

impl HireState {
    /// All, by number.
    pub const ALL: [Self; 4] = [Self::Reported, Self::Registered, Self::Ended, Self::Closed];

    /// The state with a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// The name, as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Registered => "REGISTERED",
            Self::Ended => "ENDED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state after an action, or why it is not allowed.
    pub const fn after(self, action: HireAction) -> Result<Self, Refusal> {
        use HireAction as A;
        match (self, action) {
            (Self::Reported, A::Register) => Ok(Self::Registered),
            (Self::Reported | Self::Registered, A::End) => Ok(Self::Ended),
            (Self::Ended, A::RegisterEnd) => Ok(Self::Closed),
            (Self::Registered, A::Register) => Err(Refusal::AlreadyRegistered),
            (Self::Reported | Self::Registered, A::RegisterEnd) => Err(Refusal::NotEnded),
            (Self::Ended | Self::Closed, A::Register | A::End) | (Self::Closed, A::RegisterEnd) => {
                Err(Refusal::Ended)
            }
        }
    }
}

impl HireAction {
    /// All.
    pub const ALL: [Self; 3] = [Self::Register, Self::End, Self::RegisterEnd];

    /// The name, as errors tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Register => "REGISTER",
            Self::End => "END",
            Self::RegisterEnd => "REGISTER_END",
        }
    }
}

/// Whom the worker cares for infants as (measure 2). The employer tells; it is no condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CarerGroup {
    /// 育儿妇女: a mother.
    Mother,
    /// 其他育儿人员: another carer.
    OtherCarer,
}

/// Where the worker lives, seen from the post (measure 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Distance {
    /// 同镇街: in the post's town.
    SameTown,
    /// 跨镇街: in another.
    OtherTown,
}

/// A hire, all of it but what the case itself holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HireFile {
    /// Which post of the filing.
    pub post_key: String,
    /// The contract, as facts name it; empty where it is not recorded yet.
    pub contract_id: String,
    /// First day of work.
    pub hired_on: CivilDate,
    /// Carer group, where told.
    pub carer_group: Option<CarerGroup>,
    /// Distance, where the worker's town is known.
    pub distance: Option<Distance>,
    /// When the employment was registered.
    pub registered_on: Option<CivilDate>,
    /// Last day of work.
    pub ended_on: Option<CivilDate>,
    /// When the end was registered.
    pub end_registered_on: Option<CivilDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hire_takes_the_actions_of_the_table_and_refuses_the_others_by_name() {
        use HireState::{Closed, Ended, Registered, Reported};
        use Refusal as R;
        let table = [
            (Reported, [Ok(Registered), Ok(Ended), Err(R::NotEnded)]),
            (
                Registered,
                [Err(R::AlreadyRegistered), Ok(Ended), Err(R::NotEnded)],
            ),
            (Ended, [Err(R::Ended), Err(R::Ended), Ok(Closed)]),
            (Closed, [Err(R::Ended), Err(R::Ended), Err(R::Ended)]),
        ];
        assert_eq!(table.map(|(state, _)| state), HireState::ALL);
        for (state, row) in table {
            assert_eq!(
                HireAction::ALL.map(|action| state.after(action)),
                row,
                "{state:?}"
            );
        }
    }

    #[test]
    fn every_number_names_one_state() {
        for state in HireState::ALL {
            assert_eq!(HireState::from_number(state as u8), Some(state));
        }
        assert_eq!(HireState::from_number(0), None);
        assert_eq!(HireState::from_number(5), None);
    }
}
