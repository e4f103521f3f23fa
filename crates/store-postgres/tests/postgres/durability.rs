//! What outlives a connection: rows, the order in time, the store itself.

use std::sync::Arc;

use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, audit_id, audit_rows, begin, employer, entries, worker,
    worker_row,
};
use mamagang_store::rows::WorkerKey;
use mamagang_store::{Store, StoreErrorKind};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};

use crate::support;

/// Ends every connection of the store, as a restarting server or a broken network does.
pub(super) async fn end_connections(database: &PostgresDatabase) -> i64 {
    let mut stranger = support::stranger(database).await;
    let sql = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'mamagang'";
    let ended = sqlx::query_scalar(sql).fetch_one(&mut stranger).await;
    ended.expect("ended")
}

#[tokio::test]
async fn a_second_store_finds_everything_that_was_committed() {
    let (database, _, first) = support::store().await;
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

    let second = support::connect(&database).await;
    let keys = [WorkerKey::Id(worker(1))];
    let found = second.check_inputs(&keys, &[]).await.expect("inputs");
    let found = found.workers[0].as_ref().map(|found| &found.worker);
    assert_eq!(found, Some(&Arc::new(row)));
    let listed = second.list_entries(&employer(0), None, 0, 9, None).await;
    assert_eq!(listed.expect("entries"), entries(employer(0), 2));
    let audited = second.audit_row(audit_id(1, 1)).await.expect("an answer");
    assert!(audited.is_some());
    // The clock of the second one is behind what the first one recorded.
    let unit = second
        .begin(ManualClock::at(NOW - 9))
        .await
        .expect("a unit");
    assert_eq!(unit.recorded_at(), NOW + 1);
}

#[tokio::test]
async fn a_unit_whose_connection_ends_is_unavailable_and_leaves_nothing() {
    let (database, _, store) = support::store().await;
    let mut unit = begin(&store).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    assert!(end_connections(&database).await > 0);
    let lost = unit.append_audit(&audit_rows(2, 1)).await;
    let lost = lost.expect_err("no connection");
    assert_eq!(lost.kind(), StoreErrorKind::Unavailable);
    assert!(lost.surely_not_done() && lost.may_retry());
    drop(unit);
    // The store goes on by itself: the next unit is not told of the dead connections.
    let mut again = begin(&store).await;
    again
        .append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    again.commit().await.expect("committed");
}

#[tokio::test]
async fn a_commit_whose_connection_ends_is_unknown() {
    let (database, _, store) = support::store().await;
    let mut unit = begin(&store).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    end_connections(&database).await;
    let lost = unit.commit().await.expect_err("no connection");
    assert_eq!(lost.kind(), StoreErrorKind::CommitUnknown);
    assert!(!lost.surely_not_done() && !lost.may_retry());
    let last = store.begin(ManualClock::at(NOW)).await.map(drop);
    last.expect("a unit on a new connection");
}

#[tokio::test]
async fn reads_go_on_after_every_connection_has_ended() {
    let (database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    for _ in 0..3 {
        end_connections(&database).await;
        let mut lost = 0;
        // Each dead connection is found out once at most.
        while let Err(error) = store.list_workers(None, 9).await {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            lost += 1;
            assert!(lost <= PostgresOptions::default().readers);
        }
    }
}

#[tokio::test]
async fn a_unit_dropped_in_the_middle_of_a_statement_is_rolled_back() {
    use std::task::{Context, Waker};

    let (_database, _, store) = support::store().await;
    for _ in 0..20 {
        let mut unit = begin(&store).await;
        let rows = audit_rows(1, 200);
        let mut work = unit.append_audit(&rows);
        let mut context = Context::from_waker(Waker::noop());
        let _ = work.as_mut().poll(&mut context);
        drop(work);
        drop(unit);
    }
    let mut unit = begin(&store).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    unit.commit().await.expect("committed");
    let last = store.last_audit_row([1; 16]).await.expect("an answer");
    assert_eq!(last.map(|row| row.position), Some(1));
}

#[tokio::test]
async fn a_database_without_a_schema_is_refused_with_what_to_do() {
    let database = PostgresCluster::start().database();
    let refused = PostgresStore::connect(&database.url(), PostgresOptions::default()).await;
    let error = refused.expect_err("no schema");
    assert_eq!(error.kind(), StoreErrorKind::Internal);
    assert!(error.to_string().contains("migrate it"), "{error}");
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused_and_a_newer_one_of_this_is_not() {
    let database = support::database().await;
    let mut stranger = support::stranger(&database).await;
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time)
        VALUES (9999, 'later', true, '\\x00', 0)";
    sqlx::query(newer)
        .execute(&mut stranger)
        .await
        .expect("set");
    support::connect(&database).await.close().await;
    let refused = PostgresStore::migrate(&database.url()).await;
    let error = refused.expect_err("a newer schema");
    assert!(error.to_string().contains("9999"), "{error}");
    let other = "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1";
    sqlx::query(other)
        .execute(&mut stranger)
        .await
        .expect("set");
    let refused = PostgresStore::connect(&database.url(), PostgresOptions::default()).await;
    let error = refused.expect_err("another program's schema");
    assert!(error.to_string().contains("not this program's"), "{error}");
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_two_may_migrate_at_once() {
    let database = PostgresCluster::start().database();
    let url = database.url();
    let both = tokio::join!(PostgresStore::migrate(&url), PostgresStore::migrate(&url));
    both.0.expect("migrated");
    both.1.expect("migrated");
    PostgresStore::migrate(&url).await.expect("nothing to do");
    let store: Arc<dyn Store> = Arc::new(support::connect(&database).await);
    store.ping().await.expect("an answer");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let url = "postgres://postgres@localhost:1/none?host=/nowhere";
    let refused = PostgresStore::connect(url, PostgresOptions::default()).await;
    let error = refused.expect_err("no server");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let unreadable = PostgresStore::connect("postgres://[", PostgresOptions::default()).await;
    assert_eq!(
        unreadable.expect_err("no URL").kind(),
        StoreErrorKind::Internal
    );
}
