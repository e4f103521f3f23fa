-- Guards: what the database refuses by itself, whoever asks.
--
-- A BEFORE INSERT guard stands beside the unique keys because INSERT OR REPLACE deletes the row in
-- its way, and a delete trigger fires for that only where recursive_triggers is on.

-- Truth is appended, never changed.

CREATE TRIGGER worker_fact_refuses_update BEFORE UPDATE ON worker_fact
BEGIN
    SELECT RAISE(ABORT, 'worker_fact: rows are never changed');
END;

CREATE TRIGGER worker_fact_refuses_delete BEFORE DELETE ON worker_fact
BEGIN
    SELECT RAISE(ABORT, 'worker_fact: rows are never removed');
END;

CREATE TRIGGER employer_fact_refuses_update BEFORE UPDATE ON employer_fact
BEGIN
    SELECT RAISE(ABORT, 'employer_fact: rows are never changed');
END;

CREATE TRIGGER employer_fact_refuses_delete BEFORE DELETE ON employer_fact
BEGIN
    SELECT RAISE(ABORT, 'employer_fact: rows are never removed');
END;

CREATE TRIGGER ledger_entry_refuses_update BEFORE UPDATE ON ledger_entry
BEGIN
    SELECT RAISE(ABORT, 'ledger_entry: rows are never changed');
END;

CREATE TRIGGER ledger_entry_refuses_delete BEFORE DELETE ON ledger_entry
BEGIN
    SELECT RAISE(ABORT, 'ledger_entry: rows are never removed');
END;

CREATE TRIGGER audit_event_refuses_update BEFORE UPDATE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'audit_event: rows are never changed');
END;

CREATE TRIGGER audit_event_refuses_delete BEFORE DELETE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'audit_event: rows are never removed');
END;

CREATE TRIGGER policy_set_refuses_update BEFORE UPDATE ON policy_set
BEGIN
    SELECT RAISE(ABORT, 'policy_set: rows are never changed');
END;

CREATE TRIGGER policy_set_refuses_delete BEFORE DELETE ON policy_set
BEGIN
    SELECT RAISE(ABORT, 'policy_set: rows are never removed');
END;

CREATE TRIGGER idempotency_refuses_update BEFORE UPDATE ON idempotency
BEGIN
    SELECT RAISE(ABORT, 'idempotency: rows are never changed');
END;

CREATE TRIGGER idempotency_refuses_delete BEFORE DELETE ON idempotency
BEGIN
    SELECT RAISE(ABORT, 'idempotency: rows are never removed');
END;

-- A subject's revisions have no gap, and none is written twice.

CREATE TRIGGER worker_fact_continues BEFORE INSERT ON worker_fact
WHEN EXISTS (SELECT 1 FROM worker_fact WHERE feed_position = NEW.feed_position)
    OR NEW.revision IS NOT 1 + coalesce(
        (SELECT max(revision) FROM worker_fact WHERE worker_id = NEW.worker_id), 0)
BEGIN
    SELECT RAISE(ABORT, 'worker_fact: the revision exists or leaves a gap');
END;

CREATE TRIGGER employer_fact_continues BEFORE INSERT ON employer_fact
WHEN EXISTS (SELECT 1 FROM employer_fact WHERE feed_position = NEW.feed_position)
    OR NEW.revision IS NOT 1 + coalesce(
        (SELECT max(revision) FROM employer_fact WHERE employer_code = NEW.employer_code), 0)
BEGIN
    SELECT RAISE(ABORT, 'employer_fact: the revision exists or leaves a gap');
END;

-- An entry continues its employer's chain. The truth is asked, not `ledger_head`, which could be
-- wrong. The first entry's `previous_hash` is the chain's start, which the service computes.

CREATE TRIGGER ledger_entry_continues BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE feed_position = NEW.feed_position)
    OR NEW.sequence IS NOT 1 + coalesce(
        (SELECT max(sequence) FROM ledger_entry WHERE employer_code = NEW.employer_code), 0)
    OR (NEW.sequence > 1 AND NEW.previous_hash IS NOT (
        SELECT hash FROM ledger_entry
        WHERE employer_code = NEW.employer_code AND sequence = NEW.sequence - 1))
BEGIN
    SELECT RAISE(ABORT, 'ledger_entry: the entry does not continue the chain');
END;

-- The same for an audit writer's chain.

CREATE TRIGGER audit_event_continues BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event WHERE feed_position = NEW.feed_position)
    OR EXISTS (SELECT 1 FROM audit_event WHERE audit_id = NEW.audit_id)
    OR NEW.position IS NOT 1 + coalesce(
        (SELECT max(position) FROM audit_event WHERE writer_id = NEW.writer_id), 0)
    OR (NEW.position > 1 AND NEW.previous_hash IS NOT (
        SELECT hash FROM audit_event
        WHERE writer_id = NEW.writer_id AND position = NEW.position - 1))
BEGIN
    SELECT RAISE(ABORT, 'audit_event: the row does not continue the chain');
END;

CREATE TRIGGER policy_set_is_new BEFORE INSERT ON policy_set
WHEN EXISTS (SELECT 1 FROM policy_set WHERE version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'policy_set: the version is kept already');
END;

CREATE TRIGGER idempotency_is_new BEFORE INSERT ON idempotency
WHEN EXISTS (SELECT 1 FROM idempotency WHERE feed_position = NEW.feed_position)
    OR EXISTS (
        SELECT 1 FROM idempotency
        WHERE organisation = NEW.organisation AND method = NEW.method
            AND request_id = NEW.request_id)
BEGIN
    SELECT RAISE(ABORT, 'idempotency: the request is answered already');
END;

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them.

CREATE TRIGGER person_month_refuses_update BEFORE UPDATE ON person_month
BEGIN
    SELECT RAISE(ABORT, 'person_month: months are released, never changed');
END;

CREATE TRIGGER person_month_is_free BEFORE INSERT ON person_month
WHEN EXISTS (
        SELECT 1 FROM person_month WHERE worker_id = NEW.worker_id AND month = NEW.month)
BEGIN
    SELECT RAISE(ABORT, 'person_month: the month is booked already');
END;

-- A person counts for 36 months at most, over all employers (财税〔2019〕22号 art. 2, 公告2023年第15号
-- art. 5; the policy is key_group.person_months_max). This is the net below the service's own count.

CREATE TRIGGER person_month_is_within_the_term BEFORE INSERT ON person_month
WHEN (SELECT count(*) FROM person_month WHERE worker_id = NEW.worker_id) >= 36
BEGIN
    SELECT RAISE(ABORT, 'person_month: the person has 36 booked months');
END;

-- Two chains of one step would not be followed to their end.

CREATE TRIGGER worker_merges_into_a_last_one BEFORE UPDATE OF merged_into ON worker
WHEN NEW.merged_into IS NOT NULL AND (
    (SELECT merged_into FROM worker WHERE worker_id = NEW.merged_into) IS NOT NULL
    OR EXISTS (SELECT 1 FROM worker WHERE merged_into = NEW.worker_id))
BEGIN
    SELECT RAISE(ABORT, 'worker: a merged worker is not merged into');
END;
