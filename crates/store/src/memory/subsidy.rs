//! Months that claims hold.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;

use crate::rows::SubsidyMonth;
use crate::{StoreResult, SubsidyReads, SubsidyWrites};

use super::MemoryStore;
use super::changes::conflict;
use super::state::State;
use super::unit::MemoryUnit;

impl State {
    fn subsidy_months(&self, workers: &[WorkerId]) -> Vec<Vec<SubsidyMonth>> {
        let lists = workers.iter().map(|id| {
            let months = self.subsidy_months.values();
            let mut own: Vec<_> = months
                .filter(|month| self.resolve(month.worker_id) == *id)
                .cloned()
                .collect();
            own.sort_by_key(|month| (month.claimed.kind, month.claimed.month, month.worker_id));
            own
        });
        lists.collect()
    }

    fn put_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        for month in months {
            self.require_worker(month.worker_id)?;
            let key = (month.worker_id, month.claimed.kind, month.claimed.month);
            if self.subsidy_months.insert(key, month.clone()).is_some() {
                return conflict("a claim holds the month already");
            }
        }
        Ok(())
    }

    fn release_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        for month in months {
            let key = (month.worker_id, month.claimed.kind, month.claimed.month);
            let held = self.subsidy_months.remove(&key);
            if held.is_none_or(|held| held.claim_id != month.claim_id) {
                return conflict("the claim does not hold the month");
            }
        }
        Ok(())
    }
}

#[async_trait]
impl SubsidyReads for MemoryStore {
    async fn subsidy_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        Ok(self.shared.read().subsidy_months(workers))
    }
}

#[async_trait]
impl SubsidyWrites for MemoryUnit {
    async fn subsidy_months(
        &mut self,
        workers: &[WorkerId],
    ) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        Ok(self.state.subsidy_months(workers))
    }

    async fn put_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        self.write(|state| state.put_subsidy_months(months))
    }

    async fn release_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        self.write(|state| state.release_subsidy_months(months))
    }
}
