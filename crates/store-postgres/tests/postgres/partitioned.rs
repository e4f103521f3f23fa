//! The same contract on a ledger that is divided by employer, as `docs/scale-out.md` tells.

use std::sync::Arc;

use mamagang_store::Store;
use mamagang_store::contract::Fixture;
use mamagang_testkit::postgres::PostgresDatabase;
use sqlx::Row;

use crate::support;

/// What an operator runs.
const DIVIDE: &str = include_str!("../../../../deploy/postgres/partition-by-employer.sql");

async fn divided() -> (PostgresDatabase, Arc<dyn Store>) {
    let database = support::database().await;
    database.run_sql(DIVIDE).expect("divided");
    let store = support::connect(&database).await;
    (database, Arc::new(store))
}

async fn empty() -> Fixture {
    let (database, store) = divided().await;
    Fixture {
        store,
        keep: Box::new(database),
    }
}

mamagang_store::store_contract!(empty);

#[tokio::test]
async fn the_tables_of_the_ledger_are_divided_and_the_service_may_not_change_truth() {
    let (database, _store) = divided().await;
    let mut stranger = support::stranger(&database).await;
    let sql = "SELECT relname::text, relkind = 'p',
            has_table_privilege('mamagang_app', oid, 'UPDATE')
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relname IN ('ledger_entry', 'ledger_head', 'employer_year')
        ORDER BY relname";
    let rows = sqlx::query(sql)
        .fetch_all(&mut stranger)
        .await
        .expect("rows");
    let found: Vec<(String, bool, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let divided = |name: &str, may_change| (name.to_owned(), true, may_change);
    assert_eq!(
        found,
        [
            divided("employer_year", true),
            divided("ledger_entry", false),
            divided("ledger_head", true),
        ]
    );
}
