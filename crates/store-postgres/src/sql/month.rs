//! Booked person-months.

statements! { "month":
    /// `$1`: employer.
    LIST_OF_EMPLOYER = "SELECT worker_id, month, code_group, amount_fen, sequence
        FROM person_month WHERE employer_code = $1 ORDER BY month, worker_id";

    /// `$1`: workers, `$2`: months, `$3`: employers, `$4`: groups, `$5`: amounts, `$6`: sequences.
    /// In order of key, so that two units that book the same months wait and do not deadlock.
    BOOK = "INSERT INTO person_month
            (worker_id, month, employer_code, code_group, amount_fen, sequence)
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bigint[]) AS added (worker_id, month, employer_code, code_group, amount_fen, sequence)
        ORDER BY worker_id, month";

    /// `$1`: workers, `$2`: months, `$3`: employers.
    RELEASE = "DELETE FROM person_month WHERE (worker_id, month, employer_code) IN (
            SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[]))";
}
