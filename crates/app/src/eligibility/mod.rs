//! Decisions: checks of measures 8 and 9, verification, and stored decisions.

mod check;
mod decision;
mod digest;
mod vat;
mod verify;

pub use check::{CheckedDecision, EvidenceView, KeyGroupCheck};
pub use decision::StoredDecision;
pub use digest::{decision_digest, vat_digest};
pub use verify::{ContractVerification, ContractVerified, StatusVerification, StatusVerified};
