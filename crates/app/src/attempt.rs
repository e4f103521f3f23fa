//! Units of work that are run again where others came first.

use mamagang_store::{StoreError, StoreErrorKind};

use crate::error::AppError;
use crate::limits::UNIT_RETRIES_MAX;

/// Why an attempt ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    Store(StoreError),
    App(AppError),
}

impl Attempt {
    /// A unit whose plan was overtaken may be planned anew; nothing of it was written.
    const fn was_overtaken(&self) -> bool {
        let Self::Store(error) = self else {
            return false;
        };
        matches!(
            error.kind(),
            StoreErrorKind::Contended | StoreErrorKind::Conflict
        )
    }
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AppError> for Attempt {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<Attempt> for AppError {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Store(error) => error.into(),
            Attempt::App(error) => error,
        }
    }
}

/// Runs a whole unit of work, from its begin to its commit, again while it was overtaken:
/// [`UNIT_RETRIES_MAX`] times in all.
pub(crate) async fn until_not_overtaken<T, F, U>(mut run: F) -> Result<T, Attempt>
where
    F: FnMut() -> U,
    U: Future<Output = Result<T, Attempt>>,
{
    let mut runs = 1;
    loop {
        match run().await {
            Err(attempt) if attempt.was_overtaken() && runs < UNIT_RETRIES_MAX => {
                tracing::debug!(?attempt, "a unit of work was overtaken and is run again");
                runs += 1;
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::ErrorReason;

    /// How often a unit runs that ends so each time but the last that it may.
    async fn runs_of(ended: impl Fn() -> Attempt) -> u32 {
        let runs = Cell::new(0);
        let result = until_not_overtaken(|| {
            runs.set(runs.get() + 1);
            let is_last = runs.get() == UNIT_RETRIES_MAX;
            let result = if is_last { Ok(()) } else { Err(ended()) };
            async { result }
        });
        let is_ok = result.await.is_ok();
        assert_eq!(is_ok, runs.get() == UNIT_RETRIES_MAX);
        runs.get()
    }

    fn of_store(kind: StoreErrorKind) -> impl Fn() -> Attempt {
        move || StoreError::new(kind, "tried").into()
    }

    #[tokio::test]
    async fn only_what_was_overtaken_is_run_again() {
        let all = UNIT_RETRIES_MAX;
        assert_eq!(runs_of(of_store(StoreErrorKind::Contended)).await, all);
        assert_eq!(runs_of(of_store(StoreErrorKind::Conflict)).await, all);
        assert_eq!(runs_of(of_store(StoreErrorKind::Unavailable)).await, 1);
        assert_eq!(runs_of(of_store(StoreErrorKind::CommitUnknown)).await, 1);
        let refused = || AppError::new(ErrorReason::WorkerNotFound).into();
        assert_eq!(runs_of(refused).await, 1);
    }

    #[tokio::test]
    async fn what_is_overtaken_every_time_is_told_in_the_end() {
        let mut runs = 0;
        let result: Result<(), _> = until_not_overtaken(|| {
            runs += 1;
            async { Err(of_store(StoreErrorKind::Contended)()) }
        })
        .await;
        assert!(result.is_err_and(|attempt| attempt.was_overtaken()));
        assert_eq!(runs, UNIT_RETRIES_MAX);
    }
}
