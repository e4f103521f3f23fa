//! SQLite's errors, as the store tells them.

use mamagang_store::{StoreError, StoreErrorKind};
use sqlx::Error;
use sqlx::error::DatabaseError;

/// An error of a statement before the commit: nothing was written.
pub(crate) fn in_statement(context: &str, error: Error) -> StoreError {
    StoreError::new(kind_of(&error), context).with_source(error)
}

/// An error of a commit. What SQLite itself refused surely did not happen; anything else may have.
pub(crate) fn in_commit(error: Error) -> StoreError {
    let kind = match kind_of(&error) {
        kind @ (StoreErrorKind::Contended | StoreErrorKind::Conflict) => kind,
        _ => StoreErrorKind::CommitUnknown,
    };
    StoreError::new(kind, "committing").with_source(error)
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
        Error::Database(database) => kind_of_code(primary_code(&**database)),
        Error::PoolTimedOut => StoreErrorKind::Contended,
        Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => StoreErrorKind::Unavailable,
        Error::ColumnDecode { .. } | Error::Decode(_) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}

/// The extended code's low byte; see <https://sqlite.org/rescode.html>.
fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn kind_of_code(code: Option<i32>) -> StoreErrorKind {
    match code {
        // BUSY, LOCKED.
        Some(5 | 6) => StoreErrorKind::Contended,
        // CONSTRAINT, also of RAISE(ABORT, …).
        Some(19) => StoreErrorKind::Conflict,
        // READONLY, IOERR, FULL, CANTOPEN.
        Some(8 | 10 | 13 | 14) => StoreErrorKind::Unavailable,
        // CORRUPT, NOTADB.
        Some(11 | 26) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_whether_a_retry_may_help() {
        let kinds = [
            (5, StoreErrorKind::Contended),
            (6, StoreErrorKind::Contended),
            (19, StoreErrorKind::Conflict),
            (10, StoreErrorKind::Unavailable),
            (13, StoreErrorKind::Unavailable),
            (11, StoreErrorKind::Corrupt),
            (1, StoreErrorKind::Internal),
        ];
        for (code, kind) in kinds {
            assert_eq!(kind_of_code(Some(code)), kind, "{code}");
        }
    }

    #[test]
    fn a_lost_answer_to_a_commit_is_not_taken_for_a_failure() {
        let lost = in_commit(Error::WorkerCrashed);
        assert_eq!(lost.kind(), StoreErrorKind::CommitUnknown);
        assert!(!lost.surely_not_done());
        let before = in_statement("reading", Error::WorkerCrashed);
        assert_eq!(before.kind(), StoreErrorKind::Unavailable);
        assert!(before.surely_not_done());
    }

    #[test]
    fn a_commit_that_came_too_late_for_the_lock_surely_did_not_happen() {
        assert!(in_commit(Error::PoolTimedOut).surely_not_done());
    }
}
