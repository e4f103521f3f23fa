//! What is a replica of a database, and what is none.

use std::time::Duration;

use mamagang_store::contract::sample::{ManualClock, NOW, employer};
use mamagang_store::{Replica, ReplicaMiss, Store, StoreErrorKind};
use mamagang_store_postgres::{PostgresOptions, PostgresReplica, PostgresStore, ReplicaOptions};
use mamagang_testkit::postgres::PostgresCluster;
use sqlx::{Connection, PgConnection};

use crate::support;

async fn follow(primary: &str, url: &str) -> Result<PostgresReplica, StoreErrorKind> {
    let options = ReplicaOptions {
        wait_max: Duration::from_secs(2),
        ..ReplicaOptions::default()
    };
    let followed = PostgresReplica::connect(primary, url, options, ManualClock::at(NOW)).await;
    followed.map_err(|error| error.kind())
}

#[tokio::test]
async fn a_server_of_another_cluster_is_refused_and_one_that_is_no_standby_is_not_read() {
    let database = support::database().await;
    let other = PostgresCluster::own().database();
    let migrated = PostgresStore::migrate(&other.url()).await;
    migrated.expect("migrated");
    let refused = follow(&database.url(), &other.url()).await;
    assert_eq!(refused.err(), Some(StoreErrorKind::Internal));
    let unreadable = follow(&database.url(), "no address").await;
    assert_eq!(unreadable.err(), Some(StoreErrorKind::Internal));

    // The primary itself, and nobody at all: both may become a standby later.
    let nobody = "postgres://postgres@127.0.0.1:1/nothing";
    for url in [database.url().as_str(), nobody] {
        let replica = follow(&database.url(), url).await.expect("waited for");
        assert_eq!(replica.age(), None);
        let read = replica.check_inputs(&[], &[employer(0)]).await;
        assert_eq!(read.err(), Some(ReplicaMiss::Unreachable), "{url}");
        replica.close().await;
    }
}

#[tokio::test]
async fn a_standby_in_the_primarys_place_takes_units_once_it_is_promoted() {
    let cluster = PostgresCluster::own();
    let database = cluster.database();
    let migrated = PostgresStore::migrate(&database.url()).await;
    migrated.expect("migrated");
    let standby = cluster.standby();
    let url = standby.url(&database);
    let options = PostgresOptions {
        units: 1,
        readers: 1,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&url, options).await;
    let store = store.expect("a store");
    let begun = store.begin(ManualClock::at(NOW)).await.map(drop);
    assert_eq!(
        begun.map_err(|it| it.kind()),
        Err(StoreErrorKind::Unavailable)
    );
    let fenced = store.fence().await;
    assert_eq!(
        fenced.map_err(|it| it.kind()),
        Err(StoreErrorKind::Unavailable)
    );

    let stranger = PgConnection::connect(&url).await;
    let promoted: Result<bool, _> = sqlx::query_scalar("SELECT pg_promote()")
        .fetch_one(&mut stranger.expect("a connection"))
        .await;
    assert!(promoted.expect("an answer"));
    // On the same sessions.
    let unit = store.begin(ManualClock::at(NOW)).await.expect("a unit");
    unit.commit().await.expect("committed");
    store.fence().await.expect("nothing is under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_has_what_was_committed_and_says_as_of_when() {
    let cluster = PostgresCluster::own();
    let database = cluster.database();
    let migrated = PostgresStore::migrate(&database.url()).await;
    migrated.expect("migrated");
    let standby = cluster.standby();
    let replica = follow(&database.url(), &standby.url(&database)).await;
    let replica = replica.expect("followed");
    let mut looks = 0;
    let read = loop {
        match replica.check_inputs(&[], &[employer(0)]).await {
            Ok(read) => break read,
            Err(miss) => {
                looks += 1;
                assert!(looks < 600, "{miss:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    assert_eq!(read.inputs.employers, [None]);
    assert_eq!(read.seen_at, NOW);
    let age = replica.age().expect("read");
    assert!(age <= ReplicaOptions::default().lag_max, "{age:?}");
}
