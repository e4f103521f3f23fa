-- The guard of the 36 months counts only where there can be more of them: who has no two months
-- further apart than 36 months has 36 at most, since a month is booked once. The first and the last
-- are two looks into the key.

DROP TRIGGER person_month_is_within_the_term;

CREATE TRIGGER person_month_is_within_the_term BEFORE INSERT ON person_month
WHEN max(NEW.month, coalesce((SELECT max(month) FROM person_month
            WHERE worker_id = NEW.worker_id), NEW.month))
        - min(NEW.month, coalesce((SELECT min(month) FROM person_month
            WHERE worker_id = NEW.worker_id), NEW.month)) >= 36
    AND (SELECT count(*) FROM person_month WHERE worker_id = NEW.worker_id) >= 36
BEGIN
    SELECT RAISE(ABORT, 'person_month: the person has 36 booked months');
END;
