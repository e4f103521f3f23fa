//! Policy sets.

use std::ops::Bound::{Excluded, Unbounded};

use async_trait::async_trait;

use crate::StoreResult;
use crate::policy::{PolicyReads, PolicySetName, PolicySetRow};

use super::MemoryStore;
use super::state::State;

#[async_trait]
impl PolicyReads for MemoryStore {
    async fn policy_set(&self, version: &str) -> StoreResult<Option<PolicySetRow>> {
        let state = self.shared.read();
        let kept = state.policy_sets.get(version);
        Ok(kept.map(|(content, recorded_at)| PolicySetRow {
            version: version.to_owned(),
            content: content.clone(),
            recorded_at: *recorded_at,
        }))
    }

    async fn list_policy_sets(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<PolicySetName>> {
        let state = self.shared.read();
        let from = after.map_or(Unbounded, Excluded);
        let later = state.policy_sets.range::<str, _>((from, Unbounded));
        let names = later.map(|(version, (_, recorded_at))| PolicySetName {
            version: version.clone(),
            recorded_at: *recorded_at,
        });
        Ok(names
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect())
    }
}

impl State {
    pub(super) fn put_policy_set(
        &mut self,
        version: &str,
        content: &str,
        recorded_at: i64,
    ) -> StoreResult<()> {
        let kept = self.policy_sets.entry(version.to_owned());
        kept.or_insert_with(|| (content.to_owned(), recorded_at));
        Ok(())
    }
}
