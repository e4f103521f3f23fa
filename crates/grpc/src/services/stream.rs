//! Streams of rows: what has arrived is worked on together, and no more is taken in before its answers are taken out.

use std::future::Future;
use std::pin::Pin;

use futures::stream::{self, ReadyChunks};
use futures::{Stream, StreamExt as _};
use mamagang_app::limits::{CALL_TIME_DEFAULT, STREAM_CHUNK_ROWS};
use mamagang_app::{AppError, ErrorReason};
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

use crate::call::Call;
use crate::error::transport_status;
use crate::limits::STREAM_IDLE_MAX;

/// The answers of a stream.
pub(crate) type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send + 'static>>;

/// What is done with the rows of a stream.
pub(crate) trait Rows: Send + 'static {
    /// A row.
    type Row: Send + 'static;
    /// Its answer.
    type Answer: Send + 'static;

    /// Answers some rows, one answer each, in order. An error ends the stream.
    fn answer(
        &mut self,
        rows: Vec<Self::Row>,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, Status>> + Send;
}

/// Answers a stream of rows in order. A row waits for no other: a chunk is what has arrived, up to its limit.
pub(crate) fn answers<R: Rows>(rows: Streaming<R::Row>, call: Call, work: R) -> Answers<R::Answer> {
    chunked(rows, call, work)
}

fn chunked<S, R>(rows: S, call: Call, work: R) -> Answers<R::Answer>
where
    S: Stream<Item = Result<R::Row, Status>> + Send + Unpin + 'static,
    R: Rows,
{
    let state = State {
        rows: rows.ready_chunks(STREAM_CHUNK_ROWS),
        call,
        work,
        has_ended: false,
    };
    Box::pin(stream::unfold(state, State::step).flat_map(stream::iter))
}

struct State<S: Stream, R> {
    rows: ReadyChunks<S>,
    call: Call,
    work: R,
    has_ended: bool,
}

impl<S, R> State<S, R>
where
    S: Stream<Item = Result<R::Row, Status>> + Send + Unpin,
    R: Rows,
{
    /// The answers of one chunk; an error comes last and ends the stream.
    async fn step(mut self) -> Option<(Vec<Result<R::Answer, Status>>, Self)> {
        if self.has_ended {
            return None;
        }
        let arrived = match timeout_at(self.until(STREAM_IDLE_MAX), self.rows.next()).await {
            Ok(arrived) => arrived?,
            Err(_) => return Some(self.end_with(Vec::new(), None)),
        };
        let mut rows = Vec::with_capacity(arrived.len());
        let mut broken = None;
        for row in arrived {
            match row {
                Ok(row) => rows.push(row),
                Err(status) => {
                    broken = Some(status);
                    break;
                }
            }
        }
        let until = self.until(CALL_TIME_DEFAULT);
        let answered = match timeout_at(until, self.work.answer(rows)).await {
            Ok(Ok(answers)) => answers.into_iter().map(Ok).collect(),
            Ok(Err(status)) => return Some(self.end_with(Vec::new(), Some(status))),
            Err(_) => return Some(self.end_with(Vec::new(), None)),
        };
        match broken {
            None => Some((answered, self)),
            Some(status) => {
                let status = transport_status(status, self.call.language);
                Some(self.end_with(answered, Some(status)))
            }
        }
    }

    /// The caller's deadline, or a wait from now on, whichever is earlier.
    fn until(&self, wait: std::time::Duration) -> Instant {
        let latest = Instant::now() + wait;
        self.call
            .deadline
            .map_or(latest, |deadline| deadline.min(latest))
    }

    /// Ends the stream with an error; with none told, the wait was over.
    fn end_with(
        mut self,
        mut answers: Vec<Result<R::Answer, Status>>,
        status: Option<Status>,
    ) -> (Vec<Result<R::Answer, Status>>, Self) {
        self.has_ended = true;
        let status = status.unwrap_or_else(|| {
            self.call
                .refuse(&AppError::new(ErrorReason::DeadlineTooShort))
        });
        answers.push(Err(status));
        (answers, self)
    }
}

#[cfg(test)]
mod tests;
