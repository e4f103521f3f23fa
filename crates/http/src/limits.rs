//! Every limit of the HTTP listener.

use std::time::Duration;

/// How much a client may send, hold open and wait for.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Bytes of a request's body; more is `413 Payload Too Large`.
    pub body_bytes_max: usize,
    /// Bytes of a request's line and headers; more is `431 Request Header Fields Too Large`. At least 8192.
    pub header_bytes_max: usize,
    /// Headers of one request; more is `431 Request Header Fields Too Large`.
    pub headers_max: usize,
    /// Connections open at once. Further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Time for a request's headers to arrive, counted from the connection's start or its last answer. So this is
    /// also how long a connection may idle.
    pub header_timeout: Duration,
    /// Time for an answer to begin; after it `503 Service Unavailable`.
    pub request_timeout: Duration,
    /// Time for the readiness check to answer, its wait for an earlier one included.
    pub readiness_timeout: Duration,
    /// Age at which a connection is asked to end after its current answer.
    pub connection_age_max: Duration,
    /// Time that connections get to finish their answers once they were asked to end.
    pub drain_timeout: Duration,
}

impl HttpLimits {
    /// Every limit by name, with its value as text.
    pub fn all(&self) -> Vec<(&'static str, String)> {
        let seconds = |time: Duration| time.as_secs().to_string();
        vec![
            ("http_body_bytes_max", self.body_bytes_max.to_string()),
            ("http_header_bytes_max", self.header_bytes_max.to_string()),
            ("http_headers_max", self.headers_max.to_string()),
            ("http_connections_max", self.connections_max.to_string()),
            ("http_header_timeout_s", seconds(self.header_timeout)),
            ("http_request_timeout_s", seconds(self.request_timeout)),
            ("http_readiness_timeout_s", seconds(self.readiness_timeout)),
            (
                "http_connection_age_max_s",
                seconds(self.connection_age_max),
            ),
            ("http_drain_timeout_s", seconds(self.drain_timeout)),
        ]
    }
}

/// The limits in force.
pub const LIMITS: HttpLimits = HttpLimits {
    body_bytes_max: 16 * 1024,
    header_bytes_max: 16 * 1024,
    headers_max: 64,
    connections_max: 256,
    header_timeout: Duration::from_secs(10),
    request_timeout: Duration::from_secs(10),
    readiness_timeout: Duration::from_secs(2),
    connection_age_max: Duration::from_secs(600),
    drain_timeout: Duration::from_secs(5),
};
