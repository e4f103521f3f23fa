//! Person-months of the subsidies (measures 3, 4, 5 and 7) that claims hold.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;

use crate::StoreResult;
use crate::rows::SubsidyMonth;

/// What checks read.
#[async_trait]
pub trait SubsidyReads {
    /// Months that claims hold, one list a worker, in the order asked for; within a list by
    /// subsidy and month. Those of workers who were merged into it are a worker's too.
    async fn subsidy_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>>;
}

/// What claims write, inside their unit of work. The worker is to be locked first
/// ([`crate::UnitOfWork::workers`]): the rules count a person's months over all employers.
#[async_trait]
pub trait SubsidyWrites {
    /// The same as [`SubsidyReads::subsidy_months`], seen from the unit.
    async fn subsidy_months(&mut self, workers: &[WorkerId])
    -> StoreResult<Vec<Vec<SubsidyMonth>>>;

    /// Gives months to claims. A month of a subsidy that a claim holds already is a conflict.
    async fn put_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()>;

    /// Takes months back. A month that the claim does not hold is a conflict.
    async fn release_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()>;
}
