//! Checkpoints over the ends of all chains, and the feed of entries.

use async_trait::async_trait;
use mamagang_domain::ledger::CheckpointHead;

use crate::StoreResult;
use crate::rows::{CheckpointRow, FeedRow};

/// What verifiers and watchers read.
#[async_trait]
pub trait ChainReads {
    /// Checkpoints with a number above `after`, in order, at most `limit`.
    async fn list_checkpoints(&self, after: u32, limit: u32) -> StoreResult<Vec<CheckpointRow>>;

    /// The code of the next employer that has an entry, after `after` (empty = the first), as it is
    /// stored. Read from truth: it finds chains of which no projection knows.
    async fn next_chain(&self, after: &str) -> StoreResult<Option<String>>;

    /// The feed position of the last committed entry; 0 where there is none. Positions are given
    /// when a row is written: after [`crate::Store::fence`] every row up to the one read before it
    /// is either there or never will be.
    async fn feed_end(&self) -> StoreResult<i64>;

    /// Entries with a position above `after` and up to `through`, in order of position, at most
    /// `limit`.
    async fn list_feed(&self, after: i64, through: i64, limit: u32) -> StoreResult<Vec<FeedRow>>;
}

/// What a checkpoint writes, inside its unit of work.
#[async_trait]
pub trait CheckpointWrites {
    /// The last checkpoint.
    async fn last_checkpoint(&mut self) -> StoreResult<Option<CheckpointRow>>;

    /// The ends of chains that moved since they were last in a checkpoint, by employer, at most
    /// `limit`.
    async fn moved_heads(&mut self, limit: u32) -> StoreResult<Vec<CheckpointHead>>;

    /// Appends a checkpoint over the given ends. A number that exists, or that does not continue
    /// the chain, is a conflict: another instance made one in the same moment.
    async fn append_checkpoint(
        &mut self,
        row: &CheckpointRow,
        heads: &[CheckpointHead],
    ) -> StoreResult<()>;
}
