-- The guard of the 36 months counts only where there can be more of them: who has no two months
-- further apart than 36 months has 36 at most, since a month is booked once. The first and the last
-- are two looks into the key; the months in between are as many rows, scattered over the table.

CREATE OR REPLACE FUNCTION person_month_is_within_the_term() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    known bigint;
BEGIN
    SELECT count(*) INTO known FROM (
        SELECT FROM worker
        WHERE worker.worker_id IN (SELECT added.worker_id FROM added)
        ORDER BY worker.worker_id
        FOR NO KEY UPDATE
    ) AS locked;
    IF known <> (SELECT count(DISTINCT added.worker_id) FROM added) THEN
        RAISE EXCEPTION 'person_month: the worker is unknown'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT added.worker_id FROM added) AS booked
        WHERE CASE
            WHEN (SELECT max(person_month.month) FROM person_month
                    WHERE person_month.worker_id = booked.worker_id)
                - (SELECT min(person_month.month) FROM person_month
                    WHERE person_month.worker_id = booked.worker_id) < 36
            THEN false
            ELSE (SELECT count(*) FROM person_month
                WHERE person_month.worker_id = booked.worker_id) > 36
        END
    ) THEN
        RAISE EXCEPTION 'person_month: the person has 36 booked months'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
