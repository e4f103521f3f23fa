-- A changed worker costs less. A trigger before a row's change has PostgreSQL lock the row first,
-- whatever the trigger is about, and write that to its log; after it, it has both rows at hand. A
-- refusal undoes the statement either way.
DROP TRIGGER worker_months_are_not_passed_on ON worker;
DROP TRIGGER worker_keeps_its_id ON worker;
DROP TRIGGER worker_merges_into_a_last_one ON worker;
CREATE TRIGGER worker_months_are_not_passed_on
    AFTER UPDATE OF booked_from, booked, booked_by ON worker
    FOR EACH ROW WHEN (OLD.booked <> '' AND NOT (
        NEW.booked_from = OLD.booked_from
        AND starts_with(NEW.booked, OLD.booked)
        AND starts_with(NEW.booked_by, OLD.booked_by)))
    EXECUTE FUNCTION worker_months_are_not_passed_on();
CREATE TRIGGER worker_keeps_its_id AFTER UPDATE OF worker_id ON worker
    FOR EACH ROW WHEN (OLD.booked <> '' AND NEW.worker_id <> OLD.worker_id)
    EXECUTE FUNCTION worker_keeps_its_months();
CREATE TRIGGER worker_merges_into_a_last_one AFTER UPDATE OF merged_into ON worker
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL)
    EXECUTE FUNCTION worker_merges_into_a_last_one();

-- The same checks, the common case first: no more characters than months, and one employer.
ALTER TABLE worker
    DROP CONSTRAINT worker_has_36_booked_months_at_most,
    DROP CONSTRAINT worker_names_who_booked,
    ADD CONSTRAINT worker_has_36_booked_months_at_most CHECK (
        octet_length(booked) <= 36 OR length(replace(booked, '.', '')) <= 36),
    ADD CONSTRAINT worker_names_who_booked CHECK (
        CASE length(booked_by)
            WHEN 18 THEN booked <> '' AND btrim(booked, '.0') = ''
            ELSE length(booked_by) % 18 = 0 AND (booked = '') = (booked_by = '')
                AND btrim(booked, '.' || left('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                    length(booked_by) / 18)) = ''
        END);
