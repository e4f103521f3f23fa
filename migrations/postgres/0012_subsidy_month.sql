-- Person-months of the subsidies (measures 3, 4, 5 and 7) that claims hold. The key alone keeps a
-- month of a subsidy from being claimed twice, whichever employers claim it. A training stands in
-- the month of its completion. `month` is year × 12 + (month − 1).
CREATE TABLE subsidy_month (
    worker_id         bytea   NOT NULL REFERENCES worker (worker_id),
    measure           integer NOT NULL CHECK (measure IN (3, 4, 5, 7)),
    month             integer NOT NULL,
    employer_code     text COLLATE "C" NOT NULL CHECK (length(employer_code) = 18),
    claim_id          text COLLATE "C" NOT NULL CHECK (claim_id <> ''),
    amount_fen        bigint  NOT NULL CHECK (amount_fen >= 0),
    PRIMARY KEY (worker_id, measure, month)
);

CREATE INDEX subsidy_month_by_claim ON subsidy_month (claim_id);

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them.

CREATE FUNCTION subsidy_month_refuses_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'subsidy_month: months are released, never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER subsidy_month_refuses_update
    BEFORE UPDATE OF employer_code, claim_id, amount_fen ON subsidy_month
    FOR EACH ROW EXECUTE FUNCTION subsidy_month_refuses_update();

GRANT SELECT, INSERT, UPDATE, DELETE ON subsidy_month TO mamagang_app;
