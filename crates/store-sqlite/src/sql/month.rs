//! Booked person-months.

statements! { "month":
    /// `?1`: workers.
    READ_WORKERS = "SELECT asked.key AS position, worker.worker_id, worker.booked_from, worker.booked, worker.booked_by
        FROM json_each(?1) AS asked
        CROSS JOIN worker ON worker.worker_id = unhex(asked.value)";

    /// `?1`: rows of employer, year.
    READ_YEARS = "SELECT employer_year.employer_code, employer_year.tax_year, employer_year.months
        FROM json_each(?1) AS asked
        CROSS JOIN employer_year ON employer_year.employer_code = asked.value ->> 0
            AND employer_year.tax_year = asked.value ->> 1";

    /// `?1`: employer.
    LIST_OF_EMPLOYER = "SELECT employer_code, tax_year, months FROM employer_year
        WHERE employer_code = ?1 ORDER BY tax_year";

    /// A row that is another than was read is left alone. `?1`: rows of worker; first month, months
    /// and employers as they were read; the same three as they are to be; `?2`: bytes.
    PUT_WORKERS = "UPDATE worker SET booked_from = put.value ->> 5, booked = put.value ->> 6,
            booked_by = put.value ->> 7
        FROM json_each(?1) AS put
        WHERE worker.worker_id = substr(?2, put.value ->> 0, put.value ->> 1)
            AND worker.booked_from = put.value ->> 2 AND worker.booked = put.value ->> 3
            AND worker.booked_by = put.value ->> 4";

    /// What has no bytes stays as it is. `?1`: rows of employer, year, state, months; `?2`: bytes.
    PUT_YEARS = "INSERT INTO employer_year (employer_code, tax_year, state, months)
        SELECT put.value ->> 0, put.value ->> 1, substr(?2, put.value ->> 2, put.value ->> 3),
            substr(?2, put.value ->> 4, put.value ->> 5)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (employer_code, tax_year) DO UPDATE SET
            state = iif(excluded.state = x'', employer_year.state, excluded.state),
            months = iif(excluded.months = x'', employer_year.months, excluded.months)";
}
