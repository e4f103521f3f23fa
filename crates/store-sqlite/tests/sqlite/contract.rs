//! The contract that every engine keeps.

use std::sync::Arc;

use mamagang_store::contract::Fixture;
use mamagang_store::store_contract;
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};

async fn empty() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mamagang.db");
    let store = SqliteStore::open(path, SqliteOptions::default()).await;
    Fixture {
        store: Arc::new(store.expect("an open store")),
        keep: Box::new(folder),
    }
}

store_contract!(empty);
