//! Filings as checks read them.

use async_trait::async_trait;
use mamagang_domain::filing::Filing;

use crate::StoreResult;
use crate::filings::{FilingReads, FilingWrites};

use super::MemoryStore;
use super::unit::MemoryUnit;

#[async_trait]
impl FilingReads for MemoryStore {
    async fn filings(&self, ids: &[String]) -> StoreResult<Vec<Option<Filing>>> {
        let state = self.shared.read();
        Ok(ids
            .iter()
            .map(|id| state.filings.get(id).cloned())
            .collect())
    }
}

#[async_trait]
impl FilingWrites for MemoryUnit {
    async fn put_filings(&mut self, filings: &[Filing]) -> StoreResult<()> {
        self.write(|state| {
            for row in filings {
                let known = state.filings.get(&row.filing_id);
                let employer_code = known.map_or(row.employer_code, |known| known.employer_code);
                let row = Filing {
                    employer_code,
                    ..row.clone()
                };
                state.filings.insert(row.filing_id.clone(), row);
            }
            Ok(())
        })
    }
}
