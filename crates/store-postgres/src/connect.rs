//! Reaching a database: its schema, its sessions, its pools.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions, Connection, PgConnection, Row};

use crate::at_hand::Units;
use crate::error::in_statement;
use crate::sql::database as sql;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// A connection that was used a moment ago is taken to be alive: asking costs a round trip.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Migrations wait for locks no longer than this, so that a long transaction in their way does not
/// make every later one queue behind them.
const MIGRATION_LOCK_TIMEOUT: &str = "10s";

/// Settings of a store.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Connections for units of work: so many run at the same time, the others wait.
    pub units: u32,
    /// Connections that read at the same time. Apart, so that reads do not keep units waiting.
    pub readers: u32,
    /// How long a unit of work or a read waits for its connection.
    pub acquire_timeout: Duration,
    /// How long a statement waits for a row that another unit has locked.
    pub lock_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a unit may last from its begin to its commit. What is recorded no later than so
    /// long ago is final.
    pub unit_timeout: Duration,
    /// Room for what was read of employers and is kept for their next postings, in bytes; 0 keeps
    /// nothing.
    pub kept_bytes: u64,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            units: 8,
            readers: 8,
            acquire_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            unit_timeout: Duration::from_secs(30),
            kept_bytes: 256 << 20,
        }
    }
}

/// The pools of a database in use.
pub(crate) struct Pools {
    pub(crate) units: Arc<Units>,
    pub(crate) readers: PgPool,
}

fn parse(url: &str) -> StoreResult<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        let context = "the database's URL cannot be read";
        StoreError::new(StoreErrorKind::Internal, context).with_source(error)
    })?;
    Ok(options.application_name("mamagang"))
}

/// Brings the schema up to date.
pub(crate) async fn migrate(url: &str) -> StoreResult<()> {
    let mut connection = reach(&parse(url)?).await?;
    let told = |error| in_statement("preparing to migrate", error);
    sqlx::query("SELECT set_config('lock_timeout', $1, false)")
        .bind(MIGRATION_LOCK_TIMEOUT)
        .execute(&mut connection)
        .await
        .map_err(told)?;
    let migrated = MIGRATIONS.run(&mut connection).await;
    migrated.map_err(migration_error)?;
    connection.close().await.map_err(told)
}

async fn reach(options: &PgConnectOptions) -> StoreResult<PgConnection> {
    let connection = options.connect().await;
    connection.map_err(|error| in_statement("reaching the database", error))
}

/// Checks the schema and the login, and opens both pools.
pub(crate) async fn open(url: &str, options: &PostgresOptions) -> StoreResult<Pools> {
    let connect = parse(url)?;
    // Apart from the pools, which would try again what can only be refused again.
    let mut connection = reach(&connect).await?;
    let told = |error| in_statement("preparing a session", error);
    let session = Session::new(Access::Reads, options);
    enter(&mut connection, &session).await.map_err(told)?;
    check_schema(&mut connection).await?;
    check_session(&mut connection).await.map_err(unfit)?;
    connection.close().await.map_err(told)?;
    Ok(Pools {
        units: Arc::new(Units::new(
            pool(options.units, Access::Writes, connect.clone(), options).await?,
        )),
        readers: pool(options.readers, Access::Reads, connect, options).await?,
    })
}

/// Every migration of this program must have been applied as it is. Further ones may have been:
/// a newer program runs beside this one while they take turns.
async fn check_schema(connection: &mut PgConnection) -> StoreResult<()> {
    let unready = |context: &str| StoreError::new(StoreErrorKind::Internal, context);
    let rows = sqlx::query(sql::READ_SCHEMA.sql)
        .fetch_all(connection)
        .await;
    let rows = match rows {
        // No such table: nothing was ever migrated here.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => {
            return Err(unready("the database has no schema yet: migrate it"));
        }
        rows => rows.map_err(|error| in_statement(sql::READ_SCHEMA.name, error))?,
    };
    let read = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let applied: Result<Vec<(i64, Vec<u8>)>, sqlx::Error> = rows.iter().map(read).collect();
    let applied = applied.map_err(|error| in_statement(sql::READ_SCHEMA.name, error))?;
    for migration in MIGRATIONS.iter() {
        let found = applied.iter().find(|(it, _)| *it == migration.version);
        let version = migration.version;
        match found {
            None => {
                let context = format!("the database lacks schema version {version}: migrate it");
                return Err(unready(&context));
            }
            Some((_, checksum)) if *checksum != *migration.checksum => {
                let context =
                    format!("schema version {version} of the database is not this program's");
                return Err(unready(&context));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Access {
    Reads,
    Writes,
}

async fn pool(
    size: u32,
    access: Access,
    connect: PgConnectOptions,
    options: &PostgresOptions,
) -> StoreResult<PgPool> {
    pool_options(size, access, options)
        .connect_with(connect)
        .await
        .map_err(|error| in_statement("opening the database", error))
}

/// A pool of readers that connects once it is asked for a connection: of a server that may be away.
pub(crate) fn readers(url: &str, options: &PostgresOptions) -> StoreResult<PgPool> {
    let pool = pool_options(options.readers, Access::Reads, options);
    Ok(pool.connect_lazy_with(parse(url)?))
}

fn pool_options(size: u32, access: Access, options: &PostgresOptions) -> PgPoolOptions {
    let session = Session::new(access, options);
    PgPoolOptions::new()
        .max_connections(size.max(1))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let session = session.clone();
            Box::pin(async move {
                enter(connection, &session).await?;
                check_session(connection).await
            })
        })
}

/// A setting in milliseconds. PostgreSQL takes 0 for no bound at all.
fn milliseconds(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

/// The settings of a connection.
#[derive(Clone)]
struct Session {
    read_only: &'static str,
    statement_timeout: String,
    lock_timeout: String,
    unit_timeout: String,
}

impl Session {
    fn new(access: Access, options: &PostgresOptions) -> Self {
        Self {
            read_only: match access {
                Access::Reads => "on",
                Access::Writes => "off",
            },
            statement_timeout: milliseconds(options.statement_timeout),
            lock_timeout: milliseconds(options.lock_timeout),
            unit_timeout: milliseconds(options.unit_timeout),
        }
    }
}

/// Gives a new connection its settings and the service's role, where it may take it.
async fn enter(connection: &mut PgConnection, session: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(sql::PREPARE_SESSION.sql)
        .bind(session.read_only)
        .bind(&session.statement_timeout)
        .bind(&session.lock_timeout)
        .bind(&session.unit_timeout)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(sql::MAY_TAKE_ROLE.sql);
    if row.fetch_one(&mut *connection).await?.try_get(0)? {
        let take = sqlx::query(sql::TAKE_ROLE.sql);
        take.execute(&mut *connection).await?;
    }
    Ok(())
}

/// What the check of a session has found is for whoever starts the service to read.
fn unfit(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Configuration(found) => {
            StoreError::new(StoreErrorKind::Internal, found.to_string())
        }
        error => in_statement("preparing a session", error),
    }
}

/// Refuses a session that could change truth or lose what it has acknowledged.
async fn check_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query(sql::READ_SESSION.sql);
    let row = row.fetch_one(connection).await?;
    let synchronous_commit: String = row.try_get(0)?;
    let changeable: Option<String> = row.try_get(1)?;
    if let Some(tables) = changeable {
        let found = format!(
            "the database's login may change {tables}: grant it the role mamagang_app and \
             nothing else, or let it take that role"
        );
        return Err(sqlx::Error::Configuration(found.into()));
    }
    if synchronous_commit == "off" {
        let found = "the database acknowledges commits that it can lose: synchronous_commit is off";
        return Err(sqlx::Error::Configuration(found.into()));
    }
    Ok(())
}

fn migration_error(error: MigrateError) -> StoreError {
    let (kind, context) = match &error {
        MigrateError::VersionMissing(version) => (
            StoreErrorKind::Internal,
            format!(
                "the database has schema version {version}, which is newer than this program \
                 knows: migrate with the program that wrote it"
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
        MigrateError::ExecuteMigration(_, version) => (
            StoreErrorKind::Internal,
            format!("schema version {version} cannot be applied"),
        ),
        _ => (
            StoreErrorKind::Unavailable,
            "migrating the database".to_owned(),
        ),
    };
    StoreError::new(kind, context).with_source(error)
}
