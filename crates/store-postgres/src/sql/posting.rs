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
                worker.region_code, worker.timeline, worker.filing_ids, worker.booked_from,
                worker.booked, worker.booked_by
            FROM employer_worker
            JOIN worker ON worker.worker_id = employer_worker.worker_id
            WHERE (SELECT count(*) FROM head) > 0 AND employer_worker.employer_code = ANY ($1)
            ORDER BY worker.worker_id FOR NO KEY UPDATE OF worker
        )
        SELECT counted.heads, linked.* FROM (SELECT count(*) AS heads FROM head) AS counted
        LEFT JOIN linked ON true";

    /// The same of workers that others were merged into. `$1`: ids.
    LOCK_MERGED = "SELECT worker_id, merged_into, region_code, timeline, filing_ids, booked_from,
            booked, booked_by
        FROM worker WHERE worker_id = ANY ($1) ORDER BY worker_id FOR NO KEY UPDATE";

    /// What else a batch needs, once its locks are held. `$1`, `$2`: as of the years; `$3`:
    /// organisations, `$4`: methods, `$5`: requests; `$6`: filings. Part 0 has a row for each asked
    /// year with the number of linked workers, part 1 for each request that was answered before,
    /// part 2 for each filing.
    READ = concat!(
        "SELECT 0 AS part, ",
        year_columns!(),
        ", (SELECT count(*) FROM employer_worker
                WHERE employer_worker.employer_code = asked.employer_code) AS linked,
            NULL AS content, NULL::bytea AS response, NULL::bigint AS answered_at,
            NULL AS filing_id, NULL::integer AS kind, NULL::integer AS submitted_on,
            NULL::integer AS accepted_on, NULL::integer AS revoked_on ",
        years_asked!(),
        " UNION ALL
        SELECT 1, asked.ordinal - 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            idempotency.content::text, idempotency.response, idempotency.recorded_at,
            NULL, NULL, NULL, NULL, NULL
        FROM unnest($3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY
            AS asked (organisation, method, request_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency
            WHERE idempotency.organisation = asked.organisation
                AND idempotency.method = asked.method
                AND idempotency.request_id = asked.request_id LIMIT 1
        ) AS idempotency
        UNION ALL
        SELECT 2, NULL, filing.employer_code, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL,
            filing.filing_id, filing.kind, filing.submitted_on, filing.accepted_on,
            filing.revoked_on
        FROM unnest($6::text[]) AS asked (filing_id)
        CROSS JOIN LATERAL (
            SELECT * FROM filing WHERE filing.filing_id = asked.filing_id LIMIT 1
        ) AS filing"
    );

    /// One statement for the six tables: a round trip costs more than the rows of a posting.
    /// Its parts see none of each other's rows, so months that are taken back are gone before.
    ///
    /// `$1` to `$7`: entries; `$8` to `$10`: heads; `$11` to `$17`: workers and `$18` to `$21`:
    /// years, as in [`super::month::WRITE`]; `$22` to `$27`: answers; `$28` to `$41`: audit rows;
    /// each as in the statement of its own.
    WRITE = concat!(
        "WITH entry AS (
            INSERT INTO ledger_entry
                (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
                $6::bytea[], $7::bytea[])
        ), head AS (
            INSERT INTO ledger_head (employer_code, sequence, hash)
            SELECT * FROM unnest($8::text[], $9::bigint[], $10::bytea[])
            ON CONFLICT (employer_code) DO UPDATE SET
                sequence = excluded.sequence, hash = excluded.hash
        ), ",
        months_written!(
            "$11::bytea[], $12::bigint[], $13::text[], $14::text[], "
            "$15::bigint[], $16::text[], $17::text[]";
            "$18::text[], $19::bigint[], $20::bytea[], $21::bytea[]"
        ),
        ", answer AS (
            INSERT INTO idempotency
                (organisation, method, request_id, content, response, recorded_at)
            SELECT organisation, method, request_id, content::json, response, recorded_at
            FROM unnest($22::text[], $23::text[], $24::bytea[], $25::text[], $26::bytea[],
                    $27::bigint[])
                AS added (organisation, method, request_id, content, response, recorded_at)
            ORDER BY request_id
        ), audit AS (
            INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash,
                hash)
            SELECT * FROM unnest($28::bytea[], $29::bytea[], $30::bigint[], $31::bigint[],
                $32::text[], $33::text[], $34::text[], $35::bigint[], $36::text[], $37::bytea[],
                $38::text[], $39::bytea[], $40::bytea[], $41::bytea[])
        )
        SELECT count(*) AS matched FROM booked"
    );
}
