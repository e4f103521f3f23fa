//! Decisions: checks of measures 8 and 9, verification, and stored decisions.

mod answer;
mod check;
mod decision;
mod digest;
mod loader;
mod replay;
mod simulate;
mod vat;
mod verify;

pub use answer::{Answer, Difference};
pub use check::{CheckedDecision, EvidenceView, KeyGroupCheck};
pub use decision::StoredDecision;
pub(crate) use loader::CheckLoader;

pub use digest::{decision_digest, vat_digest};
pub use replay::{PolicyChoice, Replay, ReplayQuestion, Verdict};
pub use simulate::{SimulateHire, SimulatedEmployer, SimulatedHires};
pub use verify::{ContractVerification, ContractVerified, StatusVerification, StatusVerified};
