//! The body of an answer, watched until its trailers: there a call's code stands.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use mamagang_app::AppResult;
use mamagang_domain::reason::Language;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};

use super::audit::CallAudit;
use super::record::Record;
use crate::error;

/// What is waited for before a stream's trailers leave: that its end is recorded.
type Recording = BoxFuture<'static, AppResult<()>>;

/// A body that ends its call's record, and holds the call's place until then.
pub(super) struct ObservedBody {
    inner: Body,
    record: Option<Record>,
    permit: Option<OwnedSemaphorePermit>,
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
    pub(super) const fn new(
        inner: Body,
        record: Record,
        permit: Option<OwnedSemaphorePermit>,
        language: Language,
        audit: Option<CallAudit>,
    ) -> Self {
        Self {
            inner,
            record: Some(record),
            permit,
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

    fn end(&mut self, code: Code) {
        self.permit = None;
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
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    if let Some(audit) = self.audit.take() {
                        let unknown = || Status::new(Code::Unknown, "");
                        let status = Status::from_header_map(trailers).unwrap_or_else(unknown);
                        let Poll::Ready(Some(Ok(frame))) = polled else {
                            return polled;
                        };
                        self.ending = Some((Box::pin(audit.ended(status)), frame));
                        return self.poll_ending(cx);
                    }
                    self.end(code_of(trailers));
                }
            }
            Poll::Ready(Some(Err(status))) => self.end(status.code()),
            // Every gRPC answer ends with trailers.
            Poll::Ready(None) => self.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ending.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
