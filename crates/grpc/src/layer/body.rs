//! The body of an answer, watched until its trailers: there a call's code stands.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};

use super::record::Record;

/// A body that ends its call's record, and holds the call's place until then.
#[derive(Debug)]
pub(super) struct ObservedBody {
    inner: Body,
    record: Option<Record>,
    permit: Option<OwnedSemaphorePermit>,
}

impl ObservedBody {
    pub(super) const fn new(
        inner: Body,
        record: Record,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            inner,
            record: Some(record),
            permit,
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
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
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
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
