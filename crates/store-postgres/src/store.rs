//! The store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::rows::{
    AuditRow, CheckInputs, EmployerRow, EntryRow, FactPage, FactQuery, IdempotencyKey,
    IdempotencyRecord, LedgerInputs, PersonMonth, WorkerKey, WorkerRow, WorkerSecret, YearRow,
};
use mamagang_store::{
    Clock, PostingInputs, SeenPostings, Store, StoreError, StoreErrorKind, StoreResult, UnitOfWork,
};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Error, Postgres, SqlSafeStr, Transaction};
use tokio::time::{Instant, sleep};

use crate::at_hand::Lent;
use crate::connect::{self, Pools, PostgresOptions};
use crate::db::{Counters, Db};
use crate::error::{in_commit, in_statement};
use crate::instant::LastInstant;
use crate::seen::{self, Kept, Sight};
use crate::sql::{Statement, database};
use crate::unit::{PostgresUnit, Shared};
use crate::{audit, column, employer, fact, ledger, month, request, worker};

/// The fence looks again after so long at first, and after ever longer, up to the last.
const FENCE_LOOKS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// A PostgreSQL database.
///
/// Units of work and reads run side by side, each on a pool of its own. The store connects as it
/// is told to and takes the role `mamagang_app` on every connection, which can append to truth and
/// not change it; a login that could change it is refused.
pub struct PostgresStore {
    pools: Pools,
    counters: Arc<Counters>,
    last_instant: Arc<LastInstant>,
    kept: Arc<Kept>,
    options: PostgresOptions,
}

impl PostgresStore {
    /// Brings the schema of the database at `url` (`postgres://…`) up to date, and makes the role
    /// `mamagang_app` where the cluster has none. To be run as the schema's owner.
    ///
    /// # Errors
    /// `Unavailable` where the database cannot be reached, `Internal` where its schema is newer
    /// than this program or a migration is refused, `Corrupt` where one was left unfinished.
    pub async fn migrate(url: &str) -> StoreResult<()> {
        connect::migrate(url).await
    }

    /// Connects to the migrated database at `url` (`postgres://…`).
    ///
    /// # Errors
    /// `Unavailable` where the database cannot be reached, `Internal` where it has not been
    /// migrated to this program's schema, the login could change truth, or the database would lose
    /// commits that it has acknowledged.
    pub async fn connect(url: &str, options: PostgresOptions) -> StoreResult<Self> {
        let store = Self {
            pools: connect::open(url, &options).await?,
            counters: Arc::default(),
            last_instant: Arc::default(),
            kept: Arc::new(Kept::new(options.kept_bytes)),
            options,
        };
        let last = store.read_number(database::READ_LAST_INSTANT, "recorded_at");
        let last = last.await?.unwrap_or(0);
        Ok(Self {
            last_instant: Arc::new(LastInstant::new(last)),
            ..store
        })
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

    /// Waits for units and reads to end, then closes every connection.
    pub async fn close(&self) {
        self.pools.readers.close().await;
        self.pools.units.close().await;
    }

    pub(crate) async fn reader(&self) -> StoreResult<PoolConnection<Postgres>> {
        let reader = self.pools.readers.acquire().await;
        reader.map_err(|error| not_given(&self.pools.readers, error))
    }

    pub(crate) fn db<'a>(&'a self, connection: &'a mut PoolConnection<Postgres>) -> Db<'a> {
        Db {
            connection,
            counters: &self.counters,
        }
    }

    async fn read_number(&self, statement: Statement, column: &str) -> StoreResult<Option<i64>> {
        let mut reader = self.reader().await?;
        let rows = self.db(&mut reader).rows(statement, []).await?;
        match rows.first() {
            Some(row) => column::optional_int(row, column),
            None => Ok(None),
        }
    }

    fn shared(&self, clock: Arc<dyn Clock>) -> Shared {
        Shared {
            counters: Arc::clone(&self.counters),
            last_instant: Arc::clone(&self.last_instant),
            clock,
            kept: Arc::clone(&self.kept),
        }
    }

    /// Reads a batch of postings on a connection that may write it. As with a begin, another one is
    /// tried where it turns out to be dead.
    async fn see(
        &self,
        requests: &[IdempotencyKey],
        years: &[(EmployerCode, TaxYear)],
        may_be_kept: bool,
    ) -> StoreResult<(Lent, Option<Sight>)> {
        let mut tries_left = self.options.units.max(1);
        loop {
            let lent = self.pools.units.acquire().await;
            let mut lent = lent.map_err(|error| not_given(self.pools.units.pool(), error))?;
            if may_be_kept && let Some(sight) = seen::unread(&self.kept, years, requests)? {
                return Ok((lent, Some(sight)));
            }
            let mut db = self.db(&mut lent.connection);
            match seen::see(&mut db, &self.kept, years, requests).await {
                Err(error) if tries_left > 0 && error.kind() == StoreErrorKind::Unavailable => {
                    self.kept.forget_moment();
                    tries_left -= 1;
                }
                sight => return Ok((lent, sight?)),
            }
        }
    }

    /// Moves the fence that postings read, and gives a transaction number after those of all that
    /// did not find it moved.
    async fn take_fence(&self) -> StoreResult<i64> {
        self.counters.count_statement();
        let fence = self.pools.readers.acquire().await;
        let fence = begin_apart(fence, MOVE_FENCE).await;
        let mut fence = fence.map_err(|error| not_given(&self.pools.readers, error))?;
        let mut db = Db {
            connection: &mut fence,
            counters: &self.counters,
        };
        let rows = db.rows(database::TAKE_FENCE, []).await?;
        let number = rows.first().map(|row| column::int(row, "fence"));
        self.counters.count_statement();
        fence.commit().await.map_err(in_commit)?;
        number.ok_or_else(no_number)?
    }

    /// Returns once every transaction with a lower number has ended.
    async fn pass(&self, fence: i64) -> StoreResult<()> {
        let gives_up_at = Instant::now() + self.options.unit_timeout;
        let (mut pause, longest) = FENCE_LOOKS;
        loop {
            let oldest = self.read_number(database::READ_OLDEST, "oldest").await?;
            if oldest.ok_or_else(no_number)? > fence {
                return Ok(());
            }
            if Instant::now() > gives_up_at {
                let context = "an older transaction does not end";
                return Err(StoreError::new(StoreErrorKind::Contended, context));
            }
            sleep(pause).await;
            pause = longest.min(pause * 2);
        }
    }

    /// Begins a transaction. Nothing is lost with a connection that turns out to be dead, so the
    /// next one is tried, up to one that is new for certain.
    async fn begin_transaction(&self) -> StoreResult<Transaction<'static, Postgres>> {
        let mut tries_left = self.options.units.max(1);
        loop {
            self.counters.count_statement();
            let lent = self.pools.units.acquire().await;
            let connection = lent.map(|lent| lent.connection);
            let error = match begin_apart(connection, BEGIN).await {
                Ok(transaction) => return Ok(transaction),
                Err(error) => not_given(self.pools.units.pool(), error),
            };
            self.kept.forget_moment();
            if tries_left == 0 || error.kind() != StoreErrorKind::Unavailable {
                return Err(error);
            }
            tries_left -= 1;
        }
    }
}

/// The begin of every unit, in one round trip. A transaction has no number before it writes; with
/// one it is seen by the fence before its clock is read, and a standby refuses it at once. Its
/// isolation and what bounds its waits are set for the session.
///
/// BEGIN comes last: statements sent together are one transaction, which BEGIN keeps open and which
/// an error before it ends. After it, sqlx would take the session for one without a transaction, and
/// the pool would give it on with one that was aborted.
const BEGIN: &str = "SELECT pg_current_xact_id(); BEGIN";

/// The begin of a fence. The sessions that read do not write, but for this.
const MOVE_FENCE: &str = "SET TRANSACTION READ WRITE; SELECT nextval('posting_fence'); BEGIN";

/// Begins a transaction in a task of its own, which goes on when the caller is gone: the transaction
/// is then rolled back as any other that is dropped. sqlx 0.9.0 forgets a BEGIN whose caller does
/// not wait for its answer (its issue 4393), and the pool would give the connection to the next one
/// with the transaction open in it.
async fn begin_apart(
    connection: Result<PoolConnection<Postgres>, Error>,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, Error> {
    let begun = tokio::spawn(Transaction::begin(
        connection?,
        Some(statement.into_sql_str()),
    ));
    // Tasks are cancelled by nobody but a runtime that ends.
    begun.await.unwrap_or(Err(Error::WorkerCrashed))
}

fn no_number() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "no transaction number")
}

/// No connection in time: either all are busy, or no further one can be made.
fn not_given(pool: &PgPool, error: Error) -> StoreError {
    let is_full = pool.size() >= pool.options().get_max_connections();
    if matches!(error, Error::PoolTimedOut) && !is_full {
        let context = "the database cannot be reached";
        return StoreError::new(StoreErrorKind::Unavailable, context).with_source(error);
    }
    in_statement("taking a connection", error)
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self, clock: Arc<dyn Clock>) -> StoreResult<Box<dyn UnitOfWork>> {
        let transaction = self.begin_transaction().await?;
        let timeout = self.options.unit_timeout;
        let unit = PostgresUnit::new(transaction, self.shared(clock), timeout);
        Ok(Box::new(unit))
    }

    async fn see_postings(
        &self,
        clock: Arc<dyn Clock>,
        requests: &[IdempotencyKey],
        years: &[(EmployerCode, TaxYear)],
        may_be_kept: bool,
    ) -> StoreResult<Option<(Box<dyn SeenPostings>, PostingInputs)>> {
        let plans_for = self.options.unit_timeout;
        let plans_for = plans_for.saturating_sub(self.options.statement_timeout);
        let (lent, sight) = self.see(requests, years, may_be_kept).await?;
        let plan =
            |sight: Sight| sight.plan(lent, &self.pools.units, self.shared(clock), plans_for);
        Ok(sight.map(plan))
    }

    fn units_at_once(&self) -> usize {
        usize::try_from(self.options.units).unwrap_or(usize::MAX)
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
        ledger::inputs(&mut self.db(&mut reader), years).await
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
        let fence = self.take_fence().await?;
        self.pass(fence).await
    }

    async fn fence_positions(&self) -> StoreResult<()> {
        let fence = self.read_number(database::TAKE_FENCE, "fence").await?;
        self.pass(fence.ok_or_else(no_number)?).await
    }

    async fn ping(&self) -> StoreResult<()> {
        let mut reader = self.reader().await?;
        let statement = database::PING;
        self.db(&mut reader).rows(statement, []).await.map(drop)
    }
}
