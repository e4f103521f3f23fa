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

/// A batch of postings whose inputs were read without a lock, all as of one moment, or kept from
/// batches before. Dropping it leaves nothing.
#[async_trait]
pub trait SeenPostings: Send {
    /// As [`crate::UnitOfWork::recorded_at`].
    fn recorded_at(&self) -> i64;

    /// Whether the inputs were read for this batch. What was kept may be so no longer, which only the
    /// commit tells; and recorded answers are then not among the inputs: a request that was answered
    /// before is refused where its answer is recorded again, and not where nothing is.
    fn was_read(&self) -> bool;

    /// Writes the batch and the audit rows of its calls, and makes both durable. Contended: what
    /// the batch was planned on is no longer as it was read, or cannot be written in one; nothing
    /// was written, and a unit of work, which locks what it reads, is to be taken instead. Outdated:
    /// the same of what was kept, and the batch is to be read for.
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
