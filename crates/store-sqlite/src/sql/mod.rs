//! Every statement, by noun.
//!
//! Sets go in as one JSON argument read by `json_each`: a statement costs far more than a row. Bytes
//! are hexadecimal text in it, or, where there are many, pieces of a second argument. Every join is a CROSS JOIN, which SQLite takes in the order written:
//! what was asked for comes first, whatever the planner believes about sizes.

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

/// The columns that [`crate::snapshot`] reads of a row of `worker`, in a query over `worker`.
macro_rules! snapshot_columns {
    () => {
        "worker.worker_id, worker.region_code, worker.timeline,
        worker.booked_from, worker.booked, worker.booked_by,
        CASE WHEN worker.filing_ids = '[]' THEN NULL
            ELSE (SELECT json_group_array(json_array(
                    filing.filing_id, filing.employer_code, filing.kind, filing.submitted_on,
                    filing.accepted_on, filing.revoked_on))
                FROM json_each(worker.filing_ids) AS named
                CROSS JOIN filing ON filing.filing_id = named.value)
        END AS filings"
    };
}

/// The join that answers a merged worker as the one it was merged into, in a query over a row
/// with a `worker_id` of its own.
macro_rules! worker_of {
    ($id:literal) => {
        concat!(
            "CROSS JOIN worker AS named_worker ON named_worker.worker_id = ",
            $id,
            " CROSS JOIN worker ON worker.worker_id =
                coalesce(named_worker.merged_into, named_worker.worker_id)"
        )
    };
}

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
pub(crate) mod month;
pub(crate) mod policy;
pub(crate) mod request;
pub(crate) mod subsidy;
pub(crate) mod worker;

#[cfg(test)]
mod tests;
