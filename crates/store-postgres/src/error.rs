//! PostgreSQL's errors, as the store tells them.

use mamagang_store::{StoreError, StoreErrorKind};
use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// An error of a statement before the commit: nothing was written.
pub(crate) fn in_statement(context: &str, error: Error) -> StoreError {
    StoreError::new(kind_of(&error), context).with_source(error)
}

/// An error of a commit. What the database refused for another's sake or for a constraint's surely
/// did not happen; anything else may have.
pub(crate) fn in_commit(error: Error) -> StoreError {
    let kind = match kind_of(&error) {
        kind @ (StoreErrorKind::Contended | StoreErrorKind::Conflict) => kind,
        _ => StoreErrorKind::CommitUnknown,
    };
    StoreError::new(kind, "committing").with_source(error)
}

/// An error of a statement that is its own transaction. What the database refuses is undone; where
/// the session ended, or no answer came, it may have been committed before.
pub(crate) fn in_statement_that_commits(context: &str, error: Error) -> StoreError {
    let is_refused = match &error {
        Error::Database(database) => database
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|error| error.severity() == PgSeverity::Error),
        _ => false,
    };
    match is_refused {
        true => in_statement(context, error),
        false => in_commit(error),
    }
}

/// Stored bytes that the service cannot read.
pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Corrupt,
        format!("stored {what} cannot be read"),
    )
}

fn kind_of(error: &Error) -> StoreErrorKind {
    match error {
        Error::Database(database) => match database.code() {
            Some(code) => kind_of_code(&code),
            None => StoreErrorKind::Internal,
        },
        Error::PoolTimedOut => StoreErrorKind::Contended,
        Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) | Error::Tls(_) => {
            StoreErrorKind::Unavailable
        }
        Error::ColumnDecode { .. } | Error::Decode(_) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}

/// See <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn kind_of_code(code: &str) -> StoreErrorKind {
    match code {
        // Serialisation failure, deadlock, lock timeout; a statement or a transaction that took
        // too long, as it does where it waits for others.
        "40001" | "40P01" | "55P03" | "57014" | "25P03" => StoreErrorKind::Contended,
        // A transaction that was made to end with its session; a standby in the primary's place,
        // which also has no transactions that write; no connection left.
        "0A000" | "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "53300" => {
            StoreErrorKind::Unavailable
        }
        // RAISE without a code.
        "P0001" => StoreErrorKind::Conflict,
        _ => match code.get(..2) {
            Some("23") => StoreErrorKind::Conflict,
            // Connection; resources, such as a full disk; the system below.
            Some("08" | "53" | "58") => StoreErrorKind::Unavailable,
            Some("XX") => match code {
                "XX001" | "XX002" => StoreErrorKind::Corrupt,
                _ => StoreErrorKind::Internal,
            },
            _ => StoreErrorKind::Internal,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_whether_a_retry_may_help() {
        let kinds = [
            ("40001", StoreErrorKind::Contended),
            ("40P01", StoreErrorKind::Contended),
            ("55P03", StoreErrorKind::Contended),
            ("57014", StoreErrorKind::Contended),
            ("23505", StoreErrorKind::Conflict),
            ("23503", StoreErrorKind::Conflict),
            ("23000", StoreErrorKind::Conflict),
            ("P0001", StoreErrorKind::Conflict),
            ("08006", StoreErrorKind::Unavailable),
            ("57P01", StoreErrorKind::Unavailable),
            ("25006", StoreErrorKind::Unavailable),
            ("0A000", StoreErrorKind::Unavailable),
            ("53100", StoreErrorKind::Unavailable),
            ("XX001", StoreErrorKind::Corrupt),
            ("42501", StoreErrorKind::Internal),
            ("25P02", StoreErrorKind::Internal),
        ];
        for (code, kind) in kinds {
            assert_eq!(kind_of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn a_lost_answer_to_a_commit_is_not_taken_for_a_failure() {
        let lost = || Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(in_commit(lost()).kind(), StoreErrorKind::CommitUnknown);
        assert!(!in_commit(lost()).surely_not_done());
        let at_once = in_statement_that_commits("writing", lost());
        assert_eq!(at_once.kind(), StoreErrorKind::CommitUnknown);
        let before = in_statement("reading", lost());
        assert_eq!(before.kind(), StoreErrorKind::Unavailable);
        assert!(before.surely_not_done());
    }
}
