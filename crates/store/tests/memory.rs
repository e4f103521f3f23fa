//! The in-memory model keeps the contract.
#![cfg(feature = "contract")]

use std::sync::Arc;

use mamagang_store::contract::Fixture;
use mamagang_store::memory::MemoryStore;
use mamagang_store::store_contract;

async fn empty() -> Fixture {
    Fixture {
        store: Arc::new(MemoryStore::new()),
        keep: Box::new(()),
    }
}

store_contract!(empty);
