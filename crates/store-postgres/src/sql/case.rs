//! Cases.

macro_rules! file_columns {
    () => {
        "case_file.case_id, case_file.revision, case_file.kind, case_file.case_key,
        case_file.opened_at, case_file.state, case_file.parent_id, case_file.employer_code,
        case_file.worker_id, case_file.region_code, case_file.due_on, case_file.body,
        case_file.updated_at"
    };
}

macro_rules! event_columns {
    () => {
        "case_event.case_id, case_event.revision, case_event.kind, case_event.case_key,
        case_event.opened_at, case_event.state, case_event.parent_id, case_event.employer_code,
        case_event.worker_id, case_event.region_code, case_event.due_on, case_event.body,
        case_event.recorded_at AS updated_at"
    };
}

/// The first of a list, narrowed by `$2` states or NULL, `$3` employer or NULL, `$4` worker or
/// NULL, `$5` parent or NULL, `$6` region prefix, `$7` due before or NULL, `$8` opened from, `$9`
/// opened before, `$10` and `$11` after instant and id, `$12` at most so many.
macro_rules! list_tail {
    () => {
        " AND ($2::bigint[] IS NULL OR state = ANY ($2::bigint[]))
            AND ($3::text IS NULL OR employer_code = $3)
            AND ($4::bytea IS NULL OR worker_id = $4) AND ($5::bytea IS NULL OR parent_id = $5)
            AND starts_with(region_code, $6::text) AND ($7::bigint IS NULL OR due_on < $7)
            AND opened_at >= $8 AND opened_at < $9
            AND (opened_at, case_id) > ($10::bigint, $11::bytea)
        ORDER BY opened_at, case_id LIMIT $12"
    };
}

statements! { "case":
    /// `$1`: ids.
    READ = concat!(
        "SELECT asked.ordinal - 1 AS place, ", file_columns!(),
        " FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (case_id, ordinal)
        JOIN case_file ON case_file.case_id = asked.case_id"
    );

    /// Has cases to the unit alone. `$1`: ids.
    LOCK = "SELECT 1 FROM case_file WHERE case_id = ANY ($1)
        ORDER BY case_id FOR NO KEY UPDATE";

    /// `$1`: kind, `$2`: keys.
    READ_BY_KEY = concat!(
        "SELECT asked.ordinal - 1 AS place, ", file_columns!(),
        " FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (case_key, ordinal)
        JOIN case_file ON case_file.kind = $1::bigint AND case_file.case_key = asked.case_key"
    );

    /// Has cases to the unit alone. `$1`: kind, `$2`: keys.
    LOCK_BY_KEY = "SELECT 1 FROM case_file WHERE kind = $1::bigint AND case_key = ANY ($2)
        ORDER BY case_id FOR NO KEY UPDATE";

    /// `$1`: ids, `$2`: as of.
    READ_AS_OF = concat!(
        "SELECT asked.ordinal - 1 AS place, ", event_columns!(),
        " FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (case_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM case_event AS known
            WHERE known.case_id = asked.case_id AND known.recorded_at <= $2
            ORDER BY known.revision DESC LIMIT 1
        ) AS case_event"
    );

    /// `$1`: kind; see `list_tail!`. `$13` is not used, so that all lists take the same arguments.
    LIST_OF_KIND = concat!(
        "SELECT ", file_columns!(), " FROM case_file
        WHERE kind = $1::bigint AND $13::bigint IS NULL", list_tail!()
    );

    /// The queue of one state. `$1`: kind, `$13`: state; see `list_tail!`.
    LIST_OF_STATE = concat!(
        "SELECT ", file_columns!(), " FROM case_file
        WHERE kind = $1::bigint AND state = $13::bigint", list_tail!()
    );

    /// `$1`: kind, `$13`: employer; see `list_tail!`.
    LIST_OF_EMPLOYER = concat!(
        "SELECT ", file_columns!(), " FROM case_file
        WHERE kind = $1::bigint AND employer_code = $13::text", list_tail!()
    );

    /// `$1`: kind, `$13`: worker; see `list_tail!`.
    LIST_OF_WORKER = concat!(
        "SELECT ", file_columns!(), " FROM case_file
        WHERE kind = $1::bigint AND worker_id = $13::bytea", list_tail!()
    );

    /// `$1`: kind, `$13`: parent; see `list_tail!`.
    LIST_OF_PARENT = concat!(
        "SELECT ", file_columns!(), " FROM case_file
        WHERE kind = $1::bigint AND parent_id = $13::bytea", list_tail!()
    );

    /// `$1`: the case, `$2`: after, `$3`: at most so many.
    LIST_EVENTS = concat!(
        "SELECT ", event_columns!(), ", case_event.previous_state, case_event.actor,
            case_event.reason
        FROM case_event WHERE case_id = $1 AND revision > $2 ORDER BY revision LIMIT $3"
    );

    /// `$1`: the id before, or no bytes; `$2`: at most so many.
    LIST_IDS = "SELECT case_id FROM case_event
        WHERE case_id > $1 AND revision = 1 ORDER BY case_id LIMIT $2";

    /// `$1` to `$16`: the columns in order.
    APPEND = "INSERT INTO case_event (case_id, revision, kind, case_key, opened_at, state,
            parent_id, employer_code, worker_id, region_code, due_on, body, recorded_at,
            previous_state, actor, reason)
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[],
            $6::bigint[], $7::bytea[], $8::text[], $9::bytea[], $10::text[], $11::bigint[],
            $12::bytea[], $13::bigint[], $14::bigint[], $15::text[], $16::text[])";

    /// `$1` to `$13`: the columns in order, one row a case.
    PUT = "INSERT INTO case_file (case_id, revision, kind, case_key, opened_at, state, parent_id,
            employer_code, worker_id, region_code, due_on, body, updated_at)
        SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[],
            $6::bigint[], $7::bytea[], $8::text[], $9::bytea[], $10::text[], $11::bigint[],
            $12::bytea[], $13::bigint[])
        ON CONFLICT (case_id) DO UPDATE SET
            revision = excluded.revision, state = excluded.state,
            parent_id = excluded.parent_id, employer_code = excluded.employer_code,
            worker_id = excluded.worker_id, region_code = excluded.region_code,
            due_on = excluded.due_on, body = excluded.body, updated_at = excluded.updated_at";
}
