//! Whether the service can take work.

use async_trait::async_trait;

/// Why no work should be sent here. The cause in full is the checker's to log; a probe learns the reason alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The service was asked to stop and finishes what it has.
    Draining,
    /// The store did not answer, or answered with an error.
    StoreUnavailable,
    /// The check took longer than it may.
    CheckTimedOut,
}

impl NotReady {
    /// The reason's name, stable for machines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draining => "DRAINING",
            Self::StoreUnavailable => "STORE_UNAVAILABLE",
            Self::CheckTimedOut => "CHECK_TIMED_OUT",
        }
    }

    /// The reason in a sentence, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Draining => "The service is stopping and takes no new work.",
            Self::StoreUnavailable => "The store does not answer.",
            Self::CheckTimedOut => "The readiness check did not answer in time.",
        }
    }
}

/// Asks the parts that a request needs. Called at most once at a time, and dropped when it takes too long.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// `Ok` when a request that arrives now can be served.
    async fn check(&self) -> Result<(), NotReady>;
}
