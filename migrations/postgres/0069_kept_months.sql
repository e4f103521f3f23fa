-- A posting changed the row of each of its workers, which cost more than all else that it wrote. Most
-- workers have one employer, whose years tell the same months: of those the years alone keep them,
-- and the worker's row says with whom they are. See docs/adr/0025-kept-months.md.
ALTER TABLE worker
    -- The employer whose years alone tell the worker's booked months; empty where this row does.
    ADD COLUMN months_kept_by text COLLATE "C" NOT NULL DEFAULT '',
    -- In one place, so that no month is booked twice, whatever goes wrong above.
    ADD CONSTRAINT worker_has_months_in_one_place CHECK (
        months_kept_by = '' OR (booked = '' AND merged_into IS NULL));

-- Goes on with all that such workers' postings rest on, besides entries and the employer's record:
-- what is recorded of them, and where their months are kept. Whoever changes that has locked the head.
ALTER TABLE ledger_head
    ADD COLUMN basis bigint NOT NULL DEFAULT 0,
    -- When the latest of all that was recorded: entry, employer's record, facts of such workers. The
    -- next of them is to come after it. 0 when there is none.
    ADD COLUMN recorded_at bigint NOT NULL DEFAULT 0,
    -- Whether any worker's months are kept by the employer, or were: then all its years are asked for.
    ADD COLUMN keeps_months boolean NOT NULL DEFAULT false;

UPDATE ledger_head SET recorded_at = ledger_entry.recorded_at
FROM ledger_entry WHERE ledger_entry.employer_code = ledger_head.employer_code
    AND ledger_entry.sequence = ledger_head.sequence;
UPDATE ledger_head SET recorded_at = greatest(ledger_head.recorded_at, last.recorded_at)
FROM (SELECT employer_code, max(recorded_at) AS recorded_at FROM employer_fact GROUP BY employer_code)
    AS last
WHERE last.employer_code = ledger_head.employer_code;

DROP TRIGGER worker_keeps_its_months ON worker;
DROP TRIGGER worker_keeps_its_id ON worker;
CREATE TRIGGER worker_keeps_its_months BEFORE DELETE ON worker
    FOR EACH ROW WHEN (OLD.booked <> '' OR OLD.months_kept_by <> '')
    EXECUTE FUNCTION worker_keeps_its_months();
CREATE TRIGGER worker_keeps_its_id AFTER UPDATE OF worker_id ON worker
    FOR EACH ROW WHEN ((OLD.booked <> '' OR OLD.months_kept_by <> '')
        AND NEW.worker_id <> OLD.worker_id)
    EXECUTE FUNCTION worker_keeps_its_months();
