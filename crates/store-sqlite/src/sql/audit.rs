//! Audit rows.

macro_rules! audit_columns {
    () => {
        "audit_id, writer_id, position, recorded_at, method, caller, outcome, worker_id,
        employer_code, frozen, previous_hash, hash"
    };
}

statements! { "audit":
    /// `?1`: the id.
    READ = concat!("SELECT ", audit_columns!(), " FROM audit_event WHERE audit_id = ?1");

    /// `?1`: the writer.
    READ_LAST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event WHERE writer_id = ?1
        ORDER BY position DESC LIMIT 1"
    );

    /// `?1`: rows, with the columns in order.
    APPEND = concat!(
        "INSERT INTO audit_event (", audit_columns!(), ")
        SELECT unhex(added.value ->> 0), unhex(added.value ->> 1), added.value ->> 2,
            added.value ->> 3, added.value ->> 4, added.value ->> 5, added.value ->> 6,
            unhex(added.value ->> 7), added.value ->> 8, unhex(added.value ->> 9),
            unhex(added.value ->> 10), unhex(added.value ->> 11)
        FROM json_each(?1) AS added ORDER BY added.key"
    );
}
