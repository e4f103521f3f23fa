-- The guard of the 36 months looks twice into the key for each worker and stops there: nothing is
-- booked after the latest new month, and nothing 36 months before it or earlier, so that all lie
-- within 36 months. It looked for both ends of all that is booked.

CREATE OR REPLACE FUNCTION person_month_is_within_the_term() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    booked bytea[] := ARRAY(SELECT DISTINCT added.worker_id FROM added);
    known bigint;
BEGIN
    SELECT count(*) INTO known FROM (
        SELECT FROM worker
        WHERE worker.worker_id = ANY (booked)
        ORDER BY worker.worker_id
        FOR NO KEY UPDATE
    ) AS locked;
    IF known <> cardinality(booked) THEN
        RAISE EXCEPTION 'person_month: the worker is unknown'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT added.worker_id, max(added.month) AS last FROM added GROUP BY added.worker_id
        ) AS newest
        WHERE (
            EXISTS (SELECT FROM person_month AS earlier
                WHERE earlier.worker_id = newest.worker_id AND earlier.month <= newest.last - 36)
            OR EXISTS (SELECT FROM person_month AS later
                WHERE later.worker_id = newest.worker_id AND later.month > newest.last)
        ) AND (SELECT count(*) FROM person_month
            WHERE person_month.worker_id = newest.worker_id) > 36
    ) THEN
        RAISE EXCEPTION 'person_month: the person has 36 booked months'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
