//! Databases, stores on them and connections beside them.

use std::sync::Arc;

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
