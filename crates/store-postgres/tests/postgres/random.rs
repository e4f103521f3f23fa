//! The engine accepts, refuses and answers as the model does.

use std::sync::Arc;

use mamagang_store::contract::random::compare;
use mamagang_store::memory::MemoryStore;

use crate::support;

async fn compare_on(seed: u64) {
    let (_database, _, engine) = support::store().await;
    compare(Arc::new(MemoryStore::new()), engine, seed, 200).await;
}

#[tokio::test]
async fn two_hundred_random_units_are_answered_as_the_model_answers() {
    compare_on(2019).await;
}

#[tokio::test]
async fn two_hundred_other_random_units_are_answered_as_the_model_answers() {
    compare_on(2023).await;
}
