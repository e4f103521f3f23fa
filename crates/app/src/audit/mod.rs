//! The audit trail: one durable row for every call, and the decisions that rows hold.
//!
//! A read writes exactly one row before its answer leaves, together with the rows of the other
//! reads of the moment. A write's row is in the write's own transaction.

mod chain;
mod record;
mod writer;

pub(crate) use chain::{AuditChain, AuditChains};
pub use record::{
    AuditDraft, DecisionItem, KeyGroupRecord, PersonRecord, RecordedCall, Told, thaw_call,
};
pub(crate) use writer::AuditWriter;
