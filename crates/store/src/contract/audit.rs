//! Audit rows, recorded answers and policy sets.

use std::sync::Arc;

use crate::Store;
use crate::rows::AuditRow;

use super::assert_conflict;
use super::sample::{answer, audit_id, audit_rows, begin, employer, request, worker};

async fn append(store: &Arc<dyn Store>, rows: &[AuditRow]) {
    let mut unit = begin(store).await;
    unit.append_audit(rows).await.expect("accepted");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn an_audit_row_comes_back_as_it_was_written(store: Arc<dyn Store>) {
    let mut rows = audit_rows(1, 2);
    rows[0].worker_id = Some(worker(1));
    rows[0].employer_code = Some(employer(0));
    append(&store, &rows).await;
    for row in &rows {
        let found = store.audit_row(row.audit_id).await.expect("an answer");
        assert_eq!(found.as_ref(), Some(row));
    }
    let unknown = store.audit_row(audit_id(1, 3)).await.expect("an answer");
    assert_eq!(unknown, None);
}

/// Contract.
pub async fn an_audit_row_must_continue_its_writers_chain(store: Arc<dyn Store>) {
    let rows = audit_rows(1, 4);
    let mut unit = begin(&store).await;
    assert_conflict(unit.append_audit(&rows[1..2]).await);
    drop(unit);
    append(&store, &rows[..2]).await;
    let mut unlinked = rows[2].clone();
    unlinked.previous_hash = rows[0].hash;
    let mut again = rows[1].clone();
    again.audit_id = audit_id(1, 99);
    for wrong in [rows[3].clone(), unlinked, again] {
        let mut unit = begin(&store).await;
        assert_conflict(unit.append_audit(&[wrong]).await);
    }
    append(&store, &rows[2..]).await;
}

/// Contract.
pub async fn an_audit_id_is_given_once(store: Arc<dyn Store>) {
    append(&store, &audit_rows(1, 1)).await;
    let mut taken = audit_rows(2, 1);
    taken[0].audit_id = audit_id(1, 1);
    let mut unit = begin(&store).await;
    assert_conflict(unit.append_audit(&taken).await);
}

/// Contract.
pub async fn writers_chain_apart_from_each_other(store: Arc<dyn Store>) {
    let (first, second) = (audit_rows(1, 3), audit_rows(2, 2));
    append(&store, &first[..2]).await;
    append(&store, &second).await;
    append(&store, &first[2..]).await;
    for (writer, last) in [(1, first.last()), (2, second.last()), (3, None)] {
        let found = store.last_audit_row([writer; 16]).await;
        assert_eq!(found.expect("an answer").as_ref(), last);
    }
}

/// Contract.
pub async fn an_answer_is_found_within_its_scope_only(store: Arc<dyn Store>) {
    let key = request("org", "Post", 1);
    let answers = [
        (key.clone(), answer("one")),
        (request("org", "Post", 2), answer("two")),
    ];
    let mut unit = begin(&store).await;
    unit.put_idempotency(&answers).await.expect("accepted");
    unit.commit().await.expect("committed");
    let keys = [
        request("other", "Post", 1),
        key,
        request("org", "Settle", 1),
        request("org", "Post", 3),
    ];
    let expected = [None, Some(answer("one")), None, None];
    assert_eq!(store.idempotency(&keys).await.expect("answers"), expected);
}

/// Contract.
pub async fn a_request_is_answered_once(store: Arc<dyn Store>) {
    let key = request("org", "Post", 1);
    let mut unit = begin(&store).await;
    let first = [(key.clone(), answer("first"))];
    unit.put_idempotency(&first).await.expect("accepted");
    unit.commit().await.expect("committed");
    let mut unit = begin(&store).await;
    let second = [(key.clone(), answer("second"))];
    assert_conflict(unit.put_idempotency(&second).await);
    drop(unit);
    let found = store.idempotency(&[key]).await.expect("answers");
    assert_eq!(found, [Some(answer("first"))]);
}
