//! Booked person-months.

/// The states and months of employers' years: employers, years, states and months; what has no bytes
/// stays as it is.
macro_rules! years_written {
    ($employers:literal, $years:literal, $states:literal, $months:literal) => {
        concat!(
            "year AS (
            INSERT INTO employer_year (employer_code, tax_year, state, months) ",
            set!(employer_code: $employers, tax_year: $years, state: $states, months: $months),
            " ON CONFLICT (employer_code, tax_year) DO UPDATE SET
                state = CASE WHEN excluded.state = '' THEN employer_year.state
                    ELSE excluded.state END,
                months = CASE WHEN excluded.months = '' THEN employer_year.months
                    ELSE excluded.months END
        )"
        )
    };
}

/// Workers' rows changed together with the months of employers' years: workers, first months, months
/// and employers as they were read, the same three as they are to be; then those of `years_written!`.
/// A row that is another than was read is left alone, which the
/// number of `booked` tells.
macro_rules! months_written {
    ($workers:literal, $from:literal, $months:literal, $by:literal;
        $new_from:literal, $new_months:literal, $new_by:literal; $($year:literal),+) => {
        concat!(
            "booked AS (
            UPDATE worker SET booked_from = put.booked_from, booked = put.booked,
                booked_by = put.booked_by
            FROM ",
            set!(
                worker_id: $workers, read_from: $from, read: $months, read_by: $by,
                booked_from: $new_from, booked: $new_months, booked_by: $new_by,
            ),
            " AS put
            WHERE worker.worker_id = put.worker_id AND worker.booked_from = put.read_from
                AND worker.booked = put.read AND worker.booked_by = put.read_by
            RETURNING 1
        ), ",
            years_written!($($year),+)
        )
    };
}

statements! { "month":
    /// Has workers to the unit alone. `$1`: ids.
    READ_WORKERS = "SELECT worker_id, booked_from, booked, booked_by, months_kept_by FROM worker
        WHERE worker_id = ANY ($1) ORDER BY worker_id FOR NO KEY UPDATE";

    /// `$1`: workers.
    LIST_OF_WORKERS = concat!(
        "SELECT asked.ordinal - 1 AS place, worker.worker_id, worker.booked_from, worker.booked,
            worker.booked_by, worker.months_kept_by, ",
        kept_years!(),
        " FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (worker_id, ordinal)
        CROSS JOIN LATERAL (
            SELECT * FROM worker WHERE worker.worker_id = asked.worker_id LIMIT 1
        ) AS worker"
    );

    /// Has employers' years to the unit alone, after the workers: a posting, which has both under
    /// its employer's lock, writes years last. `$1`: employers, `$2`: years.
    READ_YEARS = "SELECT employer_year.employer_code, employer_year.tax_year, employer_year.months
        FROM unnest($1::text[], $2::bigint[]) AS asked (employer_code, tax_year)
        JOIN employer_year ON employer_year.employer_code = asked.employer_code
            AND employer_year.tax_year = asked.tax_year
        ORDER BY employer_year.employer_code, employer_year.tax_year
        FOR NO KEY UPDATE OF employer_year";

    /// The years in which employers have booked months, locked as well. `$1`: employers.
    READ_BOOKED_YEARS = "SELECT employer_code, tax_year, months FROM employer_year
        WHERE employer_code = ANY ($1) AND months <> ''
        ORDER BY employer_code, tax_year FOR NO KEY UPDATE";

    /// Has workers to the unit alone who are newly linked. `$1`: ids.
    LOCK_LINKED = "SELECT 1 FROM worker
        WHERE worker_id = ANY ($1) ORDER BY worker_id FOR NO KEY UPDATE";

    /// Has workers' own rows tell the months that an employer kept. `$1` to `$4`: workers, first
    /// months, months, employers; `$5`: who kept them, whose postings are told.
    TAKE_FROM_EMPLOYERS = "WITH head AS (
            UPDATE ledger_head SET basis = next_basis(basis) WHERE employer_code = ANY ($5)
        )
        UPDATE worker SET booked_from = put.booked_from, booked = put.booked,
            booked_by = put.booked_by, months_kept_by = ''
        FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[])
            AS put (worker_id, booked_from, booked, booked_by)
        WHERE worker.worker_id = put.worker_id AND worker.months_kept_by <> ''";

    /// Has an employer keep the months of workers who have no other and none booked, as long as it
    /// has few: whoever asks for one worker's months is given those of all. A record that others were
    /// merged into has their employers too. Postings of employers who keep months are told. `$1`:
    /// employers, `$2`: workers, newly linked; `$3`: linked workers at most; `$4`: the instant.
    GIVE_TO_EMPLOYERS = "WITH given AS (
            UPDATE worker SET months_kept_by = linked.employer_code
            FROM unnest($1::text[], $2::bytea[]) AS linked (employer_code, worker_id)
            WHERE worker.worker_id = linked.worker_id AND worker.months_kept_by = ''
                AND worker.booked = '' AND worker.merged_into IS NULL
                AND NOT EXISTS (
                    SELECT FROM employer_worker AS other
                    WHERE other.worker_id = linked.worker_id
                        AND other.employer_code <> linked.employer_code)
                AND NOT EXISTS (
                    SELECT FROM worker AS gone WHERE gone.merged_into = linked.worker_id)
                AND (SELECT count(*) FROM (
                    SELECT FROM employer_worker AS each
                    WHERE each.employer_code = linked.employer_code LIMIT $3::bigint + 1
                ) AS counted) <= $3
            RETURNING worker.months_kept_by
        )
        UPDATE ledger_head SET basis = next_basis(basis),
            recorded_at = greatest(recorded_at, $4),
            keeps_months = (SELECT count(*) FROM (
                    SELECT FROM employer_worker AS each
                    WHERE each.employer_code = ledger_head.employer_code LIMIT $3::bigint + 1
                ) AS counted) <= $3
        WHERE employer_code = ANY ($1) AND (keeps_months
            OR employer_code = ANY (ARRAY(SELECT given.months_kept_by FROM given)))";

    /// Workers whose months their employer may not keep any longer: those of `$2` who are linked to
    /// another too, and all of an employer that has got too many. `$1`: employers, `$2`: workers,
    /// newly linked; `$3`: linked workers at most.
    LIST_TO_TAKE = "SELECT worker.worker_id, worker.months_kept_by
        FROM unnest($1::text[], $2::bytea[]) AS linked (employer_code, worker_id)
        CROSS JOIN LATERAL (
            SELECT * FROM worker WHERE worker.worker_id = linked.worker_id LIMIT 1
        ) AS worker
        WHERE worker.months_kept_by <> '' AND worker.months_kept_by <> linked.employer_code
        UNION
        SELECT worker.worker_id, worker.months_kept_by
        FROM (SELECT employer_code, count(*) AS added
            FROM unnest($1::text[]) AS linked (employer_code) GROUP BY employer_code) AS linked
        CROSS JOIN LATERAL (
            SELECT count(*) AS workers FROM (
                SELECT FROM employer_worker AS each
                WHERE each.employer_code = linked.employer_code
                LIMIT $3::bigint + linked.added + 1
            ) AS counted
        ) AS counted
        CROSS JOIN LATERAL (
            SELECT employer_worker.worker_id FROM employer_worker
            WHERE employer_worker.employer_code = linked.employer_code OFFSET 0
        ) AS each
        CROSS JOIN LATERAL (
            SELECT * FROM worker WHERE worker.worker_id = each.worker_id LIMIT 1
        ) AS worker
        WHERE counted.workers BETWEEN $3 + 1 AND $3 + linked.added
            AND worker.months_kept_by = linked.employer_code";

    /// `$1`: employer.
    LIST_OF_EMPLOYER = "SELECT employer_code, tax_year, months FROM employer_year
        WHERE employer_code = $1 ORDER BY tax_year";

    /// Books and releases. `$1` to `$7`: workers; `$8` to `$11`: years.
    WRITE = concat!(
        "WITH ",
        months_written!(
            "$1::bytea[]", "$2::bigint[]", "$3::text[]", "$4::text[]";
            "$5::bigint[]", "$6::text[]", "$7::text[]";
            "$8::text[]", "$9::bigint[]", "$10::bytea[]", "$11::bytea[]"
        ),
        " SELECT count(*) AS matched FROM booked"
    );
}
