//! Entries, heads and years.

statements! { "ledger":
    /// Has the employers to the unit alone. `$1`: codes. A head that is missing is added and the
    /// statement run again.
    LOCK_HEADS = "SELECT recorded_at FROM ledger_head WHERE employer_code = ANY ($1)
        ORDER BY employer_code FOR NO KEY UPDATE";

    /// `$1`: codes, `$2`: the starts of their chains.
    ADD_HEADS = "INSERT INTO ledger_head
            (employer_code, sequence, hash, record_revision, recorded_at)
        SELECT added.employer_code, 0, added.hash, coalesce((
            SELECT employer.revision FROM employer
            WHERE employer.employer_code = added.employer_code
        ), 0), coalesce((
            SELECT employer_fact.recorded_at FROM employer_fact
            WHERE employer_fact.employer_code = added.employer_code
            ORDER BY employer_fact.revision DESC LIMIT 1
        ), 0)
        FROM unnest($1::text[], $2::bytea[]) AS added (employer_code, hash)
        ON CONFLICT (employer_code) DO NOTHING";

    /// Balances. `$1`: employers, `$2`: years; `$3`: the employers, each once. Part 0 has a row for
    /// each asked year, part 1 for each worker linked to an employer, part 2 for each
    /// asked year of an employer and, where it keeps workers' months, for all its years.
    READ_INPUTS = concat!(
        "SELECT 0 AS part, ",
        year_columns!(),
        ", NULL::bytea AS state, NULL::bytea AS months, NULL::bytea AS worker_id, NULL AS region_code,
            NULL::bytea AS timeline, NULL::integer AS booked_from, NULL AS booked, NULL AS booked_by, NULL AS months_kept_by,
            NULL AS filings ",
        years_asked!(),
        " UNION ALL
        SELECT 2, NULL, asked.employer_code, NULL, NULL, NULL, NULL, employer_year.tax_year,
            employer_year.state, employer_year.months, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest($3::text[]) AS asked (employer_code) ",
        years_of!(),
        " UNION ALL
        SELECT 1, NULL, asked.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ",
        snapshot_columns!(),
        " FROM unnest($3::text[]) AS asked (employer_code)
        CROSS JOIN LATERAL (
            SELECT employer_worker.worker_id FROM employer_worker
            WHERE employer_worker.employer_code = asked.employer_code OFFSET 0
        ) AS employer_worker ",
        worker_of!("employer_worker.worker_id")
    );

    /// `$1`: employer, `$2`: year or NULL, `$3`: after, `$4`: as of, `$5`: at most so many.
    LIST_ENTRIES = "SELECT sequence, tax_year, recorded_at, frozen, previous_hash, hash
        FROM ledger_entry
        WHERE employer_code = $1 AND sequence > $3 AND ($2::bigint IS NULL OR tax_year = $2)
            AND recorded_at <= $4
        ORDER BY sequence LIMIT $5";

    /// `$1`: employers.
    LIST_YEARS = "SELECT employer_code, tax_year, state FROM employer_year
        WHERE employer_code = ANY ($1) AND state <> '' ORDER BY employer_code, tax_year";

    /// `$1`: employers, `$2`: sequences, `$3`: years, `$4`: instants, `$5`: frozen bytes,
    /// `$6`: hashes before, `$7`: hashes.
    APPEND_ENTRIES = "INSERT INTO ledger_entry
            (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
            $6::bytea[], $7::bytea[])";

    /// `$1`: employers, `$2`: sequences, `$3`: hashes, `$4`: instants.
    PUT_HEADS = "INSERT INTO ledger_head (employer_code, sequence, hash, recorded_at)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bigint[])
        ON CONFLICT (employer_code) DO UPDATE SET sequence = excluded.sequence,
            hash = excluded.hash, recorded_at = excluded.recorded_at";

    /// `$1`: employers, `$2`: years, `$3`: states.
    PUT_YEARS = "INSERT INTO employer_year (employer_code, tax_year, state)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])
        ON CONFLICT (employer_code, tax_year) DO UPDATE SET state = excluded.state";
}
