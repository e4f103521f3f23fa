//! Recorded answers.

statements! { "request":
    /// `$1`: organisations, `$2`: methods, `$3`: requests.
    READ = concat!(
        "SELECT asked.ordinal - 1 AS place, idempotency.content::text AS content,
            idempotency.response, idempotency.recorded_at ",
        answers_asked!("$1::text[], $2::text[], $3::bytea[]")
    );

    /// `$1`: organisations, `$2`: methods, `$3`: requests, `$4`: contents, `$5`: responses,
    /// `$6`: instants. In order of key, so that the same requests sent twice at once wait for each
    /// other and do not deadlock.
    PUT = "INSERT INTO idempotency
            (organisation, method, request_id, content, response, recorded_at)
        SELECT organisation, method, request_id, content::json, response, recorded_at
        FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::bigint[])
            AS added (organisation, method, request_id, content, response, recorded_at)
        ORDER BY request_id";
}
