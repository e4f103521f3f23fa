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

/// The first of a list, narrowed by `?2` states or NULL, `?3` employer or NULL, `?4` worker or
/// NULL, `?5` parent or NULL, `?6` region prefix, `?7` due before or NULL, `?8` opened from, `?9`
/// opened before, `?10` and `?11` after instant and id, `?12` at most so many.
macro_rules! list_tail {
    () => {
        " AND (?2 IS NULL OR state IN (SELECT asked.value FROM json_each(?2) AS asked))
            AND (?3 IS NULL OR employer_code = ?3) AND (?4 IS NULL OR worker_id = ?4)
            AND (?5 IS NULL OR parent_id = ?5)
            AND substr(region_code, 1, length(?6)) = ?6 AND (?7 IS NULL OR due_on < ?7)
            AND opened_at >= ?8 AND opened_at < ?9 AND (opened_at, case_id) > (?10, ?11)
        ORDER BY opened_at, case_id LIMIT ?12"
    };
}

statements! { "case":
    /// `?1`: ids.
    READ = concat!(
        "SELECT asked.key AS position, ", file_columns!(),
        " FROM json_each(?1) AS asked
        CROSS JOIN case_file ON case_file.case_id = unhex(asked.value)"
    );

    /// `?1`: kind, `?2`: keys.
    READ_BY_KEY = concat!(
        "SELECT asked.key AS position, ", file_columns!(),
        " FROM json_each(?2) AS asked
        CROSS JOIN case_file ON case_file.kind = ?1 AND case_file.case_key = unhex(asked.value)"
    );

    /// `?1`: ids, `?2`: as of.
    READ_AS_OF = concat!(
        "SELECT asked.key AS position, ", event_columns!(),
        " FROM json_each(?1) AS asked
        CROSS JOIN case_event ON case_event.case_id = unhex(asked.value)
            AND case_event.revision = (SELECT max(known.revision) FROM case_event AS known
                WHERE known.case_id = unhex(asked.value) AND known.recorded_at <= ?2)"
    );

    /// `?1`: kind; see `list_tail!`.
    LIST_OF_KIND = concat!(
        "SELECT ", file_columns!(), " FROM case_file INDEXED BY case_file_by_kind
        WHERE kind = ?1", list_tail!()
    );

    /// The queue of one state. `?1`: kind, `?13`: state; see `list_tail!`.
    LIST_OF_STATE = concat!(
        "SELECT ", file_columns!(), " FROM case_file INDEXED BY case_file_by_state
        WHERE kind = ?1 AND state = ?13", list_tail!()
    );

    /// `?1`: kind, `?13`: employer; see `list_tail!`.
    LIST_OF_EMPLOYER = concat!(
        "SELECT ", file_columns!(), " FROM case_file INDEXED BY case_file_by_employer
        WHERE kind = ?1 AND employer_code = ?13", list_tail!()
    );

    /// `?1`: kind, `?13`: worker; see `list_tail!`.
    LIST_OF_WORKER = concat!(
        "SELECT ", file_columns!(), " FROM case_file INDEXED BY case_file_by_worker
        WHERE kind = ?1 AND worker_id = ?13", list_tail!()
    );

    /// `?1`: kind, `?13`: parent; see `list_tail!`.
    LIST_OF_PARENT = concat!(
        "SELECT ", file_columns!(), " FROM case_file INDEXED BY case_file_by_parent
        WHERE kind = ?1 AND parent_id = ?13", list_tail!()
    );

    /// `?1`: the case, `?2`: after, `?3`: at most so many.
    LIST_EVENTS = concat!(
        "SELECT ", event_columns!(), ", case_event.previous_state, case_event.actor,
            case_event.reason
        FROM case_event WHERE case_id = ?1 AND revision > ?2 ORDER BY revision LIMIT ?3"
    );

    /// `?1`: the id before, or no bytes; `?2`: at most so many.
    LIST_IDS = "SELECT case_id FROM case_event
        WHERE case_id > ?1 AND revision = 1 ORDER BY case_id LIMIT ?2";

    /// `?1`: rows with the columns in order.
    APPEND = "INSERT INTO case_event (case_id, revision, kind, case_key, opened_at, state,
            parent_id, employer_code, worker_id, region_code, due_on, body, recorded_at,
            previous_state, actor, reason)
        SELECT unhex(added.value ->> 0), added.value ->> 1, added.value ->> 2,
            unhex(added.value ->> 3), added.value ->> 4, added.value ->> 5,
            unhex(added.value ->> 6), added.value ->> 7, unhex(added.value ->> 8),
            added.value ->> 9, added.value ->> 10, unhex(added.value ->> 11), added.value ->> 12,
            added.value ->> 13, added.value ->> 14, added.value ->> 15
        FROM json_each(?1) AS added ORDER BY added.key";

    /// `?1`: rows as [`APPEND`] takes them, one a case.
    PUT = "INSERT INTO case_file (case_id, revision, kind, case_key, opened_at, state, parent_id,
            employer_code, worker_id, region_code, due_on, body, updated_at)
        SELECT unhex(put.value ->> 0), put.value ->> 1, put.value ->> 2, unhex(put.value ->> 3),
            put.value ->> 4, put.value ->> 5, unhex(put.value ->> 6), put.value ->> 7,
            unhex(put.value ->> 8), put.value ->> 9, put.value ->> 10, unhex(put.value ->> 11),
            put.value ->> 12
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (case_id) DO UPDATE SET
            revision = excluded.revision, state = excluded.state,
            parent_id = excluded.parent_id, employer_code = excluded.employer_code,
            worker_id = excluded.worker_id, region_code = excluded.region_code,
            due_on = excluded.due_on, body = excluded.body, updated_at = excluded.updated_at";
}
