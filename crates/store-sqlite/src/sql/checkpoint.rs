//! Checkpoints and the feed.

macro_rules! checkpoint_columns {
    () => {
        "number, recorded_at, frozen, previous_hash, hash, key_id, signature"
    };
}

statements! { "checkpoint":
    /// `?1`: after, `?2`: at most so many.
    LIST = concat!(
        "SELECT ", checkpoint_columns!(), " FROM checkpoint
        WHERE number > ?1 ORDER BY number LIMIT ?2"
    );

    /// The last one.
    READ_LAST = concat!(
        "SELECT ", checkpoint_columns!(), " FROM checkpoint
        WHERE number > 0 ORDER BY number DESC LIMIT 1"
    );

    /// `?1`: at most so many. Goes along the heads; those that have not moved are passed over.
    LIST_MOVED_HEADS = "SELECT ledger_head.employer_code, ledger_head.sequence, ledger_head.hash
        FROM ledger_head
        LEFT JOIN checkpoint_head AS checked
            ON checked.employer_code = ledger_head.employer_code
        WHERE ledger_head.employer_code > ''
            AND ledger_head.sequence > coalesce(checked.sequence, 0)
        ORDER BY ledger_head.employer_code LIMIT ?1";

    /// `?1`: number, `?2`: instant, `?3`: frozen, `?4`: hash before, `?5`: hash, `?6`: key,
    /// `?7`: signature.
    APPEND = concat!(
        "INSERT INTO checkpoint (", checkpoint_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    );

    /// `?1`: rows of employer, sequence.
    PUT_HEADS = "INSERT INTO checkpoint_head (employer_code, sequence)
        SELECT put.value ->> 0, put.value ->> 1 FROM json_each(?1) AS put WHERE true
        ON CONFLICT (employer_code) DO UPDATE SET sequence = excluded.sequence";

    /// `?1`: after.
    NEXT_CHAIN = "SELECT employer_code FROM ledger_entry
        WHERE employer_code > ?1 ORDER BY employer_code LIMIT 1";

    /// The end of the feed.
    READ_FEED_END = "SELECT feed_position FROM ledger_entry
        WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1";

    /// `?1`: after, `?2`: up to, `?3`: at most so many.
    LIST_FEED = "SELECT feed_position, employer_code, sequence, tax_year, recorded_at, frozen,
            previous_hash, hash
        FROM ledger_entry
        WHERE feed_position > ?1 AND feed_position <= ?2
        ORDER BY feed_position LIMIT ?3";
}
