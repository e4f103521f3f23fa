//! The database as a whole.

statements! { "database":
    /// `$1`: `on` where the session only reads, `$2`: milliseconds of a statement, `$3`: of a lock,
    /// `$4`: of a unit between two statements.
    ///
    /// Every statement looks up what was asked for by key. A planner that believes a table to be
    /// small, since it was when it was last counted, would read all of it; and planning anew at
    /// each call costs as much as the call. The rows of a key are few: gathering them in a bitmap
    /// first costs more than it saves.
    PREPARE_SESSION = "SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
            set_config('enable_seqscan', 'off', false),
            set_config('enable_hashjoin', 'off', false),
            set_config('enable_mergejoin', 'off', false),
            set_config('enable_material', 'off', false),
            set_config('enable_bitmapscan', 'off', false),
            set_config('enable_memoize', 'off', false),
            set_config('jit', 'off', false),
            set_config('default_transaction_isolation', 'read committed', false),
            set_config('default_transaction_read_only', $1, false),
            set_config('statement_timeout', $2, false),
            set_config('lock_timeout', $3, false),
            set_config('idle_in_transaction_session_timeout', $4, false)";

    /// Whether the session's login is granted the service's role.
    MAY_TAKE_ROLE = "SELECT EXISTS (SELECT FROM pg_roles
            WHERE rolname = 'mamagang_app' AND pg_has_role(current_user, oid, 'MEMBER')
        ) AS is_member";

    /// From here on the session can append to truth and not change it.
    TAKE_ROLE = "SET ROLE mamagang_app";

    /// What makes a session unfit: truth that it could change, commits that it could lose.
    READ_SESSION = "SELECT current_setting('synchronous_commit') AS synchronous_commit,
            (SELECT string_agg(truth.name, ', ')
                FROM unnest(ARRAY['worker_fact', 'employer_fact', 'ledger_entry', 'audit_event',
                    'policy_set', 'idempotency', 'checkpoint', 'case_event']) AS truth (name)
                WHERE has_table_privilege(truth.name, 'UPDATE, DELETE, TRUNCATE')
            ) AS changeable";

    /// Versions and checksums of the applied migrations.
    READ_SCHEMA = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";

    /// The latest instant under which anything is recorded, or nearly so: the last row written of
    /// each table; recorded answers have their calls' audit rows beside them. Instances write side by side, so an earlier row may have a later instant by as
    /// much as a unit lasts.
    READ_LAST_INSTANT = "SELECT max(recorded_at) AS recorded_at FROM (
            (SELECT recorded_at FROM worker_fact ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            (SELECT recorded_at FROM employer_fact ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            (SELECT recorded_at FROM ledger_entry ORDER BY feed_position DESC LIMIT 1)
            UNION ALL
            (SELECT recorded_at FROM audit_event ORDER BY recorded_at DESC LIMIT 1)
            UNION ALL
            (SELECT recorded_at FROM case_event ORDER BY feed_position DESC LIMIT 1)
        ) AS last";

    /// A transaction number after that of every unit begun so far.
    TAKE_FENCE = "SELECT pg_current_xact_id()::text::bigint AS fence";

    /// The lowest transaction number that has not ended.
    READ_OLDEST = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest";

    /// Whether the database answers.
    PING = "SELECT 1";
}
