//! Connections that write, some of them at hand between batches of postings.
//!
//! sqlx asks the server whether a connection is alive each time one is given back to its pool: a
//! round trip and a task for each batch. One whose batch was just written is known to be alive, and
//! waits here for the next batch or unit instead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Error, Postgres};
use tokio::time::{Instant, sleep};

use crate::connect::TRUSTED_IDLE;

/// So many are kept at hand at most.
const AT_HAND_MAX: usize = 4;

/// A connection goes back to the pool, which asks for its health and replaces it in time, once it has
/// not been there for so long.
const AWAY_MAX: Duration = Duration::from_secs(10);

/// The connections of units of work and of batches of postings.
pub(crate) struct Units {
    pool: PgPool,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    at_hand: Vec<AtHand>,
    /// Callers who found none here and wait at the pool: nothing is kept from them.
    waiting: usize,
    /// Whether a task gives back what lies here unused.
    is_watched: bool,
}

struct AtHand {
    lent: Lent,
    used: Instant,
}

/// A connection that is used by one alone.
pub(crate) struct Lent {
    pub(crate) connection: PoolConnection<Postgres>,
    /// When the pool gave it.
    given: Instant,
}

/// A caller at the pool.
struct Waiting<'a>(&'a Units);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.shelf().waiting -= 1;
    }
}

impl Units {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            shelf: Mutex::default(),
        }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is at hand, else one of the pool.
    pub(crate) async fn acquire(&self) -> Result<Lent, Error> {
        let waiting = {
            let mut shelf = self.shelf();
            shelf.give_back_unused();
            if let Some(it) = shelf.at_hand.pop() {
                return Ok(it.lent);
            }
            shelf.waiting += 1;
            Waiting(self)
        };
        let connection = self.pool.acquire().await;
        drop(waiting);
        Ok(Lent {
            connection: connection?,
            given: Instant::now(),
        })
    }

    /// Keeps a connection at hand that was just used and has no transaction open. It is given back
    /// instead where enough are at hand, or where somebody waits for one at the pool.
    pub(crate) fn keep(self: &Arc<Self>, lent: Lent) {
        let mut shelf = self.shelf();
        // Asked under the lock: whoever closes the pool empties this afterwards.
        let may_stay = shelf.waiting == 0
            && shelf.at_hand.len() < AT_HAND_MAX
            && lent.given.elapsed() < AWAY_MAX
            && !self.pool.is_closed();
        if !may_stay {
            return;
        }
        let used = Instant::now();
        shelf.at_hand.push(AtHand { lent, used });
        if !shelf.is_watched {
            shelf.is_watched = true;
            tokio::spawn(watch(Arc::downgrade(self)));
        }
    }

    /// Waits until all are given back, and closes them.
    pub(crate) async fn close(&self) {
        let closed = self.pool.close();
        self.shelf().at_hand.clear();
        closed.await;
    }
}

impl Shelf {
    fn give_back_unused(&mut self) {
        let now = Instant::now();
        self.at_hand
            .retain(|it| now.duration_since(it.used) < TRUSTED_IDLE);
    }
}

/// Gives back what lies unused, also while nobody asks for anything: the pool replaces what is old.
async fn watch(units: Weak<Units>) {
    loop {
        sleep(TRUSTED_IDLE).await;
        let Some(units) = units.upgrade() else {
            return;
        };
        let mut shelf = units.shelf();
        shelf.give_back_unused();
        if shelf.at_hand.is_empty() {
            shelf.is_watched = false;
            return;
        }
    }
}
