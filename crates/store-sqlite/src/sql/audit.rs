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

statements! { "audit":
    /// `?1`: the id.
    READ = concat!("SELECT ", audit_columns!(), " FROM audit_event WHERE audit_id = ?1");

    /// `?1`: the writer.
    READ_LAST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event WHERE writer_id = ?1
        ORDER BY position DESC LIMIT 1"
    );

    /// `?1`: rows, with the columns in order; `?2`: bytes.
    APPEND =
        "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
            organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash, hash)
        SELECT substr(?2, added.value ->> 0, added.value ->> 1),
            substr(?2, added.value ->> 2, added.value ->> 3), added.value ->> 4,
            added.value ->> 5, added.value ->> 6, added.value ->> 7, added.value ->> 8,
            added.value ->> 9, added.value ->> 10,
            substr(?2, added.value ->> 11, added.value ->> 12), added.value ->> 13,
            substr(?2, added.value ->> 14, added.value ->> 15),
            substr(?2, added.value ->> 16, added.value ->> 17),
            substr(?2, added.value ->> 18, added.value ->> 19)
        FROM json_each(?1) AS added ORDER BY added.key";

    /// `?1`, `?2`: instant and id of the row before, `?3`: recorded before, `?4`: the class, or
    /// nothing; `?5`: at most so many.
    LIST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE (audit_event.recorded_at, audit_event.audit_id) > (?1, ?2)
            AND audit_event.recorded_at < ?3
            AND (?4 IS NULL OR audit_event.retention = ?4)
        ORDER BY audit_event.recorded_at, audit_event.audit_id LIMIT ?5"
    );

    /// As [`LIST`], with the workers as `?6`.
    LIST_OF_WORKERS = concat!(
        "SELECT ", audit_columns!(), " FROM json_each(?6) AS asked
        CROSS JOIN audit_event ON audit_event.worker_id = unhex(asked.value)
            AND (audit_event.recorded_at, audit_event.audit_id) > (?1, ?2)
            AND audit_event.recorded_at < ?3
        WHERE (?4 IS NULL OR audit_event.retention = ?4)
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
