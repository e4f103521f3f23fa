//! Policy sets.

statements! { "policy":
    /// `?1`: version, `?2`: content, `?3`: instant. A known version stays; the guard refuses it
    /// before a conflict clause could let it pass.
    KEEP = "INSERT INTO policy_set (version, content, recorded_at)
        SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM policy_set WHERE policy_set.version = ?1)";

    /// `?1`: the version.
    READ = "SELECT version, content, recorded_at FROM policy_set WHERE version = ?1";

    /// `?1`: the version after which the page starts, empty at the start; `?2`: how many.
    LIST = "SELECT version, recorded_at FROM policy_set WHERE version > ?1
        ORDER BY version LIMIT ?2";
}
