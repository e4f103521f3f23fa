-- Long work over many employers, in parts that several processes share; and a cheaper guard.

-- What is to be done. `question` is JSON that the job's kind explains.
CREATE TABLE job (
    job_id            bytea   NOT NULL PRIMARY KEY CHECK (octet_length(job_id) = 16),
    kind              integer NOT NULL CHECK (kind > 0),
    question          text    NOT NULL,
    created_at        bigint  NOT NULL
);

-- A part is a range of employers. Whoever works on it holds it until `held_until` and writes
-- `fence` back with every step: taking a part raises the fence, so that a holder who was slow, and
-- whose part somebody else has taken since, cannot write any more.
CREATE TABLE job_part (
    job_id            bytea   NOT NULL REFERENCES job (job_id),
    part              integer NOT NULL CHECK (part >= 0),
    -- The employers after `after_code` up to `last_code`.
    last_code         text COLLATE "C" NOT NULL,
    -- The last employer that is done with; at first the last one of the part before.
    after_code        text COLLATE "C" NOT NULL,
    done              bigint  NOT NULL CHECK (done >= 0),
    refused           bigint  NOT NULL CHECK (refused >= 0),
    is_finished       integer NOT NULL CHECK (is_finished IN (0, 1)),
    fence             bigint  NOT NULL CHECK (fence >= 0),
    held_until        bigint  NOT NULL,
    PRIMARY KEY (job_id, part)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON job, job_part TO mamagang_app;

-- A foreign key asks for each month by itself, which costs a batch of postings as much as its
-- months. The guard of the 36 months has the workers in its hands already and asks for all at once;
-- a worker with booked months cannot be removed either.

ALTER TABLE person_month DROP CONSTRAINT person_month_worker_id_fkey;

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
        WHERE (SELECT count(*) FROM person_month
            WHERE person_month.worker_id = booked.worker_id) > 36
    ) THEN
        RAISE EXCEPTION 'person_month: the person has 36 booked months'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION worker_keeps_its_months() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM person_month WHERE person_month.worker_id = OLD.worker_id) THEN
        RAISE EXCEPTION 'worker: months are booked for the worker'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

CREATE TRIGGER worker_keeps_its_months BEFORE DELETE OR UPDATE OF worker_id ON worker
    FOR EACH ROW EXECUTE FUNCTION worker_keeps_its_months();
