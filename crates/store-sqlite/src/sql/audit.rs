//! Audit rows.

macro_rules! audit_columns {
    () => {
        "audit_event.audit_id, audit_event.writer_id, audit_event.position,
        audit_event.recorded_at, audit_event.method, audit_event.caller,
        audit_event.organisation, audit_event.retention, audit_event.outcome,
        audit_event.worker_id, audit_event.employer_code, audit_event.frozen,
        audit_event.previous_hash, audit_event.hash"
    };
}

/// The places of a row's columns. Bound as they are: as elements of JSON they would be read once for each column.
macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}

/// Declares the places of twice as many rows as another macro has.
macro_rules! twice {
    ($($name:ident = $half:ident;)*) => {$(
        macro_rules! $name {
            () => {
                concat!($half!(), ", ", $half!())
            };
        }
    )*};
}

twice! {
    rows_2 = row;
    rows_4 = rows_2;
    rows_8 = rows_4;
    rows_16 = rows_8;
    rows_32 = rows_16;
    rows_64 = rows_32;
    rows_128 = rows_64;
    rows_256 = rows_128;
}

macro_rules! append {
    ($($rows:tt)*) => {
        concat!(
            "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash,
                hash)
            SELECT * FROM (VALUES ",
            $($rows)*,
            ") WHERE column1 IS NOT NULL"
        )
    };
}

statements! { "audit":
    /// `?1`: the id.
    READ = concat!("SELECT ", audit_columns!(), " FROM audit_event WHERE audit_id = ?1");

    /// `?1`: the writer.
    READ_LAST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event WHERE writer_id = ?1
        ORDER BY position DESC LIMIT 1"
    );

    /// The columns of a row in order.
    APPEND_1 = append!(row!());
    /// The same of 2 rows; those that are not bound are left out.
    APPEND_2 = append!(rows_2!());
    /// The same of 4 rows; those that are not bound are left out.
    APPEND_4 = append!(rows_4!());
    /// The same of 8 rows; those that are not bound are left out.
    APPEND_8 = append!(rows_8!());
    /// The same of 16 rows; those that are not bound are left out.
    APPEND_16 = append!(rows_16!());
    /// The same of 32 rows; those that are not bound are left out.
    APPEND_32 = append!(rows_32!());
    /// The same of 64 rows; those that are not bound are left out.
    APPEND_64 = append!(rows_64!());
    /// The same of 128 rows; those that are not bound are left out.
    APPEND_128 = append!(rows_128!());
    /// The same of 256 rows; those that are not bound are left out.
    APPEND_256 = append!(rows_256!());

    /// `?1`, `?2`: instant and id of the row before, `?3`: recorded before, `?4`: the class, or
    /// nothing; `?5`: at most so many.
    LIST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE (audit_event.recorded_at, audit_event.audit_id) > (?1, ?2)
            AND audit_event.recorded_at < ?3
            AND (?4 IS NULL OR audit_event.retention = ?4)
        ORDER BY audit_event.recorded_at, audit_event.audit_id LIMIT ?5"
    );

    /// As [`LIST`], with the workers as `?6`. Full buckets are looked up by person, the
    /// rows behind them are gone through; `found` has the full buckets, the last first.
    LIST_OF_WORKERS = concat!(
        "WITH RECURSIVE found_end (feed_position) AS (
            SELECT feed_position FROM audit_event
            WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1
        ),
        found (bucket) AS (
            SELECT (SELECT feed_position FROM found_end) / 4096
            UNION ALL
            SELECT bucket - 1 FROM found WHERE bucket > 1
        )
        SELECT ", audit_columns!(), " FROM found
        CROSS JOIN json_each(?6) AS asked
        CROSS JOIN audit_access ON audit_access.bucket = found.bucket
            AND audit_access.worker_id = unhex(asked.value)
        CROSS JOIN audit_event ON audit_event.feed_position = audit_access.feed_position
        WHERE (audit_event.recorded_at, audit_event.audit_id) > (?1, ?2)
            AND audit_event.recorded_at < ?3
            AND (?4 IS NULL OR audit_event.retention = ?4)
        UNION
        SELECT ", audit_columns!(), " FROM audit_event NOT INDEXED
        WHERE audit_event.feed_position > (SELECT feed_position FROM found_end) / 4096 * 4096
            AND audit_event.worker_id IN (SELECT unhex(asked.value) FROM json_each(?6) AS asked)
            AND (audit_event.recorded_at, audit_event.audit_id) > (?1, ?2)
            AND audit_event.recorded_at < ?3
            AND (?4 IS NULL OR audit_event.retention = ?4)
        UNION
        SELECT ", audit_columns!(), " FROM json_each(?6) AS asked
        CROSS JOIN audit_subject ON audit_subject.worker_id = unhex(asked.value)
            AND (audit_subject.recorded_at, audit_subject.audit_id) > (?1, ?2)
            AND audit_subject.recorded_at < ?3
        CROSS JOIN audit_event ON audit_event.audit_id = audit_subject.audit_id
        WHERE (?4 IS NULL OR audit_event.retention = ?4)
        ORDER BY 4, 1 LIMIT ?5"
    );

    /// `?1`: the worker merged into.
    LIST_MERGED = "SELECT worker_id FROM worker WHERE merged_into = ?1 ORDER BY worker_id";

    /// `?1`, `?2`: writer and position of the row before, `?3`: at most so many.
    LIST_CHAINS = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE (audit_event.writer_id, audit_event.position) > (?1, ?2)
        ORDER BY audit_event.writer_id, audit_event.position LIMIT ?3"
    );

    /// `?1`, `?2`: writer and position of the gap before, `?3`: at most so many.
    LIST_GAPS = "SELECT writer_id, first_position, last_position, previous_hash, hash, cut_id
        FROM audit_gap WHERE (writer_id, first_position) > (?1, ?2)
        ORDER BY writer_id, first_position LIMIT ?3";

    /// `?1`: rows of worker, instant, audit row.
    PUT_SUBJECTS = "INSERT INTO audit_subject (worker_id, recorded_at, audit_id)
        SELECT unhex(put.value ->> 0), put.value ->> 1, unhex(put.value ->> 2)
        FROM json_each(?1) AS put";

    /// `?1`: id, `?2`: class, `?3`: before, `?4`: when.
    APPEND_CUT = "INSERT INTO audit_cut (cut_id, retention, before, cut_at)
        VALUES (?1, ?2, ?3, ?4)";

    /// `?1`: rows of writer, first and last position, hash before, last hash; `?2`: by which cut.
    APPEND_GAPS = "INSERT INTO audit_gap
            (writer_id, first_position, last_position, previous_hash, hash, cut_id)
        SELECT unhex(gap.value ->> 0), gap.value ->> 1, gap.value ->> 2,
            unhex(gap.value ->> 3), unhex(gap.value ->> 4), ?2
        FROM json_each(?1) AS gap";

    /// `?1`: rows of writer, first and last position.
    REMOVE_SUBJECTS = "DELETE FROM audit_subject
        WHERE (worker_id, recorded_at, audit_id) IN (
            SELECT audit_subject.worker_id, audit_subject.recorded_at, audit_subject.audit_id
            FROM json_each(?1) AS gap
            CROSS JOIN audit_event ON audit_event.writer_id = unhex(gap.value ->> 0)
                AND audit_event.position BETWEEN gap.value ->> 1 AND gap.value ->> 2
            CROSS JOIN audit_subject ON audit_subject.audit_id = audit_event.audit_id)";

    /// `?1`: rows of writer, first and last position.
    REMOVE = "DELETE FROM audit_event WHERE feed_position IN (
            SELECT audit_event.feed_position FROM json_each(?1) AS gap
            CROSS JOIN audit_event ON audit_event.writer_id = unhex(gap.value ->> 0)
                AND audit_event.position BETWEEN gap.value ->> 1 AND gap.value ->> 2)";
}

/// The statements that append, by how many rows they hold.
pub(crate) const APPEND: [(usize, super::Statement); 9] = [
    (1, APPEND_1),
    (2, APPEND_2),
    (4, APPEND_4),
    (8, APPEND_8),
    (16, APPEND_16),
    (32, APPEND_32),
    (64, APPEND_64),
    (128, APPEND_128),
    (256, APPEND_256),
];
