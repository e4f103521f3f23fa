-- Booked months are kept packed, on both sides that ask for them, instead of a row each: a posting
-- for five workers wrote five rows with ten index entries and read as many as there were before.
--
-- A worker's row has one character for each month, so that a month has room for one employer. The
-- employer's year has under which code, with what amount and by which entry each month was booked,
-- as mamagang_store::months::pack_year lays it out.

-- Index of the first booked month, year × 12 + (month − 1); 0 when there is none.
ALTER TABLE worker ADD COLUMN booked_from INTEGER NOT NULL DEFAULT 0;

-- From there a character a month up to the last one booked: a dot, or which employer has it,
-- counted 0 to 9 and A to Z.
--
-- A person counts for 36 months at most, over all employers (财税〔2019〕22号 art. 2, 公告2023年第15号
-- art. 5; the policy is key_group.person_months_max). This is the net below the service's own count.
ALTER TABLE worker ADD COLUMN booked TEXT NOT NULL DEFAULT ''
    CONSTRAINT worker_has_36_booked_months_at_most CHECK (length(replace(booked, '.', '')) <= 36);

-- The codes of these employers, one after the other. Every character is a dot or one of them.
ALTER TABLE worker ADD COLUMN booked_by TEXT NOT NULL DEFAULT ''
    CONSTRAINT worker_names_who_booked CHECK (
        length(booked_by) % 18 = 0 AND (booked = '') = (booked_by = '')
        AND trim(booked, '.' || substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1,
            length(booked_by) / 18)) = '');

-- Packed; no bytes while none was ever booked. A year whose months alone are known has no bytes in
-- `state`.
ALTER TABLE employer_year ADD COLUMN months BLOB NOT NULL DEFAULT x'';

WITH employers AS (
    SELECT worker_id, employer_code,
        row_number() OVER (PARTITION BY worker_id ORDER BY min(month)) AS place
    FROM person_month GROUP BY worker_id, employer_code
), spans AS (
    SELECT worker_id, min(month) AS first, max(month) AS last FROM person_month GROUP BY worker_id
), each_month AS (
    SELECT worker_id, first, last, first AS month FROM spans
    UNION ALL
    SELECT worker_id, first, last, month + 1 FROM each_month WHERE month < last
), patterns AS (
    SELECT each_month.worker_id, each_month.first,
        group_concat(
            coalesce(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', employers.place, 1), '.'),
            '' ORDER BY each_month.month) AS booked
    FROM each_month
    LEFT JOIN person_month ON person_month.worker_id = each_month.worker_id
        AND person_month.month = each_month.month
    LEFT JOIN employers ON employers.worker_id = each_month.worker_id
        AND employers.employer_code = person_month.employer_code
    GROUP BY each_month.worker_id
), codes AS (
    SELECT worker_id, group_concat(employer_code, '' ORDER BY place) AS booked_by
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
    SELECT employer_code, tax_year, printf('%04X', count(*)) || group_concat(
            printf('%02X%016X%08X', code_group, amount_fen, sequence), '' ORDER BY place) AS digits
    FROM marks GROUP BY employer_code, tax_year
), each_place (place) AS (
    SELECT 0 UNION ALL SELECT place + 1 FROM each_place WHERE place < 11
), years AS (
    SELECT employer_code, month / 12 AS tax_year, worker_id
    FROM person_month GROUP BY employer_code, month / 12, worker_id
), workers AS (
    SELECT years.employer_code, years.tax_year, years.worker_id, group_concat(
            printf('%04X', coalesce(marks.place, 0)), '' ORDER BY each_place.place) AS digits
    FROM years
    CROSS JOIN each_place
    LEFT JOIN person_month ON person_month.worker_id = years.worker_id
        AND person_month.month = years.tax_year * 12 + each_place.place
        AND person_month.employer_code = years.employer_code
    LEFT JOIN marks ON marks.employer_code = years.employer_code
        AND marks.tax_year = years.tax_year AND marks.code_group = person_month.code_group
        AND marks.amount_fen = person_month.amount_fen AND marks.sequence = person_month.sequence
    GROUP BY years.employer_code, years.tax_year, years.worker_id
), bodies AS (
    SELECT employer_code, tax_year, group_concat(hex(worker_id) || digits, '' ORDER BY worker_id)
        AS digits
    FROM workers GROUP BY employer_code, tax_year
)
INSERT INTO employer_year (employer_code, tax_year, state, months)
SELECT heads.employer_code, heads.tax_year, x'', unhex('01' || heads.digits || bodies.digits)
FROM heads JOIN bodies ON bodies.employer_code = heads.employer_code
    AND bodies.tax_year = heads.tax_year
WHERE true
ON CONFLICT (employer_code, tax_year) DO UPDATE SET months = excluded.months;

DROP TABLE person_month;

-- Months are taken and given back, never passed on: a transfer would hide who enjoyed them. What
-- only adds months behind the last one is the common case and asks no further.

CREATE TRIGGER worker_months_are_not_passed_on
BEFORE UPDATE OF booked_from, booked, booked_by ON worker
WHEN OLD.booked <> '' AND NOT (
    NEW.booked_from = OLD.booked_from
    AND substr(NEW.booked, 1, length(OLD.booked)) = OLD.booked
    AND substr(NEW.booked_by, 1, length(OLD.booked_by)) = OLD.booked_by)
BEGIN
    SELECT RAISE(ABORT, 'worker: booked months are released, never passed on')
    WHERE EXISTS (
        WITH RECURSIVE each_month (month) AS (
            SELECT max(OLD.booked_from, NEW.booked_from)
            UNION ALL
            SELECT month + 1 FROM each_month
            WHERE month + 1 < min(OLD.booked_from + length(OLD.booked),
                NEW.booked_from + length(NEW.booked))
        ), held (before, after) AS (
            SELECT instr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                    substr(OLD.booked, month - OLD.booked_from + 1, 1)),
                instr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                    substr(NEW.booked, month - NEW.booked_from + 1, 1))
            FROM each_month
            WHERE month < min(OLD.booked_from + length(OLD.booked),
                NEW.booked_from + length(NEW.booked))
        )
        SELECT 1 FROM held
        WHERE before > 0 AND after > 0
            AND substr(OLD.booked_by, 18 * before - 17, 18)
                <> nullif(substr(NEW.booked_by, 18 * after - 17, 18), '')
    );
END;

-- Whoever is removed would come back with all months free.

CREATE TRIGGER worker_keeps_its_months BEFORE DELETE ON worker WHEN OLD.booked <> ''
BEGIN
    SELECT RAISE(ABORT, 'worker: months are booked for the worker');
END;

CREATE TRIGGER worker_keeps_its_id BEFORE UPDATE OF worker_id ON worker
WHEN OLD.booked <> '' AND NEW.worker_id <> OLD.worker_id
BEGIN
    SELECT RAISE(ABORT, 'worker: months are booked for the worker');
END;
