//! Workers and their identities.

statements! { "worker":
    /// Everything that checks read. `$1`: places of ids, `$2`: ids; `$3`: places of documents, a
    /// row for each MAC, `$4`: ranks of the MAC, `$5`: document types, `$6`: MAC keys, `$7`: MACs;
    /// `$8`: employers. Part 0 has a row for each id or MAC that is known, part 1 for each employer.
    READ_CHECK_INPUTS = concat!(
        "WITH found (place, rank, mac_key_id, name_mac, worker_id) AS (
            SELECT asked.place, 0::bigint, NULL::bigint, NULL::bytea, asked.worker_id
            FROM ",
        set!(place: "$1::bigint[]", worker_id: "$2::bytea[]"),
        " AS asked
            UNION ALL
            SELECT asked.place, asked.rank, worker_identity.mac_key_id,
                worker_identity.name_mac, worker_identity.worker_id
            FROM ",
        set!(
            place: "$3::bigint[]", rank: "$4::bigint[]", document_type: "$5::bigint[]",
            mac_key_id: "$6::bigint[]", mac: "$7::bytea[]",
        ),
        " AS asked
            CROSS JOIN LATERAL (
                SELECT * FROM worker_identity
                WHERE worker_identity.document_type = asked.document_type
                    AND worker_identity.mac_key_id = asked.mac_key_id
                    AND worker_identity.mac = asked.mac LIMIT 1
            ) AS worker_identity
        )
        SELECT 0 AS part, found.place, found.rank, found.mac_key_id, found.name_mac,
            NULL AS employer_code, NULL AS record, ",
        snapshot_columns!(),
        ", ",
        kept_years!(),
        " FROM found ",
        worker_of!("found.worker_id"),
        " UNION ALL
        SELECT 1, asked.place, 0, NULL, NULL, employer.employer_code, employer.record,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM ",
        set!(place; employer_code: "$8::text[]"),
        " AS asked
        CROSS JOIN LATERAL (
            SELECT * FROM employer WHERE employer.employer_code = asked.employer_code LIMIT 1
        ) AS employer"
    );

    /// Has the workers to the unit alone, after the employers who keep their months: postings for
    /// such workers lock these alone. Every row tells which heads were locked, since a worker may have
    /// been given to another while its lock was waited for. `$1`: ids.
    LOCK = "WITH head AS MATERIALIZED (
            SELECT employer_code, recorded_at FROM ledger_head WHERE employer_code = ANY (ARRAY(
                SELECT months_kept_by FROM worker
                WHERE worker_id = ANY ($1) AND months_kept_by <> ''))
            ORDER BY employer_code FOR NO KEY UPDATE
        )
        SELECT merged_into, months_kept_by, (SELECT array_agg(employer_code) FROM head) AS heads,
            (SELECT max(recorded_at) FROM head) AS recorded_at
        FROM worker
        WHERE (SELECT count(*) FROM head) >= 0 AND worker_id = ANY ($1)
        ORDER BY worker_id FOR NO KEY UPDATE";

    /// `$1`: ids.
    READ = concat!(
        "SELECT asked.ordinal - 1 AS place, worker.worker_id, worker.region_code, worker.timeline,
            (SELECT worker_fact.recorded_at FROM worker_fact
                WHERE worker_fact.worker_id = worker.worker_id
                ORDER BY worker_fact.revision DESC LIMIT 1) AS last_recorded_at
        FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal) ",
        worker_of!("asked.worker_id")
    );

    /// `$1`: the id before, or no bytes; `$2`: at most so many.
    LIST = "SELECT worker_id, region_code, timeline FROM worker
        WHERE worker_id > $1 ORDER BY worker_id LIMIT $2";

    /// `$1`: ids.
    READ_SECRETS = "SELECT asked.ordinal - 1 AS place, worker_secret.data_key,
            worker_secret.identity
        FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM worker_secret WHERE worker_secret.worker_id = asked.worker_id LIMIT 1
        ) AS worker_secret";

    /// `$1`: places, a row for each MAC, `$2`: ranks of the MAC, `$3`: document types, `$4`: MAC
    /// keys, `$5`: MACs.
    READ_IDENTITIES = concat!(
        "SELECT asked.place, asked.rank, worker_identity.mac_key_id, worker_identity.name_mac,
            worker.worker_id
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
            AS asked (place, rank, document_type, mac_key_id, mac)
        CROSS JOIN LATERAL (
                SELECT * FROM worker_identity
                WHERE worker_identity.document_type = asked.document_type
                    AND worker_identity.mac_key_id = asked.mac_key_id
                    AND worker_identity.mac = asked.mac LIMIT 1
            ) AS worker_identity ",
        worker_of!("worker_identity.worker_id")
    );

    /// The row that a unit locks and that the identity refers to. `$1`: ids, `$2`: an empty
    /// timeline.
    INSERT = "INSERT INTO worker (worker_id, revision, region_code, timeline, filing_ids)
        SELECT added.worker_id, 0, '', $2, '{}' FROM unnest($1::bytea[]) AS added (worker_id)";

    /// `$1`: document types, `$2`: MAC keys, `$3`: MACs, `$4`: workers, `$5`: names' MACs. In order
    /// of key, so that two units that add the same people wait and do not deadlock.
    INSERT_IDENTITIES = "INSERT INTO worker_identity
            (document_type, mac_key_id, mac, worker_id, name_mac)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])
            AS added (document_type, mac_key_id, mac, worker_id, name_mac)
        ORDER BY document_type, mac_key_id, mac";

    /// `$1`: ids.
    REMOVE_IDENTITIES = "DELETE FROM worker_identity WHERE worker_id = ANY ($1)";

    /// `$1`: workers, `$2`: data keys, `$3`: identities.
    PUT_SECRETS = "INSERT INTO worker_secret (worker_id, data_key, identity)
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])
        ON CONFLICT (worker_id) DO UPDATE SET
            data_key = excluded.data_key, identity = excluded.identity";

    /// Postings are told by the head of the employer who keeps a worker's months. `$1`: workers, `$2`:
    /// revisions, `$3`: towns, `$4`: timelines, `$5`: JSON lists of the filings named by their
    /// contracts; `$6`: the instant.
    PUT = concat!(
        "WITH head AS (
            UPDATE ledger_head SET basis = next_basis(basis),
                recorded_at = greatest(recorded_at, $6)
            WHERE employer_code = ANY (ARRAY(
                SELECT months_kept_by FROM worker
                WHERE worker_id = ANY ($1) AND months_kept_by <> ''))
        )
        UPDATE worker SET
            revision = put.revision, region_code = put.region_code, timeline = put.timeline,
            filing_ids = ARRAY(SELECT json_array_elements_text(put.filing_ids::json))
        FROM ",
        set!(
            worker_id: "$1::bytea[]", revision: "$2::bigint[]", region_code: "$3::text[]",
            timeline: "$4::bytea[]", filing_ids: "$5::text[]",
        ),
        " AS put
        WHERE worker.worker_id = put.worker_id"
    );
}
