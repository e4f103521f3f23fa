//! Jobs: parts are taken one by one, held for a while, and fenced.

use std::sync::Arc;

use uuid::Uuid;

use crate::{JobPart, JobRow, Store};

use super::assert_conflict;
use super::sample::{NOW, begin, employer};

const JOB: Uuid = Uuid::from_u128(5);

fn parts() -> Vec<JobPart> {
    let mut codes = [employer(0), employer(1)];
    codes.sort_unstable();
    let part = |part, after, last| JobPart {
        job_id: JOB,
        part,
        after,
        last,
        done: 0,
        refused: 0,
        is_finished: false,
        fence: 0,
    };
    vec![part(0, None, codes[0]), part(1, Some(codes[0]), codes[1])]
}

async fn added(store: &Arc<dyn Store>) {
    let job = JobRow {
        job_id: JOB,
        kind: 1,
        question: r#"{"tax_year":2023}"#.to_owned(),
    };
    let mut unit = begin(store).await;
    unit.add_job(&job, &parts()).await.expect("accepted");
    unit.commit().await.expect("committed");
    assert_eq!(store.job(JOB).await.expect("a read"), Some(job));
    assert_eq!(store.job_parts(JOB).await.expect("a read"), parts());
}

async fn take(store: &Arc<dyn Store>, until: i64) -> Option<JobPart> {
    let mut unit = begin(store).await;
    let taken = unit
        .take_job_part(JOB, until)
        .await
        .expect("a part or none");
    unit.commit().await.expect("committed");
    taken
}

/// Contract.
pub async fn parts_are_taken_in_order_and_each_by_one(store: Arc<dyn Store>) {
    added(&store).await;
    let far = NOW * 2;
    let first = take(&store, far).await.expect("a part");
    assert_eq!((first.part, first.fence), (0, 1));
    let second = take(&store, far).await.expect("a part");
    assert_eq!((second.part, second.fence), (1, 1));
    assert_eq!(take(&store, far).await, None);
    // Added again, it stays as it is.
    let mut unit = begin(&store).await;
    let job = store.job(JOB).await.expect("a read").expect("a job");
    unit.add_job(&job, &parts()).await.expect("accepted");
    unit.commit().await.expect("committed");
    assert_eq!(take(&store, far).await, None);
}

/// Contract.
pub async fn a_part_that_is_held_no_longer_is_taken_over_and_its_holder_refused(
    store: Arc<dyn Store>,
) {
    added(&store).await;
    let slow = take(&store, 1).await.expect("a part");
    let over = take(&store, NOW * 2).await.expect("the same part");
    assert_eq!((over.part, over.fence), (0, 2));
    let step = |part: &JobPart| JobPart {
        after: Some(part.last),
        done: 1,
        is_finished: true,
        ..part.clone()
    };
    let mut unit = begin(&store).await;
    assert_conflict(unit.advance_job_part(&step(&slow), NOW * 2).await);
    drop(unit);
    let mut unit = begin(&store).await;
    let noted = unit.advance_job_part(&step(&over), NOW * 2).await;
    noted.expect("accepted");
    unit.commit().await.expect("committed");
    let parts = store.job_parts(JOB).await.expect("parts");
    assert_eq!(parts[0], step(&over));
    // What is finished is taken by nobody, though it is held no longer.
    let next = take(&store, 1).await.expect("the second part");
    assert_eq!(next.part, 1);
}

/// Contract.
pub async fn a_step_is_there_with_the_rest_of_its_unit_or_not_at_all(store: Arc<dyn Store>) {
    added(&store).await;
    let part = take(&store, NOW * 2).await.expect("a part");
    let mut unit = begin(&store).await;
    let step = JobPart {
        done: 7,
        ..part.clone()
    };
    unit.advance_job_part(&step, NOW * 2)
        .await
        .expect("accepted");
    drop(unit);
    let parts = store.job_parts(JOB).await.expect("parts");
    assert_eq!(parts[0].done, 0);
}
