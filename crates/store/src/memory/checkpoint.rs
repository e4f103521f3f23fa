//! Checkpoints and the feed.

use std::ops::Bound::{Excluded, Unbounded};

use async_trait::async_trait;
use mamagang_domain::ledger::{Checkpoint, CheckpointHead};

use crate::rows::{CheckpointRow, FeedRow};
use crate::{ChainReads, CheckpointWrites, StoreResult};

use super::MemoryStore;
use super::changes::conflict;
use super::state::State;
use super::unit::MemoryUnit;

fn first<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect()
}

impl State {
    fn moved_heads(&self, limit: u32) -> Vec<CheckpointHead> {
        let ends = self.entries.iter().filter_map(|(employer, chain)| {
            let last = chain.last()?;
            let checked = self.checked_heads.get(employer).copied().unwrap_or(0);
            (last.sequence > checked).then_some(CheckpointHead {
                employer_code: *employer,
                sequence: last.sequence,
                hash: last.hash,
            })
        });
        first(ends, limit)
    }

    fn append_checkpoint(
        &mut self,
        row: &CheckpointRow,
        heads: &[CheckpointHead],
    ) -> StoreResult<()> {
        let last = self.checkpoints.last();
        let number = last.map_or(1, |last| last.number + 1);
        let previous_hash = last.map_or_else(Checkpoint::start, |last| last.hash);
        if row.number != number || row.previous_hash != previous_hash {
            return conflict("the checkpoint does not continue the chain");
        }
        self.checkpoints.push(row.clone());
        for head in heads {
            self.checked_heads.insert(head.employer_code, head.sequence);
        }
        Ok(())
    }
}

#[async_trait]
impl ChainReads for MemoryStore {
    async fn list_checkpoints(&self, after: u32, limit: u32) -> StoreResult<Vec<CheckpointRow>> {
        let state = self.shared.read();
        let rows = state.checkpoints.iter().filter(|row| row.number > after);
        Ok(first(rows.cloned(), limit))
    }

    async fn next_chain(&self, after: &str) -> StoreResult<Option<String>> {
        let state = self.shared.read();
        let mut codes = state.entries.keys().map(|code| code.as_str().to_owned());
        Ok(codes.find(|code| code.as_str() > after))
    }

    async fn feed_end(&self) -> StoreResult<i64> {
        let state = self.shared.read();
        Ok(state.feed.last_key_value().map_or(0, |(end, _)| *end))
    }

    async fn list_feed(&self, after: i64, through: i64, limit: u32) -> StoreResult<Vec<FeedRow>> {
        let state = self.shared.read();
        let rows = state
            .feed
            .range((Excluded(after), Unbounded))
            .take_while(|(position, _)| **position <= through)
            .filter_map(|(position, (employer, sequence))| {
                let chain = state.entries.get(employer)?;
                let entry = chain.iter().find(|entry| entry.sequence == *sequence)?;
                Some(FeedRow {
                    position: *position,
                    entry: entry.clone(),
                })
            });
        Ok(first(rows, limit))
    }
}

#[async_trait]
impl CheckpointWrites for MemoryUnit {
    async fn last_checkpoint(&mut self) -> StoreResult<Option<CheckpointRow>> {
        Ok(self.state.checkpoints.last().cloned())
    }

    async fn moved_heads(&mut self, limit: u32) -> StoreResult<Vec<CheckpointHead>> {
        Ok(self.state.moved_heads(limit))
    }

    async fn append_checkpoint(
        &mut self,
        row: &CheckpointRow,
        heads: &[CheckpointHead],
    ) -> StoreResult<()> {
        self.write(|state| state.append_checkpoint(row, heads))
    }
}
