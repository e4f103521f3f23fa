-- Booked months are kept packed, on both sides that ask for them, instead of a row each: a posting
-- for five workers wrote five rows with ten index entries and read as many as there were before; it
-- now changes rows that it has locked and read anyway.
--
-- A worker's row has one character for each month, so that a month has room for one employer. The
-- employer's year has under which code, with what amount and by which entry each month was booked,
-- as mamagang_store::months::pack_year lays it out.

ALTER TABLE worker
    -- Index of the first booked month, year × 12 + (month − 1); 0 when there is none.
    ADD COLUMN booked_from integer NOT NULL DEFAULT 0,
    -- From there a character a month up to the last one booked: a dot, or which employer has it,
    -- counted 0 to 9 and A to Z.
    ADD COLUMN booked text COLLATE "C" NOT NULL DEFAULT '',
    -- The codes of these employers, one after the other.
    ADD COLUMN booked_by text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE employer_year
    -- Packed; no bytes while none was ever booked. A year whose months alone are known has no bytes
    -- in `state`.
    ADD COLUMN months bytea NOT NULL DEFAULT '';

-- A changed row stays on its page, and its index entries as they are, while there is room. Of a
-- table that was divided each part has its pages.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN
        SELECT tree.relid FROM (VALUES ('worker'), ('employer_year'), ('ledger_head')) AS whole (name)
        CROSS JOIN LATERAL pg_partition_tree(whole.name::regclass) AS tree
        WHERE tree.isleaf
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 80)', part);
    END LOOP;
END
$$;

WITH employers AS (
    SELECT worker_id, employer_code,
        row_number() OVER (PARTITION BY worker_id ORDER BY min(month)) AS place
    FROM person_month GROUP BY worker_id, employer_code
), spans AS (
    SELECT worker_id, min(month) AS first, max(month) AS last FROM person_month GROUP BY worker_id
), patterns AS (
    SELECT spans.worker_id, spans.first,
        string_agg(
            coalesce(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', employers.place::integer, 1), '.'),
            '' ORDER BY each.month) AS booked
    FROM spans
    CROSS JOIN LATERAL generate_series(spans.first, spans.last) AS each (month)
    LEFT JOIN person_month ON person_month.worker_id = spans.worker_id
        AND person_month.month = each.month
    LEFT JOIN employers ON employers.worker_id = spans.worker_id
        AND employers.employer_code = person_month.employer_code
    GROUP BY spans.worker_id, spans.first
), codes AS (
    SELECT worker_id, string_agg(employer_code, '' ORDER BY place) AS booked_by
    FROM employers GROUP BY worker_id
)
UPDATE worker SET
    booked_from = patterns.first, booked = patterns.booked, booked_by = codes.booked_by
FROM patterns JOIN codes ON codes.worker_id = patterns.worker_id
WHERE worker.worker_id = patterns.worker_id;

WITH marks AS (
    SELECT employer_code, month / 12 AS tax_year, code_group, amount_fen, sequence,
        row_number() OVER (PARTITION BY employer_code, month / 12
            ORDER BY code_group, amount_fen, sequence) AS place
    FROM person_month GROUP BY employer_code, month / 12, code_group, amount_fen, sequence
), heads AS (
    SELECT employer_code, tax_year, substring(int4send(count(*)::integer) FROM 3) || string_agg(
            substring(int4send(code_group) FROM 4) || int8send(amount_fen)
                || substring(int8send(sequence) FROM 5),
            ''::bytea ORDER BY place) AS bytes
    FROM marks GROUP BY employer_code, tax_year
), years AS (
    SELECT employer_code, month / 12 AS tax_year, worker_id
    FROM person_month GROUP BY employer_code, month / 12, worker_id
), workers AS (
    SELECT years.employer_code, years.tax_year, years.worker_id, string_agg(
            substring(int4send(coalesce(marks.place, 0)::integer) FROM 3),
            ''::bytea ORDER BY each.month) AS bytes
    FROM years
    CROSS JOIN LATERAL generate_series(years.tax_year * 12, years.tax_year * 12 + 11)
        AS each (month)
    LEFT JOIN person_month ON person_month.worker_id = years.worker_id
        AND person_month.month = each.month AND person_month.employer_code = years.employer_code
    LEFT JOIN marks ON marks.employer_code = years.employer_code
        AND marks.tax_year = years.tax_year AND marks.code_group = person_month.code_group
        AND marks.amount_fen = person_month.amount_fen AND marks.sequence = person_month.sequence
    GROUP BY years.employer_code, years.tax_year, years.worker_id
), bodies AS (
    SELECT employer_code, tax_year, string_agg(worker_id || bytes, ''::bytea ORDER BY worker_id)
        AS bytes
    FROM workers GROUP BY employer_code, tax_year
)
INSERT INTO employer_year (employer_code, tax_year, state, months)
SELECT heads.employer_code, heads.tax_year, '', '\x01'::bytea || heads.bytes || bodies.bytes
FROM heads JOIN bodies ON bodies.employer_code = heads.employer_code
    AND bodies.tax_year = heads.tax_year
ON CONFLICT (employer_code, tax_year) DO UPDATE SET months = excluded.months;

DO $$
BEGIN
    IF (SELECT count(*) FROM person_month)
        <> (SELECT coalesce(sum(length(replace(booked, '.', ''))), 0) FROM worker) THEN
        RAISE EXCEPTION 'person_month: a month is booked for a worker who is not there'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END
$$;

DROP TABLE person_month;
DROP FUNCTION person_month_is_within_the_term();
DROP FUNCTION person_month_refuses_update();
DROP TRIGGER worker_keeps_its_months ON worker;
DROP FUNCTION worker_keeps_its_months();

-- A person counts for 36 months at most, over all employers (财税〔2019〕22号 art. 2, 公告2023年第15号
-- art. 5; the policy is key_group.person_months_max). This is the net below the service's own count.
ALTER TABLE worker
    ADD CONSTRAINT worker_has_36_booked_months_at_most
        CHECK (length(replace(booked, '.', '')) <= 36),
    -- Every character is a dot or one of the employers named.
    ADD CONSTRAINT worker_names_who_booked CHECK (
        length(booked_by) % 18 = 0 AND (booked = '') = (booked_by = '')
        AND btrim(booked, '.' || left('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
            length(booked_by) / 18)) = '');

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them. What
-- only adds months behind the last one is the common case and asks no further.

CREATE FUNCTION booked_for(booked_from integer, booked text, booked_by text, month integer)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN month BETWEEN booked_from AND booked_from + length(booked) - 1
        THEN nullif(substr(booked_by, 18 * strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
            substr(booked, month - booked_from + 1, 1)) - 17, 18), '')
    END
$$;

CREATE FUNCTION worker_months_are_not_passed_on() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM generate_series(OLD.booked_from, OLD.booked_from + length(OLD.booked) - 1)
            AS each (month)
        WHERE booked_for(OLD.booked_from, OLD.booked, OLD.booked_by, each.month)
            <> booked_for(NEW.booked_from, NEW.booked, NEW.booked_by, each.month)
    ) THEN
        RAISE EXCEPTION 'worker: booked months are released, never passed on'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER worker_months_are_not_passed_on
    BEFORE UPDATE OF booked_from, booked, booked_by ON worker
    FOR EACH ROW WHEN (OLD.booked <> '' AND NOT (
        NEW.booked_from = OLD.booked_from
        AND starts_with(NEW.booked, OLD.booked)
        AND starts_with(NEW.booked_by, OLD.booked_by)))
    EXECUTE FUNCTION worker_months_are_not_passed_on();

-- Whoever is removed would come back with all months free.

CREATE FUNCTION worker_keeps_its_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'worker: months are booked for the worker'
        USING ERRCODE = 'foreign_key_violation';
END
$$;

CREATE TRIGGER worker_keeps_its_months BEFORE DELETE ON worker
    FOR EACH ROW WHEN (OLD.booked <> '') EXECUTE FUNCTION worker_keeps_its_months();
CREATE TRIGGER worker_keeps_its_id BEFORE UPDATE OF worker_id ON worker
    FOR EACH ROW WHEN (OLD.booked <> '' AND NEW.worker_id <> OLD.worker_id)
    EXECUTE FUNCTION worker_keeps_its_months();
