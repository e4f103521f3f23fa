//! Everything that a batch of postings reads and writes.

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
                worker.region_code, worker.timeline, worker.filing_ids
            FROM employer_worker
            JOIN worker ON worker.worker_id = employer_worker.worker_id
            WHERE (SELECT count(*) FROM head) > 0 AND employer_worker.employer_code = ANY ($1)
            ORDER BY worker.worker_id FOR NO KEY UPDATE OF worker
        )
        SELECT counted.heads, linked.* FROM (SELECT count(*) AS heads FROM head) AS counted
        LEFT JOIN linked ON true";

    /// The same of workers that others were merged into. `$1`: ids.
    LOCK_MERGED = "SELECT worker_id, merged_into, region_code, timeline, filing_ids FROM worker
        WHERE worker_id = ANY ($1) ORDER BY worker_id FOR NO KEY UPDATE";

    /// What else a batch needs, once its locks are held. `$1` to `$4`: as of the years; `$5`:
    /// workers, `$6`: an asked employer of each, `$7` and `$8`: the months of its asked year; `$9`:
    /// organisations, `$10`: methods, `$11`: requests; `$12`: filings. Part 0 has a row for each
    /// asked year with the number of linked workers, part 1 for each worker that has booked months
    /// beside those of that employer and year, which part 0 lists, part 2 for each request that was
    /// answered before, part 3 for each filing.
    READ = concat!(
        "SELECT 0 AS part, ",
        year_columns!(),
        ", (SELECT count(*) FROM employer_worker
                WHERE employer_worker.employer_code = asked.employer_code) AS linked,
            NULL::bytea AS worker_id, NULL::integer[] AS booked_months,
            NULL::text[] AS booked_employers,
            NULL AS content, NULL::bytea AS response, NULL::bigint AS answered_at,
            NULL AS filing_id, NULL::integer AS kind, NULL::integer AS submitted_on,
            NULL::integer AS accepted_on, NULL::integer AS revoked_on ",
        years_asked!(),
        " UNION ALL
        SELECT 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, asked.worker_id, booked.months, booked.employers, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL
        FROM unnest($5::bytea[], $6::text[], $7::bigint[], $8::bigint[])
            AS asked (worker_id, employer_code, first_month, last_month)
        CROSS JOIN LATERAL (
            SELECT array_agg(person_month.month) AS months,
                array_agg(person_month.employer_code) AS employers
            FROM person_month WHERE person_month.worker_id = asked.worker_id
                AND (person_month.month < asked.first_month
                    OR person_month.month > asked.last_month
                    OR person_month.employer_code <> asked.employer_code)
            HAVING count(*) > 0
        ) AS booked
        UNION ALL
        SELECT 2, asked.ordinal - 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL,
            idempotency.content::text, idempotency.response, idempotency.recorded_at,
            NULL, NULL, NULL, NULL, NULL
        FROM unnest($9::text[], $10::text[], $11::bytea[]) WITH ORDINALITY
            AS asked (organisation, method, request_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency
            WHERE idempotency.organisation = asked.organisation
                AND idempotency.method = asked.method
                AND idempotency.request_id = asked.request_id LIMIT 1
        ) AS idempotency
        UNION ALL
        SELECT 3, NULL, filing.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            filing.filing_id, filing.kind, filing.submitted_on, filing.accepted_on,
            filing.revoked_on
        FROM unnest($12::text[]) AS asked (filing_id)
        CROSS JOIN LATERAL (
            SELECT * FROM filing WHERE filing.filing_id = asked.filing_id LIMIT 1
        ) AS filing"
    );

    /// One statement for the seven tables: a round trip costs more than the rows of a posting.
    /// Its parts see none of each other's rows, so months that are taken back are gone before.
    ///
    /// `$1` to `$7`: entries; `$8` to `$10`: heads; `$11` to `$13`: years; `$14` to `$19`: booked
    /// months; `$20` to `$25`: answers; `$26` to `$39`: audit rows; each as in the statement of
    /// its own.
    WRITE = "WITH entry AS (
            INSERT INTO ledger_entry
                (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
                $6::bytea[], $7::bytea[])
        ), head AS (
            INSERT INTO ledger_head (employer_code, sequence, hash)
            SELECT * FROM unnest($8::text[], $9::bigint[], $10::bytea[])
            ON CONFLICT (employer_code) DO UPDATE SET
                sequence = excluded.sequence, hash = excluded.hash
        ), year AS (
            INSERT INTO employer_year (employer_code, tax_year, state)
            SELECT * FROM unnest($11::text[], $12::bigint[], $13::bytea[])
            ON CONFLICT (employer_code, tax_year) DO UPDATE SET state = excluded.state
        ), month AS (
            INSERT INTO person_month
                (worker_id, month, employer_code, code_group, amount_fen, sequence)
            SELECT * FROM unnest($14::bytea[], $15::bigint[], $16::text[], $17::bigint[],
                    $18::bigint[], $19::bigint[])
                AS added (worker_id, month, employer_code, code_group, amount_fen, sequence)
            ORDER BY worker_id, month
        ), answer AS (
            INSERT INTO idempotency
                (organisation, method, request_id, content, response, recorded_at)
            SELECT organisation, method, request_id, content::json, response, recorded_at
            FROM unnest($20::text[], $21::text[], $22::bytea[], $23::text[], $24::bytea[],
                    $25::bigint[])
                AS added (organisation, method, request_id, content, response, recorded_at)
            ORDER BY request_id
        )
        INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
            organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash, hash)
        SELECT * FROM unnest($26::bytea[], $27::bytea[], $28::bigint[], $29::bigint[],
            $30::text[], $31::text[], $32::text[], $33::bigint[], $34::text[], $35::bytea[],
            $36::text[], $37::bytea[], $38::bytea[], $39::bytea[])";
}
