//! Recorded answers.

statements! { "request":
    /// `?1`: rows of organisation, method, request.
    READ = "SELECT asked.key AS position, idempotency.content, idempotency.response,
            idempotency.recorded_at
        FROM json_each(?1) AS asked
        CROSS JOIN idempotency ON idempotency.organisation = asked.value ->> 0
            AND idempotency.method = asked.value ->> 1
            AND idempotency.request_id = unhex(asked.value ->> 2)";

    /// `?1`: rows of organisation, method, request, content, response, instant; `?2`: bytes.
    PUT = "INSERT INTO idempotency
            (organisation, method, request_id, content, response, recorded_at)
        SELECT added.value ->> 0, added.value ->> 1,
            substr(?2, added.value ->> 2, added.value ->> 3), added.value ->> 4,
            substr(?2, added.value ->> 5, added.value ->> 6), added.value ->> 7
        FROM json_each(?1) AS added ORDER BY added.key";
}
