//! What outlives a store: its file, its order in time, its schema.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mamagang_domain::ids::AuditId;
use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, audit_id, audit_rows, begin, employer, entries, worker,
    worker_row,
};
use mamagang_store::rows::WorkerKey;
use mamagang_store::{Store, StoreErrorKind};
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

fn path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mamagang.db");
    (folder, path)
}

async fn open(path: &PathBuf) -> SqliteStore {
    let store = SqliteStore::open(path, SqliteOptions::default()).await;
    store.expect("an open store")
}

async fn stranger(path: &PathBuf) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    options.connect().await.expect("a connection")
}

#[tokio::test]
async fn a_reopened_file_has_everything_that_was_committed() {
    let (_folder, path) = path();
    let first: Arc<dyn Store> = Arc::new(open(&path).await);
    add_workers(&first, [1]).await;
    let row = worker_row(1, &[employer(0)]);
    let mut unit = begin(&first).await;
    let works = [
        unit.put_workers(std::slice::from_ref(&row)).await,
        unit.append_entries(&entries(employer(0), 2)).await,
        unit.append_audit(&audit_rows(1, 1)).await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
    unit.commit().await.expect("committed");
    // Not closed: what was acknowledged needs no farewell.
    drop(first);

    let second = open(&path).await;
    let keys = [WorkerKey::Id(worker(1))];
    let found = second.check_inputs(&keys, &[]).await.expect("inputs");
    assert_eq!(
        found.workers[0].as_ref().map(|found| &found.worker),
        Some(&Arc::new(row))
    );
    let listed = second.list_entries(&employer(0), None, 0, 9, None).await;
    assert_eq!(listed.expect("entries"), entries(employer(0), 2));
    let audited: AuditId = audit_id(1, 1);
    assert!(
        second
            .audit_row(audited)
            .await
            .expect("an answer")
            .is_some()
    );
    second.close().await;
}

#[tokio::test]
async fn instants_do_not_go_back_when_a_file_is_reopened_under_an_earlier_clock() {
    let (_folder, path) = path();
    let first: Arc<dyn Store> = Arc::new(open(&path).await);
    let mut unit = begin(&first).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    unit.commit().await.expect("committed");
    drop(first);
    let second = open(&path).await;
    let unit = second.begin(ManualClock::at(NOW - 1)).await;
    assert_eq!(unit.expect("a unit").recorded_at(), NOW + 1);
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused_by_name_of_its_version() {
    let (_folder, path) = path();
    open(&path).await.close().await;
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time)
        VALUES (9999, 'later', true, x'00', 0)";
    let mut stranger = stranger(&path).await;
    sqlx::query(newer)
        .execute(&mut stranger)
        .await
        .expect("set");
    let refused = SqliteStore::open(&path, SqliteOptions::default()).await;
    let error = refused.expect_err("a newer schema");
    assert_eq!(error.kind(), StoreErrorKind::Internal);
    assert!(error.to_string().contains("9999"), "{error}");
    assert!(error.to_string().contains("newer"), "{error}");
}

#[tokio::test]
async fn a_file_without_a_schema_is_migrated() {
    let (_folder, path) = path();
    std::fs::File::create(&path).expect("an empty file");
    let store = open(&path).await;
    store.ping().await.expect("an answer");
    assert_eq!(store.list_employers(None, 1).await.expect("employers"), []);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let (_folder, path) = path();
    std::fs::write(&path, [b'x'; 8192]).expect("written");
    let refused = SqliteStore::open(&path, SqliteOptions::default()).await;
    let error = refused.expect_err("no database");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_unavailable() {
    let (folder, _) = path();
    let nowhere = folder.path().join("missing").join("mamagang.db");
    let refused = SqliteStore::open(nowhere, SqliteOptions::default()).await;
    let error = refused.expect_err("no folder");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn another_process_that_holds_the_file_is_contention() {
    let (_folder, path) = path();
    let options = SqliteOptions {
        busy_timeout: Duration::from_millis(1),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(&path, options).await.expect("open");
    let mut stranger = stranger(&path).await;
    let lock = sqlx::query("BEGIN IMMEDIATE");
    lock.execute(&mut stranger).await.expect("locked");
    let error = store.begin(ManualClock::at(NOW)).await.err();
    let error = error.expect("the file is held");
    assert_eq!(error.kind(), StoreErrorKind::Contended);
    assert!(error.may_retry());
    // Reads go on beside a writer.
    store.ping().await.expect("an answer");
    let unlock = sqlx::query("ROLLBACK");
    unlock.execute(&mut stranger).await.expect("unlocked");
    assert!(store.begin(ManualClock::at(NOW)).await.is_ok());
}

#[tokio::test]
async fn a_unit_dropped_in_the_middle_of_a_statement_is_rolled_back() {
    use std::task::{Context, Waker};

    let (_folder, path) = path();
    let store: Arc<dyn Store> = Arc::new(open(&path).await);
    for _ in 0..20 {
        let mut unit = begin(&store).await;
        let rows = audit_rows(1, 200);
        let mut work = unit.append_audit(&rows);
        let mut context = Context::from_waker(Waker::noop());
        let _ = work.as_mut().poll(&mut context);
        drop(work);
        drop(unit);
    }
    let last = store.last_audit_row([1; 16]).await.expect("an answer");
    assert_eq!(last, None);
    let mut unit = begin(&store).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    unit.commit().await.expect("committed");
}
