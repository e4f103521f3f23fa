//! Decisions: checks of every measure, verification, and stored decisions.

mod answer;
mod asked;
mod check;
mod decision;
mod digest;
mod loader;
mod preferences;
mod question;
mod read;
mod replay;
mod sheet;
mod simulate;
mod subsidy;
mod vat;
mod verify;

pub use answer::{Answer, Difference};
pub use asked::{SourceAnswer, SourceState};
pub(crate) use check::unclaimed;
pub use check::{CheckedDecision, EvidenceView, KeyGroupCheck};
pub use decision::StoredDecision;
pub(crate) use loader::CheckLoader;
pub(crate) use sheet::short_subsidy;

pub use digest::{decision_digest, preferences_digest, subsidy_digest, vat_digest};
pub use preferences::CheckedPreferences;
pub use replay::{PolicyChoice, Replay, ReplayQuestion, Verdict};
pub use simulate::{SimulateHire, SimulatedEmployer, SimulatedHires};
pub use subsidy::{CheckedSubsidy, SubsidyCheck};
pub use vat::CheckedVat;
pub use verify::{ContractVerification, ContractVerified, StatusVerification, StatusVerified};
