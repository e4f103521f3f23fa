-- Cases: filings, hires, claims, certificates, findings, reviews. One pair of tables for all, since
-- they share their life (opened, passed on, closed), their queues and their proof.

-- Truth. Every event holds the whole case as it stood after it: the case as of an instant is its
-- last event by then, and nothing has to be replayed over rules that have changed since.
CREATE TABLE case_event (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    case_id           bytea   NOT NULL CHECK (octet_length(case_id) = 16),
    revision          bigint  NOT NULL,
    kind              integer NOT NULL CHECK (kind > 0),
    -- What makes it the only one of its kind, hashed, where there is such a thing.
    case_key          bytea   CHECK (octet_length(case_key) = 32),
    opened_at         bigint  NOT NULL,
    -- The state before; absent in the first event.
    previous_state    integer,
    state             integer NOT NULL CHECK (state > 0),
    parent_id         bytea   CHECK (octet_length(parent_id) = 16),
    employer_code     text COLLATE "C" CHECK (length(employer_code) = 18),
    worker_id         bytea   CHECK (octet_length(worker_id) = 16),
    region_code       text COLLATE "C" NOT NULL,
    due_on            integer,
    body              bytea   NOT NULL,
    recorded_at       bigint  NOT NULL,
    actor             text    NOT NULL,
    reason            text    NOT NULL,
    UNIQUE (case_id, revision),
    CHECK ((revision = 1) = (previous_state IS NULL))
);

-- Projection: the last event of each case, as queues and desks read it.
CREATE TABLE case_file (
    case_id           bytea   NOT NULL PRIMARY KEY CHECK (octet_length(case_id) = 16),
    revision          bigint  NOT NULL CHECK (revision >= 1),
    kind              integer NOT NULL CHECK (kind > 0),
    case_key          bytea   CHECK (octet_length(case_key) = 32),
    opened_at         bigint  NOT NULL,
    state             integer NOT NULL CHECK (state > 0),
    parent_id         bytea   CHECK (octet_length(parent_id) = 16),
    employer_code     text COLLATE "C" CHECK (length(employer_code) = 18),
    worker_id         bytea   CHECK (octet_length(worker_id) = 16),
    region_code       text COLLATE "C" NOT NULL,
    due_on            integer,
    body              bytea   NOT NULL,
    updated_at        bigint  NOT NULL
);

CREATE UNIQUE INDEX case_file_by_key ON case_file (kind, case_key) WHERE case_key IS NOT NULL;
CREATE INDEX case_file_by_kind ON case_file (kind, opened_at, case_id);
-- A queue is the cases of a state, however many have passed through it.
CREATE INDEX case_file_by_state ON case_file (kind, state, opened_at, case_id);
CREATE INDEX case_file_by_employer ON case_file (employer_code, kind, opened_at, case_id)
    WHERE employer_code IS NOT NULL;
CREATE INDEX case_file_by_worker ON case_file (worker_id, kind, opened_at, case_id)
    WHERE worker_id IS NOT NULL;
CREATE INDEX case_file_by_parent ON case_file (parent_id, kind, opened_at, case_id)
    WHERE parent_id IS NOT NULL;

CREATE TRIGGER case_event_refuses_update BEFORE UPDATE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER case_event_refuses_delete BEFORE DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER case_event_refuses_truncate BEFORE TRUNCATE ON case_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- An event starts where the one before it ended, and what a case is does not change.
CREATE FUNCTION case_event_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN case_event AS before
            ON before.case_id = added.case_id AND before.revision = added.revision - 1
        WHERE added.revision <> 1
            AND (before.revision IS NULL OR before.state <> added.previous_state
                OR before.kind <> added.kind OR before.opened_at <> added.opened_at
                OR before.case_key IS DISTINCT FROM added.case_key
                OR before.recorded_at > added.recorded_at)
    ) THEN
        RAISE EXCEPTION 'case_event: the event does not continue its case'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER case_event_continues AFTER INSERT ON case_event
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION case_event_continues();

-- Filings are cases now; this row is what decisions read of one. Nothing was written to the table
-- before, so that it is made anew with the kind and the day that subsidies ask for.
DROP TABLE filing;

CREATE TABLE filing (
    filing_id         text COLLATE "C" NOT NULL PRIMARY KEY,
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    -- 1 labour contract, 2 service agreement, 3 training plan.
    kind              integer NOT NULL CHECK (kind IN (1, 2, 3)),
    submitted_on      integer,
    accepted_on       integer,
    revoked_on        integer
);

GRANT SELECT, INSERT ON case_event TO mamagang_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON case_file, filing TO mamagang_app;
