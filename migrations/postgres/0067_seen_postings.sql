-- Postings that were planned on what was read without locks: they are written where all of it is
-- still as it was read, which the statement that writes them asks.
--
-- Whoever has an employer's record to itself has locked the employer's head. Its revision stands
-- there too, so that the row which a posting changes anyway tells of both.
ALTER TABLE ledger_head ADD COLUMN record_revision bigint NOT NULL DEFAULT 0;

UPDATE ledger_head SET record_revision = employer.revision
FROM employer WHERE employer.employer_code = ledger_head.employer_code;

-- Goes on each time that somebody wants all that is recorded by now to be final. Postings read it
-- before their clock, and are refused where it went on before they had a transaction number: whoever
-- moved it waits for those numbers only that were given out by then.
CREATE SEQUENCE posting_fence;
SELECT nextval('posting_fence');
GRANT SELECT, USAGE ON SEQUENCE posting_fence TO mamagang_app;

-- Asked once a batch, when its rows are locked and compared. The number comes first. `written_by`
-- (microseconds since 1970) is by this database's clock: whoever planned the batch may have been held
-- up for any time, and what was recorded long ago is to be final.
CREATE FUNCTION postings_are_as_seen(fence bigint, written_by bigint, are_as_read boolean)
RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_current_xact_id();
    IF NOT are_as_read OR pg_sequence_last_value('posting_fence') IS DISTINCT FROM fence
        OR extract(epoch FROM clock_timestamp()) * 1000000 > written_by THEN
        RAISE EXCEPTION 'postings: what they were planned on has changed'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN true;
END
$$;
