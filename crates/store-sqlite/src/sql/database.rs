//! The database as a whole.

statements! { "database":
    /// The latest instant under which anything is recorded. Instants never go back, so the last
    /// row of each table has the table's latest.
    READ_LAST_INSTANT = "SELECT max(recorded_at) AS recorded_at FROM (
            SELECT recorded_at FROM (SELECT recorded_at FROM worker_fact
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            SELECT recorded_at FROM (SELECT recorded_at FROM employer_fact
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            SELECT recorded_at FROM (SELECT recorded_at FROM ledger_entry
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            SELECT recorded_at FROM (SELECT recorded_at FROM audit_event
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            SELECT recorded_at FROM (SELECT recorded_at FROM idempotency
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            SELECT recorded_at FROM (SELECT recorded_at FROM case_event
                WHERE feed_position > 0 ORDER BY feed_position DESC LIMIT 1)
        )";

    /// Whether the database answers.
    PING = "SELECT 1";
}
