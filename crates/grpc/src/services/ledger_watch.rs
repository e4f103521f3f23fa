//! Entries as they are recorded: a stream to the caller.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use mamagang_app::ledger::{EntryWatch, WatchQuery};
use mamagang_app::limits::CALL_TIME_MAX;
use mamagang_app::{App, AppError, ErrorReason};
use mamagang_proto::v1;
use prost::Message as _;
use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status};

use super::stream::Answers;
use crate::call::Call;
use crate::convert::page::{self, Selection};
use crate::reply::ledger as reply;

/// What a watch goes on with.
struct Watching {
    app: Arc<App>,
    call: Call,
    selection: Selection,
    watch: EntryWatch,
    /// When the stream ends by itself; the caller goes on from its last token.
    ends_at: Instant,
    has_ended: bool,
}

/// Begins a watch.
pub(super) async fn watch_entries(
    app: &Arc<App>,
    call: Call,
    message: v1::WatchEntriesRequest,
) -> Result<Response<Answers<v1::WatchEntriesResponse>>, Status> {
    let employer_code = call.read(app, |check| match message.employer_code.as_str() {
        "" => Some(None),
        code => check.employer_code("employer_code", code).map(Some),
    })?;
    let alike = v1::WatchEntriesRequest {
        employer_code: message.employer_code.clone(),
        ..Default::default()
    };
    let selection = Selection::new("WatchEntries", &alike.encode_to_vec());
    let begun = async {
        let start = page::open(app, &call.caller, selection, &message.feed_token, None)?;
        let read = |bytes: &[u8]| bytes.try_into().ok().map(i64::from_be_bytes);
        let known = page::position(&start, read)?;
        let from_start = (!message.from_now).then_some(0);
        let query = WatchQuery {
            employer_code,
            after: known.or(from_start),
        };
        app.watch_entries(&call.caller, query).await
    };
    let watch = begun.await.map_err(|error| call.refuse(&error))?;
    let watching = Watching {
        app: Arc::clone(app),
        selection,
        watch,
        ends_at: Instant::now() + CALL_TIME_MAX,
        has_ended: false,
        call,
    };
    let messages = stream::unfold(watching, Watching::step).flat_map(stream::iter);
    Ok(Response::new(Box::pin(messages)))
}

type Messages = Vec<Result<v1::WatchEntriesResponse, Status>>;

impl Watching {
    /// The messages that come next; an error is the last.
    async fn step(mut self) -> Option<(Messages, Self)> {
        if self.has_ended {
            return None;
        }
        let deadline = self.call.deadline.unwrap_or(self.ends_at);
        let next = timeout_at(deadline.min(self.ends_at), self.watch.next()).await;
        let error = match next {
            Ok(Ok(Some(entries))) => {
                let messages = self.messages(&entries);
                return Some((messages, self));
            }
            Ok(Ok(None)) => return None,
            Ok(Err(error)) => error,
            Err(_) if deadline > self.ends_at => return None,
            Err(_) if self.call.deadline.is_none() => return None,
            Err(_) => AppError::new(ErrorReason::DeadlineTooShort),
        };
        self.has_ended = true;
        let refused = Err(self.call.refuse(&error));
        Some((vec![refused], self))
    }

    fn messages(&self, entries: &[(i64, mamagang_app::ledger::ListedEntry)]) -> Messages {
        if entries.is_empty() {
            let feed_token = self.token(self.watch.position());
            return vec![Ok(v1::WatchEntriesResponse {
                entry: None,
                feed_token,
            })];
        }
        entries
            .iter()
            .map(|(position, entry)| {
                Ok(v1::WatchEntriesResponse {
                    entry: Some(reply::entry(&self.app, entry)),
                    feed_token: self.token(*position),
                })
            })
            .collect()
    }

    fn token(&self, position: i64) -> String {
        let sealed = page::written(self.selection, 0, &position.to_be_bytes());
        self.app.seal_feed(&self.call.caller, &sealed)
    }
}
