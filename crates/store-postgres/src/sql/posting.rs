//! Everything that a batch of postings reads and writes.

/// Entries, answers and audit rows: what is only ever added.
macro_rules! records_appended {
    () => {
        concat!(
            "entry AS (
            INSERT INTO ledger_entry
                (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash) ",
            set!(
                employer_code: "$1::text[]", sequence: "$2::bigint[]", tax_year: "$3::bigint[]",
                recorded_at: "$4::bigint[]", frozen: "$5::bytea[]", previous_hash: "$6::bytea[]",
                hash: "$7::bytea[]",
            ),
            "
        ), answer AS (
            ",
            answers_recorded!(
                "$22::text[]", "$23::text[]", "$24::bytea[]", "$25::text[]", "$26::bytea[]",
                "$27::bigint[]"
            ),
            "
        ), audit AS (
            ",
            audit_rows_appended!(
                "$28::bytea[]", "$29::bytea[]", "$30::bigint[]", "$31::bigint[]", "$32::text[]",
                "$33::text[]", "$34::text[]", "$35::bigint[]", "$36::text[]", "$37::bytea[]",
                "$38::text[]", "$39::bytea[]", "$40::bytea[]", "$41::bytea[]"
            ),
            "
        )"
        )
    };
}

/// The heads of asked employers, beside what is known of them: codes, hashes, records' revisions and
/// bases.
macro_rules! heads_asked {
    () => {
        concat!(
            "FROM ",
            set!(
                employer_code: "$1::text[]", hash: "$2::bytea[]",
                record_revision: "$3::bigint[]", basis: "$4::bigint[]",
            ),
            " AS known
        CROSS JOIN LATERAL (
            SELECT * FROM ledger_head WHERE ledger_head.employer_code = known.employer_code LIMIT 1
        ) AS head"
        )
    };
}

/// Whether all that an employer's postings rest on is as it is known, in a query over `heads_asked!`.
macro_rules! is_as_known {
    () => {
        "head.hash = known.hash AND head.record_revision = known.record_revision
                AND head.basis = known.basis"
    };
}

statements! { "posting":
    /// Has employers and every worker linked to one to the unit alone, employers first, each in
    /// order of key, and reads the workers as they are once locked. `$1`: codes. Every row tells
    /// how many heads there were; without workers there is one row. A head that is missing is added
    /// and the statement run again.
    LOCK = "WITH head AS MATERIALIZED (
            SELECT employer_code FROM ledger_head WHERE employer_code = ANY ($1)
            ORDER BY employer_code FOR NO KEY UPDATE
        ), linked AS MATERIALIZED (
            SELECT employer_worker.employer_code, worker.worker_id, worker.merged_into,
                worker.region_code, worker.timeline, worker.filing_ids, worker.booked_from,
                worker.booked, worker.booked_by, worker.months_kept_by
            FROM employer_worker
            JOIN worker ON worker.worker_id = employer_worker.worker_id
            WHERE (SELECT count(*) FROM head) > 0 AND employer_worker.employer_code = ANY ($1)
            ORDER BY worker.worker_id FOR NO KEY UPDATE OF worker
        )
        SELECT counted.heads, linked.* FROM (SELECT count(*) AS heads FROM head) AS counted
        LEFT JOIN linked ON true";

    /// The same of workers that others were merged into. `$1`: ids.
    LOCK_MERGED = "SELECT worker_id, merged_into, region_code, timeline, filing_ids, booked_from,
            booked, booked_by, months_kept_by
        FROM worker WHERE worker_id = ANY ($1) ORDER BY worker_id FOR NO KEY UPDATE";

    /// What else a batch needs, once its locks are held. `$1`, `$2`: as of the years; `$3`:
    /// organisations, `$4`: methods, `$5`: requests; `$6`: filings; `$7`: the employers, each once.
    /// Part 0 has a row for each asked year with the number of linked workers, part 1 for each request
    /// that was answered before, part 2 for each filing, part 3 for each asked year of an
    /// employer and, where it keeps workers' months, for all its years.
    READ = concat!(
        "SELECT 0 AS part, ",
        year_columns!(),
        ", NULL::bytea AS state, NULL::bytea AS months, (SELECT count(*) FROM employer_worker
                WHERE employer_worker.employer_code = asked.employer_code) AS linked,
            NULL AS content, NULL::bytea AS response, NULL::bigint AS answered_at,
            NULL AS filing_id, NULL::integer AS kind, NULL::integer AS submitted_on,
            NULL::integer AS accepted_on, NULL::integer AS revoked_on ",
        years_asked!(),
        " UNION ALL
        SELECT 1, asked.place, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            idempotency.content::text, idempotency.response, idempotency.recorded_at,
            NULL, NULL, NULL, NULL, NULL ",
        answers_asked!("$3::text[]", "$4::text[]", "$5::bytea[]"),
        " UNION ALL
        SELECT 2, NULL, filing.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL,
            filing.filing_id, filing.kind, filing.submitted_on, filing.accepted_on,
            filing.revoked_on
        FROM unnest($6::text[]) AS asked (filing_id)
        CROSS JOIN LATERAL (
            SELECT * FROM filing WHERE filing.filing_id = asked.filing_id LIMIT 1
        ) AS filing
        UNION ALL
        SELECT 3, NULL, asked.employer_code, NULL, NULL, NULL, NULL, employer_year.tax_year,
            employer_year.state, employer_year.months, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM (SELECT unnest($7::text[]) AS employer_code) AS asked ",
        years_of!(),
    );

    /// The same without locks, as of one moment, of which only what is not known yet is told. `$1`:
    /// the employers, each once; `$2` to `$4`: the hashes, records' revisions and bases of those that are
    /// known, no bytes and -1 of others; `$5`: the asked years; `$6`: organisations, `$7`: methods, `$8`:
    /// requests. Part 0 is one row about the database, part 1 has a row for each head, with the record of
    /// an employer that is not as it is known, part 2 for each request that was answered before. Of
    /// those employers part 3 has their years, the asked ones and, where months are kept, all; part 4
    /// their workers.
    SEE = concat!(
        "SELECT 0 AS part, NULL::integer AS place, NULL AS employer_code, NULL::bytea AS record,
            NULL::bigint AS head_sequence, NULL::bytea AS head_hash,
            NULL::bigint AS last_recorded_at, NULL::bigint AS record_revision,
            NULL::bigint AS basis,
            pg_sequence_last_value('public.posting_fence') AS fence,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS seen_at,
            pg_is_in_recovery() AS is_standby,
            NULL AS content, NULL::bytea AS response, NULL::bigint AS answered_at,
            NULL::integer AS tax_year, NULL::bytea AS state, NULL::bytea AS months,
            NULL::bigint AS revision, NULL::bytea AS merged_into, NULL::bytea AS worker_id,
            NULL AS region_code, NULL::bytea AS timeline, NULL::integer AS booked_from,
            NULL AS booked, NULL AS booked_by, NULL AS months_kept_by, NULL AS filings
        UNION ALL
        SELECT 1, NULL, head.employer_code,
            CASE WHEN ",
        is_as_known!(),
            " THEN NULL ELSE (
                SELECT employer.record FROM employer
                WHERE employer.employer_code = head.employer_code) END,
            head.sequence, head.hash, head.recorded_at, head.record_revision, head.basis,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL ",
        heads_asked!(),
        " UNION ALL
        SELECT 2, asked.place, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            idempotency.content::text, idempotency.response, idempotency.recorded_at,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL ",
        answers_asked!("$6::text[]", "$7::text[]", "$8::bytea[]"),
        " UNION ALL
        SELECT 3, NULL, head.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, employer_year.tax_year, employer_year.state, employer_year.months,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL ",
        heads_asked!(),
        " CROSS JOIN LATERAL (
            SELECT employer_year.tax_year, CASE WHEN employer_year.tax_year = ANY ($5::bigint[])
                    THEN employer_year.state ELSE '' END AS state, employer_year.months
            FROM employer_year WHERE employer_year.employer_code = head.employer_code
                AND (head.keeps_months OR employer_year.tax_year = ANY ($5::bigint[])) OFFSET 0
        ) AS employer_year
        WHERE NOT (",
        is_as_known!(),
        ") UNION ALL
        SELECT 4, NULL, head.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, worker.revision, worker.merged_into, ",
        snapshot_columns!(),
        " ",
        heads_asked!(),
        " CROSS JOIN LATERAL (
            SELECT employer_worker.worker_id FROM employer_worker
            WHERE employer_worker.employer_code = head.employer_code OFFSET 0
        ) AS linked
        CROSS JOIN LATERAL (
            SELECT * FROM worker WHERE worker.worker_id = linked.worker_id LIMIT 1
        ) AS worker
        WHERE NOT (",
        is_as_known!(),
        ")"
    );

    /// One statement for the six tables: a round trip costs more than the rows of a posting.
    /// Its parts see none of each other's rows, so months that are taken back are gone before.
    ///
    /// `$1` to `$7`: entries; `$8` to `$10`: heads; `$11` to `$17`: workers and `$18` to `$21`:
    /// years, as in [`super::month::WRITE`]; `$22` to `$27`: answers; `$28` to `$41`: audit rows;
    /// each as in the statement of its own; `$42`: the heads' instants.
    WRITE = concat!(
        "WITH head AS (
            INSERT INTO ledger_head (employer_code, sequence, hash, recorded_at) ",
        set!(
            employer_code: "$8::text[]", sequence: "$9::bigint[]", hash: "$10::bytea[]",
            recorded_at: "$42::bigint[]",
        ),
        " ON CONFLICT (employer_code) DO UPDATE SET sequence = excluded.sequence,
                hash = excluded.hash, recorded_at = excluded.recorded_at
        ), ",
        months_written!(
            "$11::bytea[]", "$12::bigint[]", "$13::text[]", "$14::text[]";
            "$15::bigint[]", "$16::text[]", "$17::text[]";
            "$18::text[]", "$19::bigint[]", "$20::bytea[]", "$21::bytea[]"
        ),
        ", ",
        records_appended!(),
        " SELECT count(*) AS matched FROM booked"
    );

    /// The same of a batch that was read by [`SEE`], and its own transaction. Employers and workers
    /// are locked in the order of [`LOCK`] and compared with what was read, each step where all of
    /// the one before were as they were read; then [postings_are_as_seen] refuses the whole where
    /// one was not, before anything is added.
    ///
    /// `$1` to `$42`: as in [`WRITE`], heads of all of the batch's employers; `$43` to `$45`: what
    /// these heads told when they were read, their hashes, which no lost chain shares, the revisions of
    /// the employers' records and what workers' postings rest on; `$46`: the revisions of the changed workers; `$47` to
    /// `$51`: where others' rows were read as well, all workers, their revisions, first months, months
    /// and employers; `$52`: the fence; `$53`: until when (microseconds by the database's clock).
    ///
    /// [postings_are_as_seen]: ../../../../migrations/postgres/0067_seen_postings.sql
    WRITE_SEEN = concat!(
        "WITH head AS (
            UPDATE ledger_head SET sequence = put.sequence, hash = put.hash,
                recorded_at = put.recorded_at
            FROM ",
        set!(
            employer_code: "$8::text[]", sequence: "$9::bigint[]", hash: "$10::bytea[]",
            recorded_at: "$42::bigint[]", read_hash: "$43::bytea[]",
            read_revision: "$44::bigint[]", read_basis: "$45::bigint[]",
        ),
        " AS put
            WHERE ledger_head.employer_code = put.employer_code
                AND ledger_head.hash = put.read_hash
                AND ledger_head.record_revision = put.read_revision
                AND ledger_head.basis = put.read_basis
            RETURNING 1
        ), seen AS MATERIALIZED (
            SELECT worker.worker_id
            FROM ",
        set!(
            worker_id: "$47::bytea[]", revision: "$48::bigint[]", booked_from: "$49::bigint[]",
            booked: "$50::text[]", booked_by: "$51::text[]",
        ),
        " AS seen
            JOIN worker ON worker.worker_id = seen.worker_id
            WHERE (SELECT count(*) FROM head) = cardinality($8)
                AND worker.revision = seen.revision AND worker.merged_into IS NULL
                AND worker.booked_from = seen.booked_from AND worker.booked = seen.booked
                AND worker.booked_by = seen.booked_by
            ORDER BY worker.worker_id FOR NO KEY UPDATE OF worker
        ), booked AS (
            UPDATE worker SET booked_from = put.booked_from, booked = put.booked,
                booked_by = put.booked_by
            FROM ",
        set!(
            worker_id: "$11::bytea[]", revision: "$46::bigint[]", read_from: "$12::bigint[]",
            read: "$13::text[]", read_by: "$14::text[]", booked_from: "$15::bigint[]",
            booked: "$16::text[]", booked_by: "$17::text[]",
        ),
        " AS put
            WHERE (SELECT count(*) FROM head) = cardinality($8)
                AND (SELECT count(*) FROM seen) = cardinality($47)
                AND worker.worker_id = put.worker_id AND worker.revision = put.revision
                AND worker.merged_into IS NULL AND worker.booked_from = put.read_from
                AND worker.booked = put.read AND worker.booked_by = put.read_by
            RETURNING 1
        ), ",
        years_written!("$18::text[]", "$19::bigint[]", "$20::bytea[]", "$21::bytea[]"),
        ", ",
        records_appended!(),
        " SELECT postings_are_as_seen($52, $53, (SELECT count(*) FROM head) = cardinality($8)
            AND (SELECT count(*) FROM seen) = cardinality($47)
            AND (SELECT count(*) FROM booked) = cardinality($11)) AS matched"
    );
}
