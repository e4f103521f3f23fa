//! Filings as checks read them.

statements! { "filing":
    /// `?1`: ids.
    READ = "SELECT asked.key AS position, filing.filing_id, filing.employer_code, filing.kind,
            filing.submitted_on, filing.accepted_on, filing.revoked_on
        FROM json_each(?1) AS asked
        CROSS JOIN filing ON filing.filing_id = asked.value";

    /// `?1`: rows of id, employer, kind, submitted, accepted, revoked.
    PUT = "INSERT INTO filing
            (filing_id, employer_code, kind, submitted_on, accepted_on, revoked_on)
        SELECT put.value ->> 0, put.value ->> 1, put.value ->> 2, put.value ->> 3,
            put.value ->> 4, put.value ->> 5
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (filing_id) DO UPDATE SET
            kind = excluded.kind, submitted_on = excluded.submitted_on,
            accepted_on = excluded.accepted_on, revoked_on = excluded.revoked_on";
}
