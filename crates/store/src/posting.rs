//! What a batch of postings reads and writes, each at once: a round trip costs more than a row.

use crate::rows::{
    EntryRow, IdempotencyKey, IdempotencyRecord, LedgerInputs, PersonMonth, YearRow,
};

/// What a batch of postings reads.
#[derive(Debug)]
pub struct PostingInputs {
    /// Recorded answers, one element a key, in order.
    pub answered: Vec<Option<IdempotencyRecord>>,
    /// One element an employer-year, in order; heads and workers are locked.
    pub years: Vec<LedgerInputs>,
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
