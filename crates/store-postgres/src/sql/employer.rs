//! Employers and who works for them.

statements! { "employer":
    /// `$1`: codes.
    READ = "SELECT asked.ordinal - 1 AS place, employer.employer_code, employer.record
        FROM unnest($1::text[]) WITH ORDINALITY AS asked (employer_code, ordinal)
        JOIN employer ON employer.employer_code = asked.employer_code";

    /// `$1`: codes.
    READ_LAST_INSTANT = "SELECT max(last.recorded_at) AS last_recorded_at
        FROM unnest($1::text[]) AS asked (employer_code)
        CROSS JOIN LATERAL (
            SELECT employer_fact.recorded_at FROM employer_fact
            WHERE employer_fact.employer_code = asked.employer_code
            ORDER BY employer_fact.revision DESC LIMIT 1
        ) AS last";

    /// `$1`: the code before, or an empty text; `$2`: at most so many.
    LIST = "SELECT employer_code, record FROM employer
        WHERE employer_code > $1 ORDER BY employer_code LIMIT $2";

    /// The head, which whoever writes a record has locked, tells its revision to postings. `$1`:
    /// codes, `$2`: revisions, `$3`: towns, `$4`: records; `$5`: the instant.
    PUT = "WITH head AS (
            UPDATE ledger_head SET record_revision = put.revision, basis = next_basis(basis),
                recorded_at = greatest(recorded_at, $5)
            FROM unnest($1::text[], $2::bigint[]) AS put (employer_code, revision)
            WHERE ledger_head.employer_code = put.employer_code
        )
        INSERT INTO employer (employer_code, revision, town_code, record)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[])
        ON CONFLICT (employer_code) DO UPDATE SET
            revision = excluded.revision, town_code = excluded.town_code, record = excluded.record";

    /// Tells the pairs that are new. `$1`: codes, `$2`: workers.
    LINK = "INSERT INTO employer_worker (employer_code, worker_id)
        SELECT * FROM unnest($1::text[], $2::bytea[])
        ON CONFLICT (employer_code, worker_id) DO NOTHING
        RETURNING employer_code, worker_id";
}
