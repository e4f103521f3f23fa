-- Truth: rows that are only ever appended. A correction is a new row.
--
-- `feed_position` is the order of writing. One writer at a time holds the database, so it is the
-- order of commits too; the last row of each table tells the latest recorded instant at start.
-- Civil dates are days, instants microseconds since 1970-01-01. Bytes are never JSON: what is
-- packed or frozen is read by the service alone.

CREATE TABLE worker_fact (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    worker_id         BLOB    NOT NULL CHECK (length(worker_id) = 16),
    revision          INTEGER NOT NULL,
    kind              INTEGER NOT NULL CHECK (kind > 0),
    -- The packed fact; absent in a retraction.
    body              BLOB,
    -- Its personal parts under the person's data key, which is destroyed to erase the person: the
    -- row stays and can no longer be read.
    secret            BLOB,
    -- The revision that a retraction takes out of force.
    retracts          INTEGER CHECK (retracts < revision),
    supersedes        INTEGER CHECK (supersedes < revision),
    source_name       TEXT    NOT NULL,
    source_drawn_on   INTEGER,
    recorded_at       INTEGER NOT NULL,
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    UNIQUE (worker_id, revision),
    CHECK ((body IS NULL) = (secret IS NULL)),
    CHECK ((body IS NULL) <> (retracts IS NULL))
) STRICT;

-- The same shape, apart: workers' rows may one day be partitioned by worker, employers' by employer.
CREATE TABLE employer_fact (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    employer_code     TEXT    NOT NULL CHECK (length(employer_code) = 18),
    revision          INTEGER NOT NULL,
    kind              INTEGER NOT NULL CHECK (kind > 0),
    body              BLOB,
    secret            BLOB,
    retracts          INTEGER CHECK (retracts < revision),
    supersedes        INTEGER CHECK (supersedes < revision),
    source_name       TEXT    NOT NULL,
    source_drawn_on   INTEGER,
    recorded_at       INTEGER NOT NULL,
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    UNIQUE (employer_code, revision),
    CHECK ((body IS NULL) = (secret IS NULL)),
    CHECK ((body IS NULL) <> (retracts IS NULL))
) STRICT;

-- One row an entry, its legs inside the frozen bytes: a posting writes few rows.
CREATE TABLE ledger_entry (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    employer_code     TEXT    NOT NULL CHECK (length(employer_code) = 18),
    sequence          INTEGER NOT NULL,
    tax_year          INTEGER NOT NULL,
    recorded_at       INTEGER NOT NULL,
    frozen            BLOB    NOT NULL,
    previous_hash     BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    UNIQUE (employer_code, sequence)
) STRICT;

-- One chain a writer instance, so that instances never wait for each other.
CREATE TABLE audit_event (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    audit_id          BLOB    NOT NULL UNIQUE CHECK (length(audit_id) = 16),
    writer_id         BLOB    NOT NULL CHECK (length(writer_id) = 16),
    position          INTEGER NOT NULL,
    recorded_at       INTEGER NOT NULL,
    method            TEXT    NOT NULL,
    caller            TEXT    NOT NULL,
    outcome           TEXT    NOT NULL,
    worker_id         BLOB    CHECK (length(worker_id) = 16),
    employer_code     TEXT    CHECK (length(employer_code) = 18),
    frozen            BLOB    NOT NULL,
    previous_hash     BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    UNIQUE (writer_id, position)
) STRICT;

-- A policy set as it was applied, under its hash: decisions of years ago stay recomputable.
CREATE TABLE policy_set (
    version           TEXT    NOT NULL PRIMARY KEY,
    content           TEXT    NOT NULL,
    recorded_at       INTEGER NOT NULL
) STRICT;

-- What a request was and what it was answered. Never expires: a return may be sent again years
-- later.
CREATE TABLE idempotency (
    feed_position     INTEGER PRIMARY KEY CHECK (feed_position > 0),
    organisation      TEXT    NOT NULL,
    method            TEXT    NOT NULL,
    request_id        BLOB    NOT NULL CHECK (length(request_id) = 16),
    -- JSON: pairs of a field's name and its value or the value's hash, in order of name.
    content           TEXT    NOT NULL CHECK (json_valid(content)),
    response          BLOB    NOT NULL,
    recorded_at       INTEGER NOT NULL,
    UNIQUE (organisation, method, request_id)
) STRICT;
