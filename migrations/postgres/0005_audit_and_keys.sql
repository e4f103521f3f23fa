-- The audit trail can be searched, and is kept by class.
--
-- Existing rows were all of the longest class.

ALTER TABLE audit_event
    ADD COLUMN organisation text NOT NULL DEFAULT '',
    -- 1 six months, 2 three years, 3 ten years, at least.
    ADD COLUMN retention integer NOT NULL DEFAULT 3 CHECK (retention IN (1, 2, 3));

CREATE INDEX audit_event_by_time ON audit_event (recorded_at, audit_id);
CREATE INDEX audit_event_by_worker ON audit_event (worker_id, recorded_at, audit_id)
    WHERE worker_id IS NOT NULL;

-- Whose data a row concerns that concerns several persons. A row about one person names it in
-- `audit_event.worker_id`: a check writes one row.
CREATE TABLE audit_subject (
    worker_id         bytea   NOT NULL CHECK (octet_length(worker_id) = 16),
    recorded_at       bigint  NOT NULL,
    audit_id          bytea   NOT NULL CHECK (octet_length(audit_id) = 16),
    PRIMARY KEY (worker_id, recorded_at, audit_id)
);

CREATE INDEX audit_subject_by_event ON audit_subject (audit_id);

-- A class's rows of before an instant are taken out under a row here, made first.
CREATE TABLE audit_cut (
    cut_id            bytea   NOT NULL PRIMARY KEY CHECK (octet_length(cut_id) = 16),
    retention         integer NOT NULL CHECK (retention IN (1, 2, 3)),
    before            bigint  NOT NULL,
    cut_at            bigint  NOT NULL
);

-- What stands in a chain for the rows that were taken out of it: the hashes at both ends.
CREATE TABLE audit_gap (
    writer_id         bytea   NOT NULL CHECK (octet_length(writer_id) = 16),
    first_position    bigint  NOT NULL CHECK (first_position > 0),
    last_position     bigint  NOT NULL CHECK (last_position >= first_position),
    previous_hash     bytea   NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash              bytea   NOT NULL CHECK (octet_length(hash) = 32),
    cut_id            bytea   NOT NULL REFERENCES audit_cut (cut_id),
    PRIMARY KEY (writer_id, first_position)
);

CREATE TRIGGER audit_subject_refuses_update BEFORE UPDATE ON audit_subject
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER audit_subject_refuses_truncate BEFORE TRUNCATE ON audit_subject
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER audit_cut_refuses_update BEFORE UPDATE ON audit_cut
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER audit_cut_refuses_delete BEFORE DELETE ON audit_cut
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER audit_cut_refuses_truncate BEFORE TRUNCATE ON audit_cut
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER audit_gap_refuses_update BEFORE UPDATE ON audit_gap
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER audit_gap_refuses_delete BEFORE DELETE ON audit_gap
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER audit_gap_refuses_truncate BEFORE TRUNCATE ON audit_gap
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- A class is kept for its days, counted in microseconds. The instant told must have come: one that
-- lies ahead would make everything old enough.
CREATE FUNCTION audit_cut_waits_for_its_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.cut_at > (extract(epoch FROM clock_timestamp())::bigint + 86400) * 1000000
        OR NEW.before > NEW.cut_at - 86400000000 * (CASE NEW.retention
            WHEN 1 THEN 184 WHEN 2 THEN 1096 ELSE 3653 END) THEN
        RAISE EXCEPTION 'audit_cut: the class has not been kept long enough'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_cut_waits_for_its_class BEFORE INSERT ON audit_cut
    FOR EACH ROW EXECUTE FUNCTION audit_cut_waits_for_its_class();

-- A gap is made while its rows are still there, and says what they say.
CREATE FUNCTION audit_gap_fits_its_rows() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.previous_hash IS DISTINCT FROM (SELECT it.previous_hash FROM audit_event AS it
            WHERE it.writer_id = NEW.writer_id AND it.position = NEW.first_position)
        OR NEW.hash IS DISTINCT FROM (SELECT it.hash FROM audit_event AS it
            WHERE it.writer_id = NEW.writer_id AND it.position = NEW.last_position)
        OR EXISTS (SELECT FROM audit_event AS it JOIN audit_cut ON audit_cut.cut_id = NEW.cut_id
            WHERE it.writer_id = NEW.writer_id
                AND it.position BETWEEN NEW.first_position AND NEW.last_position
                AND (it.retention <> audit_cut.retention OR it.recorded_at >= audit_cut.before))
    THEN
        RAISE EXCEPTION 'audit_gap: a row of the gap is not one to be taken out'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_gap_fits_its_rows BEFORE INSERT ON audit_gap
    FOR EACH ROW EXECUTE FUNCTION audit_gap_fits_its_rows();

-- A row is removed when a gap stands for it, and not otherwise, by whoever it may be.
CREATE FUNCTION audit_event_refuses_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_gap WHERE audit_gap.writer_id = OLD.writer_id
            AND OLD.position BETWEEN audit_gap.first_position AND audit_gap.last_position) THEN
        RAISE EXCEPTION 'audit_event: rows are never removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;

DROP TRIGGER audit_event_refuses_delete ON audit_event;
CREATE TRIGGER audit_event_refuses_delete BEFORE DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_refuses_delete();

CREATE FUNCTION audit_subject_refuses_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_event JOIN audit_gap
            ON audit_gap.writer_id = audit_event.writer_id
            AND audit_event.position BETWEEN audit_gap.first_position AND audit_gap.last_position
            WHERE audit_event.audit_id = OLD.audit_id) THEN
        RAISE EXCEPTION 'audit_subject: rows are never removed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER audit_subject_refuses_delete BEFORE DELETE ON audit_subject
    FOR EACH ROW EXECUTE FUNCTION audit_subject_refuses_delete();

-- A chain goes on where it ended, also where its end was taken out.
CREATE OR REPLACE FUNCTION audit_event_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN audit_event AS before
            ON before.writer_id = added.writer_id AND before.position = added.position - 1
        WHERE added.position <> 1 AND before.hash IS DISTINCT FROM added.previous_hash
            AND NOT EXISTS (SELECT FROM audit_gap WHERE audit_gap.writer_id = added.writer_id
                AND audit_gap.last_position = added.position - 1
                AND audit_gap.hash = added.previous_hash)
    ) OR EXISTS (
        SELECT FROM added JOIN audit_gap ON audit_gap.writer_id = added.writer_id
            AND added.position BETWEEN audit_gap.first_position AND audit_gap.last_position
    ) THEN
        RAISE EXCEPTION 'audit_event: the row does not continue the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

-- The service's role has no DELETE on the trail. It may have rows removed that gaps stand for, and
-- only those: the function asks the same guards.
CREATE FUNCTION remove_cut_audit(of_cut bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    DELETE FROM audit_subject USING audit_event, audit_gap
    WHERE audit_gap.cut_id = of_cut AND audit_event.writer_id = audit_gap.writer_id
        AND audit_event.position BETWEEN audit_gap.first_position AND audit_gap.last_position
        AND audit_subject.audit_id = audit_event.audit_id;
    DELETE FROM audit_event USING audit_gap
    WHERE audit_gap.cut_id = of_cut AND audit_event.writer_id = audit_gap.writer_id
        AND audit_event.position BETWEEN audit_gap.first_position AND audit_gap.last_position;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

REVOKE EXECUTE ON FUNCTION remove_cut_audit(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_cut_audit(bytea) TO mamagang_app;
GRANT SELECT, INSERT ON audit_subject, audit_cut, audit_gap TO mamagang_app;

-- A certificate's number is kept as its MAC, under the MAC key of the day on which it was first
-- recorded. Under every other MAC key in use it has a row here, so that it is found after that key
-- is gone. Kept as now.
CREATE TABLE certificate_alias (
    mac_key_id        bigint  NOT NULL,
    mac               bytea   NOT NULL CHECK (octet_length(mac) = 16),
    recorded_mac      bytea   NOT NULL CHECK (octet_length(recorded_mac) = 16),
    PRIMARY KEY (mac_key_id, mac)
);

-- Whose data key was destroyed. What was sealed by it can no longer be read by anybody.
CREATE TABLE worker_erasure (
    worker_id         bytea   NOT NULL PRIMARY KEY REFERENCES worker (worker_id),
    erased_at         bigint  NOT NULL
);

CREATE TRIGGER worker_erasure_refuses_update BEFORE UPDATE ON worker_erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER worker_erasure_refuses_delete BEFORE DELETE ON worker_erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER worker_erasure_refuses_truncate BEFORE TRUNCATE ON worker_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- Whoever is erased stays so: no key and no identity is given back.
CREATE FUNCTION worker_stays_erased() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM worker_erasure WHERE worker_erasure.worker_id = NEW.worker_id) THEN
        RAISE EXCEPTION '%: the person is erased', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER worker_secret_stays_erased BEFORE INSERT ON worker_secret
    FOR EACH ROW EXECUTE FUNCTION worker_stays_erased();
CREATE TRIGGER worker_identity_stays_erased BEFORE INSERT ON worker_identity
    FOR EACH ROW EXECUTE FUNCTION worker_stays_erased();

GRANT SELECT, INSERT, DELETE ON certificate_alias TO mamagang_app;
GRANT SELECT, INSERT ON worker_erasure TO mamagang_app;
