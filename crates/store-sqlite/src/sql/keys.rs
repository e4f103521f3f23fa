//! Keys and erasures.

statements! { "keys":
    /// `?1`: the MAC key. Document types are few, and the first part of the key.
    IS_NAMED = "SELECT EXISTS (
            SELECT 1 FROM json_each('[1,2,3]') AS kind
            CROSS JOIN worker_identity ON worker_identity.document_type = kind.value
                AND worker_identity.mac_key_id = ?1)
        OR EXISTS (SELECT 1 FROM certificate_alias WHERE mac_key_id = ?1) AS named";

    /// `?1`: workers.
    READ_ERASURES = "SELECT asked.key AS position, worker_erasure.erased_at
        FROM json_each(?1) AS asked
        CROSS JOIN worker_erasure ON worker_erasure.worker_id = unhex(asked.value)";

    /// `?1`: workers.
    READ_IDENTITY_KEYS = "SELECT worker_identity.worker_id, worker_identity.mac_key_id
        FROM json_each(?1) AS asked
        CROSS JOIN worker_identity ON worker_identity.worker_id = unhex(asked.value)
        ORDER BY worker_identity.worker_id, worker_identity.mac_key_id";

    /// `?1`: rows of worker, data key.
    PUT_DATA_KEYS = "UPDATE worker_secret SET data_key = unhex(put.value ->> 1)
        FROM json_each(?1) AS put WHERE worker_secret.worker_id = unhex(put.value ->> 0)";

    /// `?1`: rows of MAC key, MAC.
    READ_ALIASES = "SELECT asked.key AS position, certificate_alias.recorded_mac
        FROM json_each(?1) AS asked
        CROSS JOIN certificate_alias ON certificate_alias.mac_key_id = asked.value ->> 0
            AND certificate_alias.mac = unhex(asked.value ->> 1)";

    /// `?1`: rows of MAC key, MAC, MAC of the facts.
    PUT_ALIASES = "INSERT INTO certificate_alias (mac_key_id, mac, recorded_mac)
        SELECT put.value ->> 0, unhex(put.value ->> 1), unhex(put.value ->> 2)
        FROM json_each(?1) AS put WHERE true ON CONFLICT DO NOTHING";

    /// `?1`: the MAC key, `?2`: at most so many.
    REMOVE_IDENTITIES_UNDER = "DELETE FROM worker_identity
        WHERE (document_type, mac_key_id, mac) IN (
            SELECT worker_identity.document_type, worker_identity.mac_key_id, worker_identity.mac
            FROM json_each('[1,2,3]') AS kind
            CROSS JOIN worker_identity ON worker_identity.document_type = kind.value
                AND worker_identity.mac_key_id = ?1
            LIMIT ?2)";

    /// `?1`: the MAC key, `?2`: at most so many.
    REMOVE_ALIASES_UNDER = "DELETE FROM certificate_alias
        WHERE (mac_key_id, mac) IN (
            SELECT mac_key_id, mac FROM certificate_alias WHERE mac_key_id = ?1 LIMIT ?2)";

    /// `?1`: workers.
    REMOVE_SECRETS = "DELETE FROM worker_secret
        WHERE worker_id IN (SELECT unhex(gone.value) FROM json_each(?1) AS gone)";

    /// `?1`: workers, `?2`: when.
    APPEND_ERASURES = "INSERT INTO worker_erasure (worker_id, erased_at)
        SELECT unhex(added.value), ?2 FROM json_each(?1) AS added";
}
