//! Databases, stores on them and connections beside them.

use std::sync::Arc;
use std::time::Duration;

use mamagang_store::Store;
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};
use sqlx::{Connection, PgConnection};

/// A migrated database.
pub(crate) async fn database() -> PostgresDatabase {
    let database = PostgresCluster::start().database();
    let migrated = PostgresStore::migrate(&database.url()).await;
    migrated.expect("migrated");
    database
}

pub(crate) async fn connect(database: &PostgresDatabase) -> PostgresStore {
    let store = PostgresStore::connect(&database.url(), PostgresOptions::default()).await;
    store.expect("a store")
}

/// A store on a database of its own, also as the contracts take it.
pub(crate) async fn store() -> (PostgresDatabase, Arc<PostgresStore>, Arc<dyn Store>) {
    let database = database().await;
    let store = Arc::new(connect(&database).await);
    let shared: Arc<dyn Store> = store.clone();
    (database, store, shared)
}

/// A connection that is not the store's, as the superuser.
pub(crate) async fn stranger(database: &PostgresDatabase) -> PgConnection {
    let connection = PgConnection::connect(&database.url()).await;
    connection.expect("a connection")
}

/// Returns once a session of the database waits for a lock of another.
pub(crate) async fn until_one_waits(database: &PostgresDatabase) {
    let mut stranger = stranger(database).await;
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let waits = async {
        while !sqlx::query_scalar::<_, bool>(sql)
            .fetch_one(&mut stranger)
            .await
            .expect("sessions")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waits).await;
    waited.expect("nobody waits");
}
