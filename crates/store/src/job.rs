//! Long work over many employers, in parts that several processes share.
//!
//! A part is held for a while and carries a fence: taking it raises the fence, and every step of
//! the work writes its fence in the transaction of the work itself. A holder that was slow, or
//! taken for dead, and whose part somebody else has taken since, is refused there, so that no
//! employer is worked on twice and no count is wrong.

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use uuid::Uuid;

use crate::StoreResult;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id.
    pub job_id: Uuid,
    /// Its kind; 1 settles a year.
    pub kind: i32,
    /// What the kind needs to know, as JSON.
    pub question: String,
}

/// A part of a job: the employers after `after` up to `last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPart {
    /// Of which job.
    pub job_id: Uuid,
    /// Which part, from 0.
    pub part: u32,
    /// The last employer that is done with; `None` before the very first.
    pub after: Option<EmployerCode>,
    /// The last employer of the part.
    pub last: EmployerCode,
    /// Employers done.
    pub done: u64,
    /// Employers refused: their ledger says why.
    pub refused: u64,
    /// Whether the part is finished.
    pub is_finished: bool,
    /// Raised whenever the part is taken.
    pub fence: u64,
}

/// How far a job is.
#[async_trait]
pub trait JobReads {
    /// A job.
    async fn job(&self, job_id: Uuid) -> StoreResult<Option<JobRow>>;

    /// Its parts, in order.
    async fn job_parts(&self, job_id: Uuid) -> StoreResult<Vec<JobPart>>;
}

/// What workers on a job write.
#[async_trait]
pub trait JobWrites {
    /// Adds a job with its parts. A known job stays as it is, parts and all.
    async fn add_job(&mut self, job: &JobRow, parts: &[JobPart]) -> StoreResult<()>;

    /// Takes the first part that is neither finished nor held, and holds it until `until`
    /// (microseconds): whatever is held until before the unit's instant is free. `None`: there is
    /// no such part now.
    async fn take_job_part(&mut self, job_id: Uuid, until: i64) -> StoreResult<Option<JobPart>>;

    /// Notes a step: the part as it is now, held on until `until`. A part that was taken by
    /// somebody else since, whose fence is higher, is a conflict.
    async fn advance_job_part(&mut self, part: &JobPart, until: i64) -> StoreResult<()>;
}
