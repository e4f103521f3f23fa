//! Audit rows.

macro_rules! audit_columns {
    () => {
        "audit_event.audit_id, audit_event.writer_id, audit_event.position,
        audit_event.recorded_at, audit_event.method, audit_event.caller,
        audit_event.organisation, audit_event.retention::bigint, audit_event.outcome,
        audit_event.worker_id, audit_event.employer_code, audit_event.frozen,
        audit_event.previous_hash, audit_event.hash"
    };
}

/// Appends audit rows. The arguments: the columns in order.
macro_rules! audit_rows_appended {
    ($id:literal, $writer:literal, $position:literal, $recorded:literal, $method:literal,
        $caller:literal, $organisation:literal, $retention:literal, $outcome:literal,
        $worker:literal, $employer:literal, $frozen:literal, $previous:literal, $hash:literal) => {
        concat!(
            "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash,
                hash) ",
            set!(
                audit_id: $id, writer_id: $writer, position: $position, recorded_at: $recorded,
                method: $method, caller: $caller, organisation: $organisation,
                retention: $retention, outcome: $outcome, worker_id: $worker,
                employer_code: $employer, frozen: $frozen, previous_hash: $previous, hash: $hash,
            )
        )
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

    /// `$1` to `$14`: the columns in order.
    APPEND = audit_rows_appended!(
        "$1::bytea[]", "$2::bytea[]", "$3::bigint[]", "$4::bigint[]", "$5::text[]", "$6::text[]",
        "$7::text[]", "$8::bigint[]", "$9::text[]", "$10::bytea[]", "$11::text[]", "$12::bytea[]",
        "$13::bytea[]", "$14::bytea[]"
    );

    /// `$1`, `$2`: instant and id of the row before, `$3`: recorded before, `$4`: the class, or
    /// nothing; `$5`: at most so many.
    LIST = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE (audit_event.recorded_at, audit_event.audit_id) > ($1, $2)
            AND audit_event.recorded_at < $3
            AND ($4::bigint IS NULL OR audit_event.retention = $4)
        ORDER BY audit_event.recorded_at, audit_event.audit_id LIMIT $5"
    );

    /// As [`LIST`], with the workers as `$6`.
    LIST_OF_WORKERS = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE audit_event.worker_id = ANY ($6)
            AND (audit_event.recorded_at, audit_event.audit_id) > ($1, $2)
            AND audit_event.recorded_at < $3
            AND ($4::bigint IS NULL OR audit_event.retention = $4)
        UNION
        SELECT ", audit_columns!(), " FROM audit_subject
        JOIN audit_event ON audit_event.audit_id = audit_subject.audit_id
        WHERE audit_subject.worker_id = ANY ($6)
            AND (audit_subject.recorded_at, audit_subject.audit_id) > ($1, $2)
            AND audit_subject.recorded_at < $3
            AND ($4::bigint IS NULL OR audit_event.retention = $4)
        ORDER BY 4, 1 LIMIT $5"
    );

    /// `$1`: the worker merged into.
    LIST_MERGED = "SELECT worker_id FROM worker WHERE merged_into = $1 ORDER BY worker_id";

    /// `$1`, `$2`: writer and position of the row before, `$3`: at most so many.
    LIST_CHAINS = concat!(
        "SELECT ", audit_columns!(), " FROM audit_event
        WHERE (audit_event.writer_id, audit_event.position) > ($1, $2)
        ORDER BY audit_event.writer_id, audit_event.position LIMIT $3"
    );

    /// `$1`, `$2`: writer and position of the gap before, `$3`: at most so many.
    LIST_GAPS = "SELECT writer_id, first_position, last_position, previous_hash, hash, cut_id
        FROM audit_gap WHERE (writer_id, first_position) > ($1, $2)
        ORDER BY writer_id, first_position LIMIT $3";

    /// `$1`: workers, `$2`: instants, `$3`: audit rows.
    PUT_SUBJECTS = "INSERT INTO audit_subject (worker_id, recorded_at, audit_id)
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])";

    /// `$1`: id, `$2`: class, `$3`: before, `$4`: when.
    APPEND_CUT = "INSERT INTO audit_cut (cut_id, retention, before, cut_at)
        VALUES ($1, $2, $3, $4)";

    /// `$1`: writers, `$2`: first positions, `$3`: last positions, `$4`: hashes before, `$5`: last
    /// hashes, `$6`: by which cut.
    APPEND_GAPS = "INSERT INTO audit_gap
            (writer_id, first_position, last_position, previous_hash, hash, cut_id)
        SELECT gap.*, $6 FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[],
            $5::bytea[]) AS gap";

    /// `$1`: the cut.
    REMOVE = "SELECT remove_cut_audit($1) AS removed";
}
