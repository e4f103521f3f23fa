-- The guards of chains looked each row's predecessor up in the table. Within one statement the row
-- before is mostly at hand: only a chain's first row of the statement is to be looked up.

CREATE OR REPLACE FUNCTION audit_event_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT writer_id, position, previous_hash, lag(position) OVER own AS last_position,
                lag(hash) OVER own AS last_hash
            FROM added WINDOW own AS (PARTITION BY writer_id ORDER BY position)
        ) AS added
        LEFT JOIN LATERAL (
            SELECT before.hash FROM audit_event AS before
            WHERE added.last_position IS DISTINCT FROM added.position - 1
                AND before.writer_id = added.writer_id AND before.position = added.position - 1
            LIMIT 1
        ) AS before ON true
        WHERE added.position <> 1
            AND CASE WHEN added.last_position = added.position - 1 THEN added.last_hash
                ELSE before.hash END IS DISTINCT FROM added.previous_hash
            AND NOT EXISTS (SELECT FROM audit_gap WHERE audit_gap.writer_id = added.writer_id
                AND audit_gap.last_position = added.position - 1
                AND audit_gap.hash = added.previous_hash)
    ) OR EXISTS (SELECT FROM audit_gap) AND EXISTS (
        SELECT FROM added JOIN audit_gap ON audit_gap.writer_id = added.writer_id
            AND added.position BETWEEN audit_gap.first_position AND audit_gap.last_position
    ) THEN
        RAISE EXCEPTION 'audit_event: the row does not continue the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION worker_fact_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT worker_id, revision, recorded_at, lag(revision) OVER own AS last_revision,
                lag(recorded_at) OVER own AS last_recorded_at
            FROM added WINDOW own AS (PARTITION BY worker_id ORDER BY revision)
        ) AS added
        LEFT JOIN LATERAL (
            SELECT before.recorded_at FROM worker_fact AS before
            WHERE added.last_revision IS DISTINCT FROM added.revision - 1
                AND before.worker_id = added.worker_id AND before.revision = added.revision - 1
            LIMIT 1
        ) AS before ON true
        WHERE added.revision <> 1
            AND coalesce(CASE WHEN added.last_revision = added.revision - 1
                THEN added.last_recorded_at ELSE before.recorded_at END > added.recorded_at, true)
    ) THEN
        RAISE EXCEPTION 'worker_fact: the revision leaves a gap or goes back in time'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
