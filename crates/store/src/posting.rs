//! What a batch of postings reads and writes, each at once: a round trip costs more than a row.

use async_trait::async_trait;

use crate::StoreResult;
use crate::rows::{
    AuditRow, EntryRow, IdempotencyKey, IdempotencyRecord, LedgerInputs, PersonMonth, YearRow,
};

/// What a batch of postings reads.
#[derive(Debug)]
pub struct PostingInputs {
    /// Recorded answers, one element a key, in order.
    pub answered: Vec<Option<IdempotencyRecord>>,
    /// One element an employer-year, in order. Of a unit of work: heads and workers are locked.
    pub years: Vec<LedgerInputs>,
}

/// A batch of postings whose inputs were read without a lock, all as of one moment. Dropping it
/// leaves nothing.
#[async_trait]
pub trait SeenPostings: Send {
    /// As [`crate::UnitOfWork::recorded_at`].
    fn recorded_at(&self) -> i64;

    /// Writes the batch and the audit rows of its calls, and makes both durable. Contended: what
    /// the batch was planned on is no longer as it was read, or cannot be written in one; nothing
    /// was written, and a unit of work, which locks what it reads, is to be taken instead.
    async fn commit(self: Box<Self>, batch: &PostingBatch, audit: &[AuditRow]) -> StoreResult<()>;
}

/// What a batch of postings writes, in this order.
#[derive(Clone, Debug, Default)]
pub struct PostingBatch {
    /// Entries, in order of sequence for each employer.
    pub entries: Vec<EntryRow>,
    /// The states of the employer-years that they changed.
    pub years: Vec<YearRow>,
    /// Months taken back.
    pub released: Vec<PersonMonth>,
    /// Months booked.
    pub booked: Vec<PersonMonth>,
    /// Answers to be given again.
    pub answers: Vec<(IdempotencyKey, IdempotencyRecord)>,
}

impl PostingBatch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.answers.is_empty()
    }
}
