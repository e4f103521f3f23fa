//! A database of an older schema is brought up with what it has.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use mamagang_store::contract::migrated;
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

#[tokio::test]
async fn booked_months_are_packed_as_the_service_packs_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mamagang.db");
    let options = SqliteConnectOptions::new().filename(&path);
    let options = options.create_if_missing(true);
    let mut connection = options.connect().await.expect("a connection");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let migrations = Migrator::new(migrations).await.expect("migrations");
    let migrated = migrations.run_to(migrated::BEFORE, &mut connection).await;
    migrated.expect("the schema of before");
    for sql in migrated::filling(|digits| format!("x'{digits}'"), "[]") {
        let written = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut connection);
        assert!(written.await.is_ok(), "{sql}");
    }
    let migrated = migrations.run(&mut connection).await;
    migrated.expect("the schema of now");

    let (workers, years) = migrated::packed();
    let sql = "SELECT worker_id, booked_from, booked, booked_by FROM worker";
    let found: Vec<migrated::WorkerRowOf> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .expect("workers");
    assert_eq!(BTreeSet::from_iter(found), workers);
    let sql = "SELECT employer_code, tax_year, months FROM employer_year";
    let found: Vec<migrated::YearRowOf> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .expect("years");
    assert_eq!(BTreeSet::from_iter(found), years);

    let store = SqliteStore::open(&path, SqliteOptions::default()).await;
    migrated::every_month_is_still_booked(Arc::new(store.expect("a store"))).await;
}
