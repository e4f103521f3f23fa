//! What the service keeps, seen from the use cases: a store, its reads and its unit of work.
//!
//! The unit of work is one database transaction: what it writes is there together or not at all.
//! Methods take and return batches, since a round trip costs far more than a row. Truth (facts,
//! entries, audit rows) is only ever appended; everything else is a projection of it.

pub mod audit;
pub mod cases;
mod checkpoint;
mod clock;
mod error;
pub mod filings;
mod job;
pub mod keys;
pub mod memory;
pub mod merge;
pub mod months;
pub mod policy;
mod posting;
mod replica;
pub mod rows;
mod subsidy;

#[cfg(feature = "contract")]
pub mod contract;

pub use checkpoint::{ChainReads, CheckpointWrites};
pub use clock::Clock;
pub use error::{StoreError, StoreErrorKind};
pub use job::{JobPart, JobReads, JobRow, JobWrites};
pub use posting::{PostingBatch, PostingInputs, SeenPostings};
pub use replica::{Replica, ReplicaMiss, SeenInputs};
pub use subsidy::{SubsidyReads, SubsidyWrites};

use std::sync::Arc;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, Subject, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;

use audit::{AuditReads, AuditWrites};
use cases::{CaseReads, CaseWrites};
use filings::{FilingReads, FilingWrites};
use keys::{KeyReads, KeyWrites};
use merge::MergeWrites;
use rows::{
    AuditRow, CheckInputs, EmployerRow, EntryRow, FactPage, FactQuery, FactRow, IdempotencyKey,
    IdempotencyRecord, IdentityKey, KnownIdentity, LedgerInputs, NewWorker, OwnedFact, OwnerKey,
    PersonMonth, WorkerKey, WorkerRow, WorkerSecret, YearRow,
};

/// Result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;

/// A database.
#[async_trait]
pub trait Store:
    AuditReads
    + KeyReads
    + ChainReads
    + policy::PolicyReads
    + CaseReads
    + FilingReads
    + JobReads
    + SubsidyReads
    + Send
    + Sync
    + 'static
{
    /// Opens a unit of work. Its [`UnitOfWork::recorded_at`] is taken from the clock once the
    /// engine has given the transaction its place in the order of writes.
    async fn begin(&self, clock: Arc<dyn Clock>) -> StoreResult<Box<dyn UnitOfWork>>;

    /// How many units make progress at the same time. Where it is one, a second one waits.
    fn units_at_once(&self) -> usize {
        1
    }

    /// Reads what a batch of postings needs without locking it, or gives what is kept of it from batches
    /// before, where it may. `None`: where locks cost nothing, or where these postings need them; a
    /// unit of work does the same.
    async fn see_postings(
        &self,
        _clock: Arc<dyn Clock>,
        _requests: &[IdempotencyKey],
        _years: &[(EmployerCode, TaxYear)],
        _may_be_kept: bool,
    ) -> StoreResult<Option<(Box<dyn SeenPostings>, PostingInputs)>> {
        Ok(None)
    }

    /// Everything that checks read, in one statement: one element a key, in order, absent where
    /// nothing is known. A merged worker is answered as the one it was merged into.
    async fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> StoreResult<CheckInputs>;

    /// Everything that a balance or a posting reads, one element a pair, in order.
    async fn ledger_inputs(
        &self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>>;

    /// A worker's encrypted identity.
    async fn worker_secrets(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>>;

    /// Fact rows of a subject, in order of revision.
    async fn list_facts(&self, query: &FactQuery) -> StoreResult<FactPage>;

    /// Employers in order of code, after `after`, at most `limit`.
    async fn list_employers(
        &self,
        after: Option<EmployerCode>,
        limit: u32,
    ) -> StoreResult<Vec<EmployerRow>>;

    /// Workers in order of id, after `after`, at most `limit`. For rebuilds and exports.
    async fn list_workers(
        &self,
        after: Option<WorkerId>,
        limit: u32,
    ) -> StoreResult<Vec<WorkerRow>>;

    /// Entries of an employer with a sequence above `after`, in order, at most `limit`; of one
    /// year when given; recorded no later than `as_of` (microseconds) when given.
    async fn list_entries(
        &self,
        employer: &EmployerCode,
        year: Option<TaxYear>,
        after: u32,
        limit: u32,
        as_of: Option<i64>,
    ) -> StoreResult<Vec<EntryRow>>;

    /// Every booked person-month of a worker, by month. For rebuilds.
    async fn person_months(&self, employer: &EmployerCode) -> StoreResult<Vec<PersonMonth>>;

    /// The months booked in each worker's own row, in order; of a merged worker those that stayed
    /// with it. None of an unknown worker. For rebuilds.
    async fn booked_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<BookedMonth>>>;

    /// Years of employers, by employer and year.
    async fn list_years(&self, employers: &[EmployerCode]) -> StoreResult<Vec<YearRow>>;

    /// An audit row.
    async fn audit_row(&self, id: AuditId) -> StoreResult<Option<AuditRow>>;

    /// The last row of an audit writer's chain.
    async fn last_audit_row(&self, writer_id: [u8; 16]) -> StoreResult<Option<AuditRow>>;

    /// The recorded answer to a request.
    async fn idempotency(
        &self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>>;

    /// Returns once every transaction that may still commit a row recorded at or before now has
    /// ended, so that a read as of now is final.
    async fn fence(&self) -> StoreResult<()>;

    /// The same for whoever follows the feed: returns once every transaction that may still commit a
    /// row with a position that was given out before now has ended. Instants are not its concern.
    async fn fence_positions(&self) -> StoreResult<()> {
        self.fence().await
    }

    /// Whether the database answers.
    async fn ping(&self) -> StoreResult<()>;
}

/// One transaction. Dropping it without [`UnitOfWork::commit`] leaves nothing.
#[async_trait]
pub trait UnitOfWork:
    AuditWrites
    + KeyWrites
    + MergeWrites
    + CaseWrites
    + CheckpointWrites
    + FilingWrites
    + JobWrites
    + SubsidyWrites
    + Send
{
    /// Microseconds since 1970-01-01T00:00Z under which every row of this unit is recorded.
    fn recorded_at(&self) -> i64;

    /// Recorded answers.
    async fn idempotency(
        &mut self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>>;

    /// Who is known under the given document MACs, in order.
    async fn identities(&mut self, keys: &[IdentityKey])
    -> StoreResult<Vec<Option<KnownIdentity>>>;

    /// The workers, locked until the unit ends; `None` where there is none.
    async fn workers(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerRow>>>;

    /// Encrypted identities of workers.
    async fn worker_secrets(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>>;

    /// The employers' records, locked until the unit ends.
    async fn employers(&mut self, codes: &[EmployerCode]) -> StoreResult<Vec<Option<EmployerRow>>>;

    /// Which worker holds a fact whose natural key does not name the worker.
    async fn fact_owners(&mut self, keys: &[OwnerKey]) -> StoreResult<Vec<Option<WorkerId>>>;

    /// What postings read, with heads and workers locked.
    async fn ledger_inputs(
        &mut self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>>;

    /// What a batch of postings reads: heads and workers are locked first, so that an answer
    /// recorded by whoever held them is found. An engine that is far away reads it at once.
    async fn posting_inputs(
        &mut self,
        requests: &[IdempotencyKey],
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<PostingInputs> {
        let years = self.ledger_inputs(years).await?;
        let answered = self.idempotency(requests).await?;
        Ok(PostingInputs { answered, years })
    }

    /// Adds workers with their identities.
    async fn insert_workers(&mut self, workers: &[NewWorker]) -> StoreResult<()>;

    /// Replaces a worker's identity: name and MACs.
    async fn put_identities(&mut self, workers: &[NewWorker]) -> StoreResult<()>;

    /// Appends fact rows. A revision that exists, or that leaves a gap, is a conflict.
    async fn append_facts(&mut self, facts: &[FactRow]) -> StoreResult<()>;

    /// Writes packed timelines.
    async fn put_workers(&mut self, workers: &[WorkerRow]) -> StoreResult<()>;

    /// Writes employers' records, adding those that are new.
    async fn put_employers(&mut self, employers: &[EmployerRow]) -> StoreResult<()>;

    /// Notes who has contracts with whom; known pairs stay.
    async fn link_workers(&mut self, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()>;

    /// Notes who holds which fact; `None` removes the note.
    async fn put_fact_owners(&mut self, owners: &[OwnedFact]) -> StoreResult<()>;

    /// Appends entries and moves the employers' heads. A sequence that exists, or that does not
    /// continue the chain, is a conflict.
    async fn append_entries(&mut self, entries: &[EntryRow]) -> StoreResult<()>;

    /// Writes the states of employer-years.
    async fn put_years(&mut self, years: &[YearRow]) -> StoreResult<()>;

    /// Takes booked months back. A month that is not booked for the employer is a conflict.
    async fn release_months(&mut self, months: &[PersonMonth]) -> StoreResult<()>;

    /// Books months. A month that is booked already, or a person's 37th, is a conflict.
    async fn book_months(&mut self, months: &[PersonMonth]) -> StoreResult<()>;

    /// Records answers.
    async fn put_idempotency(
        &mut self,
        records: &[(IdempotencyKey, IdempotencyRecord)],
    ) -> StoreResult<()>;

    /// Writes what a batch of postings has made, with the audit rows of its calls. What each part
    /// refuses, its own method says. An engine that is far away writes it at once.
    async fn write_postings(
        &mut self,
        batch: &PostingBatch,
        audit: &[AuditRow],
    ) -> StoreResult<()> {
        self.append_entries(&batch.entries).await?;
        self.put_years(&batch.years).await?;
        self.release_months(&batch.released).await?;
        self.book_months(&batch.booked).await?;
        self.put_idempotency(&batch.answers).await?;
        self.append_audit(audit).await
    }

    /// Appends audit rows.
    async fn append_audit(&mut self, rows: &[AuditRow]) -> StoreResult<()>;

    /// Keeps a policy set under its hash; a known one stays.
    async fn put_policy_set(&mut self, version: &str, content: &str) -> StoreResult<()>;

    /// Makes everything durable.
    async fn commit(self: Box<Self>) -> StoreResult<()>;
}

/// The subject of a fact row, for errors and logs.
pub fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Worker(worker) => worker.to_string(),
        Subject::Employer(employer) => employer.to_string(),
    }
}
