//! The unit of work: one transaction on a connection of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::TaxYear;
use mamagang_store::months::MonthBook;
use mamagang_store::rows::{
    AuditRow, EmployerRow, EntryRow, FactRow, IdempotencyKey, IdempotencyRecord, IdentityKey,
    KnownIdentity, LedgerInputs, NewWorker, OwnedFact, OwnerKey, PersonMonth, WorkerRow,
    WorkerSecret, YearRow,
};
use mamagang_store::{
    Clock, PostingBatch, PostingInputs, StoreError, StoreErrorKind, StoreResult, UnitOfWork,
};
use sqlx::{Postgres, Transaction};
use tokio::time::Instant;

use crate::db::{Counters, Db};
use crate::error::in_commit;
use crate::instant::LastInstant;
use crate::seen::Kept;
use crate::{audit, employer, fact, ledger, month, policy, posting, request, worker};

/// What a unit shares with its store.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) counters: Arc<Counters>,
    pub(crate) last_instant: Arc<LastInstant>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) kept: Arc<Kept>,
}

/// Dropping it rolls back: sqlx sends the rollback before the connection can be taken again.
pub(crate) struct PostgresUnit {
    transaction: Transaction<'static, Postgres>,
    shared: Shared,
    recorded_at: i64,
    ends_by: Instant,
    /// Booked months that the unit has read under its locks, and changed.
    pub(crate) months: MonthBook,
    /// Facts that were nobody's when they were read.
    free: BTreeSet<OwnerKey>,
    has_written: bool,
    /// Employers of whom the unit may change something.
    pub(crate) met: BTreeSet<EmployerCode>,
    /// Set while a statement runs: a caller that stops waiting for one leaves a transaction in an
    /// unknown state, which is not committed.
    is_busy: bool,
    /// A refused statement leaves the transaction aborted, and PostgreSQL answers the commit of an
    /// aborted transaction with success, so the unit as a whole is refused.
    failed: Option<StoreErrorKind>,
}

impl PostgresUnit {
    /// Takes over a transaction that the fence can see.
    pub(crate) fn new(
        transaction: Transaction<'static, Postgres>,
        shared: Shared,
        timeout: Duration,
    ) -> Self {
        let recorded_at = shared.last_instant.next(shared.clock.now_micros());
        Self {
            transaction,
            shared,
            recorded_at,
            ends_by: Instant::now() + timeout,
            months: MonthBook::default(),
            free: BTreeSet::new(),
            has_written: false,
            met: BTreeSet::new(),
            is_busy: false,
            failed: None,
        }
    }

    pub(crate) fn reading(&mut self) -> Db<'_> {
        self.is_busy = true;
        Db {
            connection: &mut self.transaction,
            counters: &self.shared.counters,
        }
    }

    pub(crate) fn writing(&mut self) -> Db<'_> {
        self.has_written = true;
        self.reading()
    }

    pub(crate) fn note<T>(&mut self, result: StoreResult<T>) -> StoreResult<T> {
        self.is_busy = false;
        if let Err(error) = &result {
            self.failed.get_or_insert(error.kind());
        }
        result
    }

    /// After a lock: whoever had it before may have begun later than this unit, here or elsewhere.
    /// A subject's revisions are to have rising instants, so the unit is moved after `last`.
    pub(crate) fn follow(&mut self, last: Option<i64>) {
        if self.has_written {
            return;
        }
        if self.shared.last_instant.get() > self.recorded_at {
            let now = self.shared.clock.now_micros();
            self.recorded_at = self.shared.last_instant.next(now);
        }
        if let Some(last) = last {
            self.recorded_at = self.recorded_at.max(last + 1);
        }
    }

    async fn lock_and_read_workers(
        &mut self,
        ids: &[WorkerId],
    ) -> StoreResult<(Vec<Option<WorkerRow>>, Option<i64>)> {
        let mut db = self.reading();
        let locked = worker::lock(&mut db, &ids.iter().copied().collect()).await?;
        let (rows, last) = worker::read(&mut db, ids).await?;
        self.met.extend(locked.keepers);
        Ok((rows, last.max(locked.last)))
    }

    async fn lock_and_read_employers(
        &mut self,
        codes: &[EmployerCode],
    ) -> StoreResult<(Vec<Option<EmployerRow>>, Option<i64>)> {
        if codes.is_empty() {
            return Ok((Vec::new(), None));
        }
        self.met.extend(codes);
        let mut db = self.reading();
        let of_heads = ledger::lock_heads(&mut db, &codes.iter().copied().collect()).await?;
        let rows = employer::read(&mut db, codes).await?;
        let last = employer::last_instant(&mut db, codes).await?;
        Ok((rows, last.max(of_heads)))
    }

    async fn lock_and_read_years(
        &mut self,
        years: &[(EmployerCode, TaxYear)],
        requests: &[IdempotencyKey],
    ) -> StoreResult<PostingInputs> {
        self.met.extend(years.iter().map(|(employer, _)| employer));
        let read = posting::locked_inputs(&mut self.reading(), years, requests).await;
        let read = self.note(read)?;
        self.follow(read.last);
        self.months = read.months;
        Ok(PostingInputs {
            answered: read.answered,
            years: read.years,
        })
    }
}

#[async_trait]
impl UnitOfWork for PostgresUnit {
    fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    async fn idempotency(
        &mut self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
        let result = request::read(&mut self.reading(), keys).await;
        self.note(result)
    }

    async fn identities(
        &mut self,
        keys: &[IdentityKey],
    ) -> StoreResult<Vec<Option<KnownIdentity>>> {
        let result = worker::identities(&mut self.reading(), keys).await;
        self.note(result)
    }

    async fn workers(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerRow>>> {
        let read = self.lock_and_read_workers(ids).await;
        let (rows, last) = self.note(read)?;
        self.follow(last);
        Ok(rows)
    }

    async fn worker_secrets(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>> {
        let result = worker::secrets(&mut self.reading(), ids).await;
        self.note(result)
    }

    async fn employers(&mut self, codes: &[EmployerCode]) -> StoreResult<Vec<Option<EmployerRow>>> {
        let read = self.lock_and_read_employers(codes).await;
        let (rows, last) = self.note(read)?;
        self.follow(last);
        Ok(rows)
    }

    async fn fact_owners(&mut self, keys: &[OwnerKey]) -> StoreResult<Vec<Option<WorkerId>>> {
        let result = fact::owners(&mut self.reading(), keys).await;
        let owners = self.note(result)?;
        let free = keys.iter().zip(&owners).filter(|(_, it)| it.is_none());
        self.free.extend(free.map(|(key, _)| *key));
        Ok(owners)
    }

    async fn ledger_inputs(
        &mut self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>> {
        Ok(self.lock_and_read_years(years, &[]).await?.years)
    }

    async fn posting_inputs(
        &mut self,
        requests: &[IdempotencyKey],
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<PostingInputs> {
        self.lock_and_read_years(years, requests).await
    }

    async fn insert_workers(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        let result = worker::insert(&mut self.writing(), workers).await;
        self.note(result)
    }

    async fn put_identities(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        let result = worker::put_identities(&mut self.writing(), workers).await;
        self.note(result)
    }

    async fn append_facts(&mut self, facts: &[FactRow]) -> StoreResult<()> {
        let result = fact::append(&mut self.writing(), facts).await;
        self.note(result)
    }

    async fn put_workers(&mut self, workers: &[WorkerRow]) -> StoreResult<()> {
        let recorded_at = self.recorded_at;
        let result = worker::put(&mut self.writing(), workers, recorded_at).await;
        self.note(result)
    }

    async fn put_employers(&mut self, employers: &[EmployerRow]) -> StoreResult<()> {
        let recorded_at = self.recorded_at;
        let result = employer::put(&mut self.writing(), employers, recorded_at).await;
        self.note(result)
    }

    async fn link_workers(&mut self, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()> {
        self.met.extend(links.iter().map(|(employer, _)| employer));
        let mut book = std::mem::take(&mut self.months);
        let recorded_at = self.recorded_at;
        let result = employer::link(&mut self.writing(), &mut book, links, recorded_at).await;
        self.months = book;
        self.note(result)
    }

    async fn put_fact_owners(&mut self, owners: &[OwnedFact]) -> StoreResult<()> {
        let mut free = std::mem::take(&mut self.free);
        let result = fact::put_owners(&mut self.writing(), owners, &mut free).await;
        self.free = free;
        self.note(result)
    }

    async fn append_entries(&mut self, entries: &[EntryRow]) -> StoreResult<()> {
        let result = ledger::append_entries(&mut self.writing(), entries).await;
        self.note(result)
    }

    async fn put_years(&mut self, years: &[YearRow]) -> StoreResult<()> {
        let result = ledger::put_years(&mut self.writing(), years).await;
        self.note(result)
    }

    async fn release_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        let mut book = std::mem::take(&mut self.months);
        let mut db = self.writing();
        let result = async {
            month::fetch(&mut db, &mut book, months).await?;
            month::write(&mut db, &book.release(months)?).await
        };
        let result = result.await;
        self.months = book;
        self.note(result)
    }

    async fn book_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        let mut book = std::mem::take(&mut self.months);
        let mut db = self.writing();
        let result = async {
            month::fetch(&mut db, &mut book, months).await?;
            month::write(&mut db, &book.book(months)?).await
        };
        let result = result.await;
        self.months = book;
        self.note(result)
    }

    async fn put_idempotency(
        &mut self,
        records: &[(IdempotencyKey, IdempotencyRecord)],
    ) -> StoreResult<()> {
        let result = request::put(&mut self.writing(), records).await;
        self.note(result)
    }

    async fn write_postings(
        &mut self,
        batch: &PostingBatch,
        audit: &[AuditRow],
    ) -> StoreResult<()> {
        let mut months = std::mem::take(&mut self.months);
        let result = posting::write(&mut self.writing(), &mut months, batch, audit).await;
        self.months = months;
        self.note(result)
    }

    async fn append_audit(&mut self, rows: &[AuditRow]) -> StoreResult<()> {
        let result = audit::append(&mut self.writing(), rows).await;
        self.note(result)
    }

    async fn put_policy_set(&mut self, version: &str, content: &str) -> StoreResult<()> {
        let recorded_at = self.recorded_at;
        let kept = policy::keep(&mut self.writing(), version, content, recorded_at).await;
        self.note(kept)
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        if let Some(kind) = self.failed {
            return Err(StoreError::new(kind, "a part of the unit was refused"));
        }
        if self.is_busy {
            let context = "a part of the unit was not waited for";
            return Err(StoreError::new(StoreErrorKind::Internal, context));
        }
        if Instant::now() > self.ends_by {
            let context = "the unit lasted too long";
            return Err(StoreError::new(StoreErrorKind::Contended, context));
        }
        self.shared.counters.count_statement();
        let committed = self.transaction.commit().await.map_err(in_commit);
        if committed.is_err() {
            self.shared.kept.forget_moment();
        }
        if self.has_written {
            // Their next postings would be refused first.
            self.met
                .iter()
                .for_each(|code| self.shared.kept.forget(code));
        }
        committed
    }
}
