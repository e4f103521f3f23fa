//! Measure 11: filed posts and training plans (备案), and the hires reported against them
//! (中府函〔2022〕226号).
//!
//! [`Filing`] is what decisions read of one; [`FilingFile`] is all that it says.

mod file;
mod hire;
mod state;

pub use file::{FilingFile, PayUnit, Post, TrainingPlan, TrainingStage};
pub use hire::{CarerGroup, Distance, HireAction, HireFile, HireState};
pub use state::{FilingAction, FilingState};

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::identifier::EmployerCode;

/// What was filed. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilingKind {
    /// 劳动合同型妈妈岗: a post under a labour contract.
    LabourContract = 1,
    /// 劳务型妈妈岗: a post under a service agreement.
    Service = 2,
    /// 培训计划: a training plan (measure 7).
    TrainingPlan = 3,
}

impl FilingKind {
    /// All, by number.
    pub const ALL: [Self; 3] = [Self::LabourContract, Self::Service, Self::TrainingPlan];

    /// The kind with a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// A filing: contracts name it by `filing_id`, training records by `plan_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// Its id.
    pub filing_id: String,
    /// Who filed.
    pub employer_code: EmployerCode,
    /// What was filed.
    pub kind: FilingKind,
    /// Day of submission; `None` where it is not recorded.
    pub submitted_on: Option<CivilDate>,
    /// Day of acceptance.
    pub accepted_on: Option<CivilDate>,
    /// Day from which it is revoked.
    pub revoked_on: Option<CivilDate>,
}

impl Filing {
    /// Whether it was accepted by a day and not revoked then.
    pub fn is_accepted_on(&self, day: CivilDate) -> bool {
        self.accepted_on.is_some_and(|accepted| accepted <= day)
            && self.revoked_on.is_none_or(|revoked| revoked > day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a date")
    }

    #[test]
    fn a_filing_holds_from_its_acceptance_to_the_day_before_its_revocation() {
        let filing = Filing {
            filing_id: "F1".to_owned(),
            employer_code: EmployerCode::parse("91442000MAQQ000161").expect("a code"),
            kind: FilingKind::Service,
            submitted_on: None,
            accepted_on: Some(day("2022-09-10")),
            revoked_on: Some(day("2023-01-20")),
        };
        let held = |text| filing.is_accepted_on(day(text));
        assert!(!held("2022-09-09") && held("2022-09-10"));
        assert!(held("2023-01-19") && !held("2023-01-20"));
        let never = Filing {
            accepted_on: None,
            ..filing.clone()
        };
        assert!(!never.is_accepted_on(day("2023-01-01")));
    }

    #[test]
    fn every_number_names_one_kind() {
        for kind in FilingKind::ALL {
            assert_eq!(FilingKind::from_number(kind as i64), Some(kind));
        }
        assert_eq!(FilingKind::from_number(0), None);
        assert_eq!(FilingKind::from_number(4), None);
    }
}
