//! Joining two records of one person.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;

use crate::StoreResult;
use crate::rows::PersonMonth;

/// What a unit of work reads and writes when records are joined. Facts, months and the case that
/// tells of it are written by their own methods, in the same unit.
#[async_trait]
pub trait MergeWrites {
    /// Every month booked for the given workers, by worker and month.
    async fn months_of_workers(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<PersonMonth>>;

    /// From now on `from` is read as `into`, and so is whoever was read as `from`. A worker that is
    /// read as another already, on either side, is a conflict.
    async fn merge_workers(&mut self, from: WorkerId, into: WorkerId) -> StoreResult<()>;
}
