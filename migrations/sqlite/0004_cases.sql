-- Cases: filings, hires, claims, certificates, findings, reviews. One pair of tables for all, since
-- they share their life (opened, passed on, closed), their queues and their proof.

-- Truth. Every event holds the whole case as it stood after it: the case as of an instant is its
-- last event by then, and nothing has to be replayed over rules that have changed since.
CREATE TABLE case_event (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    case_id           BLOB    NOT NULL CHECK (length(case_id) = 16),
    revision          INTEGER NOT NULL,
    kind              INTEGER NOT NULL CHECK (kind > 0),
    -- What makes it the only one of its kind, hashed, where there is such a thing.
    case_key          BLOB    CHECK (length(case_key) = 32),
    opened_at         INTEGER NOT NULL,
    -- The state before; absent in the first event.
    previous_state    INTEGER,
    state             INTEGER NOT NULL CHECK (state > 0),
    parent_id         BLOB    CHECK (length(parent_id) = 16),
    employer_code     TEXT    CHECK (length(employer_code) = 18),
    worker_id         BLOB    CHECK (length(worker_id) = 16),
    region_code       TEXT    NOT NULL,
    due_on            INTEGER,
    body              BLOB    NOT NULL,
    recorded_at       INTEGER NOT NULL,
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    UNIQUE (case_id, revision),
    CHECK ((revision = 1) = (previous_state IS NULL))
) STRICT;

-- Projection: the last event of each case, as queues and desks read it.
CREATE TABLE case_file (
    case_id           BLOB    NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    revision          INTEGER NOT NULL CHECK (revision >= 1),
    kind              INTEGER NOT NULL CHECK (kind > 0),
    case_key          BLOB    CHECK (length(case_key) = 32),
    opened_at         INTEGER NOT NULL,
    state             INTEGER NOT NULL CHECK (state > 0),
    parent_id         BLOB    CHECK (length(parent_id) = 16),
    employer_code     TEXT    CHECK (length(employer_code) = 18),
    worker_id         BLOB    CHECK (length(worker_id) = 16),
    region_code       TEXT    NOT NULL,
    due_on            INTEGER,
    body              BLOB    NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;

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
BEGIN
    SELECT RAISE(ABORT, 'case_event: rows are never changed');
END;

CREATE TRIGGER case_event_refuses_delete BEFORE DELETE ON case_event
BEGIN
    SELECT RAISE(ABORT, 'case_event: rows are never removed');
END;

-- An event starts where the one before it ended, and what a case is does not change.
CREATE TRIGGER case_event_continues BEFORE INSERT ON case_event
WHEN EXISTS (SELECT 1 FROM case_event WHERE feed_position = NEW.feed_position)
    OR NEW.revision IS NOT 1 + coalesce(
        (SELECT max(revision) FROM case_event WHERE case_id = NEW.case_id), 0)
    OR (NEW.revision > 1 AND NOT EXISTS (
        SELECT 1 FROM case_event AS before
        WHERE before.case_id = NEW.case_id AND before.revision = NEW.revision - 1
            AND before.state IS NEW.previous_state AND before.kind IS NEW.kind
            AND before.case_key IS NEW.case_key AND before.opened_at IS NEW.opened_at))
BEGIN
    SELECT RAISE(ABORT, 'case_event: the event does not continue its case');
END;

-- Filings are cases now; this row is what decisions read of one. Nothing was written to the table
-- before, so that it is made anew with the kind and the day that subsidies ask for.
DROP TABLE filing;

CREATE TABLE filing (
    filing_id         TEXT    NOT NULL PRIMARY KEY,
    employer_code     TEXT    NOT NULL CHECK (length(employer_code) = 18),
    -- 1 labour contract, 2 service agreement, 3 training plan.
    kind              INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
    submitted_on      INTEGER,
    accepted_on       INTEGER,
    revoked_on        INTEGER
) STRICT, WITHOUT ROWID;
