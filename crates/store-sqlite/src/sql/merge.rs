//! Joining two records of one person.

statements! { "merge":
    /// `?1`: workers.
    LIST_MONTHS = "SELECT person_month.worker_id, person_month.month, person_month.employer_code,
            person_month.code_group, person_month.amount_fen, person_month.sequence
        FROM json_each(?1) AS asked
        CROSS JOIN person_month ON person_month.worker_id = unhex(asked.value)
        ORDER BY person_month.worker_id, person_month.month";

    /// Whoever was read as the one that goes. `?1`: the worker that stays, `?2`: the one that goes.
    MOVE_MERGED = "UPDATE worker SET merged_into = ?1 WHERE merged_into = ?2";

    /// `?1`: the worker that stays, `?2`: the one that goes.
    MERGE = "UPDATE worker SET merged_into = ?1 WHERE worker_id = ?2 AND merged_into IS NULL";
}
