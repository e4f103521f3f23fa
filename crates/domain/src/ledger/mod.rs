//! The ledger: what a posting books, what a period may deduct, and what a year's end forfeits
//! (fact: section 2.5).
//!
//! Everything here plans: it takes the state that was read and returns the entries to append.
//! Entries are never changed; a correction is a new entry.

mod account;
mod allocation;
mod bundle;
mod caveat;
mod checkpoint;
mod entry;
mod late_claim;
mod over_deduction;
mod plan;
mod schedule;
mod subsidy;
mod verify;
mod year;

#[cfg(test)]
mod tests;

pub use account::{Account, Leg};
pub use allocation::{Available, PeriodTaxes, TaxLine, allocate, education_exempt};
pub use bundle::{BUNDLE_RECORD_BYTES_MAX, BundleRecord};
pub use checkpoint::{CHECKPOINT_SIGNED_KIND, Checkpoint, CheckpointHead};
pub use entry::{
    AccrualChange, Caveat, Entry, EntryBody, EntryDraft, EntryKind, Genesis, chain_hash,
};
pub use late_claim::{
    ClaimedPeriod, LateClaim, LateClaimInput, UnbookedMonth, estimate_late_claim,
};
pub use over_deduction::{OverDeduction, over_deducted_fen};
pub use plan::{
    Amendment, Declaration, LedgerRefusal, MonthValue, Plan, PlanInput, Settlement, WorkerMonths,
    plan_amendment, plan_posting, plan_recomputation, plan_settlement,
};
pub use schedule::{ReliefRow, relief_schedule};
pub use subsidy::{SubsidyLine, SubsidyPart};
pub use verify::{ChainAnchor, ChainFault, ChainFaultKind, ChainVerifier, StoredEntry};
pub use year::{Balance, PeriodState, Release, SettledState, YearState};

use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::policy::CodeGroup;

/// An amount split by the two reduction-code groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByGroup {
    /// Of 脱贫 and 监测 workers.
    pub poverty: Fen,
    /// Of registered unemployed workers.
    pub unemployment: Fen,
}

impl ByGroup {
    /// Nothing.
    pub const ZERO: Self = Self {
        poverty: Fen::ZERO,
        unemployment: Fen::ZERO,
    };

    /// The sum.
    pub fn total(&self) -> Fen {
        self.poverty + self.unemployment
    }

    /// One group's part.
    pub const fn get(&self, group: CodeGroup) -> Fen {
        match group {
            CodeGroup::Poverty => self.poverty,
            CodeGroup::Unemployment => self.unemployment,
        }
    }

    /// Adds to one group's part.
    pub fn add(&mut self, group: CodeGroup, amount: Fen) {
        match group {
            CodeGroup::Poverty => self.poverty += amount,
            CodeGroup::Unemployment => self.unemployment += amount,
        }
    }

    /// Part by part.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            poverty: self.poverty + other.poverty,
            unemployment: self.unemployment + other.unemployment,
        }
    }

    /// Part by part.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            poverty: self.poverty - other.poverty,
            unemployment: self.unemployment - other.unemployment,
        }
    }
}
