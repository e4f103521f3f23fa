-- Checkpoints over the ends of all chains, signed: truth, like what they are over.
CREATE TABLE checkpoint (
    number            INTEGER PRIMARY KEY CHECK (number > 0),
    recorded_at       INTEGER NOT NULL,
    frozen            BLOB    NOT NULL,
    previous_hash     BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    key_id            INTEGER NOT NULL,
    signature         BLOB    NOT NULL CHECK (length(signature) = 64)
) STRICT;

-- How far each chain was last in a checkpoint: which ends have moved since is asked of this. A
-- projection of the checkpoints.
CREATE TABLE checkpoint_head (
    employer_code     TEXT    NOT NULL PRIMARY KEY CHECK (length(employer_code) = 18),
    sequence          INTEGER NOT NULL CHECK (sequence >= 1)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER checkpoint_refuses_update BEFORE UPDATE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint: rows are never changed');
END;

CREATE TRIGGER checkpoint_refuses_delete BEFORE DELETE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint: rows are never removed');
END;

CREATE TRIGGER checkpoint_continues BEFORE INSERT ON checkpoint
WHEN NEW.number IS NOT 1 + coalesce((SELECT max(number) FROM checkpoint), 0)
    OR (NEW.number > 1 AND NEW.previous_hash IS NOT (
        SELECT hash FROM checkpoint WHERE number = NEW.number - 1))
BEGIN
    SELECT RAISE(ABORT, 'checkpoint: the checkpoint does not continue the chain');
END;
