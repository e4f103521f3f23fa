//! Entries, heads and years.

statements! { "ledger":
    /// Balances and postings. `?1`: rows of employer, year; `?2`: the employers, each once. Part 0 has a row for each asked year, part 1 for each worker linked
    /// to an employer.
    READ_INPUTS = concat!(
        "SELECT 0 AS part, asked.key AS position, asked.value ->> 0 AS employer_code,
            employer.record, ledger_head.sequence AS head_sequence, ledger_head.hash AS head_hash,
            employer_year.state, asked.value ->> 1 AS tax_year, employer_year.months,
            NULL AS worker_id, NULL AS region_code, NULL AS timeline, NULL AS booked_from,
            NULL AS booked, NULL AS booked_by, NULL AS filings
        FROM json_each(?1) AS asked
        LEFT JOIN employer ON employer.employer_code = asked.value ->> 0
        LEFT JOIN ledger_head ON ledger_head.employer_code = asked.value ->> 0
        LEFT JOIN employer_year ON employer_year.employer_code = asked.value ->> 0
            AND employer_year.tax_year = asked.value ->> 1
        UNION ALL
        SELECT 1, asked.key, asked.value, NULL, NULL, NULL, NULL, NULL, NULL, ",
        snapshot_columns!(),
        " FROM json_each(?2) AS asked
        CROSS JOIN employer_worker ON employer_worker.employer_code = asked.value ",
        worker_of!("employer_worker.worker_id")
    );

    /// `?1`: employer, `?2`: year or NULL, `?3`: after, `?4`: as of, `?5`: at most so many.
    LIST_ENTRIES = "SELECT sequence, tax_year, recorded_at, frozen, previous_hash, hash
        FROM ledger_entry
        WHERE employer_code = ?1 AND sequence > ?3 AND (?2 IS NULL OR tax_year = ?2)
            AND recorded_at <= ?4
        ORDER BY sequence LIMIT ?5";

    /// `?1`: employers, each once.
    LIST_YEARS = "SELECT employer_year.employer_code, employer_year.tax_year, employer_year.state
        FROM json_each(?1) AS asked
        CROSS JOIN employer_year ON employer_year.employer_code = asked.value
        WHERE employer_year.state <> x''
        ORDER BY asked.key, employer_year.tax_year";

    /// `?1`: rows of employer, sequence, year, instant, frozen, hash before, hash; `?2`: bytes.
    APPEND_ENTRIES = "INSERT INTO ledger_entry
            (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
        SELECT added.value ->> 0, added.value ->> 1, added.value ->> 2, added.value ->> 3,
            substr(?2, added.value ->> 4, added.value ->> 5),
            substr(?2, added.value ->> 6, added.value ->> 7),
            substr(?2, added.value ->> 8, added.value ->> 9)
        FROM json_each(?1) AS added ORDER BY added.key";

    /// `?1`: rows of employer, sequence, hash; `?2`: bytes.
    PUT_HEADS = "INSERT INTO ledger_head (employer_code, sequence, hash)
        SELECT put.value ->> 0, put.value ->> 1, substr(?2, put.value ->> 2, put.value ->> 3)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (employer_code) DO UPDATE SET
            sequence = excluded.sequence, hash = excluded.hash";
}
