//! Store errors, with what a caller needs to know: may a retry differ, did it surely not happen.

use std::error::Error as StdError;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Another transaction came first (lock, serialisation, deadlock). Nothing was written; the
    /// unit can be run again.
    Contended,
    /// What a batch of postings was planned on was kept from before and is not so any longer. Nothing
    /// was written; planned on what is read it may succeed.
    Outdated,
    /// A key, a check or the order of a chain was violated. Nothing was written; running the unit
    /// again from its reads may give another plan.
    Conflict,
    /// The database cannot be reached. Before a commit nothing was written.
    Unavailable,
    /// The answer to a commit was lost: it may have happened.
    CommitUnknown,
    /// Stored bytes cannot be read.
    Corrupt,
    /// Anything else; nothing was written.
    Internal,
}

/// A store error. `Display` never prints its source: the chain is logged where it is handled.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct StoreError {
    kind: StoreErrorKind,
    context: String,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error of a kind while doing something.
    pub fn new(kind: StoreErrorKind, context: impl Into<String>) -> Self {
        Self {
            kind,
            context: context.into(),
            source: None,
        }
    }

    /// The same with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether running the same unit again may succeed.
    pub const fn may_retry(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Contended | StoreErrorKind::Outdated | StoreErrorKind::Unavailable
        )
    }

    /// Whether nothing was surely written.
    pub const fn surely_not_done(&self) -> bool {
        !matches!(self.kind, StoreErrorKind::CommitUnknown)
    }
}
