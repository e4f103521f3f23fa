//! Audit rows.

macro_rules! audit_columns {
    () => {
        "audit_id, writer_id, position, recorded_at, method, caller, outcome, worker_id,
        employer_code, frozen, previous_hash, hash"
    };
}

statements! { "audit":
    /// `$1`: the id.
    READ = concat!("SELECT ", audit_columns!(), " FROM audit_event WHERE audit_id = $1");

    /// `$1`: the writer.
    READ_LAST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event WHERE writer_id = $1
        ORDER BY position DESC LIMIT 1"
    );

    /// `$1` to `$12`: the columns in order.
    APPEND = concat!(
        "INSERT INTO audit_event (", audit_columns!(), ")
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::text[],
            $6::text[], $7::text[], $8::bytea[], $9::text[], $10::bytea[], $11::bytea[],
            $12::bytea[])"
    );
}
