//! Employers and who works for them.

statements! { "employer":
    /// `?1`: codes.
    READ = "SELECT asked.key AS position, employer.employer_code, employer.record
        FROM json_each(?1) AS asked
        CROSS JOIN employer ON employer.employer_code = asked.value";

    /// `?1`: the code before, or an empty text; `?2`: at most so many.
    LIST = "SELECT employer_code, record FROM employer
        WHERE employer_code > ?1 ORDER BY employer_code LIMIT ?2";

    /// `?1`: rows of code, revision, town, record.
    PUT = "INSERT INTO employer (employer_code, revision, town_code, record)
        SELECT put.value ->> 0, put.value ->> 1, put.value ->> 2, unhex(put.value ->> 3)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (employer_code) DO UPDATE SET
            revision = excluded.revision, town_code = excluded.town_code, record = excluded.record";

    /// `?1`: rows of code, worker.
    LINK = "INSERT INTO employer_worker (employer_code, worker_id)
        SELECT put.value ->> 0, unhex(put.value ->> 1)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (employer_code, worker_id) DO NOTHING";
}
