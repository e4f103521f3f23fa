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

    /// `?1`: rows, with the columns in order; `?2`: bytes.
    APPEND = concat!(
        "INSERT INTO audit_event (", audit_columns!(), ")
        SELECT substr(?2, added.value ->> 0, added.value ->> 1),
            substr(?2, added.value ->> 2, added.value ->> 3), added.value ->> 4,
            added.value ->> 5, added.value ->> 6, added.value ->> 7, added.value ->> 8,
            substr(?2, added.value ->> 9, added.value ->> 10), added.value ->> 11,
            substr(?2, added.value ->> 12, added.value ->> 13),
            substr(?2, added.value ->> 14, added.value ->> 15),
            substr(?2, added.value ->> 16, added.value ->> 17)
        FROM json_each(?1) AS added ORDER BY added.key"
    );
}
