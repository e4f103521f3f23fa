//! Months of the subsidies that claims hold.

statements! { "subsidy":
    /// `$1`: workers. Months of workers who were merged into one asked for are found too.
    LIST_OF_WORKERS = "SELECT asked.ordinal - 1 AS place, held.worker_id, held.measure, held.month,
            held.employer_code, held.claim_id, held.amount_fen
        FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal)
        JOIN subsidy_month AS held ON held.worker_id = asked.worker_id
        UNION ALL
        SELECT asked.ordinal - 1, held.worker_id, held.measure, held.month, held.employer_code,
            held.claim_id, held.amount_fen
        FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal)
        JOIN worker AS gone ON gone.merged_into = asked.worker_id
        JOIN subsidy_month AS held ON held.worker_id = gone.worker_id
        ORDER BY place, measure, month, worker_id";

    /// `$1`: workers, `$2`: measures, `$3`: months, `$4`: employers, `$5`: claims, `$6`: amounts.
    /// In order of key, so that two units that claim the same months wait and do not deadlock.
    PUT = "INSERT INTO subsidy_month
            (worker_id, measure, month, employer_code, claim_id, amount_fen)
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
            $6::bigint[]) AS added (worker_id, measure, month, employer_code, claim_id, amount_fen)
        ORDER BY worker_id, measure, month";

    /// `$1`: workers, `$2`: measures, `$3`: months, `$4`: claims.
    RELEASE = "DELETE FROM subsidy_month WHERE (worker_id, measure, month, claim_id) IN (
            SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[]))";
}
