//! What is measured of a call, by OpenTelemetry's conventions for RPC. Nothing of what the call says is recorded.

use std::sync::Arc;

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;
use tonic::Code;
use tracing::Span;
use tracing::field::Empty;

use super::method::Method;

const DURATION: &str = "rpc.server.call.duration";
const CALLS: &str = "rpc.server.calls.total";

/// Tells the recorder what the measurements are.
pub(super) fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time from a call's arrival to the last byte of its answer"
    );
    describe_counter!(CALLS, "Calls that have ended, by method and gRPC code");
}

/// The span of a call.
pub(super) fn span(method: &Method, request_id: &str) -> Span {
    let name: &str = method.name();
    tracing::info_span!(
        "rpc.server",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = name,
        rpc.response.status_code = Empty,
        "error.type" = Empty,
        request.id = request_id,
    )
}

/// What counts the calls of a method that end with one code.
pub(super) struct Meters {
    durations: Histogram,
    calls: Counter,
}

impl Meters {
    fn of(method: &Method, code: &'static str) -> Self {
        let name = || Arc::clone(method.name());
        Self {
            durations: histogram!(DURATION, "rpc.method" => name(), "rpc.response.status_code" => code),
            calls: counter!(CALLS, "rpc.method" => name(), "rpc.response.status_code" => code),
        }
    }

    fn note(&self, seconds: f64) {
        self.durations.record(seconds);
        self.calls.increment(1);
    }
}

/// A call that is under way. Dropped without an end it was cancelled by its caller.
#[derive(Debug)]
pub(super) struct Record {
    method: Method,
    span: Span,
    started: Instant,
    has_ended: bool,
}

impl Record {
    pub(super) const fn new(method: Method, span: Span, started: Instant) -> Self {
        Self {
            method,
            span,
            started,
            has_ended: false,
        }
    }

    pub(super) const fn span(&self) -> &Span {
        &self.span
    }

    /// Notes how the call ended.
    pub(super) fn finish(mut self, code: Code) {
        self.end(code);
    }

    fn end(&mut self, code: Code) {
        self.has_ended = true;
        let name = name_of(code);
        self.span.record("rpc.response.status_code", name);
        if code != Code::Ok {
            self.span.record("error.type", name);
        }
        if is_fault(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        let elapsed = self.started.elapsed().as_secs_f64();
        if code == Code::Ok {
            let meters = || Meters::of(&self.method, name);
            self.method.answered().get_or_init(meters).note(elapsed);
        } else {
            Meters::of(&self.method, name).note(elapsed);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(Code::Cancelled);
        }
    }
}

/// Whether a code tells of the service's fault rather than the caller's.
const fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The code's name in the gRPC specification.
pub(crate) const fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
