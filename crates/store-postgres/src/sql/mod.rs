//! Every statement, by noun.
//!
//! Sets go in as one array a column, read by `unnest`: a statement costs far more than a row. In the
//! statements of every call `set!` does so in a select list, which hands elements on one by one where
//! one `unnest` of several arrays first puts each aside in a store of its own. What
//! is looked up for each of them is a `LATERAL` query that ends with `LIMIT`: the planner may
//! neither turn it round nor go through the table, whatever it believes of its size. A plan that
//! was made while a table was empty would otherwise read all of it for each row, once it is full.
//! The settings of a connection (see [`database::PREPARE_SESSION`]) do the rest.

/// A statement and its name in errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    /// Noun and verb.
    pub(crate) name: &'static str,
    /// The text.
    pub(crate) sql: &'static str,
}

/// Declares a module's statements, and the list that the tests go through.
macro_rules! statements {
    ($noun:literal: $($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: $crate::sql::Statement = $crate::sql::Statement {
                name: concat!($noun, " ", stringify!($name)),
                sql: $sql,
            };
        )*

        #[cfg(test)]
        pub(crate) const ALL: &[$crate::sql::Statement] = &[$($name),*];
    };
}

/// A set that goes in as an array for each of its columns, in parentheses; with `place;` before them
/// also the place of each row, counted from 0.
macro_rules! set {
    (place; $first:ident: $array:literal $(, $column:ident: $arrays:literal)* $(,)?) => {
        concat!(
            "(SELECT generate_series(0, cardinality(", $array, ") - 1) AS place, unnest(", $array,
            ") AS ", stringify!($first), $(", unnest(", $arrays, ") AS ", stringify!($column),)* ")"
        )
    };
    ($first:ident: $array:literal $(, $column:ident: $arrays:literal)* $(,)?) => {
        concat!(
            "(SELECT unnest(", $array, ") AS ", stringify!($first),
            $(", unnest(", $arrays, ") AS ", stringify!($column),)* ")"
        )
    };
}

/// The columns that [`crate::snapshot`] reads of a row of `worker`, in a query over `worker`. Filing
/// ids may hold anything.
macro_rules! snapshot_columns {
    () => {
        "worker.worker_id, worker.region_code, worker.timeline,
        worker.booked_from, worker.booked, worker.booked_by, worker.months_kept_by,
        CASE WHEN worker.filing_ids = '{}' THEN NULL
            ELSE (SELECT json_agg(json_build_array(
                    filing.filing_id, filing.employer_code, filing.kind, filing.submitted_on,
                    filing.accepted_on, filing.revoked_on))::text
                FROM unnest(worker.filing_ids) AS named (filing_id)
                CROSS JOIN LATERAL (
                    SELECT * FROM filing WHERE filing.filing_id = named.filing_id LIMIT 1
                ) AS filing)
        END AS filings"
    };
}

/// The join that answers a merged worker as the one it was merged into, in a query over a row
/// with a `worker_id` of its own.
macro_rules! worker_of {
    ($id:literal) => {
        concat!(
            "CROSS JOIN LATERAL (
                SELECT coalesce(named.merged_into, named.worker_id) AS worker_id
                FROM worker AS named WHERE named.worker_id = ",
            $id,
            " LIMIT 1
            ) AS named_worker
            CROSS JOIN LATERAL (
                SELECT worker.worker_id, worker.region_code, worker.timeline, worker.filing_ids,
                    worker.booked_from, worker.booked, worker.booked_by, worker.months_kept_by
                FROM worker WHERE worker.worker_id = named_worker.worker_id LIMIT 1
            ) AS worker "
        )
    };
}

/// The columns of an asked employer-year, in a query over `years_asked!`.
macro_rules! year_columns {
    () => {
        "asked.place, asked.employer_code, employer.record,
            ledger_head.sequence AS head_sequence, ledger_head.hash AS head_hash,
            ledger_head.recorded_at AS last_recorded_at, asked.tax_year"
    };
}

/// Years of employers, in a query that has `asked`, whose `employer_code` it takes: those in `$2`, and
/// the months alone of all others of an employer who keeps workers' months, which are in any of them.
macro_rules! years_of {
    () => {
        "LEFT JOIN LATERAL (
            SELECT ledger_head.keeps_months FROM ledger_head
            WHERE ledger_head.employer_code = asked.employer_code LIMIT 1
        ) AS keeper ON true
        CROSS JOIN LATERAL (
            SELECT employer_year.tax_year, CASE WHEN employer_year.tax_year = ANY ($2)
                    THEN employer_year.state ELSE '' END AS state, employer_year.months
            FROM employer_year WHERE employer_year.employer_code = asked.employer_code
                AND (keeper.keeps_months OR employer_year.tax_year = ANY ($2)) OFFSET 0
        ) AS employer_year"
    };
}

/// The same of the employer who keeps a worker's months, in a query over `worker`: each year's number
/// (four bytes) before its months.
macro_rules! kept_years {
    () => {
        "CASE WHEN worker.months_kept_by = '' THEN NULL
            ELSE ARRAY(SELECT int4send(employer_year.tax_year) || employer_year.months
                FROM employer_year WHERE employer_year.employer_code = worker.months_kept_by
                    AND employer_year.months <> '')
        END AS kept_years"
    };
}

/// The employers of asked years: `$1`: employers, `$2`: years.
macro_rules! years_asked {
    () => {
        concat!(
            "FROM ",
            set!(place; employer_code: "$1::text[]", tax_year: "$2::bigint[]"),
            " AS asked
        LEFT JOIN LATERAL (
            SELECT employer.record FROM employer
            WHERE employer.employer_code = asked.employer_code LIMIT 1
        ) AS employer ON true
        LEFT JOIN LATERAL (
            SELECT ledger_head.sequence, ledger_head.hash, ledger_head.recorded_at,
                ledger_head.record_revision, ledger_head.basis FROM ledger_head
            WHERE ledger_head.employer_code = asked.employer_code LIMIT 1
        ) AS ledger_head ON true"
        )
    };
}

/// The recorded answers to asked requests: organisations, methods, requests.
macro_rules! answers_asked {
    ($organisations:literal, $methods:literal, $requests:literal) => {
        concat!(
            "FROM ",
            set!(place; organisation: $organisations, method: $methods, request_id: $requests),
            " AS asked
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency
            WHERE idempotency.organisation = asked.organisation
                AND idempotency.method = asked.method
                AND idempotency.request_id = asked.request_id LIMIT 1
        ) AS idempotency"
        )
    };
}

#[macro_use]
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod checkpoint;
pub(crate) mod database;
pub(crate) mod employer;
pub(crate) mod fact;
pub(crate) mod filing;
pub(crate) mod job;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod merge;
#[macro_use]
pub(crate) mod month;
pub(crate) mod policy;
pub(crate) mod replica;
#[macro_use]
pub(crate) mod request;
pub(crate) mod posting;
pub(crate) mod subsidy;
pub(crate) mod worker;

#[cfg(test)]
mod tests;
