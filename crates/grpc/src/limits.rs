//! Limits of the gRPC listener and of fields whose length the API's comments fix. The limits of the use cases are in
//! [`mamagang_app::limits`].

use std::time::Duration;

/// Characters of a `row_key`.
pub const ROW_KEY_CHARS_MAX: usize = 128;
/// Characters of a match id, a page token or another text that this service gave out.
pub const TOKEN_CHARS_MAX: usize = 1_024;
/// Class hours of one training.
pub const CLASS_HOURS_MAX: i32 = 10_000;
/// Calls that are worked on at once, over all connections. Health checks are not counted.
pub const CALLS_MAX: usize = 4_096;
/// How long a stream may stay without a message from the caller.
pub const STREAM_IDLE_MAX: Duration = Duration::from_secs(60);
/// Bytes of a call's headers.
pub const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// Bytes that a caller may send on one stream before they are read.
pub const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes that a caller may send on one connection before they are read.
pub const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Streams that a caller may reset before they were accepted (rapid reset, CVE-2023-44487).
pub const PENDING_RESETS_MAX: usize = 20;
/// Streams that this service may reset for a caller's protocol errors before the connection is closed.
pub const ERROR_RESETS_MAX: usize = 256;
/// How often a silent connection is asked whether it is still there.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Age at which a connection is asked to end after its open calls, so that callers spread over instances.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// How much longer a connection may go on with calls that were open then, before it is cut off.
pub const CONNECTION_GRACE_MAX: Duration = Duration::from_secs(5 * 60);
/// Connections.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Connections of one address. A gateway in front of many callers needs few, since they carry many calls each.
pub const ADDRESS_CONNECTIONS_MAX: usize = 256;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection may take to say its first words.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long the listener waits after it could not accept.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a call may take to begin its answer, whatever deadline the caller names. Streams go on beyond it.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(2 * 60);
/// How long an answer may wait for its caller to take the next piece, before the connection is cut off.
pub const ANSWER_STALL_MAX: Duration = Duration::from_secs(30);
/// Bytes of answers that wait for being taken, over all callers; beyond it no call is begun.
pub const ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of an answer's message. Clients take 4 MiB unless they are told otherwise; the errors of items that have no room
/// any more fit into what is left.
pub const ANSWER_MESSAGE_BYTES_MAX: usize = 7 * 512 * 1024;
/// Bytes of an answer that are handed to HTTP/2 at once.
pub const ANSWER_PIECE_BYTES: usize = 32 * 1024;
/// Refused strangers a second that are recorded one by one; the others are counted, and a row a second tells of them.
pub const STRANGERS_RECORDED_PER_SECOND: u32 = 5;
/// How often a row tells of the calls that were turned away together.
pub const TURNED_AWAY_EVERY: Duration = Duration::from_secs(1);
/// Callers and reasons that have a row of their own; calls of further ones are told together.
pub const TURNED_AWAY_CALLERS_MAX: usize = 100;
/// Networks that such a row names.
pub const TURNED_AWAY_NETWORKS_MAX: usize = 20;
/// Strangers that wait for their row at once; beyond it they are answered before it is durable.
pub const TURNED_AWAY_WAITING_MAX: usize = 4_096;
/// How long a health watch goes on once the service was asked to stop: long enough to tell it.
pub const DRAIN_WATCH_MAX: Duration = Duration::from_millis(200);
/// How long a stream with nothing to say goes on once the service was asked to stop.
pub const DRAIN_STREAM_MAX: Duration = Duration::from_secs(3);
/// How long open calls may take to finish once the service was asked to stop.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// Every limit by name, with its value as text.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("row_key_chars_max", ROW_KEY_CHARS_MAX.to_string()),
        ("token_chars_max", TOKEN_CHARS_MAX.to_string()),
        ("class_hours_max", CLASS_HOURS_MAX.to_string()),
        ("calls_max", CALLS_MAX.to_string()),
        ("stream_idle_max_s", STREAM_IDLE_MAX.as_secs().to_string()),
        ("header_bytes_max", HEADER_BYTES_MAX.to_string()),
        ("stream_window_bytes", STREAM_WINDOW_BYTES.to_string()),
        (
            "connection_window_bytes",
            CONNECTION_WINDOW_BYTES.to_string(),
        ),
        ("pending_resets_max", PENDING_RESETS_MAX.to_string()),
        ("error_resets_max", ERROR_RESETS_MAX.to_string()),
        (
            "keepalive_interval_s",
            KEEPALIVE_INTERVAL.as_secs().to_string(),
        ),
        (
            "keepalive_timeout_s",
            KEEPALIVE_TIMEOUT.as_secs().to_string(),
        ),
        (
            "connection_age_max_s",
            CONNECTION_AGE_MAX.as_secs().to_string(),
        ),
        (
            "connection_grace_max_s",
            CONNECTION_GRACE_MAX.as_secs().to_string(),
        ),
        ("connections_max", CONNECTIONS_MAX.to_string()),
        (
            "address_connections_max",
            ADDRESS_CONNECTIONS_MAX.to_string(),
        ),
        (
            "handshake_time_max_s",
            HANDSHAKE_TIME_MAX.as_secs().to_string(),
        ),
        ("silence_max_s", SILENCE_MAX.as_secs().to_string()),
        ("accept_pause_ms", ACCEPT_PAUSE.as_millis().to_string()),
        ("answer_time_max_s", ANSWER_TIME_MAX.as_secs().to_string()),
        ("answer_stall_max_s", ANSWER_STALL_MAX.as_secs().to_string()),
        ("answer_bytes_max", ANSWER_BYTES_MAX.to_string()),
        (
            "answer_message_bytes_max",
            ANSWER_MESSAGE_BYTES_MAX.to_string(),
        ),
        ("answer_piece_bytes", ANSWER_PIECE_BYTES.to_string()),
        (
            "strangers_recorded_per_second",
            STRANGERS_RECORDED_PER_SECOND.to_string(),
        ),
        (
            "turned_away_every_s",
            TURNED_AWAY_EVERY.as_secs().to_string(),
        ),
        (
            "turned_away_callers_max",
            TURNED_AWAY_CALLERS_MAX.to_string(),
        ),
        (
            "turned_away_networks_max",
            TURNED_AWAY_NETWORKS_MAX.to_string(),
        ),
        (
            "turned_away_waiting_max",
            TURNED_AWAY_WAITING_MAX.to_string(),
        ),
        (
            "drain_watch_max_ms",
            DRAIN_WATCH_MAX.as_millis().to_string(),
        ),
        ("drain_stream_max_s", DRAIN_STREAM_MAX.as_secs().to_string()),
        ("drain_time_max_s", DRAIN_TIME_MAX.as_secs().to_string()),
    ]
}
