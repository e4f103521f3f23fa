//! The audit trail: one durable row for every call, and the decisions that rows hold.
//!
//! A read writes exactly one row before its answer leaves, together with the rows of the other
//! reads of the moment; one that was asked about persons out of reach a second one that names them.
//! A write's row is in the write's own transaction. What no use case has
//! recorded (a refusal for syntax, a first answer given again) the layer around the call records,
//! which asks the call's [`CallTrail`].

mod call;
mod chain;
mod class;
mod cut;
mod export;
mod list;
mod measures;
mod record;
mod trail;
mod turned_away;
mod verify;
mod writer;

pub use crate::app::month_start;
pub(crate) use chain::{AuditChain, AuditChains, Works};
pub use class::retention_of;
pub use cut::AuditCutReport;
pub use export::{BundleError, BundleReport, verify_bundle};
pub use list::{AuditEvent, AuditFilter, AuditPage, AuditSpan};
pub use mamagang_store::audit::{AuditPlace, Retention};
pub use measures::{PreferenceItemRecord, SubsidyItem};
pub use record::{
    AuditDraft, DecisionItem, KeyGroupRecord, PersonRecord, RecordedCall, ShortAnswer, Told,
    VatItem, thaw_call,
};
pub use trail::{CallTrail, Noted};
pub use turned_away::{TURNED_AWAY, TurnedAway};
pub use verify::AuditReport;
pub(crate) use writer::AuditWriter;

/// Names of personal fields that an answer gives.
pub(crate) fn given(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
