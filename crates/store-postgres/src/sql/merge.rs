//! Joining two records of one person.

statements! { "merge":
    /// Whoever was read as the one that goes. `$1`: the worker that stays, `$2`: the one that goes.
    MOVE_MERGED = "UPDATE worker SET merged_into = $1 WHERE merged_into = $2";

    /// `$1`: the worker that stays, `$2`: the one that goes.
    MERGE = "UPDATE worker SET merged_into = $1 WHERE worker_id = $2 AND merged_into IS NULL";
}
