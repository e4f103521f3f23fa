//! Every limit of the service, in one place. `mamagang limits` prints them.

use std::time::Duration;

/// Items of a batch call.
pub const BATCH_ITEMS_MAX: usize = 1_000;
/// Rows of a stream that are worked on together.
pub const STREAM_CHUNK_ROWS: usize = 500;
/// Rows of a page when the caller names none.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Months of one check.
pub const CHECK_MONTHS_MAX: i32 = 120;
/// Bytes of a request message.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of a free text field (purpose, reason, …).
pub const TEXT_CHARS_MAX: usize = 500;
/// Characters of a short text field (ids, codes, row keys, …).
pub const KEY_CHARS_MAX: usize = 100;
/// Months of one fact that names a span.
pub const SPAN_MONTHS_MAX: i32 = 120;
/// Postings that may wait for their commit.
pub const LEDGER_QUEUE_MAX: usize = 4_096;
/// Postings of one commit.
pub const LEDGER_BATCH_MAX: usize = 256;
/// Chains' ends of one checkpoint; more make the next one.
pub const CHECKPOINT_HEADS_MAX: u32 = 10_000;
/// How often a checkpoint is made where a chain has moved.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// Streams that may watch the ledger at once.
pub const WATCHERS_MAX: usize = 64;
/// Entries that a watcher reads at once.
pub const FEED_PAGE_ENTRIES: u32 = 200;
/// How often the end of the feed is looked up, at most, for all watchers together.
pub const FEED_LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a watcher hears nothing before it gets a sign of life.
pub const FEED_HEARTBEAT: Duration = Duration::from_secs(15);
/// Audit rows that may wait for their commit.
pub const AUDIT_QUEUE_MAX: usize = 8_192;
/// Places of that queue that calls which only read leave free, so that they give way first.
pub const AUDIT_QUEUE_RESERVE: usize = 1_024;
/// Audit rows that one page of the trail goes through.
pub const AUDIT_ROWS_SCANNED_MAX: usize = 10_000;
/// Audit rows of one commit.
pub const AUDIT_BATCH_MAX: usize = 512;
/// Posts of a filing.
pub const FILING_POSTS_MAX: usize = 50;
/// Places of a post, persons or hours of a training plan.
pub const HEADCOUNT_MAX: u32 = 10_000;
/// Lines of a claim: 2,000 workers for a quarter. A claim is one event and one audit row.
pub const CLAIM_LINES_MAX: usize = 6_000;
/// Papers and records that a proposal names.
pub const REVIEW_EVIDENCE_MAX: usize = 20;
/// Cases of reviews that are known not to need opening.
pub const REVIEWS_KNOWN_MAX: usize = 100_000;
/// Rows of statistics.
pub const STATISTICS_ROWS_MAX: usize = 10_000;
/// Steps of a case that are told with it.
pub const CASE_STEPS_MAX: u32 = 1_000;
/// Checks that may wait for their read.
pub const CHECK_QUEUE_MAX: usize = 8_192;
/// Calls that are read for in one statement.
pub const CHECK_GATHER_MAX: usize = 64;
/// Reads of checks at the same time.
pub const CHECK_READERS: usize = 2;
/// Employers of one part of a job.
pub const JOB_PART_EMPLOYERS: usize = 2_000;
/// Employers of one step of a job: those of one commit.
pub const JOB_STEP_EMPLOYERS: usize = 100;
/// How long a part of a job is held without a step.
pub const JOB_HOLD: Duration = Duration::from_secs(30);
/// How long to wait where every part of a job is held by others.
pub const JOB_RETRY_AFTER: Duration = Duration::from_millis(500);
/// Workers whose keys are changed in one unit of work.
pub const KEY_WORKERS_CHUNK: u32 = 250;
/// Rows under an old key that are removed in one unit of work.
pub const KEY_ROWS_REMOVED: u32 = 1_000;
/// How often a unit of work is run again after another one came first.
pub const UNIT_RETRIES_MAX: u32 = 5;
/// Editions of policies, beside the one in use, that are held ready for replays.
pub const EDITIONS_KEPT_MAX: usize = 32;
/// Candidates of one simulation.
pub const SIMULATED_HIRES_MAX: usize = 20;
/// How long a match id lives.
pub const MATCH_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Identities that a caller may ask for in vain at once, before it has to slow down.
pub const CALLER_MISSES_MAX: u32 = 2_000;
/// How long it takes until one of them is forgiven.
pub const CALLER_MISS_INTERVAL: Duration = Duration::from_secs(1);
/// How long a page token lives.
pub const PAGE_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a caller should wait before it tries again when a queue is full.
pub const OVERLOAD_RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a call may take when the caller names no deadline.
pub const CALL_TIME_DEFAULT: Duration = Duration::from_secs(30);
/// How long a call may take at most, whatever deadline the caller names.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(60 * 60);
/// Streams of one connection.
pub const CONNECTION_STREAMS_MAX: u32 = 256;

/// Every limit by name, with its value as text.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("batch_items_max", BATCH_ITEMS_MAX.to_string()),
        ("stream_chunk_rows", STREAM_CHUNK_ROWS.to_string()),
        ("page_rows_default", PAGE_ROWS_DEFAULT.to_string()),
        ("page_rows_max", PAGE_ROWS_MAX.to_string()),
        ("check_months_max", CHECK_MONTHS_MAX.to_string()),
        ("message_bytes_max", MESSAGE_BYTES_MAX.to_string()),
        ("text_chars_max", TEXT_CHARS_MAX.to_string()),
        ("key_chars_max", KEY_CHARS_MAX.to_string()),
        ("span_months_max", SPAN_MONTHS_MAX.to_string()),
        ("caller_misses_max", CALLER_MISSES_MAX.to_string()),
        (
            "caller_miss_interval_ms",
            CALLER_MISS_INTERVAL.as_millis().to_string(),
        ),
        ("ledger_queue_max", LEDGER_QUEUE_MAX.to_string()),
        ("ledger_batch_max", LEDGER_BATCH_MAX.to_string()),
        ("checkpoint_heads_max", CHECKPOINT_HEADS_MAX.to_string()),
        (
            "checkpoint_interval_s",
            CHECKPOINT_INTERVAL.as_secs().to_string(),
        ),
        ("watchers_max", WATCHERS_MAX.to_string()),
        ("feed_page_entries", FEED_PAGE_ENTRIES.to_string()),
        (
            "feed_look_every_ms",
            FEED_LOOK_EVERY.as_millis().to_string(),
        ),
        ("feed_heartbeat_s", FEED_HEARTBEAT.as_secs().to_string()),
        ("audit_queue_max", AUDIT_QUEUE_MAX.to_string()),
        ("audit_queue_reserve", AUDIT_QUEUE_RESERVE.to_string()),
        ("audit_rows_scanned_max", AUDIT_ROWS_SCANNED_MAX.to_string()),
        ("audit_batch_max", AUDIT_BATCH_MAX.to_string()),
        ("filing_posts_max", FILING_POSTS_MAX.to_string()),
        ("headcount_max", HEADCOUNT_MAX.to_string()),
        ("claim_lines_max", CLAIM_LINES_MAX.to_string()),
        ("statistics_rows_max", STATISTICS_ROWS_MAX.to_string()),
        ("case_steps_max", CASE_STEPS_MAX.to_string()),
        ("check_queue_max", CHECK_QUEUE_MAX.to_string()),
        ("check_gather_max", CHECK_GATHER_MAX.to_string()),
        ("check_readers", CHECK_READERS.to_string()),
        ("job_part_employers", JOB_PART_EMPLOYERS.to_string()),
        ("job_step_employers", JOB_STEP_EMPLOYERS.to_string()),
        ("job_hold_s", JOB_HOLD.as_secs().to_string()),
        (
            "job_retry_after_ms",
            JOB_RETRY_AFTER.as_millis().to_string(),
        ),
        ("key_workers_chunk", KEY_WORKERS_CHUNK.to_string()),
        ("key_rows_removed", KEY_ROWS_REMOVED.to_string()),
        ("unit_retries_max", UNIT_RETRIES_MAX.to_string()),
        ("editions_kept_max", EDITIONS_KEPT_MAX.to_string()),
        ("simulated_hires_max", SIMULATED_HIRES_MAX.to_string()),
        ("match_lifetime_s", MATCH_LIFETIME.as_secs().to_string()),
        (
            "page_token_lifetime_s",
            PAGE_TOKEN_LIFETIME.as_secs().to_string(),
        ),
        (
            "overload_retry_after_ms",
            OVERLOAD_RETRY_AFTER.as_millis().to_string(),
        ),
        (
            "call_time_default_s",
            CALL_TIME_DEFAULT.as_secs().to_string(),
        ),
        ("call_time_max_s", CALL_TIME_MAX.as_secs().to_string()),
        ("connection_streams_max", CONNECTION_STREAMS_MAX.to_string()),
    ]
}
