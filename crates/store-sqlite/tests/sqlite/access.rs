//! Whose data a row of the trail concerns, gathered by the bucket of 4,096 rows.

use std::sync::Arc;

use mamagang_domain::ids::AuditId;
use mamagang_store::Store;
use mamagang_store::audit::{AuditCut, AuditGap, AuditPlace, AuditQuery, Retention};
use mamagang_store::contract::sample::{audit_id, audit_rows, begin, worker};
use mamagang_store::rows::AuditRow;
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

const BUCKET: u64 = 4_096;
/// Noon of 2012-01-01: long enough ago for every class to be over.
const LONG_AGO: i64 = 1_325_419_200_000_000;
const DAY: i64 = 86_400_000_000;

async fn empty() -> (TempDir, Arc<dyn Store>, SqliteConnection) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mamagang.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("an open store"));
    let stranger = SqliteConnectOptions::new().filename(&path).connect().await;
    (folder, store, stranger.expect("a connection"))
}

/// Rows of a writer a microsecond apart, of three persons in turn and of nobody.
fn rows_of(writer: u8, count: u64) -> Vec<AuditRow> {
    let mut rows = audit_rows(writer, count);
    for (index, row) in (0_i64..).zip(&mut rows) {
        row.recorded_at = LONG_AGO + index;
        row.worker_id = match index % 4 {
            0 => None,
            number => Some(worker(u8::try_from(number).expect("small"))),
        };
    }
    rows
}

async fn append(store: &Arc<dyn Store>, rows: &[AuditRow]) {
    let mut unit = begin(store).await;
    unit.append_audit(rows).await.expect("accepted");
    unit.commit().await.expect("committed");
}

fn all() -> AuditQuery {
    AuditQuery {
        after: AuditPlace {
            recorded_at: i64::MIN,
            audit_id: AuditId(Uuid::nil()),
        },
        until: i64::MAX,
        retention: None,
        limit: 100_000,
    }
}

/// The rows of each person among those that were appended.
async fn assert_found(store: &Arc<dyn Store>, rows: &[AuditRow]) {
    for number in 1..=4 {
        let expected = rows
            .iter()
            .filter(|row| row.worker_id == Some(worker(number)));
        let found = store.audit_rows_of(&[worker(number)], &all()).await;
        let found = found.expect("rows");
        assert_eq!(found, expected.cloned().collect::<Vec<_>>(), "{number}");
    }
}

async fn gathered(stranger: &mut SqliteConnection) -> (i64, i64) {
    let sql = "SELECT count(*), coalesce(max(bucket), 0) FROM audit_access";
    let row = sqlx::query(sql).fetch_one(stranger).await.expect("counts");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn a_persons_rows_are_found_before_and_after_a_bucket_is_full() {
    let (_folder, store, mut stranger) = empty().await;
    let rows = rows_of(1, 2 * BUCKET + 2);
    let mut appended = 0;
    for (until, full) in [
        (BUCKET - 1, 0),
        (BUCKET, 1),
        (BUCKET + 1, 1),
        (2 * BUCKET - 1, 1),
        (2 * BUCKET + 2, 2),
    ] {
        let until = usize::try_from(until).expect("small");
        append(&store, &rows[appended..until]).await;
        appended = until;
        assert_found(&store, &rows[..until]).await;
        // Three rows of four concern a person.
        let expected = (full * 3 * 1_024, full);
        assert_eq!(gathered(&mut stranger).await, expected, "{until}");
    }
    let page = AuditQuery {
        after: rows[4_090].place(),
        until: rows[4_102].recorded_at,
        limit: 3,
        ..all()
    };
    let found = store.audit_rows_of(&[worker(1), worker(2)], &page).await;
    // The last of them stands behind the full bucket.
    let expected = [4_093, 4_094, 4_097].map(|index: usize| rows[index].clone());
    assert_eq!(found.expect("rows"), expected);
}

#[tokio::test]
async fn what_is_taken_out_leaves_its_bucket_and_a_trail_may_begin_anew() {
    let (_folder, store, mut stranger) = empty().await;
    let rows = rows_of(1, BUCKET);
    append(&store, &rows).await;
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let cut_id = audit_id(9, 9);
    let gap = AuditGap {
        writer_id: first.writer_id,
        first_position: first.position,
        last_position: last.position,
        previous_hash: first.previous_hash,
        hash: last.hash,
        cut_id,
    };
    let cut = AuditCut {
        cut_id,
        retention: Retention::SixMonths,
        before: last.recorded_at + 1,
        cut_at: LONG_AGO + DAY * 4_000,
    };
    let mut unit = begin(&store).await;
    let removed = unit.cut_audit(&cut, &[gap]).await.expect("accepted");
    unit.commit().await.expect("committed");
    assert_eq!(removed, BUCKET);
    assert_eq!(gathered(&mut stranger).await, (0, 0));
    assert_found(&store, &[]).await;
    // Nothing is left, so feed positions begin at 1 again.
    let anew = rows_of(2, 5);
    append(&store, &anew).await;
    assert_found(&store, &anew).await;
}

#[tokio::test]
async fn nobody_hides_a_row_by_its_bucket() {
    let (_folder, store, mut stranger) = empty().await;
    append(&store, &rows_of(1, BUCKET)).await;
    for sql in [
        "DELETE FROM audit_access WHERE feed_position = 2",
        "UPDATE audit_access SET worker_id = zeroblob(16) WHERE feed_position = 2",
    ] {
        let refused = sqlx::query(sql).execute(&mut stranger).await;
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(gathered(&mut stranger).await, (3 * 1_024, 1));
}
