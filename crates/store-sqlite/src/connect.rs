//! Opening a file: its settings, its schema, its latest instant.

use std::path::Path;
use std::time::Duration;

use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, SqliteConnection};

use crate::error::in_statement;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Pages that the writer keeps, in KiB (negative): what a batch of some hundred postings changes.
/// Taken as they are needed.
const WRITER_CACHE: &str = "-32768";

/// So much of the file is mapped; the rest is read.
const MAPPED_BYTES: &str = "268435456";
/// The journal is written back when it has so many pages of 4 KiB.
const CHECKPOINT_PAGES: &str = "8000";

/// Settings of a store.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long to wait for another process that holds the file's lock.
    pub busy_timeout: Duration,
    /// How long a unit of work or a read waits for its connection.
    pub acquire_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(30),
        }
    }
}

/// The pools of an open file.
pub(crate) struct Pools {
    /// One connection, handed out in the order of asking.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Creates the file where there is none, brings its schema up to date and opens both pools.
pub(crate) async fn open(path: &Path, options: &SqliteOptions) -> StoreResult<Pools> {
    create_private(path)?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL a power cut loses commits that were acknowledged.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        // Without it INSERT OR REPLACE deletes without asking the delete triggers.
        .pragma("recursive_triggers", "ON")
        // What a refused statement would be taken back by: a copy of each page that it changes. Kept
        // in a file from 64 KiB on it made a batch's rows cost twice as much.
        .pragma("temp_store", "MEMORY")
        // Pages are read where the system keeps them, without a call and a copy each.
        .pragma("mmap_size", MAPPED_BYTES)
        // Writing pages back costs two syncs: less often than every thousand pages.
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        // A destroyed data key must not stay readable in free pages.
        .pragma("secure_delete", "ON");
    // A unit that changes more pages than are kept writes some of them to the journal several times.
    let writing = connect.clone().pragma("cache_size", WRITER_CACHE);
    let writer = pool(1, writing, options).await?;
    MIGRATIONS.run(&writer).await.map_err(migration_error)?;
    // A reader that finds the file changed gives its whole mapping back and faults it in again:
    // beside a writer that commits all the time, reading pages costs less.
    let read_only = connect.pragma("query_only", "ON").pragma("mmap_size", "0");
    let readers = pool(options.readers.max(1), read_only, options).await?;
    Ok(Pools { writer, readers })
}

/// Makes an absent file readable and writable by its owner alone; SQLite gives its journals the
/// same mode.
fn create_private(path: &Path) -> StoreResult<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let context = "the database file cannot be made";
            Err(StoreError::new(StoreErrorKind::Unavailable, context).with_source(error))
        }
    }
}

async fn pool(
    size: u32,
    connect: SqliteConnectOptions,
    options: &SqliteOptions,
) -> StoreResult<SqlitePool> {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(options.acquire_timeout)
        // A file's connection does not go stale: neither age nor idleness closes it, and asking
        // it before each use would cost as much as a statement.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(check_settings(connection)))
        .connect_with(connect)
        .await
        .map_err(|error| in_statement("opening the database", error))
}

/// Reads the settings back: SQLite passes over a setting that it does not know or cannot honour.
async fn check_settings(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "SELECT journal_mode.journal_mode, synchronous.synchronous, foreign_keys.foreign_keys,
            recursive_triggers.recursive_triggers
        FROM pragma_journal_mode AS journal_mode, pragma_synchronous AS synchronous,
            pragma_foreign_keys AS foreign_keys, pragma_recursive_triggers AS recursive_triggers",
    )
    .fetch_one(connection)
    .await?;
    let journal_mode: String = row.try_get(0)?;
    let numbers: (i64, i64, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    // 2 is FULL.
    if journal_mode == "wal" && numbers == (2, 1, 1) {
        return Ok(());
    }
    let found = format!(
        "SQLite did not take a setting: journal_mode {journal_mode}, synchronous {}, \
         foreign_keys {}, recursive_triggers {}",
        numbers.0, numbers.1, numbers.2
    );
    Err(sqlx::Error::Configuration(found.into()))
}

fn migration_error(error: MigrateError) -> StoreError {
    let (kind, context) = match &error {
        MigrateError::VersionMissing(version) => (
            StoreErrorKind::Internal,
            format!(
                "the database has schema version {version}, which is newer than this program \
                 knows: start the program that wrote it"
            ),
        ),
        MigrateError::VersionMismatch(version) => (
            StoreErrorKind::Internal,
            format!("schema version {version} of the database is not this program's"),
        ),
        MigrateError::Dirty(version) => (
            StoreErrorKind::Corrupt,
            format!("schema version {version} of the database was left unfinished"),
        ),
        _ => (
            StoreErrorKind::Unavailable,
            "migrating the database".to_owned(),
        ),
    };
    StoreError::new(kind, context).with_source(error)
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;

    use super::*;

    #[tokio::test]
    async fn every_connection_has_the_settings_and_readers_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mamagang.db");
        let pools = open(&path, &SqliteOptions::default()).await.expect("open");
        for pool in [&pools.writer, &pools.readers] {
            let mut connection = pool.acquire().await.expect("free");
            let checked = check_settings(&mut connection).await;
            checked.expect("every setting is taken");
        }
        let written = sqlx::query("DELETE FROM employer_year").execute(&pools.readers);
        assert!(written.await.is_err());
        let written = sqlx::query("DELETE FROM employer_year").execute(&pools.writer);
        assert!(written.await.is_ok());
    }

    #[tokio::test]
    async fn an_older_trail_is_gathered_up_to_its_last_full_bucket() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mamagang.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let mut connection = options.connect().await.expect("a connection");
        let migrated = MIGRATIONS.run_to(60, &mut connection).await;
        migrated.expect("the schema of before");
        let rows = "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method,
                caller, outcome, worker_id, frozen, previous_hash, hash)
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 5000)
            SELECT unhex(printf('%032x', n)), zeroblob(16), n, n, 'M', 'c', 'OK',
                CASE WHEN n % 2 = 1 THEN unhex(printf('%032x', n % 7)) END, x'00',
                zeroblob(32), zeroblob(32)
            FROM number";
        let inserted = sqlx::query(rows).execute(&mut connection).await;
        assert_eq!(inserted.expect("accepted").rows_affected(), 5_000);
        let migrated = MIGRATIONS.run(&mut connection).await;
        migrated.expect("the schema of now");
        let counts =
            "SELECT count(*), min(bucket), max(bucket), max(feed_position) FROM audit_access";
        let row = sqlx::query(counts).fetch_one(&mut connection).await;
        let row = row.expect("counts");
        let found: [i64; 4] = std::array::from_fn(|index| row.get(index));
        assert_eq!(found, [2_048, 1, 1, 4_095]);
    }

    #[tokio::test]
    async fn a_connection_that_may_lose_commits_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mamagang.db");
        open(&path, &SqliteOptions::default()).await.expect("open");
        let same = || {
            SqliteConnectOptions::new()
                .filename(&path)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .pragma("recursive_triggers", "ON")
        };
        for (wrong, name) in [
            (
                same().synchronous(SqliteSynchronous::Normal),
                "synchronous 1",
            ),
            (same().foreign_keys(false), "foreign_keys 0"),
            (
                same().pragma("recursive_triggers", "OFF"),
                "recursive_triggers 0",
            ),
            (same().in_memory(true), "journal_mode memory"),
        ] {
            let mut connection = wrong.connect().await.expect("a connection");
            let refused = check_settings(&mut connection).await;
            let told = refused.expect_err("a wrong setting").to_string();
            assert!(told.contains(name), "{told}");
        }
    }
}
