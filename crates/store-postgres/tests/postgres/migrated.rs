//! A database of an older schema is brought up with what it has.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use mamagang_store::contract::migrated;
use mamagang_testkit::postgres::PostgresCluster;
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migrator;

use crate::support;

/// What an operator runs to divide the ledger.
const DIVIDE: &str = include_str!("../../../../deploy/postgres/partition-by-employer.sql");

#[tokio::test]
async fn booked_months_are_packed_as_the_service_packs_them() {
    are_packed(false).await;
}

#[tokio::test]
async fn booked_months_of_a_divided_ledger_are_packed_too() {
    are_packed(true).await;
}

async fn are_packed(is_divided: bool) {
    let database = PostgresCluster::start().database();
    let mut connection = support::stranger(&database).await;
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let migrations = Migrator::new(migrations).await.expect("migrations");
    let migrated = migrations.run_to(migrated::BEFORE, &mut connection).await;
    migrated.expect("the schema of before");
    for sql in migrated::filling(|digits| format!("'\\x{digits}'::bytea"), "{}") {
        let written = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut connection);
        assert!(written.await.is_ok(), "{sql}");
    }
    if is_divided {
        database.run_sql(DIVIDE).expect("divided");
    }
    let migrated = migrations.run(&mut connection).await;
    migrated.expect("the schema of now");

    let (workers, years) = migrated::packed();
    let sql = "SELECT worker_id, booked_from::bigint, booked, booked_by FROM worker";
    let found: Vec<migrated::WorkerRowOf> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .expect("workers");
    assert_eq!(BTreeSet::from_iter(found), workers);
    let sql = "SELECT employer_code, tax_year::bigint, months FROM employer_year";
    let found: Vec<migrated::YearRowOf> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .expect("years");
    assert_eq!(BTreeSet::from_iter(found), years);

    let store = support::connect(&database).await;
    migrated::every_month_is_still_booked(Arc::new(store)).await;
}
