//! Keys and erasures.

statements! { "keys":
    /// `$1`: the MAC key. Document types are few, and the first part of the key.
    IS_NAMED = "SELECT EXISTS (
            SELECT FROM unnest(ARRAY[1, 2, 3]) AS kind (document_type)
            JOIN worker_identity ON worker_identity.document_type = kind.document_type
                AND worker_identity.mac_key_id = $1)
        OR EXISTS (SELECT FROM certificate_alias WHERE mac_key_id = $1) AS named";

    /// `$1`: workers.
    READ_ERASURES = "SELECT asked.ordinal - 1 AS place, worker_erasure.erased_at
        FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal)
        JOIN worker_erasure ON worker_erasure.worker_id = asked.worker_id";

    /// `$1`: workers.
    READ_IDENTITY_KEYS = "SELECT worker_id, mac_key_id FROM worker_identity
        WHERE worker_id = ANY ($1) ORDER BY worker_id, mac_key_id";

    /// `$1`: workers, `$2`: data keys.
    PUT_DATA_KEYS = "UPDATE worker_secret SET data_key = put.data_key
        FROM unnest($1::bytea[], $2::bytea[]) AS put (worker_id, data_key)
        WHERE worker_secret.worker_id = put.worker_id";

    /// `$1`: MAC keys, `$2`: MACs.
    READ_ALIASES = "SELECT asked.ordinal - 1 AS place, certificate_alias.recorded_mac
        FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (mac_key_id, mac, ordinal)
        JOIN certificate_alias ON certificate_alias.mac_key_id = asked.mac_key_id
            AND certificate_alias.mac = asked.mac";

    /// `$1`: MAC keys, `$2`: MACs, `$3`: MACs of the facts.
    PUT_ALIASES = "INSERT INTO certificate_alias (mac_key_id, mac, recorded_mac)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
            AS put (mac_key_id, mac, recorded_mac)
        ORDER BY mac_key_id, mac ON CONFLICT DO NOTHING";

    /// `$1`: the MAC key, `$2`: at most so many.
    REMOVE_IDENTITIES_UNDER = "DELETE FROM worker_identity
        WHERE (document_type, mac_key_id, mac) IN (
            SELECT worker_identity.document_type, worker_identity.mac_key_id, worker_identity.mac
            FROM unnest(ARRAY[1, 2, 3]) AS kind (document_type)
            JOIN worker_identity ON worker_identity.document_type = kind.document_type
                AND worker_identity.mac_key_id = $1
            LIMIT $2)";

    /// `$1`: the MAC key, `$2`: at most so many.
    REMOVE_ALIASES_UNDER = "DELETE FROM certificate_alias
        WHERE (mac_key_id, mac) IN (
            SELECT mac_key_id, mac FROM certificate_alias WHERE mac_key_id = $1 LIMIT $2)";

    /// `$1`: workers.
    REMOVE_SECRETS = "DELETE FROM worker_secret WHERE worker_id = ANY ($1)";

    /// `$1`: workers, `$2`: when.
    APPEND_ERASURES = "INSERT INTO worker_erasure (worker_id, erased_at)
        SELECT added.worker_id, $2 FROM unnest($1::bytea[]) AS added (worker_id)";
}
