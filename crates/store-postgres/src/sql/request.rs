//! Recorded answers.

statements! { "request":
    /// `$1`: organisations, `$2`: methods, `$3`: requests.
    READ = concat!(
        "SELECT asked.place, idempotency.content::text AS content,
            idempotency.response, idempotency.recorded_at ",
        answers_asked!("$1::text[]", "$2::text[]", "$3::bytea[]")
    );

    /// `$1`: organisations, `$2`: methods, `$3`: requests, `$4`: contents, `$5`: responses,
    /// `$6`: instants.
    PUT = concat!(
        "INSERT INTO idempotency
            (organisation, method, request_id, content, response, recorded_at)
        SELECT organisation, method, request_id, content::json, response, recorded_at FROM ",
        set!(
            organisation: "$1::text[]", method: "$2::text[]", request_id: "$3::bytea[]",
            content: "$4::text[]", response: "$5::bytea[]", recorded_at: "$6::bigint[]",
        ),
        " AS added"
    );
}
