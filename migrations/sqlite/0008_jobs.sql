-- Long work over many employers, in parts that are worked on one after the other.

-- What is to be done. `question` is JSON that the job's kind explains.
CREATE TABLE job (
    job_id            BLOB    NOT NULL PRIMARY KEY CHECK (length(job_id) = 16),
    kind              INTEGER NOT NULL CHECK (kind > 0),
    question          TEXT    NOT NULL,
    created_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A part is a range of employers. Whoever works on it holds it until `held_until` and writes
-- `fence` back with every step: taking a part raises the fence, so that a holder who was slow, and
-- whose part somebody else has taken since, cannot write any more.
CREATE TABLE job_part (
    job_id            BLOB    NOT NULL REFERENCES job (job_id),
    part              INTEGER NOT NULL CHECK (part >= 0),
    -- The employers after `after_code` up to `last_code`.
    last_code         TEXT    NOT NULL,
    -- The last employer that is done with; at first the last one of the part before.
    after_code        TEXT    NOT NULL,
    done              INTEGER NOT NULL CHECK (done >= 0),
    refused           INTEGER NOT NULL CHECK (refused >= 0),
    is_finished       INTEGER NOT NULL CHECK (is_finished IN (0, 1)),
    fence             INTEGER NOT NULL CHECK (fence >= 0),
    held_until        INTEGER NOT NULL,
    PRIMARY KEY (job_id, part)
) STRICT, WITHOUT ROWID;
