//! Joining two records of one person.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;

use crate::StoreResult;
use crate::merge::MergeWrites;
use crate::rows::PersonMonth;

use super::changes::conflict;
use super::unit::MemoryUnit;

#[async_trait]
impl MergeWrites for MemoryUnit {
    async fn months_of_workers(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<PersonMonth>> {
        let months = self.state().months.values();
        let months = months.filter(|month| workers.contains(&month.worker_id));
        Ok(months.copied().collect())
    }

    async fn merge_workers(&mut self, from: WorkerId, into: WorkerId) -> StoreResult<()> {
        self.write(|state| {
            state.require_worker(from)?;
            state.require_worker(into)?;
            let gone = &state.merged;
            if from == into || gone.contains_key(&from) || gone.contains_key(&into) {
                return conflict("a merged worker is not merged");
            }
            for target in state.merged.values_mut().filter(|target| **target == from) {
                *target = into;
            }
            state.merged.insert(from, into);
            Ok(())
        })
    }
}
