//! An answer of any measure as one thing: its digest, and its differences from another.

use mamagang_domain::frozen::Digest32;

use super::check::CheckedDecision;
use super::digest::{decision_digest, preferences_digest, subsidy_digest, vat_digest};
use super::preferences::CheckedPreferences;
use super::sheet::{
    Sheet, differences, key_group_sheet, preferences_sheet, short_differences, subsidy_sheet,
    vat_sheet,
};
use super::subsidy::CheckedSubsidy;
use super::vat::CheckedVat;

/// An answer that can be given again from its audit row.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To a check of measure 8.
    KeyGroup(Box<CheckedDecision>),
    /// To a question of measure 9.
    Vat(Box<CheckedVat>),
    /// To a check of measure 3, 4, 5 or 7.
    Subsidy(Box<CheckedSubsidy>),
    /// To a question of measure 10.
    Preferences(Box<CheckedPreferences>),
}

/// One part of an answer that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which part: `outcome`, `total_yuan`, `months.2024-05`, `reasons.TERM_EXHAUSTED`, …
    pub field: String,
    /// What it was; empty where it was not there.
    pub then: String,
    /// What it is now; empty where it is not there.
    pub now: String,
}

impl Answer {
    /// The digest that an audit row keeps.
    pub fn digest(&self) -> Digest32 {
        match self {
            Self::KeyGroup(checked) => decision_digest(&checked.decision),
            Self::Vat(checked) => vat_digest(&checked.decision),
            Self::Subsidy(checked) => subsidy_digest(&checked.decision),
            Self::Preferences(checked) => preferences_digest(&checked.results),
        }
    }

    /// The rules that gave it.
    pub const fn rules_version(&self) -> i32 {
        match self {
            Self::KeyGroup(_) => mamagang_domain::key_group::RULES_VERSION,
            Self::Vat(_) => mamagang_domain::vat::RULES_VERSION,
            Self::Subsidy(_) => mamagang_domain::subsidy::RULES_VERSION,
            Self::Preferences(_) => mamagang_domain::inclusive::RULES_VERSION,
        }
    }

    /// What came out otherwise in `now`, part by part, in the order of the answer.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        differences(&self.sheet(), &now.sheet())
    }

    /// What came out otherwise in it than a row tells of the answer in short.
    pub(super) fn short_differences(&self, told: &Sheet) -> Vec<Difference> {
        short_differences(told, &self.sheet())
    }

    /// The answer as named lines, each name once.
    fn sheet(&self) -> Sheet {
        match self {
            Self::KeyGroup(checked) => key_group_sheet(checked),
            Self::Vat(checked) => vat_sheet(&checked.decision),
            Self::Subsidy(checked) => subsidy_sheet(checked),
            Self::Preferences(checked) => preferences_sheet(&checked.results),
        }
    }
}
