-- Projections: what checks and postings read. Written in the transaction of their truth, and
-- rebuilt from it on demand.
--
-- No truth table refers to a projection, so that projections can be dropped and built again.

-- One packed row a worker: a check reads one row, whatever the number of facts.
CREATE TABLE worker (
    worker_id         bytea   NOT NULL PRIMARY KEY CHECK (octet_length(worker_id) = 16),
    revision          bigint  NOT NULL CHECK (revision >= 0),
    -- Town, 9 digits; empty when not told. The prefix that authorisation compares.
    region_code       text    NOT NULL,
    -- The worker that this one was found to be. Followed one step: merging into a merged worker
    -- moves all its ids to the last one.
    merged_into       bytea   REFERENCES worker (worker_id) CHECK (merged_into <> worker_id),
    timeline          bytea   NOT NULL,
    -- The filings that the timeline's contracts name, since SQL cannot look into the bytes.
    filing_ids        text[]  NOT NULL
);

CREATE INDEX worker_by_merged_into ON worker (merged_into) WHERE merged_into IS NOT NULL;

-- Several rows a worker, one for each MAC key in use. The name's MAC stands beside the number's:
-- matching compares MACs and never decrypts.
CREATE TABLE worker_identity (
    document_type     integer NOT NULL,
    mac_key_id        bigint  NOT NULL,
    mac               bytea   NOT NULL CHECK (octet_length(mac) = 32),
    worker_id         bytea   NOT NULL REFERENCES worker (worker_id),
    name_mac          bytea   NOT NULL CHECK (octet_length(name_mac) = 32),
    PRIMARY KEY (document_type, mac_key_id, mac)
);

CREATE INDEX worker_identity_by_worker ON worker_identity (worker_id);

-- The encrypted identity beside the data key that opens it. Apart from `worker`, so that checks
-- never read it.
CREATE TABLE worker_secret (
    worker_id         bytea   NOT NULL PRIMARY KEY REFERENCES worker (worker_id),
    data_key          bytea   NOT NULL,
    identity          bytea   NOT NULL
);

CREATE TABLE employer (
    employer_code     text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(employer_code) = 18),
    revision          bigint  NOT NULL CHECK (revision >= 0),
    -- Town of the latest profile.
    town_code         text    NOT NULL,
    record            bytea   NOT NULL
);

-- Who has, or had, a contract with whom. An employer may be known by its contracts alone.
CREATE TABLE employer_worker (
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    worker_id         bytea   NOT NULL REFERENCES worker (worker_id),
    PRIMARY KEY (employer_code, worker_id)
);

CREATE INDEX employer_worker_by_worker ON employer_worker (worker_id);

-- The end of each chain, and the row that a unit locks to have the employer to itself. A lock needs
-- a row, so an employer whose chain has not begun has one with sequence 0 and the chain's start.
CREATE TABLE ledger_head (
    employer_code     text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(employer_code) = 18),
    sequence          bigint  NOT NULL CHECK (sequence >= 0),
    hash              bytea   NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TABLE employer_year (
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    tax_year          integer NOT NULL,
    state             bytea   NOT NULL,
    PRIMARY KEY (employer_code, tax_year)
);

-- The key alone keeps a month from being enjoyed twice: whoever books first has it, whichever
-- employer that is. `month` is year × 12 + (month − 1).
CREATE TABLE person_month (
    worker_id         bytea   NOT NULL REFERENCES worker (worker_id),
    month             integer NOT NULL,
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    code_group        integer NOT NULL CHECK (code_group IN (0, 1)),
    amount_fen        bigint  NOT NULL,
    -- The entry that booked it.
    sequence          bigint  NOT NULL CHECK (sequence >= 1),
    PRIMARY KEY (worker_id, month)
);

CREATE INDEX person_month_by_employer ON person_month (employer_code, month);

-- Which worker holds a fact whose natural key does not name the worker. The key is hashed.
CREATE TABLE fact_owner (
    kind              integer NOT NULL CHECK (kind > 0),
    key               bytea   NOT NULL CHECK (octet_length(key) = 32),
    worker_id         bytea   NOT NULL REFERENCES worker (worker_id),
    PRIMARY KEY (kind, key)
);

CREATE INDEX fact_owner_by_worker ON fact_owner (worker_id);

-- Filed posts (备案), as far as the notice's layer reads them.
CREATE TABLE filing (
    filing_id         text COLLATE "C" NOT NULL PRIMARY KEY,
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    -- 1 labour contract, 2 service agreement.
    kind              integer NOT NULL CHECK (kind IN (1, 2)),
    accepted_on       integer,
    revoked_on        integer
);
