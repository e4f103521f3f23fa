-- What an instance has read of an employer it keeps for the employer's next posting, as long as the head
-- says what it said. See docs/adr/0026-kept-reads.md.
--
-- The basis goes on by a step that nobody can foresee: where a standby takes over that had not got
-- the last of what was recorded, and other things are recorded there in its place, the head does not
-- come to say again what it said of what was lost. A chain tells by its hashes.
CREATE FUNCTION next_basis(basis bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT basis + 1 + floor(random() * 1073741824)::bigint
$$;

-- What is decided about a filing is a part of what its employer's postings rest on. Instances of before
-- do not move the basis themselves. Also of an employer that keeps no months: it may begin to while this
-- waits. Once a statement, after it, in the order of all locks.
CREATE FUNCTION filing_moves_basis() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM ledger_head
        WHERE employer_code = ANY (ARRAY(SELECT put.employer_code FROM put))
        ORDER BY employer_code FOR NO KEY UPDATE;
    UPDATE ledger_head SET basis = next_basis(basis)
        WHERE employer_code = ANY (ARRAY(SELECT put.employer_code FROM put));
    RETURN NULL;
END
$$;

CREATE TRIGGER filing_added_moves_basis AFTER INSERT ON filing
    REFERENCING NEW TABLE AS put FOR EACH STATEMENT EXECUTE FUNCTION filing_moves_basis();
CREATE TRIGGER filing_removed_moves_basis AFTER DELETE ON filing
    REFERENCING OLD TABLE AS put FOR EACH STATEMENT EXECUTE FUNCTION filing_moves_basis();
CREATE TRIGGER filing_changed_moves_basis AFTER UPDATE ON filing
    REFERENCING NEW TABLE AS put FOR EACH STATEMENT EXECUTE FUNCTION filing_moves_basis();
