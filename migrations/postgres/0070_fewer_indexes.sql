-- Nobody asks for recorded answers or audit rows by the order in which they were written, and each
-- such index takes an entry for every call. The keys that are asked for are unique by themselves.
ALTER TABLE idempotency DROP CONSTRAINT IF EXISTS idempotency_pkey;
ALTER TABLE audit_event DROP CONSTRAINT IF EXISTS audit_event_pkey;
