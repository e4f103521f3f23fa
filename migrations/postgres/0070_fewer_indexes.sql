-- Nobody asks for recorded answers or audit rows by the order in which they were written, and each
-- such index takes an entry for every call. The keys that are asked for are the tables' own keys now.
ALTER TABLE idempotency
    DROP CONSTRAINT idempotency_pkey,
    DROP CONSTRAINT idempotency_organisation_method_request_id_key,
    ADD PRIMARY KEY (organisation, method, request_id);
ALTER TABLE audit_event
    DROP CONSTRAINT audit_event_pkey,
    DROP CONSTRAINT audit_event_audit_id_key,
    ADD PRIMARY KEY (audit_id);
