//! Months of the subsidies that claims hold.

statements! { "subsidy":
    /// `?1`: workers. Months of workers who were merged into one asked for are found too.
    LIST_OF_WORKERS = "SELECT asked.key AS position, held.worker_id, held.measure, held.month,
            held.employer_code, held.claim_id, held.amount_fen
        FROM json_each(?1) AS asked
        CROSS JOIN subsidy_month AS held ON held.worker_id = unhex(asked.value)
        UNION ALL
        SELECT asked.key, held.worker_id, held.measure, held.month, held.employer_code,
            held.claim_id, held.amount_fen
        FROM json_each(?1) AS asked
        CROSS JOIN worker AS gone ON gone.merged_into = unhex(asked.value)
        CROSS JOIN subsidy_month AS held ON held.worker_id = gone.worker_id
        ORDER BY position, measure, month, worker_id";

    /// `?1`: rows of worker, measure, month, employer, claim, amount.
    PUT = "INSERT INTO subsidy_month
            (worker_id, measure, month, employer_code, claim_id, amount_fen)
        SELECT unhex(added.value ->> 0), added.value ->> 1, added.value ->> 2,
            added.value ->> 3, added.value ->> 4, added.value ->> 5
        FROM json_each(?1) AS added ORDER BY added.key";

    /// `?1`: rows of worker, measure, month, claim.
    RELEASE = "DELETE FROM subsidy_month WHERE (worker_id, measure, month, claim_id) IN (
            SELECT unhex(gone.value ->> 0), gone.value ->> 1, gone.value ->> 2, gone.value ->> 3
            FROM json_each(?1) AS gone)";
}
