//! Fact rows.

macro_rules! fact_columns {
    () => {
        "revision, kind, body, secret, retracts, supersedes, source_name, source_drawn_on,
        recorded_at, actor, reason"
    };
}

/// `$2` kinds or NULL, `$3` after, `$4` through, `$5` as of, `$6` limit.
macro_rules! fact_filter {
    () => {
        "AND ($2::bigint[] IS NULL OR kind = ANY ($2::bigint[]))
            AND revision > $3 AND revision <= $4 AND recorded_at <= $5
        ORDER BY revision LIMIT $6"
    };
}

/// The subjects and the columns after them, as arrays.
macro_rules! facts_of {
    ($subjects:literal) => {
        set!(
            subject: $subjects, revision: "$2::bigint[]", kind: "$3::bigint[]",
            body: "$4::bytea[]", secret: "$5::bytea[]", retracts: "$6::bigint[]",
            supersedes: "$7::bigint[]", source_name: "$8::text[]",
            source_drawn_on: "$9::bigint[]", recorded_at: "$10::bigint[]", actor: "$11::text[]",
            reason: "$12::text[]",
        )
    };
}

statements! { "fact":
    /// `$1`: the worker.
    LIST_OF_WORKER = concat!(
        "SELECT ", fact_columns!(), " FROM worker_fact WHERE worker_id = $1 ", fact_filter!()
    );

    /// `$1`: the employer.
    LIST_OF_EMPLOYER = concat!(
        "SELECT ", fact_columns!(), " FROM employer_fact WHERE employer_code = $1 ", fact_filter!()
    );

    /// `$1`: workers, `$2` to `$12`: the columns in order.
    APPEND_OF_WORKERS = concat!(
        "INSERT INTO worker_fact (worker_id, ", fact_columns!(), ") ", facts_of!("$1::bytea[]")
    );

    /// `$1`: employers, `$2` to `$12`: the columns in order.
    APPEND_OF_EMPLOYERS = concat!(
        "INSERT INTO employer_fact (employer_code, ", fact_columns!(), ") ", facts_of!("$1::text[]")
    );

    /// Locks notes, so that what is read stays true. `$1`: kinds, `$2`: keys.
    LOCK_OWNERS = "SELECT 1 FROM fact_owner
        WHERE (kind, key) IN (SELECT * FROM unnest($1::bigint[], $2::bytea[]))
        ORDER BY kind, key FOR NO KEY UPDATE";

    /// `$1`: kinds, `$2`: keys.
    READ_OWNERS = concat!(
        "SELECT asked.ordinal - 1 AS place, worker.worker_id
        FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (kind, key, ordinal)
        CROSS JOIN LATERAL (
            SELECT fact_owner.worker_id FROM fact_owner
            WHERE fact_owner.kind = asked.kind AND fact_owner.key = asked.key LIMIT 1
        ) AS fact_owner ",
        worker_of!("fact_owner.worker_id")
    );

    /// Notes of facts that were read as nobody's: whoever came first has them. `$1`: kinds,
    /// `$2`: keys, `$3`: workers.
    INSERT_OWNERS = "INSERT INTO fact_owner (kind, key, worker_id)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])";

    /// `$1`: kinds, `$2`: keys, `$3`: workers.
    PUT_OWNERS = "INSERT INTO fact_owner (kind, key, worker_id)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
        ON CONFLICT (kind, key) DO UPDATE SET worker_id = excluded.worker_id";

    /// `$1`: kinds, `$2`: keys.
    REMOVE_OWNERS = "DELETE FROM fact_owner
        WHERE (kind, key) IN (SELECT * FROM unnest($1::bigint[], $2::bytea[]))";
}
