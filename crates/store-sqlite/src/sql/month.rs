//! Booked person-months.

statements! { "month":
    /// `?1`: employer.
    LIST_OF_EMPLOYER = "SELECT worker_id, month, code_group, amount_fen, sequence
        FROM person_month WHERE employer_code = ?1 ORDER BY month, worker_id";

    /// `?1`: rows of worker, month, employer, group, amount, sequence; `?2`: bytes.
    BOOK = "INSERT INTO person_month
            (worker_id, month, employer_code, code_group, amount_fen, sequence)
        SELECT substr(?2, added.value ->> 0, added.value ->> 1), added.value ->> 2,
            added.value ->> 3, added.value ->> 4, added.value ->> 5, added.value ->> 6
        FROM json_each(?1) AS added ORDER BY added.key";

    /// `?1`: rows of worker, month, employer.
    RELEASE = "DELETE FROM person_month WHERE (worker_id, month, employer_code) IN (
            SELECT unhex(gone.value ->> 0), gone.value ->> 1, gone.value ->> 2
            FROM json_each(?1) AS gone)";
}
