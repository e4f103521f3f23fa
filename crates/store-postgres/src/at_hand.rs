//! Connections that write, some of them at hand between batches of postings.
//!
//! sqlx asks the server whether a connection is alive each time one is given back to its pool: a
//! round trip and a task for each batch. One whose batch was just written is known to be alive, and
//! waits here for the next batch or unit instead.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Error, Postgres};
use tokio::time::Instant;

use crate::connect::TRUSTED_IDLE;

/// So many are kept at hand at most.
const AT_HAND_MAX: usize = 4;

/// A connection goes back to the pool, which asks for its health and replaces it in time, once it has
/// not been there for so long.
const AWAY_MAX: Duration = Duration::from_secs(10);

/// The connections of units of work and of batches of postings.
pub(crate) struct Units {
    pool: PgPool,
    at_hand: Mutex<Vec<AtHand>>,
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

impl Units {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            at_hand: Mutex::default(),
        }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// One that is at hand, else one of the pool.
    pub(crate) async fn acquire(&self) -> Result<Lent, Error> {
        if let Some(lent) = self.at_hand() {
            return Ok(lent);
        }
        let connection = self.pool.acquire().await?;
        Ok(Lent {
            connection,
            given: Instant::now(),
        })
    }

    /// The one that was used last. Those that were not used for long are given back.
    fn at_hand(&self) -> Option<Lent> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        at_hand.retain(|it| now.duration_since(it.used) < TRUSTED_IDLE);
        at_hand.pop().map(|it| it.lent)
    }

    /// Keeps a connection at hand that was just used and has no transaction open. It is given back
    /// instead where enough are at hand, or where all that there may be are in use: somebody may wait
    /// for one at the pool.
    pub(crate) fn keep(&self, lent: Lent) {
        let may_grow = self.pool.size() < self.pool.options().get_max_connections();
        let is_wanted = !may_grow && self.pool.num_idle() == 0;
        if is_wanted || lent.given.elapsed() > AWAY_MAX {
            return;
        }
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked under the lock: whoever closes the pool empties this afterwards.
        if at_hand.len() < AT_HAND_MAX && !self.pool.is_closed() {
            let used = Instant::now();
            at_hand.push(AtHand { lent, used });
        }
    }

    /// Waits until all are given back, and closes them.
    pub(crate) async fn close(&self) {
        let closed = self.pool.close();
        self.at_hand
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        closed.await;
    }
}
