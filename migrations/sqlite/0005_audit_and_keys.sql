-- The audit trail can be searched, and is kept by class.
--
-- Existing rows were all of the longest class.

ALTER TABLE audit_event ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
-- 1 six months, 2 three years, 3 ten years, at least.
ALTER TABLE audit_event ADD COLUMN retention INTEGER NOT NULL DEFAULT 3
    CHECK (retention IN (1, 2, 3));

CREATE INDEX audit_event_by_time ON audit_event (recorded_at, audit_id);
CREATE INDEX audit_event_by_worker ON audit_event (worker_id, recorded_at, audit_id)
    WHERE worker_id IS NOT NULL;

-- Whose data a row concerns that concerns several persons. A row about one person names it in
-- `audit_event.worker_id`: a check writes one row.
CREATE TABLE audit_subject (
    worker_id         BLOB    NOT NULL CHECK (length(worker_id) = 16),
    recorded_at       INTEGER NOT NULL,
    audit_id          BLOB    NOT NULL CHECK (length(audit_id) = 16),
    PRIMARY KEY (worker_id, recorded_at, audit_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_subject_by_event ON audit_subject (audit_id);

-- A class's rows of before an instant are taken out under a row here, made first.
CREATE TABLE audit_cut (
    cut_id            BLOB    NOT NULL PRIMARY KEY CHECK (length(cut_id) = 16),
    retention         INTEGER NOT NULL CHECK (retention IN (1, 2, 3)),
    before            INTEGER NOT NULL,
    cut_at            INTEGER NOT NULL
) STRICT;

-- What stands in a chain for the rows that were taken out of it: the hashes at both ends.
CREATE TABLE audit_gap (
    writer_id         BLOB    NOT NULL CHECK (length(writer_id) = 16),
    first_position    INTEGER NOT NULL CHECK (first_position > 0),
    last_position     INTEGER NOT NULL CHECK (last_position >= first_position),
    previous_hash     BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    cut_id            BLOB    NOT NULL CHECK (length(cut_id) = 16),
    PRIMARY KEY (writer_id, first_position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_subject_refuses_update BEFORE UPDATE ON audit_subject
BEGIN
    SELECT RAISE(ABORT, 'audit_subject: rows are never changed');
END;

CREATE TRIGGER audit_cut_refuses_update BEFORE UPDATE ON audit_cut
BEGIN
    SELECT RAISE(ABORT, 'audit_cut: rows are never changed');
END;

CREATE TRIGGER audit_cut_refuses_delete BEFORE DELETE ON audit_cut
BEGIN
    SELECT RAISE(ABORT, 'audit_cut: rows are never removed');
END;

CREATE TRIGGER audit_gap_refuses_update BEFORE UPDATE ON audit_gap
BEGIN
    SELECT RAISE(ABORT, 'audit_gap: rows are never changed');
END;

CREATE TRIGGER audit_gap_refuses_delete BEFORE DELETE ON audit_gap
BEGIN
    SELECT RAISE(ABORT, 'audit_gap: rows are never removed');
END;

-- A class is kept for its days, counted in microseconds. The instant told must have come: one that
-- lies ahead would make everything old enough.
CREATE TRIGGER audit_cut_waits_for_its_class BEFORE INSERT ON audit_cut
WHEN EXISTS (SELECT 1 FROM audit_cut WHERE cut_id = NEW.cut_id)
    OR NEW.cut_at > (unixepoch() + 86400) * 1000000
    OR NEW.before > NEW.cut_at - 86400000000 * CASE NEW.retention
        WHEN 1 THEN 184 WHEN 2 THEN 1096 ELSE 3653 END
BEGIN
    SELECT RAISE(ABORT, 'audit_cut: the class has not been kept long enough');
END;

-- A gap is made while its rows are still there, and says what they say.
CREATE TRIGGER audit_gap_fits_its_rows BEFORE INSERT ON audit_gap
WHEN NOT EXISTS (SELECT 1 FROM audit_cut WHERE audit_cut.cut_id = NEW.cut_id)
    OR (SELECT previous_hash FROM audit_event
        WHERE writer_id = NEW.writer_id AND position = NEW.first_position)
        IS NOT NEW.previous_hash
    OR (SELECT hash FROM audit_event
        WHERE writer_id = NEW.writer_id AND position = NEW.last_position) IS NOT NEW.hash
    OR EXISTS (SELECT 1 FROM audit_event JOIN audit_cut ON audit_cut.cut_id = NEW.cut_id
        WHERE audit_event.writer_id = NEW.writer_id
            AND audit_event.position BETWEEN NEW.first_position AND NEW.last_position
            AND (audit_event.retention <> audit_cut.retention
                OR audit_event.recorded_at >= audit_cut.before))
BEGIN
    SELECT RAISE(ABORT, 'audit_gap: a row of the gap is not one to be taken out');
END;

-- A row is removed when a gap stands for it, and not otherwise.
DROP TRIGGER audit_event_refuses_delete;
CREATE TRIGGER audit_event_refuses_delete BEFORE DELETE ON audit_event
WHEN NOT EXISTS (
    SELECT 1 FROM audit_gap
    WHERE audit_gap.writer_id = OLD.writer_id
        AND OLD.position BETWEEN audit_gap.first_position AND audit_gap.last_position)
BEGIN
    SELECT RAISE(ABORT, 'audit_event: rows are never removed');
END;

CREATE TRIGGER audit_subject_refuses_delete BEFORE DELETE ON audit_subject
WHEN NOT EXISTS (
    SELECT 1 FROM audit_event JOIN audit_gap ON audit_gap.writer_id = audit_event.writer_id
        AND audit_event.position BETWEEN audit_gap.first_position AND audit_gap.last_position
    WHERE audit_event.audit_id = OLD.audit_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_subject: rows are never removed');
END;

-- A chain goes on where it ended, also where its end was taken out.
DROP TRIGGER audit_event_continues;
CREATE TRIGGER audit_event_continues BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE feed_position = NEW.feed_position)
    OR EXISTS (SELECT 1 FROM audit_event WHERE audit_id = NEW.audit_id)
    OR NEW.position IS NOT 1 + max(
        coalesce((SELECT max(position) FROM audit_event WHERE writer_id = NEW.writer_id), 0),
        coalesce((SELECT last_position FROM audit_gap WHERE writer_id = NEW.writer_id
            ORDER BY first_position DESC LIMIT 1), 0))
    OR (NEW.position > 1 AND NEW.previous_hash IS NOT coalesce(
        (SELECT hash FROM audit_event
            WHERE writer_id = NEW.writer_id AND position = NEW.position - 1),
        (SELECT hash FROM audit_gap WHERE writer_id = NEW.writer_id
            ORDER BY first_position DESC LIMIT 1)))
BEGIN
    SELECT RAISE(ABORT, 'audit_event: the row does not continue the chain');
END;

-- A certificate's number is kept as its MAC, under the MAC key of the day on which it was first
-- recorded. Under every other MAC key in use it has a row here, so that it is found after that key
-- is gone. Kept as now.
CREATE TABLE certificate_alias (
    mac_key_id        INTEGER NOT NULL,
    mac               BLOB    NOT NULL CHECK (length(mac) = 16),
    recorded_mac      BLOB    NOT NULL CHECK (length(recorded_mac) = 16),
    PRIMARY KEY (mac_key_id, mac)
) STRICT, WITHOUT ROWID;

-- Whose data key was destroyed. What was sealed by it can no longer be read by anybody.
CREATE TABLE worker_erasure (
    worker_id         BLOB    NOT NULL PRIMARY KEY REFERENCES worker (worker_id),
    erased_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER worker_erasure_refuses_update BEFORE UPDATE ON worker_erasure
BEGIN
    SELECT RAISE(ABORT, 'worker_erasure: rows are never changed');
END;

CREATE TRIGGER worker_erasure_refuses_delete BEFORE DELETE ON worker_erasure
BEGIN
    SELECT RAISE(ABORT, 'worker_erasure: rows are never removed');
END;

-- Whoever is erased stays so: no key and no identity is given back.
CREATE TRIGGER worker_secret_stays_erased BEFORE INSERT ON worker_secret
WHEN EXISTS (SELECT 1 FROM worker_erasure WHERE worker_id = NEW.worker_id)
BEGIN
    SELECT RAISE(ABORT, 'worker_secret: the person is erased');
END;

CREATE TRIGGER worker_identity_stays_erased BEFORE INSERT ON worker_identity
WHEN EXISTS (SELECT 1 FROM worker_erasure WHERE worker_id = NEW.worker_id)
BEGIN
    SELECT RAISE(ABORT, 'worker_identity: the person is erased');
END;
