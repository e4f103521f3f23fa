//! How far a standby has followed its primary.

statements! { "replica":
    /// What the primary has made durable up to now, which is all that it has acknowledged, and on
    /// which line of its history: after a failover another server goes on on a line of its own.
    READ_MARK = "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint AS position,
            ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::bigint
                AS timeline,
            system.system_identifier
        FROM pg_control_system() AS system";

    /// How far a standby has replayed, and of which line. What is read after it is no older.
    READ_STANDING = "SELECT pg_is_in_recovery() AS follows,
            (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint AS position,
            greatest(of_checkpoint.timeline_id, of_recovery.min_recovery_end_timeline)::bigint
                AS timeline,
            system.system_identifier
        FROM pg_control_system() AS system, pg_control_checkpoint() AS of_checkpoint,
            pg_control_recovery() AS of_recovery";
}
