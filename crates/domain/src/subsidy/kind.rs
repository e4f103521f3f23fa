//! Which subsidy, and the months of it that are claimed.

use serde::{Deserialize, Serialize};

use crate::identifier::EmployerCode;
use crate::money::Fen;
use crate::month::TaxMonth;

/// A subsidy of the notice. Its number is that of the measure, which is also the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubsidyKind {
    /// 用人单位社会保险补贴, paid to the employer.
    EmployerInsurance = 3,
    /// 用人单位岗位补贴, paid to the employer.
    Post = 4,
    /// 灵活就业人员社保补贴, paid to the worker.
    FlexibleInsurance = 5,
    /// 精准培训补贴, paid to the enterprise.
    Training = 7,
}

impl SubsidyKind {
    /// All, by measure.
    pub const ALL: [Self; 4] = [
        Self::EmployerInsurance,
        Self::Post,
        Self::FlexibleInsurance,
        Self::Training,
    ];

    /// The number of its measure.
    pub const fn measure(self) -> i32 {
        self as i32
    }

    /// The subsidy of a measure.
    pub fn of_measure(measure: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| i64::from(kind.measure()) == measure)
    }
}

/// A person-month of a subsidy that a claim holds. A training stands in the month of its
/// completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimedMonth {
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// The month.
    pub month: TaxMonth,
    /// At which employer.
    pub employer_code: EmployerCode,
    /// How much is claimed for it.
    pub amount_fen: Fen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_names_one_subsidy() {
        for kind in SubsidyKind::ALL {
            assert_eq!(SubsidyKind::of_measure(kind.measure().into()), Some(kind));
        }
        for other in [0, 6, 8] {
            assert_eq!(SubsidyKind::of_measure(other), None);
        }
    }
}
