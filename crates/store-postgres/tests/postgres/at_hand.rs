//! Connections that are at hand between batches of postings.

use std::sync::Arc;
use std::time::Duration;

use mamagang_store::contract::sample::{ManualClock, NOW, begin, employer, request, year};
use mamagang_store::{PostingInputs, SeenPostings, Store, StoreErrorKind};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::PostgresDatabase;
use tokio::time::timeout;

use crate::durability::end_connections;
use crate::seen::{commit, filled_with};

/// Longer than a connection is trusted without being asked.
const LONG: Duration = Duration::from_millis(1_100);

/// A store of so many connections for units, which waits for one of them no longer than a test may.
async fn of_units(database: &PostgresDatabase, units: u32) -> Arc<PostgresStore> {
    let options = PostgresOptions {
        units,
        acquire_timeout: Duration::from_secs(5),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    Arc::new(store.expect("a store"))
}

async fn see(store: &Arc<dyn Store>, number: u32) -> (Box<dyn SeenPostings>, PostingInputs) {
    let keys = [request(employer(0).as_str(), "Post", number.into())];
    let years = [(employer(0), year(2023))];
    let seen = store.see_postings(ManualClock::at(NOW), &keys, &years, true);
    seen.await.expect("read").expect("nothing needs a lock")
}

async fn post(store: &Arc<dyn Store>, number: u32) {
    let (seen, _) = see(store, number).await;
    commit(seen, number, &[]).await.expect("as it was read");
}

async fn work(store: &Arc<dyn Store>) {
    let unit = store.begin(ManualClock::at(NOW)).await.expect("a unit");
    unit.commit().await.expect("nothing");
}

#[tokio::test]
async fn batches_and_units_take_turns_with_one_connection() {
    let (database, _, _) = filled_with(true).await;
    let store = of_units(&database, 1).await;
    let shared: Arc<dyn Store> = store.clone();
    for number in 1..=6 {
        post(&shared, number).await;
        if number % 2 == 0 {
            work(&shared).await;
        }
    }
    // One that was not used for long is asked first, as any of the pool.
    tokio::time::sleep(LONG).await;
    work(&shared).await;
    post(&shared, 7).await;
    tokio::time::sleep(LONG).await;
    post(&shared, 8).await;
    let entries = shared.list_entries(&employer(0), None, 0, 99, None).await;
    assert_eq!(entries.expect("entries").len(), 8);
    let closed = timeout(Duration::from_secs(5), store.close()).await;
    closed.expect("what is at hand is closed too");
    let refused = shared.begin(ManualClock::at(NOW)).await.err();
    assert!(refused.is_some());
}

#[tokio::test]
async fn nobody_waits_for_a_connection_that_is_at_hand() {
    let (database, _, _) = filled_with(true).await;
    let store = of_units(&database, 2).await;
    let shared: Arc<dyn Store> = store.clone();
    let others: Vec<_> = (0..6)
        .map(|_| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                for _ in 0..40 {
                    work(&shared).await;
                }
            })
        })
        .collect();
    for number in 1..=60 {
        post(&shared, number).await;
    }
    for other in others {
        other.await.expect("a connection each time");
    }
    let closed = timeout(Duration::from_secs(5), store.close()).await;
    closed.expect("closed");
}

#[tokio::test]
async fn a_batch_whose_connection_has_ended_is_refused_and_the_next_is_read_for() {
    let (database, _, shared) = filled_with(true).await;
    crate::kept_reads::put_known_filings(&shared).await;
    post(&shared, 1).await;
    assert!(end_connections(&database).await > 0);
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    let refused = commit(seen, 2, &[]).await.expect_err("no connection");
    let kinds = [StoreErrorKind::Unavailable, StoreErrorKind::CommitUnknown];
    assert!(kinds.contains(&refused.kind()), "{refused:?}");
    let (seen, read) = see(&shared, 2).await;
    assert!(seen.was_read());
    assert_eq!(read.years[0].head.sequence, 1);
    commit(seen, 2, &[]).await.expect("as it was read");
    let unit = begin(&shared).await;
    unit.commit().await.expect("nothing");
}
