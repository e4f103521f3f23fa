//! A hot standby, read in the primary's place while it is behind by no more than a bound.
//!
//! How old a standby's answer is, is not asked of its clock: on an idle primary the last transaction
//! replayed is old and nothing is missing. The primary is asked again and again how much it has made
//! durable, and the moment before the question is kept with the answer: a **mark**. Whoever has
//! replayed up to a mark's position has seen everything that was committed by its moment. Before
//! each read the standby is asked how far it is, on the connection that then reads: replay only goes
//! forward, so what is read is no older than that.

mod marks;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_store::rows::WorkerKey;
use mamagang_store::{
    Clock, Replica, ReplicaMiss, SeenInputs, StoreError, StoreErrorKind, StoreResult,
};
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::connect::{self, PostgresOptions};
use crate::db::{Counters, Db};
use crate::error::in_statement;
use crate::sql::replica as sql;
use crate::{column, worker};
use marks::{Mark, Marks, Standing};

/// How often in the length of the bound the primary and the standby are looked at.
const LOOKS_PER_BOUND: u32 = 20;
/// They are looked at no more often, and no less often, than so.
const LOOK_INTERVALS: (Duration, Duration) =
    (Duration::from_millis(20), Duration::from_millis(500));

/// Settings of a replica.
#[derive(Clone, Debug)]
pub struct ReplicaOptions {
    /// By how much an answer may be late.
    pub lag_max: Duration,
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long a read or a look may take, its connection included: then the primary is read.
    pub wait_max: Duration,
}

impl Default for ReplicaOptions {
    fn default() -> Self {
        Self {
            lag_max: Duration::from_secs(5),
            readers: 8,
            wait_max: Duration::from_secs(1),
        }
    }
}

impl ReplicaOptions {
    fn look_interval(&self) -> Duration {
        let (shortest, longest) = LOOK_INTERVALS;
        (self.lag_max / LOOKS_PER_BOUND).clamp(shortest, longest)
    }

    fn session(&self, readers: u32) -> PostgresOptions {
        PostgresOptions {
            readers,
            acquire_timeout: self.wait_max,
            statement_timeout: self.wait_max,
            ..PostgresOptions::default()
        }
    }
}

/// A standby of a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresReplica {
    watched: Arc<Watched>,
    watching: JoinHandle<()>,
}

#[derive(Debug)]
struct Watched {
    /// One connection of its own: where many wait for the primary, it is looked at all the same.
    primary: PgPool,
    standby: PgPool,
    options: ReplicaOptions,
    clock: Arc<dyn Clock>,
    counters: Counters,
    marks: Marks,
    /// The moment that was last seen of the standby.
    standing: Mutex<Result<Instant, ReplicaMiss>>,
}

impl PostgresReplica {
    /// Follows the standby at `url` of the primary at `primary_url` (`postgres://…` both). A standby
    /// that is away is waited for without end, and not read meanwhile.
    ///
    /// # Errors
    /// `Internal` where a URL cannot be read, or another database answers at `url`.
    pub async fn connect(
        primary_url: &str,
        url: &str,
        options: ReplicaOptions,
        clock: Arc<dyn Clock>,
    ) -> StoreResult<Self> {
        let watched = Arc::new(Watched {
            primary: connect::readers(primary_url, &options.session(1))?,
            standby: connect::readers(url, &options.session(options.readers))?,
            options,
            clock,
            counters: Counters::default(),
            marks: Marks::default(),
            standing: Mutex::new(Err(ReplicaMiss::Unreachable)),
        });
        if watched.look().await == Found::Another {
            let context = "the replica is no copy of the database";
            return Err(StoreError::new(StoreErrorKind::Internal, context));
        }
        let watching = tokio::spawn(watch(Arc::clone(&watched)));
        Ok(Self { watched, watching })
    }

    /// Waits for reads to end, then closes every connection.
    pub async fn close(&self) {
        self.watching.abort();
        self.watched.standby.close().await;
        self.watched.primary.close().await;
    }
}

impl Drop for PostgresReplica {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

async fn watch(watched: Arc<Watched>) {
    let mut ticks = interval(watched.options.look_interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        watched.look().await;
    }
}

/// What was found at the standby's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Copy,
    Another,
    Nothing,
}

impl Watched {
    /// Takes a mark of the primary, then looks how far the standby is.
    async fn look(&self) -> Found {
        let wait = self.options.wait_max;
        if let Ok(Ok(mark)) = timeout(wait, self.take_mark()).await {
            self.marks.add(mark, self.options.lag_max);
        }
        let standing = match timeout(wait, self.look_at_standby()).await {
            Ok(Ok(standing)) => standing,
            Ok(Err(_)) | Err(_) => {
                self.set_standing(Err(ReplicaMiss::Unreachable));
                return Found::Nothing;
            }
        };
        let seen = self.seen(&standing);
        self.set_standing(seen.map(|mark| mark.taken));
        match self.marks.is_of_another_system(&standing) {
            true => Found::Another,
            false => Found::Copy,
        }
    }

    async fn take_mark(&self) -> StoreResult<Mark> {
        let (at_micros, taken) = (self.clock.now_micros(), Instant::now());
        let mut connection = self.primary.acquire().await.map_err(acquiring)?;
        let rows = self.db(&mut connection).rows(sql::READ_MARK, []).await?;
        let row = rows.first().ok_or_else(nothing_told)?;
        Ok(Mark {
            system: column::int(row, "system_identifier")?,
            timeline: column::int(row, "timeline")?,
            position: column::int(row, "position")?,
            at_micros,
            taken,
        })
    }

    async fn look_at_standby(&self) -> StoreResult<Standing> {
        let mut connection = self.standby.acquire().await.map_err(acquiring)?;
        self.standing_on(&mut connection).await
    }

    async fn standing_on(&self, connection: &mut PgConnection) -> StoreResult<Standing> {
        let rows = self.db(connection).rows(sql::READ_STANDING, []).await?;
        let row = rows.first().ok_or_else(nothing_told)?;
        Ok(Standing {
            follows: column::get(row, "follows")?,
            system: column::int(row, "system_identifier")?,
            timeline: column::int(row, "timeline")?,
            position: column::optional_int(row, "position")?,
        })
    }

    fn db<'a>(&'a self, connection: &'a mut PgConnection) -> Db<'a> {
        Db {
            connection,
            counters: &self.counters,
        }
    }

    /// The moment by which everything was seen by whoever reads a standby that stands so.
    fn seen(&self, standing: &Standing) -> Result<Mark, ReplicaMiss> {
        let oldest = Instant::now().checked_sub(self.options.lag_max);
        self.marks.seen(standing, oldest)
    }

    fn standing(&self) -> Result<Instant, ReplicaMiss> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_standing(&self, seen: Result<Instant, ReplicaMiss>) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    async fn read(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> Result<SeenInputs, ReplicaMiss> {
        let unreachable = |_| ReplicaMiss::Unreachable;
        let mut connection = self.standby.acquire().await;
        let connection = connection.as_mut().map_err(|_| ReplicaMiss::Unreachable)?;
        let standing = self.standing_on(connection).await.map_err(unreachable)?;
        let mark = self.seen(&standing)?;
        let mut db = self.db(connection);
        let inputs = worker::check_inputs(&mut db, workers, employers).await;
        Ok(SeenInputs {
            inputs: inputs.map_err(unreachable)?,
            seen_at: mark.at_micros,
        })
    }
}

fn acquiring(error: sqlx::Error) -> StoreError {
    in_statement("taking a connection", error)
}

fn nothing_told() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "no position was told")
}

#[async_trait]
impl Replica for PostgresReplica {
    async fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> Result<SeenInputs, ReplicaMiss> {
        // Nobody waits for a standby that was just seen to be away or behind.
        self.watched.standing()?;
        let read = self.watched.read(workers, employers);
        let read = timeout(self.watched.options.wait_max, read).await;
        let read = read.unwrap_or(Err(ReplicaMiss::Unreachable));
        if let Err(miss) = &read {
            self.watched.set_standing(Err(*miss));
        }
        read
    }

    fn age(&self) -> Option<Duration> {
        let age = self.watched.standing().ok()?.elapsed();
        (age <= self.watched.options.lag_max).then_some(age)
    }
}
