//! `WatchEntries`: entries as they are recorded, each at least once and none left out.
//!
//! A position is given when an entry is written, before its commit; on an engine with several
//! writers a lower one may be committed later. So the feed is read up to an end behind which nothing
//! can appear any more: the last position that was seen, once every unit that was open then has
//! ended (`Store::fence`). All watchers share one look at the end, and each reads its own pages: a
//! slow one holds nobody up.

use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_store::Store;
use mamagang_store::rows::EntryRow;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::entries::ListedEntry;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::{FEED_HEARTBEAT, FEED_LOOK_EVERY, FEED_PAGE_ENTRIES, WATCHERS_MAX};

/// What all watchers share.
#[derive(Debug)]
pub(crate) struct Feed {
    end: Mutex<SafeEnd>,
    places: Arc<Semaphore>,
    stopped: watch::Sender<bool>,
}

/// Up to where the feed is final, and when that was looked up.
#[derive(Debug)]
struct SafeEnd {
    position: i64,
    looked_at: Option<Instant>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            end: Mutex::new(SafeEnd {
                position: 0,
                looked_at: None,
            }),
            places: Arc::new(Semaphore::new(WATCHERS_MAX)),
            stopped: watch::Sender::new(false),
        }
    }
}

impl Feed {
    /// The position up to which every entry is there that ever will be.
    async fn safe_end(&self, store: &dyn Store) -> AppResult<i64> {
        let mut end = self.end.lock().await;
        if end
            .looked_at
            .is_some_and(|looked| looked.elapsed() < FEED_LOOK_EVERY)
        {
            return Ok(end.position);
        }
        let seen = store.feed_end().await?;
        if seen > end.position {
            store.fence_positions().await?;
            end.position = seen;
        }
        end.looked_at = Some(Instant::now());
        Ok(end.position)
    }
}

/// Which entries, and from where.
#[derive(Clone, Copy, Debug)]
pub struct WatchQuery {
    /// Of one employer, or of all.
    pub employer_code: Option<EmployerCode>,
    /// After which position; `None` = from now on. Of one employer it is a sequence.
    pub after: Option<i64>,
}

/// Entries with the position after each.
pub type Watched = Vec<(i64, ListedEntry)>;

/// A watcher. Dropping it gives its place back.
#[derive(Debug)]
pub struct EntryWatch {
    app: Arc<App>,
    employer_code: Option<EmployerCode>,
    after: i64,
    /// Up to where the feed was read.
    read_through: i64,
    stopped: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

const METHOD: &str = "mamagang.v1.LedgerService/WatchEntries";

impl App {
    /// Begins to watch. One audit row is written for the watch, none for its entries.
    ///
    /// # Errors
    /// `OVERLOADED` where too many watch already; `PERMISSION_DENIED` where a caller of limited
    /// reach names no employer.
    pub async fn watch_entries(
        self: &Arc<Self>,
        caller: &Caller,
        query: WatchQuery,
    ) -> AppResult<EntryWatch> {
        let permit = self.permit(METHOD, caller, None).await?;
        match query.employer_code {
            Some(code) => {
                self.permit_employer(&permit, code).await?;
                if let Err(error) = self.employer_row(code, None).await {
                    return Err(self.audit_refusal(METHOD, caller, None, error).await);
                }
            }
            None if permit.reaches_everything() => {}
            None => {
                let error = AppError::new(ErrorReason::PermissionDenied);
                return Err(self.audit_refusal(METHOD, caller, None, error).await);
            }
        }
        let place = Arc::clone(&self.feed.places).try_acquire_owned();
        let place = place.map_err(|_| AppError::overloaded())?;
        let after = match (query.after, query.employer_code) {
            (Some(after), _) => after,
            (None, Some(code)) => i64::from(self.stored_head(code).await?.sequence),
            (None, None) => self.feed.safe_end(&*self.store).await?,
        };
        let mut draft = self.audit_draft(METHOD, caller, None, Vec::new());
        draft.employer_code = query.employer_code;
        self.audit.write(draft).await?;
        Ok(EntryWatch {
            app: Arc::clone(self),
            employer_code: query.employer_code,
            after,
            read_through: -1,
            stopped: self.feed.stopped.subscribe(),
            _place: place,
        })
    }

    /// Ends every watch: the service drains. Watchers go on elsewhere from their last position.
    pub fn stop_watches(&self) {
        self.feed.stopped.send_replace(true);
    }

    /// Seals a place in the feed for the caller's organisation. It does not expire.
    pub fn seal_feed(&self, caller: &Caller, position: &[u8]) -> String {
        self.keys().seal_token(
            mamagang_crypto::TokenKind::Page,
            &caller.organisation,
            i64::MAX,
            position,
        )
    }
}

impl EntryWatch {
    /// The position after the last entry told.
    pub const fn position(&self) -> i64 {
        self.after
    }

    /// The next entries, at least one; none where nothing came for a while; `None` once the service
    /// drains.
    ///
    /// # Errors
    /// The store's.
    pub async fn next(&mut self) -> AppResult<Option<Watched>> {
        let until = Instant::now() + FEED_HEARTBEAT;
        loop {
            if *self.stopped.borrow() {
                return Ok(None);
            }
            let found = self.look().await?;
            if !found.is_empty() {
                return Ok(Some(found));
            }
            let mut stopped = self.stopped.clone();
            let waited = async {
                tokio::select! {
                    () = sleep(FEED_LOOK_EVERY) => {}
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                }
            };
            if timeout_at(until, waited).await.is_err() {
                return Ok(Some(Vec::new()));
            }
        }
    }

    async fn look(&mut self) -> AppResult<Watched> {
        let end = self.app.feed.safe_end(&*self.app.store).await?;
        if end == self.read_through {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, EntryRow)> = match self.employer_code {
            // Within one employer sequences are committed in order: no end needs to be waited for.
            Some(code) => {
                let after = u32::try_from(self.after).unwrap_or(u32::MAX);
                let store = &self.app.store;
                let rows = store.list_entries(&code, None, after, FEED_PAGE_ENTRIES, None);
                let rows = rows.await?.into_iter();
                rows.map(|row| (i64::from(row.sequence), row)).collect()
            }
            None => {
                let rows = self.app.store.list_feed(self.after, end, FEED_PAGE_ENTRIES);
                let rows = rows.await?.into_iter();
                rows.map(|row| (row.position, row.entry)).collect()
            }
        };
        let Some((last, _)) = rows.last() else {
            // An employer's entry may have been committed after the end was looked up; the next end
            // lies behind it.
            self.read_through = end;
            return Ok(Vec::new());
        };
        self.after = *last;
        let (positions, rows): (Vec<i64>, Vec<EntryRow>) = rows.into_iter().unzip();
        let listed = self.app.listed_entries(rows).await?;
        Ok(positions.into_iter().zip(listed).collect())
    }
}
