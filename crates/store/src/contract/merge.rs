//! Records joined.

use std::sync::Arc;

use crate::Store;
use crate::rows::WorkerKey;

use super::assert_conflict;
use super::sample::{add_workers, begin, booked, employer, month, worker};

async fn merge(store: &Arc<dyn Store>, from: u8, into: u8) {
    let mut unit = begin(store).await;
    let merged = unit.merge_workers(worker(from), worker(into)).await;
    merged.expect("accepted");
    unit.commit().await.expect("committed");
}

async fn read_as(store: &Arc<dyn Store>, id: u8) -> Option<mamagang_domain::ids::WorkerId> {
    let keys = [WorkerKey::Id(worker(id))];
    let found = store.check_inputs(&keys, &[]).await.expect("inputs");
    let found = found.workers.into_iter().next().flatten();
    found.map(|found| found.worker.worker_id)
}

/// Contract.
pub async fn a_merged_worker_is_read_as_the_one_that_stays_in_one_step(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2, 3]).await;
    merge(&store, 1, 2).await;
    assert_eq!(read_as(&store, 1).await, Some(worker(2)));
    merge(&store, 2, 3).await;
    for id in 1..=3 {
        assert_eq!(read_as(&store, id).await, Some(worker(3)));
    }
    let merged = store.merged_into(worker(3)).await.expect("ids");
    assert_eq!(merged, [worker(1), worker(2)]);
    let merged = store.merged_into(worker(2)).await.expect("ids");
    assert_eq!(merged, []);
}

/// Contract.
pub async fn a_worker_that_is_read_as_another_is_not_merged_again(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2, 3]).await;
    merge(&store, 1, 2).await;
    for (from, into) in [(1, 3), (3, 1), (3, 3)] {
        let mut unit = begin(&store).await;
        assert_conflict(unit.merge_workers(worker(from), worker(into)).await);
    }
    assert_eq!(read_as(&store, 3).await, Some(worker(3)));
}

/// Contract.
pub async fn months_of_workers_are_listed_by_worker_and_month(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2, 3]).await;
    let months = [
        booked(1, month("2023-02"), employer(1)),
        booked(1, month("2023-05"), employer(0)),
        booked(2, month("2023-02"), employer(0)),
    ];
    let mut unit = begin(&store).await;
    unit.book_months(&months).await.expect("accepted");
    let of_third = [booked(3, month("2023-01"), employer(0))];
    unit.book_months(&of_third).await.expect("accepted");
    unit.commit().await.expect("committed");
    let mut unit = begin(&store).await;
    let found = unit.months_of_workers(&[worker(2), worker(1)]).await;
    assert_eq!(found.expect("months"), months);
    let found = unit.months_of_workers(&[]).await;
    assert_eq!(found.expect("nobody's"), []);
}
