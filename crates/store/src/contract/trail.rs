//! The audit trail: searched, and taken out by class.

use std::sync::Arc;

use uuid::Uuid;

use crate::Store;
use crate::audit::{AuditCut, AuditGap, AuditPlace, AuditQuery, AuditSubject, Retention};
use crate::rows::AuditRow;
use mamagang_domain::ids::AuditId;

use super::assert_conflict;
use super::sample::{audit_id, audit_rows, begin, worker};

/// Noon of 2012-01-01: long enough ago for every class to be over.
const LONG_AGO: i64 = 1_325_419_200_000_000;
const DAY: i64 = 86_400_000_000;

fn all() -> AuditQuery {
    AuditQuery {
        after: AuditPlace {
            recorded_at: i64::MIN,
            audit_id: AuditId(Uuid::nil()),
        },
        until: i64::MAX,
        retention: None,
        limit: 100,
    }
}

/// Rows of a writer, a day apart from each other.
fn daily(writer: u8, count: u64, retention: Retention) -> Vec<AuditRow> {
    let mut rows = audit_rows(writer, count);
    for (day, row) in (0..).zip(&mut rows) {
        row.recorded_at = LONG_AGO + DAY * day;
        row.retention = retention;
    }
    rows
}

async fn append(store: &Arc<dyn Store>, rows: &[AuditRow], subjects: &[AuditSubject]) {
    let mut unit = begin(store).await;
    unit.append_audit(rows).await.expect("accepted");
    unit.put_audit_subjects(subjects).await.expect("accepted");
    unit.commit().await.expect("committed");
}

fn gap(rows: &[AuditRow]) -> AuditGap {
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    AuditGap {
        writer_id: first.writer_id,
        first_position: first.position,
        last_position: last.position,
        previous_hash: first.previous_hash,
        hash: last.hash,
        cut_id: audit_id(9, 9),
    }
}

fn cut(retention: Retention, before: i64) -> AuditCut {
    AuditCut {
        cut_id: audit_id(9, 9),
        retention,
        before,
        cut_at: LONG_AGO + DAY * 4_000,
    }
}

/// Contract.
pub async fn audit_rows_are_listed_by_time_class_and_page(store: Arc<dyn Store>) {
    let mut short = daily(1, 3, Retention::SixMonths);
    let long = daily(2, 3, Retention::TenYears);
    append(&store, &short, &[]).await;
    append(&store, &long, &[]).await;
    short.extend(long.clone());
    short.sort_by_key(AuditRow::place);
    let listed = store.audit_rows(&all()).await.expect("rows");
    assert_eq!(listed, short);
    let page = AuditQuery {
        after: short[1].place(),
        until: short[4].recorded_at,
        limit: 1,
        ..all()
    };
    assert_eq!(
        store.audit_rows(&page).await.expect("rows"),
        [short[2].clone()]
    );
    let of_class = AuditQuery {
        retention: Some(Retention::TenYears),
        ..all()
    };
    assert_eq!(store.audit_rows(&of_class).await.expect("rows"), long);
}

/// Contract.
pub async fn audit_rows_of_a_person_are_found_alone_and_among_others(store: Arc<dyn Store>) {
    let mut rows = daily(1, 4, Retention::ThreeYears);
    rows[0].worker_id = Some(worker(1));
    rows[2].worker_id = Some(worker(2));
    let among = |number: u8, row: &AuditRow| AuditSubject {
        worker_id: worker(number),
        recorded_at: row.recorded_at,
        audit_id: row.audit_id,
    };
    let subjects = [among(1, &rows[1]), among(2, &rows[1]), among(3, &rows[3])];
    append(&store, &rows, &subjects).await;
    for (workers, expected) in [
        (vec![worker(1)], vec![0, 1]),
        (vec![worker(2)], vec![1, 2]),
        (vec![worker(1), worker(2)], vec![0, 1, 2]),
        (vec![worker(3)], vec![3]),
        (vec![worker(4)], vec![]),
        (vec![], vec![]),
    ] {
        let found = store.audit_rows_of(&workers, &all()).await.expect("rows");
        let expected: Vec<AuditRow> = expected
            .into_iter()
            .map(|n: usize| rows[n].clone())
            .collect();
        assert_eq!(found, expected);
    }
    let page = AuditQuery {
        after: rows[0].place(),
        limit: 1,
        ..all()
    };
    let found = store.audit_rows_of(&[worker(1), worker(2)], &page).await;
    assert_eq!(found.expect("rows"), [rows[1].clone()]);
}

/// Contract.
pub async fn chains_are_listed_writer_by_writer(store: Arc<dyn Store>) {
    let (first, second) = (audit_rows(1, 3), audit_rows(2, 2));
    append(&store, &second, &[]).await;
    append(&store, &first, &[]).await;
    let listed = store.audit_chains(None, 10).await.expect("rows");
    assert_eq!(listed, [first.clone(), second.clone()].concat());
    let after = Some(([1; 16], 2));
    let listed = store.audit_chains(after, 2).await.expect("rows");
    assert_eq!(listed, [first[2].clone(), second[0].clone()]);
    assert_eq!(store.audit_gaps(None, 10).await.expect("gaps"), []);
}

/// Contract.
pub async fn what_was_taken_out_of_a_chain_leaves_a_gap_and_the_chain_goes_on(
    store: Arc<dyn Store>,
) {
    let rows = daily(1, 4, Retention::SixMonths);
    let subject = AuditSubject {
        worker_id: worker(1),
        recorded_at: rows[0].recorded_at,
        audit_id: rows[0].audit_id,
    };
    append(&store, &rows[..3], &[subject]).await;
    let gap = gap(&rows[..3]);
    let mut unit = begin(&store).await;
    let due = cut(Retention::SixMonths, rows[2].recorded_at + 1);
    let removed = unit.cut_audit(&due, &[gap]).await;
    assert_eq!(removed.expect("accepted"), 3);
    unit.commit().await.expect("committed");
    assert_eq!(store.audit_rows(&all()).await.expect("rows"), []);
    assert_eq!(
        store
            .audit_rows_of(&[worker(1)], &all())
            .await
            .expect("rows"),
        []
    );
    assert_eq!(store.audit_gaps(None, 10).await.expect("gaps"), [gap]);
    assert_eq!(
        store
            .audit_gaps(Some(([1; 16], 1)), 10)
            .await
            .expect("gaps"),
        []
    );
    let mut again = rows[3].clone();
    again.position = 1;
    let mut unlinked = rows[3].clone();
    unlinked.previous_hash = [7; 32];
    for wrong in [again, unlinked] {
        let mut unit = begin(&store).await;
        assert_conflict(unit.append_audit(&[wrong]).await);
    }
    append(&store, &rows[3..], &[]).await;
    assert_eq!(store.audit_chains(None, 10).await.expect("rows"), rows[3..]);
}

/// Contract.
pub async fn only_rows_kept_long_enough_are_taken_out(store: Arc<dyn Store>) {
    let rows = daily(1, 3, Retention::ThreeYears);
    append(&store, &rows, &[]).await;
    let whole = gap(&rows);
    let end = rows[2].recorded_at + 1;
    let mut early = cut(Retention::ThreeYears, end);
    early.cut_at = end + Retention::ThreeYears.days() * DAY - 1;
    let of_another_class = cut(Retention::SixMonths, end);
    let before_the_last = cut(Retention::ThreeYears, end - 1);
    let mut unlinked = whole;
    unlinked.hash = [7; 32];
    let mut beyond = whole;
    beyond.last_position = 4;
    for (cut, gap) in [
        (early, whole),
        (of_another_class, whole),
        (before_the_last, whole),
        (cut(Retention::ThreeYears, end), unlinked),
        (cut(Retention::ThreeYears, end), beyond),
    ] {
        let mut unit = begin(&store).await;
        assert_conflict(unit.cut_audit(&cut, &[gap]).await);
    }
    assert_eq!(store.audit_rows(&all()).await.expect("rows").len(), 3);
    let mut due = cut(Retention::ThreeYears, end);
    due.cut_at = end + Retention::ThreeYears.days() * DAY;
    let mut unit = begin(&store).await;
    assert_eq!(unit.cut_audit(&due, &[whole]).await.expect("accepted"), 3);
    unit.commit().await.expect("committed");
}
