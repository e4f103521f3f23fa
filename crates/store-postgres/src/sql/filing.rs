//! Filings as checks read them.

statements! { "filing":
    /// `$1`: ids.
    READ = "SELECT asked.ordinal - 1 AS place, filing.filing_id, filing.employer_code,
            filing.kind, filing.submitted_on, filing.accepted_on, filing.revoked_on
        FROM unnest($1::text[]) WITH ORDINALITY AS asked (filing_id, ordinal)
        JOIN filing ON filing.filing_id = asked.filing_id";

    /// One that stays as it is leaves its employer's head alone. `$1` to `$6`: id, employer, kind, submitted, accepted, revoked.
    PUT = "INSERT INTO filing
            (filing_id, employer_code, kind, submitted_on, accepted_on, revoked_on)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::bigint[])
        ON CONFLICT (filing_id) DO UPDATE SET
            kind = excluded.kind, submitted_on = excluded.submitted_on,
            accepted_on = excluded.accepted_on, revoked_on = excluded.revoked_on
        WHERE (filing.kind, filing.submitted_on, filing.accepted_on, filing.revoked_on)
            IS DISTINCT FROM (excluded.kind, excluded.submitted_on, excluded.accepted_on,
                excluded.revoked_on)";
}
