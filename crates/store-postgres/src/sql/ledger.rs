//! Entries, heads and years.

statements! { "ledger":
    /// Has the employers to the unit alone. `$1`: codes. A head that is missing is added and the
    /// statement run again.
    LOCK_HEADS = "SELECT 1 FROM ledger_head WHERE employer_code = ANY ($1)
        ORDER BY employer_code FOR NO KEY UPDATE";

    /// `$1`: codes, `$2`: the starts of their chains.
    ADD_HEADS = "INSERT INTO ledger_head (employer_code, sequence, hash)
        SELECT added.employer_code, 0, added.hash
        FROM unnest($1::text[], $2::bytea[]) AS added (employer_code, hash)
        ON CONFLICT (employer_code) DO NOTHING";

    /// Has employers and every worker linked to one to the unit alone, employers first, each in
    /// order of key; tells how many there were of each. `$1`: codes. A head that is missing is
    /// added, and a worker that was linked while the statement waited is noticed; then it is run
    /// again.
    LOCK_LINKED = "WITH head AS MATERIALIZED (
            SELECT employer_code FROM ledger_head WHERE employer_code = ANY ($1)
            ORDER BY employer_code FOR NO KEY UPDATE
        ), linked AS MATERIALIZED (
            SELECT worker_id FROM worker
            WHERE (SELECT count(*) FROM head) > 0 AND worker_id IN (
                SELECT coalesce(named_worker.merged_into, named_worker.worker_id)
                FROM employer_worker
                JOIN worker AS named_worker ON named_worker.worker_id = employer_worker.worker_id
                WHERE employer_worker.employer_code = ANY ($1))
            ORDER BY worker_id FOR NO KEY UPDATE
        )
        SELECT (SELECT count(*) FROM head) AS heads, (SELECT count(*) FROM linked) AS workers";

    /// Balances and postings. `$1`: employers, `$2`: years, `$3`: first months, `$4`: last months;
    /// `$5`: the employers, each once; `$6`: organisations, `$7`: methods, `$8`: requests. Part 0
    /// has a row for each asked year, part 1 for each worker linked to an employer, part 2 for each
    /// request that was answered before.
    READ_INPUTS = concat!(
        "SELECT 0 AS part, asked.ordinal - 1 AS place, asked.employer_code, employer.record,
            ledger_head.sequence AS head_sequence, ledger_head.hash AS head_hash,
            last.recorded_at AS last_recorded_at, employer_year.state,
            months.workers AS month_workers, months.months AS month_months,
            months.code_groups AS month_groups, months.amounts AS month_amounts,
            months.sequences AS month_sequences,
            NULL AS worker_id, NULL AS region_code, NULL AS timeline, NULL AS booked_months,
            NULL AS booked_employers, NULL AS filings,
            NULL AS content, NULL::bytea AS response, NULL::bigint AS answered_at
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
            AS asked (employer_code, tax_year, first_month, last_month, ordinal)
        LEFT JOIN LATERAL (
            SELECT employer.record FROM employer
            WHERE employer.employer_code = asked.employer_code LIMIT 1
        ) AS employer ON true
        LEFT JOIN LATERAL (
            SELECT ledger_head.sequence, ledger_head.hash FROM ledger_head
            WHERE ledger_head.employer_code = asked.employer_code LIMIT 1
        ) AS ledger_head ON true
        LEFT JOIN LATERAL (
            SELECT ledger_entry.recorded_at FROM ledger_entry
            WHERE ledger_entry.employer_code = asked.employer_code
                AND ledger_entry.sequence = ledger_head.sequence LIMIT 1
        ) AS last ON true
        LEFT JOIN LATERAL (
            SELECT employer_year.state FROM employer_year
            WHERE employer_year.employer_code = asked.employer_code
                AND employer_year.tax_year = asked.tax_year LIMIT 1
        ) AS employer_year ON true
        CROSS JOIN LATERAL (
            SELECT string_agg(person_month.worker_id, ''::bytea) AS workers,
                array_agg(person_month.month) AS months,
                array_agg(person_month.code_group) AS code_groups,
                array_agg(person_month.amount_fen) AS amounts,
                array_agg(person_month.sequence) AS sequences
            FROM person_month
            WHERE person_month.employer_code = asked.employer_code
                AND person_month.month BETWEEN asked.first_month AND asked.last_month
        ) AS months
        UNION ALL
        SELECT 1, NULL, asked.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, ",
        snapshot_columns!(),
        ", NULL, NULL, NULL
        FROM unnest($5::text[]) AS asked (employer_code)
        CROSS JOIN LATERAL (
            SELECT employer_worker.worker_id FROM employer_worker
            WHERE employer_worker.employer_code = asked.employer_code OFFSET 0
        ) AS employer_worker ",
        worker_of!("employer_worker.worker_id"),
        booked_of!(),
        " UNION ALL
        SELECT 2, asked.ordinal - 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            idempotency.content::text, idempotency.response, idempotency.recorded_at
        FROM unnest($6::text[], $7::text[], $8::bytea[]) WITH ORDINALITY
            AS asked (organisation, method, request_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency
            WHERE idempotency.organisation = asked.organisation
                AND idempotency.method = asked.method
                AND idempotency.request_id = asked.request_id LIMIT 1
        ) AS idempotency"
    );

    /// `$1`: employer, `$2`: year or NULL, `$3`: after, `$4`: as of, `$5`: at most so many.
    LIST_ENTRIES = "SELECT sequence, tax_year, recorded_at, frozen, previous_hash, hash
        FROM ledger_entry
        WHERE employer_code = $1 AND sequence > $3 AND ($2::bigint IS NULL OR tax_year = $2)
            AND recorded_at <= $4
        ORDER BY sequence LIMIT $5";

    /// `$1`: employer.
    LIST_YEARS = "SELECT tax_year, state FROM employer_year
        WHERE employer_code = $1 ORDER BY tax_year";

    /// `$1`: employers, `$2`: sequences, `$3`: years, `$4`: instants, `$5`: frozen bytes,
    /// `$6`: hashes before, `$7`: hashes.
    APPEND_ENTRIES = "INSERT INTO ledger_entry
            (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
            $6::bytea[], $7::bytea[])";

    /// `$1`: employers, `$2`: sequences, `$3`: hashes.
    PUT_HEADS = "INSERT INTO ledger_head (employer_code, sequence, hash)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])
        ON CONFLICT (employer_code) DO UPDATE SET
            sequence = excluded.sequence, hash = excluded.hash";

    /// `$1`: employers, `$2`: years, `$3`: states.
    PUT_YEARS = "INSERT INTO employer_year (employer_code, tax_year, state)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])
        ON CONFLICT (employer_code, tax_year) DO UPDATE SET state = excluded.state";
}
