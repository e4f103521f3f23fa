//! Every call leaves a durable row before its answer leaves.
//!
//! The use cases record what they know best. What none of them has recorded is recorded here: refusals for syntax, by
//! authentication, by permission or by time, faults, and reads without a row of their own. A stream is recorded when it
//! is opened and when it ends, around the rows of what was worked on in between.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use mamagang_app::{AppResult, Caller};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::record::name_of;
use crate::call::Trail;

/// A stream that was let in.
const OPENED: &str = "OPENED";
/// A stream that ended as its method wanted.
const CLOSED: &str = "CLOSED";
/// A call whose caller went away.
const CANCELLED: &str = "CANCELLED";

/// How much of a call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// A row, unless a use case has written one.
    Row,
    /// The end of a stream.
    End,
    Nothing,
}

/// What a call still owes the audit trail. Dropped before that was written, its caller has gone away: that is recorded.
pub(super) struct CallAudit {
    trail: Arc<dyn Trail>,
    method: Arc<str>,
    caller: Arc<Caller>,
    owed: Owed,
}

impl fmt::Debug for CallAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAudit")
            .field("method", &self.method)
            .field("owed", &self.owed)
            .finish_non_exhaustive()
    }
}

impl CallAudit {
    pub(super) fn new(trail: Arc<dyn Trail>, method: Arc<str>, caller: Arc<Caller>) -> Self {
        Self {
            trail,
            method,
            caller,
            owed: Owed::Row,
        }
    }

    /// As of when the answer was read from a replica (microseconds).
    pub(super) fn seen_at(&self) -> Option<i64> {
        self.caller.trail.seen_at()
    }

    /// Records a call that was answered by a refusal.
    pub(super) async fn refused(mut self, outcome: &str) -> AppResult<()> {
        self.settle(outcome).await
    }

    /// Records an answer before it leaves: one that is whole, or the opening of a stream, whose end is then owed.
    pub(super) async fn answered(
        mut self,
        headers: &HeaderMap,
        is_stream: bool,
    ) -> AppResult<Option<Self>> {
        let refusal = Status::from_header_map(headers);
        let refusal = refusal.filter(|status| status.code() != Code::Ok);
        if let Some(status) = refusal {
            self.settle(&outcome_of(&status)).await?;
            return Ok(None);
        }
        if !is_stream {
            self.settle("OK").await?;
            return Ok(None);
        }
        // The row is on its way before it is waited for: a caller who goes away meanwhile leaves a stream that was opened.
        self.owed = Owed::End;
        let opened = self.trail.record(&self.method, &self.caller, OPENED).await;
        if opened.is_err() {
            self.owed = Owed::Nothing;
        }
        opened.map(|()| Some(self))
    }

    /// Records how a stream ended, before its trailers leave.
    pub(super) async fn ended(mut self, status: Status) -> AppResult<()> {
        match status.code() {
            Code::Ok => self.write(CLOSED).await,
            _ => self.write(&outcome_of(&status)).await,
        }
    }

    async fn settle(&mut self, outcome: &str) -> AppResult<()> {
        if self.caller.trail.is_recorded() {
            self.owed = Owed::Nothing;
            return Ok(());
        }
        self.write(outcome).await
    }

    async fn write(&mut self, outcome: &str) -> AppResult<()> {
        self.owed = Owed::Nothing;
        self.trail.record(&self.method, &self.caller, outcome).await
    }
}

impl Drop for CallAudit {
    fn drop(&mut self) {
        let is_recorded = self.owed == Owed::Row && self.caller.trail.is_recorded();
        if self.owed == Owed::Nothing || is_recorded {
            return;
        }
        let (trail, method) = (Arc::clone(&self.trail), Arc::clone(&self.method));
        let caller = Arc::clone(&self.caller);
        // Without a runtime the process ends, and its writers with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = trail.record(&method, &caller, CANCELLED).await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "A call that its caller left could not be recorded"
                    );
                }
            });
        }
    }
}

/// The reason of an error, or its code where it has none.
fn outcome_of(status: &Status) -> String {
    let reason = status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone());
    reason.unwrap_or_else(|| name_of(status.code()).to_owned())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use mamagang_app::audit::TurnedAway;
    use mamagang_app::{AppError, ErrorReason};

    use super::*;

    /// A trail that takes every row and, of an opened stream, does not come back or refuses it.
    struct Slow {
        rows: Mutex<Vec<String>>,
        refuses: bool,
    }

    #[tonic::async_trait]
    impl Trail for Slow {
        async fn record(&self, _: &str, _: &Caller, outcome: &str) -> AppResult<()> {
            if outcome == OPENED && self.refuses {
                return Err(AppError::new(ErrorReason::StoreUnavailable));
            }
            self.rows.lock().expect("a lock").push(outcome.to_owned());
            if outcome == OPENED {
                std::future::pending::<()>().await;
            }
            Ok(())
        }

        async fn record_turned_away(&self, _: &TurnedAway) -> AppResult<()> {
            Ok(())
        }
    }

    fn slow(refuses: bool) -> (Arc<Slow>, CallAudit) {
        let trail = Arc::new(Slow {
            rows: Mutex::default(),
            refuses,
        });
        let caller = Arc::new(Caller::developer());
        let audit = CallAudit::new(trail.clone(), "a method".into(), caller);
        (trail, audit)
    }

    #[tokio::test]
    async fn a_stream_left_while_its_opening_is_recorded_has_an_end() {
        let (trail, audit) = slow(false);
        {
            let headers = HeaderMap::new();
            let mut opening = pin!(audit.answered(&headers, true));
            let mut context = Context::from_waker(Waker::noop());
            assert!(opening.as_mut().poll(&mut context).is_pending());
        }
        let ended = async {
            while trail.rows.lock().expect("a lock").len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(5), ended).await;
        waited.expect("no end was recorded");
        assert_eq!(*trail.rows.lock().expect("a lock"), [OPENED, CANCELLED]);
    }

    #[tokio::test]
    async fn a_stream_whose_opening_cannot_be_recorded_has_no_end() {
        let (trail, audit) = slow(true);
        let opened = audit.answered(&HeaderMap::new(), true).await;
        assert!(opened.is_err());
        // What a dropped call records is recorded by a task of its own.
        tokio::task::yield_now().await;
        assert_eq!(*trail.rows.lock().expect("a lock"), [""; 0]);
    }
}
