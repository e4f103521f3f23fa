//! The unit of work: one write transaction on the one writing connection.

use std::sync::Arc;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::TaxYear;
use mamagang_store::months::{MonthBook, MonthChanges};
use mamagang_store::rows::{
    AuditRow, EmployerRow, EntryRow, FactRow, IdempotencyKey, IdempotencyRecord, IdentityKey,
    KnownIdentity, LedgerInputs, NewWorker, OwnedFact, OwnerKey, PersonMonth, WorkerRow,
    WorkerSecret, YearRow,
};
use mamagang_store::{PostingBatch, StoreError, StoreErrorKind, StoreResult, UnitOfWork};
use sqlx::{Sqlite, Transaction};

use crate::db::{Counters, Db};
use crate::error::in_commit;
use crate::{audit, employer, fact, ledger, month, policy, request, worker};

/// Dropping it rolls back: sqlx queues the rollback before the connection can be taken again.
pub(crate) struct SqliteUnit {
    transaction: Transaction<'static, Sqlite>,
    counters: Arc<Counters>,
    recorded_at: i64,
    /// Booked months that the unit has read, and changed.
    pub(crate) months: MonthBook,
    /// A refused statement leaves the others of its unit in the transaction, so the unit as a
    /// whole is refused.
    failed: Option<StoreErrorKind>,
}

impl SqliteUnit {
    pub(crate) fn new(
        transaction: Transaction<'static, Sqlite>,
        counters: Arc<Counters>,
        recorded_at: i64,
    ) -> Self {
        Self {
            transaction,
            counters,
            recorded_at,
            months: MonthBook::default(),
            failed: None,
        }
    }

    pub(crate) fn db(&mut self) -> Db<'_> {
        Db {
            connection: &mut self.transaction,
            counters: &self.counters,
        }
    }

    pub(crate) fn note<T>(&mut self, result: StoreResult<T>) -> StoreResult<T> {
        if let Err(error) = &result {
            self.failed = Some(error.kind());
        }
        result
    }
}

#[async_trait]
impl UnitOfWork for SqliteUnit {
    fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    async fn idempotency(
        &mut self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
        let result = request::read(&mut self.db(), keys).await;
        self.note(result)
    }

    async fn identities(
        &mut self,
        keys: &[IdentityKey],
    ) -> StoreResult<Vec<Option<KnownIdentity>>> {
        let result = worker::identities(&mut self.db(), keys).await;
        self.note(result)
    }

    async fn workers(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerRow>>> {
        let result = worker::read(&mut self.db(), ids).await;
        self.note(result)
    }

    async fn worker_secrets(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>> {
        let result = worker::secrets(&mut self.db(), ids).await;
        self.note(result)
    }

    async fn employers(&mut self, codes: &[EmployerCode]) -> StoreResult<Vec<Option<EmployerRow>>> {
        let result = employer::read(&mut self.db(), codes).await;
        self.note(result)
    }

    async fn fact_owners(&mut self, keys: &[OwnerKey]) -> StoreResult<Vec<Option<WorkerId>>> {
        let result = fact::owners(&mut self.db(), keys).await;
        self.note(result)
    }

    async fn ledger_inputs(
        &mut self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>> {
        let result = ledger::inputs(&mut self.db(), years).await;
        let (inputs, months) = self.note(result)?;
        self.months = months;
        Ok(inputs)
    }

    async fn insert_workers(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        let result = worker::insert(&mut self.db(), workers).await;
        self.note(result)
    }

    async fn put_identities(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        let result = worker::put_identities(&mut self.db(), workers).await;
        self.note(result)
    }

    async fn append_facts(&mut self, facts: &[FactRow]) -> StoreResult<()> {
        let result = fact::append(&mut self.db(), facts).await;
        self.note(result)
    }

    async fn put_workers(&mut self, workers: &[WorkerRow]) -> StoreResult<()> {
        let result = worker::put(&mut self.db(), workers).await;
        self.note(result)
    }

    async fn put_employers(&mut self, employers: &[EmployerRow]) -> StoreResult<()> {
        let result = employer::put(&mut self.db(), employers).await;
        self.note(result)
    }

    async fn link_workers(&mut self, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()> {
        let result = employer::link(&mut self.db(), links).await;
        self.note(result)
    }

    async fn put_fact_owners(&mut self, owners: &[OwnedFact]) -> StoreResult<()> {
        let result = fact::put_owners(&mut self.db(), owners).await;
        self.note(result)
    }

    async fn append_entries(&mut self, entries: &[EntryRow]) -> StoreResult<()> {
        let result = ledger::append_entries(&mut self.db(), entries).await;
        self.note(result)
    }

    async fn put_years(&mut self, years: &[YearRow]) -> StoreResult<()> {
        let changes = MonthChanges::default();
        let result = month::write(&mut self.db(), years, &changes).await;
        self.note(result)
    }

    async fn release_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        let mut book = std::mem::take(&mut self.months);
        let mut db = self.db();
        let result = async {
            month::fetch(&mut db, &mut book, months).await?;
            month::write(&mut db, &[], &book.release(months)?).await
        };
        let result = result.await;
        self.months = book;
        self.note(result)
    }

    async fn book_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        let mut book = std::mem::take(&mut self.months);
        let mut db = self.db();
        let result = async {
            month::fetch(&mut db, &mut book, months).await?;
            month::write(&mut db, &[], &book.book(months)?).await
        };
        let result = result.await;
        self.months = book;
        self.note(result)
    }

    async fn put_idempotency(
        &mut self,
        records: &[(IdempotencyKey, IdempotencyRecord)],
    ) -> StoreResult<()> {
        let result = request::put(&mut self.db(), records).await;
        self.note(result)
    }

    async fn write_postings(
        &mut self,
        batch: &PostingBatch,
        audit: &[AuditRow],
    ) -> StoreResult<()> {
        self.append_entries(&batch.entries).await?;
        self.release_months(&batch.released).await?;
        let mut book = std::mem::take(&mut self.months);
        let mut db = self.db();
        let written = async {
            month::fetch(&mut db, &mut book, &batch.booked).await?;
            // A year's state and its months are one row.
            month::write(&mut db, &batch.years, &book.book(&batch.booked)?).await
        };
        let written = written.await;
        self.months = book;
        self.note(written)?;
        self.put_idempotency(&batch.answers).await?;
        self.append_audit(audit).await
    }

    async fn append_audit(&mut self, rows: &[AuditRow]) -> StoreResult<()> {
        let result = audit::append(&mut self.db(), rows).await;
        self.note(result)
    }

    async fn put_policy_set(&mut self, version: &str, content: &str) -> StoreResult<()> {
        let recorded_at = self.recorded_at;
        let kept = policy::keep(&mut self.db(), version, content, recorded_at).await;
        self.note(kept)
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        if let Some(kind) = self.failed {
            return Err(StoreError::new(kind, "a part of the unit was refused"));
        }
        self.counters.count_statement();
        self.transaction.commit().await.map_err(in_commit)
    }
}
