//! Fact rows.

macro_rules! fact_columns {
    () => {
        "revision, kind, body, secret, retracts, supersedes, source_name, source_drawn_on,
        recorded_at, actor, reason"
    };
}

/// `?2` kinds or NULL, `?3` after, `?4` through, `?5` as of, `?6` limit.
macro_rules! fact_filter {
    () => {
        "AND (?2 IS NULL OR kind IN (SELECT asked.value FROM json_each(?2) AS asked))
            AND revision > ?3 AND revision <= ?4 AND recorded_at <= ?5
        ORDER BY revision LIMIT ?6"
    };
}

/// The columns after the subject's, which is the first element or, as bytes, the first two.
macro_rules! fact_values {
    () => {
        "added.value ->> 2, added.value ->> 3, substr(?2, added.value ->> 4, added.value ->> 5),
            substr(?2, added.value ->> 6, added.value ->> 7), added.value ->> 8,
            added.value ->> 9, added.value ->> 10, added.value ->> 11, added.value ->> 12,
            added.value ->> 13, added.value ->> 14
        FROM json_each(?1) AS added ORDER BY added.key"
    };
}

statements! { "fact":
    /// `?1`: the worker.
    LIST_OF_WORKER = concat!(
        "SELECT ", fact_columns!(), " FROM worker_fact WHERE worker_id = ?1 ", fact_filter!()
    );

    /// `?1`: the employer.
    LIST_OF_EMPLOYER = concat!(
        "SELECT ", fact_columns!(), " FROM employer_fact WHERE employer_code = ?1 ", fact_filter!()
    );

    /// `?1`: rows of worker and the columns in order; `?2`: bytes.
    APPEND_OF_WORKERS = concat!(
        "INSERT INTO worker_fact (worker_id, ", fact_columns!(), ")
        SELECT substr(?2, added.value ->> 0, added.value ->> 1), ", fact_values!()
    );

    /// `?1`: rows of employer, nothing and the columns in order; `?2`: bytes.
    APPEND_OF_EMPLOYERS = concat!(
        "INSERT INTO employer_fact (employer_code, ", fact_columns!(), ")
        SELECT added.value ->> 0, ", fact_values!()
    );

    /// `?1`: rows of kind, key.
    READ_OWNERS = concat!(
        "SELECT asked.key AS position, worker.worker_id
        FROM json_each(?1) AS asked
        CROSS JOIN fact_owner ON fact_owner.kind = asked.value ->> 0
            AND fact_owner.key = unhex(asked.value ->> 1) ",
        worker_of!("fact_owner.worker_id")
    );

    /// `?1`: rows of kind, key, worker.
    PUT_OWNERS = "INSERT INTO fact_owner (kind, key, worker_id)
        SELECT put.value ->> 0, unhex(put.value ->> 1), unhex(put.value ->> 2)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (kind, key) DO UPDATE SET worker_id = excluded.worker_id";

    /// `?1`: rows of kind, key.
    REMOVE_OWNERS = "DELETE FROM fact_owner WHERE (kind, key) IN (
            SELECT gone.value ->> 0, unhex(gone.value ->> 1) FROM json_each(?1) AS gone)";
}
