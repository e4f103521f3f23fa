-- The guard of the 36 months goes through the new rows once and keeps their workers in its hands: it
-- went through them three times, which a batch of postings felt.

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
    -- Who has no two months further apart than 36 months has 36 at most.
    IF EXISTS (
        SELECT FROM unnest(booked) AS asked (worker_id)
        WHERE CASE
            WHEN (SELECT max(person_month.month) FROM person_month
                    WHERE person_month.worker_id = asked.worker_id)
                - (SELECT min(person_month.month) FROM person_month
                    WHERE person_month.worker_id = asked.worker_id) < 36
            THEN false
            ELSE (SELECT count(*) FROM person_month
                WHERE person_month.worker_id = asked.worker_id) > 36
        END
    ) THEN
        RAISE EXCEPTION 'person_month: the person has 36 booked months'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
