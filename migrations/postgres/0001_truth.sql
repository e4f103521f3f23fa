-- Truth: rows that are only ever appended. A correction is a new row.
--
-- `feed_position` is the order in which rows were written, which is not quite the order of commits:
-- several units write at a time, and one that began earlier may commit later. Whoever follows it
-- has to stop before the oldest transaction that is still running.
-- Civil dates are days, instants microseconds since 1970-01-01. Bytes are never JSON: what is
-- packed or frozen is read by the service alone. Keys of text compare byte by byte, whatever the
-- database's language, so that pages have one order on every machine.

CREATE TABLE worker_fact (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    worker_id         bytea   NOT NULL CHECK (octet_length(worker_id) = 16),
    revision          bigint  NOT NULL,
    kind              integer NOT NULL CHECK (kind > 0),
    -- The packed fact; absent in a retraction.
    body              bytea,
    -- Its personal parts under the person's data key, which is destroyed to erase the person: the
    -- row stays and can no longer be read.
    secret            bytea,
    -- The revision that a retraction takes out of force.
    retracts          bigint  CHECK (retracts < revision),
    supersedes        bigint  CHECK (supersedes < revision),
    source_name       text    NOT NULL,
    source_drawn_on   integer,
    recorded_at       bigint  NOT NULL,
    actor             text    NOT NULL,
    reason            text    NOT NULL,
    UNIQUE (worker_id, revision),
    CHECK ((body IS NULL) = (secret IS NULL)),
    CHECK ((body IS NULL) <> (retracts IS NULL))
);

-- The same shape, apart: workers' rows may one day be partitioned by worker, employers' by employer.
CREATE TABLE employer_fact (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    revision          bigint  NOT NULL,
    kind              integer NOT NULL CHECK (kind > 0),
    body              bytea,
    secret            bytea,
    retracts          bigint  CHECK (retracts < revision),
    supersedes        bigint  CHECK (supersedes < revision),
    source_name       text    NOT NULL,
    source_drawn_on   integer,
    recorded_at       bigint  NOT NULL,
    actor             text    NOT NULL,
    reason            text    NOT NULL,
    UNIQUE (employer_code, revision),
    CHECK ((body IS NULL) = (secret IS NULL)),
    CHECK ((body IS NULL) <> (retracts IS NULL))
);

-- One row an entry, its legs inside the frozen bytes: a posting writes few rows.
CREATE TABLE ledger_entry (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    sequence          bigint  NOT NULL,
    tax_year          integer NOT NULL,
    recorded_at       bigint  NOT NULL,
    frozen            bytea   NOT NULL,
    previous_hash     bytea   NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash              bytea   NOT NULL CHECK (octet_length(hash) = 32),
    UNIQUE (employer_code, sequence)
);

-- One chain a writer instance, so that instances never wait for each other.
CREATE TABLE audit_event (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    audit_id          bytea   NOT NULL UNIQUE CHECK (octet_length(audit_id) = 16),
    writer_id         bytea   NOT NULL CHECK (octet_length(writer_id) = 16),
    position          bigint  NOT NULL,
    recorded_at       bigint  NOT NULL,
    method            text    NOT NULL,
    caller            text    NOT NULL,
    outcome           text    NOT NULL,
    worker_id         bytea   CHECK (octet_length(worker_id) = 16),
    employer_code     text COLLATE "C" CHECK (length(employer_code) = 18),
    frozen            bytea   NOT NULL,
    previous_hash     bytea   NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash              bytea   NOT NULL CHECK (octet_length(hash) = 32),
    UNIQUE (writer_id, position)
);

-- A policy set as it was applied, under its hash: decisions of years ago stay recomputable.
CREATE TABLE policy_set (
    version           text COLLATE "C" NOT NULL PRIMARY KEY,
    content           text    NOT NULL,
    recorded_at       bigint  NOT NULL
);

-- What a request was and what it was answered. Never expires: a return may be sent again years
-- later.
CREATE TABLE idempotency (
    feed_position     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY
                              CHECK (feed_position > 0),
    organisation      text COLLATE "C" NOT NULL,
    method            text COLLATE "C" NOT NULL,
    request_id        bytea   NOT NULL CHECK (octet_length(request_id) = 16),
    -- Pairs of a field's name and its value or the value's hash, in order of name. Kept as it was
    -- sent: jsonb would not.
    content           json    NOT NULL,
    response          bytea   NOT NULL,
    recorded_at       bigint  NOT NULL,
    UNIQUE (organisation, method, request_id)
);
