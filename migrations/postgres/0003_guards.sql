-- Guards: what the database refuses by itself, whoever asks.
--
-- Refusals have class 23 as the keys' and checks' own do, so that a caller treats them alike.
-- Functions name their search path: a temporary table of a truth table's name must not be asked in
-- its place. What concerns a set of new rows is asked once a statement, after it: other
-- transactions' keys have been waited for by then, and a function's statements see what those have
-- committed.

-- Truth is appended, never changed.

CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are never removed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER worker_fact_refuses_update BEFORE UPDATE ON worker_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER worker_fact_refuses_delete BEFORE DELETE ON worker_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
-- TRUNCATE asks no row.
CREATE TRIGGER worker_fact_refuses_truncate BEFORE TRUNCATE ON worker_fact
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TRIGGER employer_fact_refuses_update BEFORE UPDATE ON employer_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER employer_fact_refuses_delete BEFORE DELETE ON employer_fact
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER employer_fact_refuses_truncate BEFORE TRUNCATE ON employer_fact
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TRIGGER ledger_entry_refuses_update BEFORE UPDATE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER ledger_entry_refuses_delete BEFORE DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER ledger_entry_refuses_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TRIGGER audit_event_refuses_update BEFORE UPDATE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER audit_event_refuses_delete BEFORE DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER audit_event_refuses_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TRIGGER policy_set_refuses_update BEFORE UPDATE ON policy_set
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER policy_set_refuses_delete BEFORE DELETE ON policy_set
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER policy_set_refuses_truncate BEFORE TRUNCATE ON policy_set
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

CREATE TRIGGER idempotency_refuses_update BEFORE UPDATE ON idempotency
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER idempotency_refuses_delete BEFORE DELETE ON idempotency
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER idempotency_refuses_truncate BEFORE TRUNCATE ON idempotency
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- A subject's revisions have no gap, and its instants do not go back: a read as of an instant must
-- find the revisions up to one of them and no other. Clocks of several instances may differ; the
-- refused unit is run again under a later instant.

CREATE FUNCTION worker_fact_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN worker_fact AS before
            ON before.worker_id = added.worker_id AND before.revision = added.revision - 1
        WHERE added.revision <> 1
            AND (before.revision IS NULL OR before.recorded_at > added.recorded_at)
    ) THEN
        RAISE EXCEPTION 'worker_fact: the revision leaves a gap or goes back in time'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER worker_fact_continues AFTER INSERT ON worker_fact
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION worker_fact_continues();

CREATE FUNCTION employer_fact_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN employer_fact AS before
            ON before.employer_code = added.employer_code AND before.revision = added.revision - 1
        WHERE added.revision <> 1
            AND (before.revision IS NULL OR before.recorded_at > added.recorded_at)
    ) THEN
        RAISE EXCEPTION 'employer_fact: the revision leaves a gap or goes back in time'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER employer_fact_continues AFTER INSERT ON employer_fact
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION employer_fact_continues();

-- An entry continues its employer's chain. The truth is asked, not `ledger_head`, which could be
-- wrong. The first entry's `previous_hash` is the chain's start, which the service computes.

CREATE FUNCTION ledger_entry_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN ledger_entry AS before
            ON before.employer_code = added.employer_code AND before.sequence = added.sequence - 1
        WHERE added.sequence <> 1
            AND (before.hash IS DISTINCT FROM added.previous_hash
                OR before.recorded_at > added.recorded_at)
    ) THEN
        RAISE EXCEPTION 'ledger_entry: the entry does not continue the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER ledger_entry_continues AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_continues();

-- The same for an audit writer's chain; its units overlap, so its instants may cross.

CREATE FUNCTION audit_event_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN audit_event AS before
            ON before.writer_id = added.writer_id AND before.position = added.position - 1
        WHERE added.position <> 1 AND before.hash IS DISTINCT FROM added.previous_hash
    ) THEN
        RAISE EXCEPTION 'audit_event: the row does not continue the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_event_continues AFTER INSERT ON audit_event
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_continues();

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them.

CREATE FUNCTION person_month_refuses_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'person_month: months are released, never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER person_month_refuses_update BEFORE UPDATE ON person_month
    FOR EACH ROW EXECUTE FUNCTION person_month_refuses_update();

-- A person counts for 36 months at most, over all employers (财税〔2019〕22号 art. 2, 公告2023年第15号
-- art. 5; the policy is key_group.person_months_max). This is the net below the service's own count.
-- The worker's row is locked before counting: two transactions that each see 35 would book a 36th.

CREATE FUNCTION person_month_is_within_the_term() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM worker
    WHERE worker.worker_id IN (SELECT added.worker_id FROM added)
    ORDER BY worker.worker_id
    FOR NO KEY UPDATE;
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

CREATE TRIGGER person_month_is_within_the_term AFTER INSERT ON person_month
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION person_month_is_within_the_term();

-- Two chains of one step would not be followed to their end. The worker merged into is locked, so
-- that it is not merged itself in the meantime.

CREATE FUNCTION worker_merges_into_a_last_one() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    next_one bytea;
BEGIN
    SELECT worker.merged_into INTO next_one FROM worker
    WHERE worker.worker_id = NEW.merged_into
    FOR NO KEY UPDATE;
    IF next_one IS NOT NULL
        OR EXISTS (SELECT FROM worker WHERE worker.merged_into = NEW.worker_id) THEN
        RAISE EXCEPTION 'worker: a merged worker is not merged into'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER worker_merges_into_a_last_one BEFORE UPDATE OF merged_into ON worker
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL)
    EXECUTE FUNCTION worker_merges_into_a_last_one();

-- The service's role appends to truth and writes projections, no more. It has no login: the login
-- that the service connects with is granted it, and takes it on every connection. The migrating
-- owner is a member too, so that a small installation needs one login only.
--
-- Roles belong to the cluster, not to a database: another database's migration may have made it,
-- even at this moment.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mamagang_app') THEN
        CREATE ROLE mamagang_app NOLOGIN;
        GRANT mamagang_app TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

GRANT USAGE ON SCHEMA public TO mamagang_app;

GRANT SELECT, INSERT ON
    worker_fact, employer_fact, ledger_entry, audit_event, policy_set, idempotency
TO mamagang_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    worker, worker_identity, worker_secret, employer, employer_worker, ledger_head, employer_year,
    person_month, fact_owner, filing
TO mamagang_app;

-- The service asks at start whether the schema is one that it knows.
GRANT SELECT ON _sqlx_migrations TO mamagang_app;
