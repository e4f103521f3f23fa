//! Copies of the database that follow it and are read in its place.

use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;

use crate::rows::{CheckInputs, WorkerKey};

/// Why a copy is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaMiss {
    /// What it has not followed yet is older than allowed.
    Behind,
    /// It does not answer, or is no copy of the database any more.
    Unreachable,
}

impl ReplicaMiss {
    /// Its name in measurements.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What checks read, with the instant that it was seen as of.
#[derive(Clone, Debug)]
pub struct SeenInputs {
    /// As of [`crate::Store::check_inputs`].
    pub inputs: CheckInputs,
    /// Microseconds since 1970-01-01T00:00Z: everything that was committed by then was seen. What was
    /// committed after it may have been.
    pub seen_at: i64,
}

/// A copy that follows the database. It is asked for what an answer may be some seconds late with, and
/// for nothing else; a miss is no failure, since the database itself can be read instead.
#[async_trait]
pub trait Replica: Send + Sync + 'static {
    /// As [`crate::Store::check_inputs`], of a copy that is behind by no more than its bound.
    async fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> Result<SeenInputs, ReplicaMiss>;

    /// By how much the copy was behind when it was last looked at: the time since which everything may
    /// be missing. `None` where that is longer than the bound, or not known.
    fn age(&self) -> Option<Duration>;
}
