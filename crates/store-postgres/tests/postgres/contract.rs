//! The contract that every engine keeps.

use mamagang_store::contract::Fixture;
use mamagang_store::store_contract;

use crate::support;

async fn empty() -> Fixture {
    let (database, _, store) = support::store().await;
    Fixture {
        store,
        keep: Box::new(database),
    }
}

store_contract!(empty);
