-- Checkpoints over the ends of all chains, signed: truth, like what they are over.
CREATE TABLE checkpoint (
    number            bigint  PRIMARY KEY CHECK (number > 0),
    recorded_at       bigint  NOT NULL,
    frozen            bytea   NOT NULL,
    previous_hash     bytea   NOT NULL CHECK (length(previous_hash) = 32),
    hash              bytea   NOT NULL CHECK (length(hash) = 32),
    key_id            bigint  NOT NULL,
    signature         bytea   NOT NULL CHECK (length(signature) = 64)
);

-- How far each chain was last in a checkpoint: which ends have moved since is asked of this. A
-- projection of the checkpoints.
CREATE TABLE checkpoint_head (
    employer_code     text COLLATE "C" PRIMARY KEY CHECK (length(employer_code) = 18),
    sequence          bigint  NOT NULL CHECK (sequence >= 1)
);

CREATE TRIGGER checkpoint_refuses_update BEFORE UPDATE ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_update();
CREATE TRIGGER checkpoint_refuses_delete BEFORE DELETE ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER checkpoint_refuses_truncate BEFORE TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- A checkpoint continues the one before. Two instances that make one in the same moment have the
-- same number: the key lets one pass.
CREATE FUNCTION checkpoint_continues() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN checkpoint AS before ON before.number = added.number - 1
        WHERE added.number <> 1
            AND (before.number IS NULL OR before.hash <> added.previous_hash)
    ) THEN
        RAISE EXCEPTION 'checkpoint: the checkpoint does not continue the chain'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER checkpoint_continues AFTER INSERT ON checkpoint
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION checkpoint_continues();

GRANT SELECT, INSERT ON checkpoint TO mamagang_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoint_head TO mamagang_app;
