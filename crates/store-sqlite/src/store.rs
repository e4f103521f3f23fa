//! The store.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::rows::{
    AuditRow, CheckInputs, EmployerRow, EntryRow, FactPage, FactQuery, IdempotencyKey,
    IdempotencyRecord, LedgerInputs, PersonMonth, WorkerKey, WorkerRow, WorkerSecret, YearRow,
};
use mamagang_store::{Clock, Store, StoreResult, UnitOfWork};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

use crate::connect::{Pools, SqliteOptions, open};
use crate::db::{Counters, Db};
use crate::error::in_statement;
use crate::unit::SqliteUnit;
use crate::{audit, column, employer, fact, ledger, month, request, sql, worker};

/// A database in one SQLite file.
///
/// Reads run side by side on a few connections. Units of work run one after the other on one
/// connection, in the order in which they were begun, so that none fails for another's sake.
pub struct SqliteStore {
    pools: Pools,
    counters: Arc<Counters>,
    /// The latest instant given to a unit; changed by the holder of the writing connection only.
    last_instant: AtomicI64,
}

impl SqliteStore {
    /// Opens a file: creates it where there is none, migrates an older one, refuses one that a
    /// newer program wrote.
    ///
    /// # Errors
    /// `Unavailable` where the file cannot be opened, `Internal` where its schema is not one of
    /// this program's or SQLite does not take a setting, `Corrupt` where it is no database.
    pub async fn open(path: impl AsRef<Path>, options: SqliteOptions) -> StoreResult<Self> {
        let store = Self {
            pools: open(path.as_ref(), &options).await?,
            counters: Arc::default(),
            last_instant: AtomicI64::new(0),
        };
        let last = store.read_last_instant().await?;
        store.last_instant.store(last, Ordering::Relaxed);
        Ok(store)
    }

    /// Statements run since the store was opened, `BEGIN` and `COMMIT` among them.
    pub fn statements(&self) -> u64 {
        self.counters.statements.load(Ordering::Relaxed)
    }

    /// Rows inserted, updated and deleted since the store was opened, also by units that were
    /// dropped.
    pub fn rows_written(&self) -> u64 {
        self.counters.rows_written.load(Ordering::Relaxed)
    }

    /// Waits for units and reads to end, then closes the file.
    pub async fn close(&self) {
        self.pools.readers.close().await;
        self.pools.writer.close().await;
    }

    async fn read_last_instant(&self) -> StoreResult<i64> {
        let mut reader = self.reader().await?;
        let statement = sql::database::READ_LAST_INSTANT;
        let rows = self.db(&mut reader).rows(statement, []).await?;
        let last: Option<i64> = match rows.first() {
            Some(row) => column::get(row, "recorded_at")?,
            None => None,
        };
        Ok(last.unwrap_or(0))
    }

    pub(crate) async fn reader(&self) -> StoreResult<PoolConnection<Sqlite>> {
        let reader = self.pools.readers.acquire().await;
        reader.map_err(|error| in_statement("taking a reading connection", error))
    }

    pub(crate) fn db<'a>(&'a self, connection: &'a mut PoolConnection<Sqlite>) -> Db<'a> {
        Db {
            connection,
            counters: &self.counters,
        }
    }

    /// An instant after every earlier one, whatever the clock says.
    fn next_instant(&self, now: i64) -> i64 {
        let last = self.last_instant.load(Ordering::Relaxed);
        let next = now.max(last + 1);
        self.last_instant.store(next, Ordering::Relaxed);
        next
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self, clock: Arc<dyn Clock>) -> StoreResult<Box<dyn UnitOfWork>> {
        self.counters.count_statement();
        // A deferred transaction could lose the lock at its first write, after its reads.
        let mut begun = self.pools.writer.begin_with("BEGIN IMMEDIATE").await;
        if matches!(begun, Err(sqlx::Error::InvalidSavePointStatement)) {
            // SQLite has rolled a transaction back by itself (the disk was full) and sqlx still
            // counts it: this connection is of no more use, and the next one is sound.
            let acquired = self.pools.writer.acquire().await;
            let spoilt = acquired.map_err(|error| in_statement("replacing the writer", error))?;
            let closed = spoilt.close().await;
            closed.map_err(|error| in_statement("closing the writer", error))?;
            begun = self.pools.writer.begin_with("BEGIN IMMEDIATE").await;
        }
        let transaction = begun.map_err(|error| in_statement("beginning a unit", error))?;
        let recorded_at = self.next_instant(clock.now_micros());
        let counters = Arc::clone(&self.counters);
        Ok(Box::new(SqliteUnit::new(
            transaction,
            counters,
            recorded_at,
        )))
    }

    async fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> StoreResult<CheckInputs> {
        let mut reader = self.reader().await?;
        worker::check_inputs(&mut self.db(&mut reader), workers, employers).await
    }

    async fn ledger_inputs(
        &self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>> {
        let mut reader = self.reader().await?;
        let (inputs, _) = ledger::inputs(&mut self.db(&mut reader), years).await?;
        Ok(inputs)
    }

    async fn worker_secrets(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>> {
        let mut reader = self.reader().await?;
        worker::secrets(&mut self.db(&mut reader), workers).await
    }

    async fn list_facts(&self, query: &FactQuery) -> StoreResult<FactPage> {
        let mut reader = self.reader().await?;
        fact::list(&mut self.db(&mut reader), query).await
    }

    async fn list_employers(
        &self,
        after: Option<EmployerCode>,
        limit: u32,
    ) -> StoreResult<Vec<EmployerRow>> {
        let mut reader = self.reader().await?;
        employer::list(&mut self.db(&mut reader), after, limit).await
    }

    async fn list_workers(
        &self,
        after: Option<WorkerId>,
        limit: u32,
    ) -> StoreResult<Vec<WorkerRow>> {
        let mut reader = self.reader().await?;
        worker::list(&mut self.db(&mut reader), after, limit).await
    }

    async fn list_entries(
        &self,
        employer: &EmployerCode,
        year: Option<TaxYear>,
        after: u32,
        limit: u32,
        as_of: Option<i64>,
    ) -> StoreResult<Vec<EntryRow>> {
        let mut reader = self.reader().await?;
        ledger::list_entries(
            &mut self.db(&mut reader),
            employer,
            year,
            after,
            limit,
            as_of,
        )
        .await
    }

    async fn booked_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<BookedMonth>>> {
        let mut reader = self.reader().await?;
        month::of_rows(&mut self.db(&mut reader), workers).await
    }

    async fn person_months(&self, employer: &EmployerCode) -> StoreResult<Vec<PersonMonth>> {
        let mut reader = self.reader().await?;
        month::list_of(&mut self.db(&mut reader), employer).await
    }

    async fn list_years(&self, employers: &[EmployerCode]) -> StoreResult<Vec<YearRow>> {
        let mut reader = self.reader().await?;
        ledger::list_years(&mut self.db(&mut reader), employers).await
    }

    async fn audit_row(&self, id: AuditId) -> StoreResult<Option<AuditRow>> {
        let mut reader = self.reader().await?;
        audit::read(&mut self.db(&mut reader), id).await
    }

    async fn last_audit_row(&self, writer_id: [u8; 16]) -> StoreResult<Option<AuditRow>> {
        let mut reader = self.reader().await?;
        audit::read_last(&mut self.db(&mut reader), writer_id).await
    }

    async fn idempotency(
        &self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
        let mut reader = self.reader().await?;
        request::read(&mut self.db(&mut reader), keys).await
    }

    async fn fence(&self) -> StoreResult<()> {
        // Whoever has the writing connection has no unit before it that could still commit.
        let writer = self.pools.writer.acquire().await;
        writer
            .map(drop)
            .map_err(|error| in_statement("waiting for units to end", error))
    }

    async fn ping(&self) -> StoreResult<()> {
        let mut reader = self.reader().await?;
        let statement = sql::database::PING;
        self.db(&mut reader).rows(statement, []).await.map(drop)
    }
}
