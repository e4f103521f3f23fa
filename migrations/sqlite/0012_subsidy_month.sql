-- Person-months of the subsidies (measures 3, 4, 5 and 7) that claims hold. The key alone keeps a
-- month of a subsidy from being claimed twice, whichever employers claim it. A training stands in
-- the month of its completion. `month` is year × 12 + (month − 1).
CREATE TABLE subsidy_month (
    worker_id         BLOB    NOT NULL REFERENCES worker (worker_id),
    measure           INTEGER NOT NULL CHECK (measure IN (3, 4, 5, 7)),
    month             INTEGER NOT NULL,
    employer_code     TEXT    NOT NULL CHECK (length(employer_code) = 18),
    claim_id          TEXT    NOT NULL CHECK (claim_id <> ''),
    amount_fen        INTEGER NOT NULL CHECK (amount_fen >= 0),
    PRIMARY KEY (worker_id, measure, month)
) STRICT, WITHOUT ROWID;

CREATE INDEX subsidy_month_by_claim ON subsidy_month (claim_id);

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them.

CREATE TRIGGER subsidy_month_refuses_update BEFORE UPDATE OF employer_code, claim_id, amount_fen
    ON subsidy_month
BEGIN
    SELECT RAISE(ABORT, 'subsidy_month: months are released, never changed');
END;

CREATE TRIGGER subsidy_month_is_free BEFORE INSERT ON subsidy_month
WHEN EXISTS (
        SELECT 1 FROM subsidy_month
        WHERE worker_id = NEW.worker_id AND measure = NEW.measure AND month = NEW.month)
BEGIN
    SELECT RAISE(ABORT, 'subsidy_month: the month is claimed already');
END;
