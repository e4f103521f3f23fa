//! Workers, their identities, and employers.

use std::sync::Arc;

use mamagang_domain::identifier::DocumentType;
use mamagang_domain::timeline::Timeline;

use crate::Store;
use crate::rows::{IdentityKey, NewWorker, WorkerKey, WorkerRow, WorkerSecret, WorkerSnapshot};

use super::assert_conflict;
use super::sample::{
    add_workers, begin, employer, employer_row, identity, keyed, new_worker, worker, worker_row,
};

fn zero_row(number: u8) -> WorkerRow {
    WorkerRow {
        worker_id: worker(number),
        region_code: String::new(),
        timeline: Timeline::default(),
    }
}

async fn find(store: &Arc<dyn Store>, key: WorkerKey) -> Option<WorkerSnapshot> {
    let inputs = store.check_inputs(&[key], &[]).await.expect("inputs");
    inputs.workers.into_iter().next().flatten()
}

async fn find_identity(store: &Arc<dyn Store>, key: &IdentityKey) -> Option<WorkerSnapshot> {
    find(store, WorkerKey::Identity(key.clone())).await
}

/// Contract.
pub async fn a_new_worker_is_found_by_document_with_an_empty_timeline(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let found = find_identity(&store, &identity(1)).await.expect("known");
    assert_eq!(*found.worker, zero_row(1));
    assert_eq!(found.name_macs, new_worker(1).name_macs);
    assert!(found.booked.is_empty() && found.filings.is_empty());
    let by_id = find(&store, WorkerKey::Id(worker(1))).await.expect("known");
    assert_eq!(by_id.name_macs, []);

    let mut unit = begin(&store).await;
    let known = unit.identities(&[identity(2), identity(1)]).await;
    let known = known.expect("identities");
    assert_eq!(known[0], None);
    let known = known[1].clone().expect("known");
    assert_eq!(known.worker_id, worker(1));
    assert_eq!(known.name, new_worker(1).name_macs[0]);

    let secrets = [Some(new_worker(1).secret), None];
    let ids = [worker(1), worker(2)];
    assert_eq!(unit.worker_secrets(&ids).await.expect("secrets"), secrets);
    assert_eq!(store.worker_secrets(&ids).await.expect("secrets"), secrets);
}

/// Contract.
pub async fn a_worker_cannot_be_added_twice(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let again = NewWorker {
        number_macs: Vec::new(),
        name_macs: Vec::new(),
        ..new_worker(1)
    };
    let mut unit = begin(&store).await;
    assert_conflict(unit.insert_workers(&[again]).await);
}

/// Contract.
pub async fn a_known_document_cannot_be_another_workers(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let stolen = NewWorker {
        number_macs: new_worker(1).number_macs,
        ..new_worker(3)
    };
    let mut unit = begin(&store).await;
    assert_conflict(unit.insert_workers(std::slice::from_ref(&stolen)).await);
    drop(unit);
    let taken_over = NewWorker {
        worker_id: worker(2),
        ..stolen
    };
    let mut unit = begin(&store).await;
    assert_conflict(unit.put_identities(&[taken_over]).await);
    drop(unit);
    let found = find_identity(&store, &identity(1)).await.expect("known");
    assert_eq!(found.worker.worker_id, worker(1));
    assert!(find_identity(&store, &identity(2)).await.is_some());
}

/// Contract.
pub async fn a_document_is_found_under_either_key_of_a_rotation(store: Arc<dyn Store>) {
    let rotating = NewWorker {
        number_macs: vec![keyed(1, "number"), keyed(2, "number")],
        name_macs: vec![keyed(1, "name"), keyed(2, "name")],
        ..new_worker(1)
    };
    let mut unit = begin(&store).await;
    unit.insert_workers(&[rotating]).await.expect("accepted");
    unit.commit().await.expect("committed");
    for (keys, expected) in [
        (vec![1], vec![1]),
        (vec![2], vec![2]),
        (vec![2, 1], vec![2, 1]),
        (vec![3, 1], vec![1]),
        (vec![3], vec![]),
    ] {
        let key = IdentityKey {
            document_type: DocumentType::ResidentIdCard,
            macs: keys.iter().map(|id| keyed(*id, "number")).collect(),
        };
        let names: Vec<_> = expected.iter().map(|id| keyed(*id, "name")).collect();
        let found = find_identity(&store, &key).await;
        let found_names = found.map(|found| found.name_macs);
        assert_eq!(found_names.unwrap_or_default(), names, "{keys:?}");
        let mut unit = begin(&store).await;
        let known = unit.identities(&[key]).await.expect("identities");
        let name = known[0].as_ref().map(|known| &known.name);
        assert_eq!(name, names.first(), "{keys:?}");
    }
}

/// Contract.
pub async fn a_number_is_known_under_its_own_document_type_only(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let of_other_type = IdentityKey {
        document_type: DocumentType::HmtResidencePermit,
        ..identity(1)
    };
    assert_eq!(find_identity(&store, &of_other_type).await, None);
}

/// Contract.
pub async fn a_replaced_identity_is_found_and_the_former_is_not(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let secret = WorkerSecret {
        data_key: Vec::new(),
        identity: vec![4, 5],
    };
    let replaced = NewWorker {
        document_type: DocumentType::ForeignPermanentResidentCard,
        number_macs: vec![keyed(2, "new number")],
        name_macs: vec![keyed(2, "new name")],
        secret: secret.clone(),
        ..new_worker(1)
    };
    let key = IdentityKey {
        document_type: replaced.document_type,
        macs: replaced.number_macs.clone(),
    };
    let mut unit = begin(&store).await;
    unit.put_identities(&[replaced]).await.expect("accepted");
    unit.commit().await.expect("committed");
    assert_eq!(find_identity(&store, &identity(1)).await, None);
    let found = find_identity(&store, &key).await.expect("known");
    assert_eq!(found.name_macs, [keyed(2, "new name")]);
    let secrets = store.worker_secrets(&[worker(1)]).await;
    assert_eq!(secrets.expect("secrets"), [Some(secret)]);
}

/// Contract.
pub async fn an_identity_of_nobody_is_refused(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    assert_conflict(unit.put_identities(&[new_worker(1)]).await);
}

/// Contract.
pub async fn a_timeline_comes_back_as_it_was_written(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let rows = [worker_row(2, &[employer(0)]), worker_row(1, &[])];
    let mut unit = begin(&store).await;
    unit.put_workers(&rows).await.expect("accepted");
    unit.commit().await.expect("committed");
    for row in rows {
        let found = find(&store, WorkerKey::Id(row.worker_id)).await;
        assert_eq!(*found.expect("known").worker, row);
    }
}

/// Contract.
pub async fn the_last_row_of_a_batch_about_a_worker_counts(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let last = worker_row(1, &[employer(0), employer(1)]);
    let rows = [worker_row(1, &[]), last.clone()];
    let mut unit = begin(&store).await;
    unit.put_workers(&rows).await.expect("accepted");
    let found = unit.workers(&[worker(1)]).await.expect("rows");
    assert_eq!(found, [Some(last)]);
}

/// Contract.
pub async fn an_unknown_worker_cannot_be_written(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let mut unit = begin(&store).await;
    let rows = [worker_row(1, &[]), worker_row(2, &[])];
    assert_conflict(unit.put_workers(&rows).await);
    drop(unit);
    let mut unit = begin(&store).await;
    assert_conflict(unit.link_workers(&[(employer(0), worker(2))]).await);
}

/// Contract.
pub async fn checks_are_answered_in_order_and_absent_where_unknown(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let mut unit = begin(&store).await;
    let rows = [employer_row(0, "甲"), employer_row(3, "丁")];
    unit.put_employers(&rows).await.expect("accepted");
    unit.commit().await.expect("committed");
    let keys = [
        WorkerKey::Identity(identity(2)),
        WorkerKey::Id(worker(9)),
        WorkerKey::Identity(identity(9)),
        WorkerKey::Id(worker(1)),
        WorkerKey::Id(worker(2)),
        WorkerKey::Identity(identity(2)),
    ];
    let codes = [employer(3), employer(1), employer(0), employer(3)];
    let inputs = store.check_inputs(&keys, &codes).await.expect("inputs");
    let found = inputs.workers.iter().flatten();
    let ids: Vec<_> = found.map(|found| found.worker.worker_id).collect();
    assert_eq!(ids, [2, 1, 2, 2].map(worker));
    let absent = inputs.workers.iter().map(Option::is_none);
    let absent: Vec<_> = absent.collect();
    assert_eq!(absent, [false, true, true, false, false, false]);
    let [first, second] = rows;
    let expected = [Some(second.clone()), None, Some(first), Some(second)];
    assert_eq!(inputs.employers, expected);
}

/// Contract.
pub async fn workers_are_listed_page_by_page(store: Arc<dyn Store>) {
    add_workers(&store, [3, 1, 2]).await;
    for (after, limit, expected) in [
        (None, 10, vec![1, 2, 3]),
        (None, 2, vec![1, 2]),
        (Some(2), 2, vec![3]),
        (Some(3), 2, vec![]),
        (None, 0, vec![]),
    ] {
        let page = store.list_workers(after.map(worker), limit).await;
        let expected: Vec<_> = expected.into_iter().map(zero_row).collect();
        assert_eq!(page.expect("workers"), expected);
    }
}

/// Contract.
pub async fn employers_are_replaced_and_listed_page_by_page(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    let rows = [2, 0, 1].map(|number| employer_row(number, "旧名"));
    unit.put_employers(&rows).await.expect("accepted");
    let renamed = employer_row(1, "新名");
    let put = [employer_row(1, "中间名"), renamed.clone()];
    unit.put_employers(&put).await.expect("accepted");
    unit.commit().await.expect("committed");
    let [third, first, _] = rows;
    let all = [first, renamed, third];
    for (after, limit, expected) in [
        (None, 3, &all[..]),
        (None, 2, &all[..2]),
        (Some(employer(0)), 9, &all[1..]),
        (Some(employer(2)), 9, &[]),
    ] {
        let page = store.list_employers(after, limit).await;
        assert_eq!(page.expect("employers"), expected);
    }
}
