-- The guard of the 36 months looks twice into the key and stops there: nothing is booked after the
-- new month, and nothing 36 months before it or earlier, so that all lie within 36 months. It
-- counted at every row.

DROP TRIGGER person_month_is_within_the_term;

CREATE TRIGGER person_month_is_within_the_term BEFORE INSERT ON person_month
WHEN (
    EXISTS (SELECT 1 FROM person_month
        WHERE worker_id = NEW.worker_id AND month <= NEW.month - 36)
    OR EXISTS (SELECT 1 FROM person_month
        WHERE worker_id = NEW.worker_id AND month > NEW.month)
) AND (SELECT count(*) FROM person_month WHERE worker_id = NEW.worker_id) >= 36
BEGIN
    SELECT RAISE(ABORT, 'person_month: the person has 36 booked months');
END;
