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
        self.write(OPENED).await?;
        self.owed = Owed::End;
        Ok(Some(self))
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
