//! Workers and their identities.

statements! { "worker":
    /// Everything that checks read. `?1`: rows of position, worker; `?2`: rows of position, rank
    /// of the MAC, document type, MAC key, MAC; `?3`: employers. Part 0 has a row for each id or
    /// MAC that is known, part 1 for each employer.
    READ_CHECK_INPUTS = concat!(
        "WITH found (position, rank, mac_key_id, name_mac, worker_id) AS (
            SELECT asked.value ->> 0, 0, NULL, NULL, unhex(asked.value ->> 1)
            FROM json_each(?1) AS asked
            UNION ALL
            SELECT asked.value ->> 0, asked.value ->> 1, worker_identity.mac_key_id,
                worker_identity.name_mac, worker_identity.worker_id
            FROM json_each(?2) AS asked
            CROSS JOIN worker_identity ON worker_identity.document_type = asked.value ->> 2
                AND worker_identity.mac_key_id = asked.value ->> 3
                AND worker_identity.mac = unhex(asked.value ->> 4)
        )
        SELECT 0 AS part, found.position, found.rank, found.mac_key_id, found.name_mac,
            NULL AS employer_code, NULL AS record, ",
        snapshot_columns!(),
        " FROM found ",
        worker_of!("found.worker_id"),
        " UNION ALL
        SELECT 1, asked.key, 0, NULL, NULL, employer.employer_code, employer.record,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM json_each(?3) AS asked
        CROSS JOIN employer ON employer.employer_code = asked.value"
    );

    /// `?1`: ids.
    READ = concat!(
        "SELECT asked.key AS position, worker.worker_id, worker.region_code, worker.timeline
        FROM json_each(?1) AS asked ",
        worker_of!("unhex(asked.value)")
    );

    /// `?1`: the id before, or no bytes; `?2`: at most so many.
    LIST = "SELECT worker_id, region_code, timeline FROM worker
        WHERE worker_id > ?1 ORDER BY worker_id LIMIT ?2";

    /// `?1`: ids.
    READ_SECRETS = "SELECT asked.key AS position, worker_secret.data_key, worker_secret.identity
        FROM json_each(?1) AS asked
        CROSS JOIN worker_secret ON worker_secret.worker_id = unhex(asked.value)";

    /// `?1`: rows of position, rank of the MAC, document type, MAC key, MAC.
    READ_IDENTITIES = concat!(
        "SELECT asked.value ->> 0 AS position, asked.value ->> 1 AS rank,
            worker_identity.mac_key_id, worker_identity.name_mac, worker.worker_id
        FROM json_each(?1) AS asked
        CROSS JOIN worker_identity ON worker_identity.document_type = asked.value ->> 2
            AND worker_identity.mac_key_id = asked.value ->> 3
            AND worker_identity.mac = unhex(asked.value ->> 4) ",
        worker_of!("worker_identity.worker_id")
    );

    /// The row that a unit locks and that the identity refers to. `?1`: ids, `?2`: an empty
    /// timeline.
    INSERT = "INSERT INTO worker (worker_id, revision, region_code, timeline, filing_ids)
        SELECT unhex(added.value), 0, '', ?2, '[]' FROM json_each(?1) AS added";

    /// `?1`: rows of document type, MAC key, MAC, worker, name's MAC.
    INSERT_IDENTITIES = "INSERT INTO worker_identity
            (document_type, mac_key_id, mac, worker_id, name_mac)
        SELECT added.value ->> 0, added.value ->> 1, unhex(added.value ->> 2),
            unhex(added.value ->> 3), unhex(added.value ->> 4)
        FROM json_each(?1) AS added";

    /// `?1`: ids.
    REMOVE_IDENTITIES = "DELETE FROM worker_identity
        WHERE worker_id IN (SELECT unhex(gone.value) FROM json_each(?1) AS gone)";

    /// `?1`: rows of worker, data key, identity.
    PUT_SECRETS = "INSERT INTO worker_secret (worker_id, data_key, identity)
        SELECT unhex(put.value ->> 0), unhex(put.value ->> 1), unhex(put.value ->> 2)
        FROM json_each(?1) AS put WHERE true
        ON CONFLICT (worker_id) DO UPDATE SET
            data_key = excluded.data_key, identity = excluded.identity";

    /// `?1`: rows of worker, revision, town, timeline, filings named by its contracts; `?2`: bytes.
    PUT = "UPDATE worker SET
            revision = put.value ->> 2, region_code = put.value ->> 3,
            timeline = substr(?2, put.value ->> 4, put.value ->> 5), filing_ids = put.value ->> 6
        FROM json_each(?1) AS put
        WHERE worker.worker_id = substr(?2, put.value ->> 0, put.value ->> 1)";
}
