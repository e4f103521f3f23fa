//! The application on a temporary database.

use std::sync::Arc;
use std::time::Duration;

use mamagang_app::{App, Dependencies, Entropy, EntropySource};
use mamagang_crypto::{KeyRing, OsEntropy, Suite};
use mamagang_domain::date::CivilDate;
use mamagang_policy::Policies;
use mamagang_sources::Sources;
use mamagang_store::memory::MemoryStore;
use mamagang_store::{Replica, Store};
use mamagang_store_postgres::{PostgresOptions, PostgresReplica, PostgresStore, ReplicaOptions};
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::clock::ManualClock;
use crate::ids::SteadyIds;
use crate::postgres::{PostgresCluster, PostgresDatabase, PostgresStandby};

/// An application with what a test wants to look at.
pub struct TestApp {
    /// The use cases.
    pub app: Arc<App>,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The keys, which a restart reads again.
    pub keys: Arc<KeyRing>,
    /// The ids, which go on after a restart.
    ids: Arc<SteadyIds>,
    /// The SQLite database, when there is one.
    pub sqlite: Option<Arc<SqliteStore>>,
    /// Its directory; gone with the test.
    pub directory: Option<TempDir>,
    /// The PostgreSQL database, when there is one; gone with the test.
    pub postgres: Option<PostgresDatabase>,
}

impl std::fmt::Debug for TestApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestApp").finish_non_exhaustive()
    }
}

impl TestApp {
    /// On a store of which the test sees nothing else.
    fn of(started: Started) -> Self {
        Self {
            app: started.app,
            clock: started.clock,
            keys: started.keys,
            ids: started.ids,
            sqlite: None,
            directory: None,
            postgres: None,
        }
    }

    /// On a new SQLite file.
    ///
    /// # Panics
    /// When the file cannot be made.
    pub async fn sqlite(today: CivilDate) -> Self {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("test.db");
        let store = SqliteStore::open(&path, SqliteOptions::default())
            .await
            .expect("a database");
        let store = Arc::new(store);
        let started = start(store.clone(), today).await;
        Self {
            sqlite: Some(store),
            directory: Some(directory),
            ..Self::of(started)
        }
    }

    /// On the in-memory model, with outside sources.
    ///
    /// # Panics
    /// When the application cannot start.
    pub async fn with_sources(today: CivilDate, sources: Sources) -> Self {
        let clock = Arc::new(ManualClock::at(today));
        let store = Arc::new(MemoryStore::default());
        let started = start_with(store, clock, SteadyIds::default(), sources).await;
        Self::of(started)
    }

    /// On a new PostgreSQL database of the test run's own cluster.
    ///
    /// # Panics
    /// When there is no PostgreSQL: its tests are not skipped.
    pub async fn postgres(today: CivilDate) -> Self {
        let database = PostgresCluster::start().database();
        PostgresStore::migrate(&database.url())
            .await
            .expect("a schema");
        let store = PostgresStore::connect(&database.url(), PostgresOptions::default())
            .await
            .expect("a database");
        let started = start(Arc::new(store), today).await;
        Self {
            postgres: Some(database),
            ..Self::of(started)
        }
    }

    /// A second instance on the same PostgreSQL database, by the same clock.
    ///
    /// # Panics
    /// Where there is no such database.
    pub async fn beside(&self) -> Arc<App> {
        let database = self.postgres.as_ref().expect("a PostgreSQL database");
        let store = PostgresStore::connect(&database.url(), PostgresOptions::default()).await;
        let store = Arc::new(store.expect("a database"));
        let started = start_at(store, self.clock.clone(), SteadyIds::after(1 << 32));
        started.await.app
    }

    /// On a PostgreSQL server of its own with a hot standby, which checks are answered from while it is
    /// behind by no more than `lag_max`.
    ///
    /// # Panics
    /// When there is no PostgreSQL: its tests are not skipped.
    pub async fn with_standby(today: CivilDate, lag_max: Duration) -> (Self, PostgresStandby) {
        let cluster = PostgresCluster::own();
        let database = cluster.database();
        let url = database.url();
        PostgresStore::migrate(&url).await.expect("a schema");
        let store = PostgresStore::connect(&url, PostgresOptions::default()).await;
        let store = Arc::new(store.expect("a database"));
        let standby = cluster.standby();
        let clock = Arc::new(ManualClock::at(today));
        let options = ReplicaOptions {
            lag_max,
            ..ReplicaOptions::default()
        };
        let of_standby = standby.url(&database);
        let replica = PostgresReplica::connect(&url, &of_standby, options, clock.clone()).await;
        let replica: Arc<dyn Replica> = Arc::new(replica.expect("a replica"));
        let ids = SteadyIds::default();
        let started = start_beside(store, Some(replica), clock, ids, Sources::default()).await;
        let test = Self {
            postgres: Some(database),
            ..Self::of(started)
        };
        (test, standby)
    }

    /// On each engine in turn.
    pub async fn each(today: CivilDate) -> Vec<Self> {
        vec![
            Self::sqlite(today).await,
            Self::memory(today).await,
            Self::postgres(today).await,
        ]
    }

    /// On the in-memory model.
    pub async fn memory(today: CivilDate) -> Self {
        let started = start(Arc::new(MemoryStore::default()), today).await;
        Self::of(started)
    }

    /// The same SQLite file and keys after a restart, under other policies.
    ///
    /// # Panics
    /// When there is no SQLite file, or it cannot be opened again.
    pub async fn restart(self, policies: Policies) -> Self {
        let directory = self.directory.expect("a SQLite file");
        drop(self.app);
        if let Some(store) = self.sqlite {
            store.close().await;
        }
        let path = directory.path().join("test.db");
        let store = SqliteStore::open(&path, SqliteOptions::default()).await;
        let store = Arc::new(store.expect("a database"));
        let app = App::start(Dependencies {
            store: store.clone(),
            replica: None,
            keys: Arc::clone(&self.keys),
            policies,
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            entropy: entropy(),
            sources: Sources::default(),
        });
        Self {
            app: app.await.expect("an application"),
            clock: self.clock,
            keys: self.keys,
            ids: self.ids,
            sqlite: Some(store),
            directory: Some(directory),
            postgres: None,
        }
    }
}

struct Started {
    app: Arc<App>,
    clock: Arc<ManualClock>,
    keys: Arc<KeyRing>,
    ids: Arc<SteadyIds>,
}

fn entropy() -> EntropySource {
    Arc::new(|| -> Box<dyn Entropy + Send> { Box::new(OsEntropy) })
}

async fn start(store: Arc<dyn Store>, today: CivilDate) -> Started {
    start_at(
        store,
        Arc::new(ManualClock::at(today)),
        SteadyIds::default(),
    )
    .await
}

async fn start_at(store: Arc<dyn Store>, clock: Arc<ManualClock>, ids: SteadyIds) -> Started {
    start_with(store, clock, ids, Sources::default()).await
}

async fn start_with(
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    ids: SteadyIds,
    sources: Sources,
) -> Started {
    start_beside(store, None, clock, ids, sources).await
}

async fn start_beside(
    store: Arc<dyn Store>,
    replica: Option<Arc<dyn Replica>>,
    clock: Arc<ManualClock>,
    ids: SteadyIds,
    sources: Sources,
) -> Started {
    let keys = KeyRing::generate(Suite::INTERNATIONAL, &mut OsEntropy).expect("keys");
    let (keys, ids) = (Arc::new(keys), Arc::new(ids));
    let app = App::start(Dependencies {
        store,
        replica,
        keys: keys.clone(),
        policies: mamagang_policy::load_embedded().expect("policies that the build has checked"),
        clock: clock.clone(),
        ids: ids.clone(),
        entropy: entropy(),
        sources,
    });
    Started {
        app: app.await.expect("an application"),
        clock,
        keys,
        ids,
    }
}
