//! The body of an answer, watched until its trailers: there a call's code stands.
//!
//! It is handed over in pieces, so that no more than one of them waits in HTTP/2's own buffer, and it ends by itself when
//! the service drains and a stream has nothing more to say.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use mamagang_app::{AppError, AppResult};
use mamagang_domain::reason::Language;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};

use super::answers::Ticket;
use super::audit::CallAudit;
use super::record::Record;
use crate::error;
use crate::limits::ANSWER_PIECE_BYTES;

/// What is waited for before a stream's trailers leave: that its end is recorded.
type Recording = BoxFuture<'static, AppResult<()>>;

/// Tells open answers that the service drains.
pub(super) type Draining = watch::Receiver<bool>;

/// What a call holds until its answer has ended.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Its place among all calls.
    pub(super) place: Option<OwnedSemaphorePermit>,
    /// Its place among its caller's calls.
    pub(super) share: Option<OwnedSemaphorePermit>,
    /// Its place among the answers that are not taken yet.
    pub(super) ticket: Option<Ticket>,
}

/// How an answer ends when the service drains.
#[derive(Debug)]
pub(super) struct Farewell {
    pub(super) draining: Draining,
    /// How long it may go on with nothing to say.
    pub(super) patience: Duration,
}

/// A body that ends its call's record, and holds the call's places until then.
pub(super) struct ObservedBody {
    inner: Body,
    record: Option<Record>,
    held: Held,
    rest: Bytes,
    farewell: Farewell,
    leaving: Option<BoxFuture<'static, ()>>,
    language: Language,
    /// Of a stream, whose end is recorded too.
    audit: Option<CallAudit>,
    /// The last frame, held back while the end is being recorded.
    ending: Option<(Recording, Frame<Bytes>)>,
}

impl fmt::Debug for ObservedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl ObservedBody {
    pub(super) fn new(
        inner: Body,
        record: Record,
        held: Held,
        farewell: Farewell,
        language: Language,
        audit: Option<CallAudit>,
    ) -> Self {
        Self {
            inner,
            record: Some(record),
            held,
            rest: Bytes::new(),
            farewell,
            leaving: None,
            language,
            audit,
            ending: None,
        }
    }

    /// Waits until the stream's end is recorded; then the last frame leaves. Without a record the stream fails.
    fn poll_ending(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some((mut recording, frame)) = self.ending.take() else {
            return Poll::Ready(None);
        };
        match recording.as_mut().poll(cx) {
            Poll::Pending => {
                self.ending = Some((recording, frame));
                Poll::Pending
            }
            Poll::Ready(Ok(())) => {
                let code = frame.trailers_ref().map_or(Code::Unknown, code_of);
                self.end(code);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Err(error)) => {
                let status = error::status(&error, self.language);
                self.end(status.code());
                let mut trailers = HeaderMap::new();
                match status.add_header(&mut trailers) {
                    Ok(()) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                    Err(status) => Poll::Ready(Some(Err(status))),
                }
            }
        }
    }

    /// The next piece of what is held.
    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(ANSWER_PIECE_BYTES);
        let piece = self.rest.split_to(length);
        if let Some(ticket) = &mut self.held.ticket {
            ticket.holds(self.rest.len());
            ticket.hands_over();
        }
        Frame::data(piece)
    }

    /// Whether the service drains and the answer has had its time.
    fn poll_leaving(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let leaving = self.leaving.get_or_insert_with(|| {
            let mut draining = self.farewell.draining.clone();
            let patience = self.farewell.patience;
            Box::pin(async move {
                // An error means that there is nobody left who could ask for an end.
                if draining.wait_for(|asked| *asked).await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(patience).await;
            })
        });
        leaving.as_mut().poll(cx)
    }

    /// The trailers of an answer that the service ends; recorded like another end.
    fn poll_parting(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let status = error::status(&AppError::draining(), self.language);
        let mut trailers = HeaderMap::new();
        // A status that we made has no header that could not be written.
        let _ = status.add_header(&mut trailers);
        self.inner = Body::empty();
        self.poll_trailers(cx, Frame::trailers(trailers))
    }

    /// The last frame leaves once the stream's end is recorded.
    fn poll_trailers(
        &mut self,
        cx: &mut Context<'_>,
        frame: Frame<Bytes>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let unknown = || Status::new(Code::Unknown, "");
        let told = frame.trailers_ref().and_then(Status::from_header_map);
        let status = told.unwrap_or_else(unknown);
        match self.audit.take() {
            Some(audit) => {
                self.ending = Some((Box::pin(audit.ended(status)), frame));
                self.poll_ending(cx)
            }
            None => {
                self.end(status.code());
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn end(&mut self, code: Code) {
        self.held = Held::default();
        if let Some(record) = self.record.take() {
            record.finish(code);
        }
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        // A streamed answer is worked out while its body is polled.
        let span = self.record.as_ref().map(|record| record.span().clone());
        let _entered = span.as_ref().map(tracing::Span::enter);
        if self.ending.is_some() {
            return self.poll_ending(cx);
        }
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        if let Some(ticket) = &self.held.ticket {
            ticket.goes_on();
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    Poll::Ready(Some(Ok(self.piece())))
                }
                Err(frame) => self.poll_trailers(cx, frame),
            },
            Poll::Ready(Some(Err(status))) => {
                self.end(status.code());
                Poll::Ready(Some(Err(status)))
            }
            Poll::Ready(None) => {
                // Every gRPC answer ends with trailers.
                self.end(Code::Unknown);
                Poll::Ready(None)
            }
            Poll::Pending if self.record.is_some() && self.poll_leaving(cx).is_ready() => {
                self.poll_parting(cx)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ending.is_none() && self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // What is held comes on top of what the inner body still has.
        let mut hint = self.inner.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
