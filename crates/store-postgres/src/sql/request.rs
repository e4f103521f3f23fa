//! Recorded answers.

/// Records answers: organisations, methods, requests, contents, responses, instants.
macro_rules! answers_recorded {
    ($organisations:literal, $methods:literal, $requests:literal, $contents:literal,
        $responses:literal, $instants:literal) => {
        concat!(
            "INSERT INTO idempotency
                (organisation, method, request_id, content, response, recorded_at)
            SELECT organisation, method, request_id, content::json, response, recorded_at FROM ",
            set!(
                organisation: $organisations, method: $methods, request_id: $requests,
                content: $contents, response: $responses, recorded_at: $instants,
            ),
            " AS added"
        )
    };
}

statements! { "request":
    /// `$1`: organisations, `$2`: methods, `$3`: requests.
    READ = concat!(
        "SELECT asked.place, idempotency.content::text AS content,
            idempotency.response, idempotency.recorded_at ",
        answers_asked!("$1::text[]", "$2::text[]", "$3::bytea[]")
    );

    /// `$1`: organisations, `$2`: methods, `$3`: requests, `$4`: contents, `$5`: responses,
    /// `$6`: instants.
    PUT = answers_recorded!(
        "$1::text[]", "$2::text[]", "$3::bytea[]", "$4::text[]", "$5::bytea[]", "$6::bigint[]"
    );
}
