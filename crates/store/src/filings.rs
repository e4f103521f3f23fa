//! Filings as checks read them: a projection of the cases of that kind, joined by the one statement
//! that a check costs.

use async_trait::async_trait;
use mamagang_domain::filing::Filing;

use crate::StoreResult;

/// What is read of filings by themselves.
#[async_trait]
pub trait FilingReads {
    /// The filings, in order; `None` where there is none.
    async fn filings(&self, ids: &[String]) -> StoreResult<Vec<Option<Filing>>>;
}

/// What a unit of work writes of filings.
#[async_trait]
pub trait FilingWrites {
    /// Writes filings, adding those that are new. The employer of a known one stays.
    async fn put_filings(&mut self, filings: &[Filing]) -> StoreResult<()>;
}
