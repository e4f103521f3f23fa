//! `mamagang serve`: opens the database, starts the use cases, binds last, drains softly.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use mamagang_app::{App, Dependencies, Entropy, Ids};
use mamagang_auth::{AuthFiles, Credentials, Now};
use mamagang_crypto::{KeyRing, KeyRingError, OsEntropy};
use mamagang_grpc::{CallerLimits, DeveloperAuthenticator, Grpc};
use mamagang_http::{HttpState, NotReady, Readiness};
use mamagang_policy::{Policies, PolicyProblem};
use mamagang_store::{Clock as _, Replica, Store};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::ids::new_id;
use crate::key_admin;
use crate::key_source::KeySource;
use crate::ledger::keep_checkpoints;
use crate::replica;
use crate::settings::{DatabaseUrl, Settings};
use crate::shutdown::{Shutdown, process_signals};
use crate::sources::{self, Configured, Lists, keep_lists};
use crate::telemetry::Telemetry;

/// Calls of one caller that are under way.
const CALLER_CALLS_OPEN_MAX: usize = 512;
/// How often the files by which callers are told are looked at.
const RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// Time-ordered ids of this process.
#[derive(Clone, Copy, Debug)]
struct ProcessIds;

impl Ids for ProcessIds {
    fn new_id(&self) -> Uuid {
        new_id()
    }
}

/// The application on its database.
pub struct Opened {
    /// The use cases.
    pub app: Arc<App>,
    /// Says things once that an operator should know.
    pub notices: Vec<String>,
    /// Lists of registers, to be looked at again and again.
    pub lists: Vec<Lists>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

/// Opens the database, which is created and migrated when it is absent or older, and the keys.
pub async fn open(settings: &Settings) -> anyhow::Result<Opened> {
    open_beside(settings, None).await
}

/// The same with a replica that checks may be answered from.
async fn open_beside(
    settings: &Settings,
    replica: Option<Arc<dyn Replica>>,
) -> anyhow::Result<Opened> {
    let mut notices = Vec::new();
    let policies = load_policies(settings.policies_dir.as_deref()).map_err(policy_error)?;
    let Configured { sources, lists } = open_sources(settings.sources_file.clone()).await?;
    let store = open_store(settings).await?;
    let keys = load_keys(&settings.keys, &*store, &mut notices).await?;
    let app = App::start(Dependencies {
        store,
        replica,
        keys: Arc::new(keys),
        policies,
        clock: Arc::new(SystemClock),
        ids: Arc::new(ProcessIds),
        entropy: Arc::new(|| -> Box<dyn Entropy + Send> { Box::new(OsEntropy) }),
        sources,
    })
    .await
    .context("the application could not start on the database")?;
    Ok(Opened {
        app,
        notices,
        lists,
    })
}

/// The sources that a file names. Lists are read on a thread where that may take its time.
async fn open_sources(file: Option<std::path::PathBuf>) -> anyhow::Result<Configured> {
    match file {
        None => Ok(Configured::default()),
        Some(file) => tokio::task::spawn_blocking(move || sources::of_file(&file)).await?,
    }
}

/// The policies of a directory, or those built in.
pub fn load_policies(directory: Option<&Path>) -> Result<Policies, Vec<PolicyProblem>> {
    match directory {
        Some(directory) => mamagang_policy::load_dir(directory),
        None => mamagang_policy::load_embedded(),
    }
}

fn policy_error(problems: Vec<PolicyProblem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the policies have problems:\n{}", lines.join("\n"))
}

/// Opens the database that the settings name.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    match &settings.database_url {
        DatabaseUrl::Sqlite(path) => {
            let store = SqliteStore::open(path, SqliteOptions::default()).await;
            Ok(Arc::new(store.with_context(|| {
                format!("the database {} cannot be opened", path.display())
            })?))
        }
        DatabaseUrl::Postgres(url) => {
            let options = PostgresOptions {
                kept_bytes: settings.kept_mib << 20,
                ..PostgresOptions::default()
            };
            let store = PostgresStore::connect(url.expose(), options).await;
            let hint = "the PostgreSQL database cannot be used; `mamagang migrate` brings its schema up to date";
            Ok(Arc::new(store.context(hint)?))
        }
    }
}

/// Reads the keys, or makes a key file of mode 0600 for a database that holds nobody yet. With other
/// keys the persons of a database would be taken for new ones, and their months be given twice.
async fn load_keys(
    source: &KeySource,
    store: &dyn Store,
    notices: &mut Vec<String>,
) -> anyhow::Result<KeyRing> {
    let path = match source {
        KeySource::File(path) if !path.exists() => path,
        there => return there.load().await,
    };
    let is_empty = store.list_workers(None, 1).await?.is_empty();
    anyhow::ensure!(
        is_empty,
        "the key file {} is missing and the database holds persons: put the file back, or name it with --key-file",
        path.display()
    );
    match KeyRing::create(path, &mut OsEntropy) {
        Ok(keys) => {
            notices.push(format!(
                "a new key file was made at {} (mode 0600): keep a copy apart from the database, without it no \
                 identity can be read or found",
                path.display()
            ));
            Ok(keys)
        }
        // Another process made it in the same moment.
        Err(KeyRingError::Exists) => Ok(KeyRing::load(path)?),
        Err(error) => {
            Err(error).with_context(|| format!("the key file {} cannot be made", path.display()))
        }
    }
}

/// Whether the service may be sent requests.
struct Ready {
    app: Arc<App>,
    draining: CancellationToken,
}

#[async_trait]
impl Readiness for Ready {
    async fn check(&self) -> Result<(), NotReady> {
        if self.draining.is_cancelled() {
            return Err(NotReady::Draining);
        }
        self.app.ready().await.map_err(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database does not answer"
            );
            NotReady::StoreUnavailable
        })
    }
}

/// A service that listens.
#[derive(Debug)]
pub struct Running {
    /// Where gRPC is served.
    pub grpc: SocketAddr,
    /// Where health and metrics are served.
    pub http: SocketAddr,
    grpc_task: JoinHandle<anyhow::Result<()>>,
    http_task: JoinHandle<anyhow::Result<()>>,
    http_stop: CancellationToken,
}

impl Running {
    /// Waits for gRPC to drain, then stops HTTP, so that `/readyz` answers DRAINING meanwhile.
    pub async fn drained(self) -> anyhow::Result<()> {
        let grpc = self.grpc_task.await.context("the gRPC server panicked")?;
        self.http_stop.cancel();
        self.http_task.await.context("the HTTP server panicked")??;
        grpc
    }
}

/// How callers are told, and how often one may call.
#[derive(Clone, Debug)]
pub struct Access {
    /// Certificates and tokens; `None` = every caller is the developer.
    pub credentials: Option<Arc<Credentials>>,
    /// What one caller may do, where callers are told.
    pub limits: CallerLimits,
}

impl Access {
    /// Everybody is the developer: for loopback.
    pub fn of_developer() -> Self {
        Self {
            credentials: None,
            limits: limits_of(u32::MAX),
        }
    }

    /// Reads the files that the settings name.
    pub fn of_settings(settings: &Settings) -> anyhow::Result<Self> {
        let now: Now = Arc::new(|| SystemClock.now_micros());
        let read = |files: &AuthFiles| Credentials::read(files.clone(), now).map(Arc::new);
        let credentials = settings.auth.as_ref().map(read).transpose();
        Ok(Self {
            credentials: credentials.context("callers cannot be told")?,
            limits: limits_of(settings.calls_per_second),
        })
    }
}

fn limits_of(calls_per_second: u32) -> CallerLimits {
    CallerLimits {
        calls_per_second,
        calls_burst: calls_per_second.saturating_mul(2),
        calls_open_max: CALLER_CALLS_OPEN_MAX,
    }
}

/// Reads the files by which callers are told again whenever one has changed.
async fn keep_fresh(credentials: Arc<Credentials>, draining: CancellationToken) {
    let mut ticks = tokio::time::interval(RELOAD_INTERVAL);
    loop {
        tokio::select! {
            () = draining.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let reading = Arc::clone(&credentials);
        // Files are read on a thread where that may take its time.
        match tokio::task::spawn_blocking(move || reading.reload()).await {
            Ok(Ok(false)) | Err(_) => {}
            Ok(Ok(true)) => {
                tracing::info!("certificates, keys or callers have changed and are in force")
            }
            Ok(Err(problems)) => tracing::error!(
                auth.problems = %problems,
                "certificates, keys or callers cannot be read: those read before stay in force"
            ),
        }
    }
}

/// Binds both listeners and serves until `draining` is cancelled.
pub async fn start(
    app: Arc<App>,
    access: Access,
    grpc_listen: SocketAddr,
    http_listen: SocketAddr,
    metrics: PrometheusHandle,
    draining: CancellationToken,
) -> anyhow::Result<Running> {
    let grpc = TcpListener::bind(grpc_listen)
        .await
        .with_context(|| format!("gRPC cannot listen on {grpc_listen}"))?;
    let http = TcpListener::bind(http_listen)
        .await
        .with_context(|| format!("HTTP cannot listen on {http_listen}"))?;
    let (grpc_addr, http_addr) = (grpc.local_addr()?, http.local_addr()?);
    let ready = Arc::new(Ready {
        app: app.clone(),
        draining: draining.clone(),
    });
    let http_stop = CancellationToken::new();
    let stop = http_stop.clone().cancelled_owned();
    let router = mamagang_http::router(HttpState::new(ready, metrics));
    let http_task = tokio::spawn(async move {
        mamagang_http::serve(http, router, stop)
            .await
            .context("HTTP ended")
    });
    let service = match access.credentials {
        None => Grpc::new(app, Arc::new(DeveloperAuthenticator), Arc::new(ProcessIds)),
        Some(credentials) => {
            tokio::spawn(keep_fresh(Arc::clone(&credentials), draining.clone()));
            let service = Grpc::new(app, credentials.clone(), Arc::new(ProcessIds));
            let service = service.with_caller_limits(access.limits);
            if credentials.has_tls() {
                service.with_security(credentials)
            } else {
                service
            }
        }
    };
    let grpc_task = tokio::spawn(async move {
        mamagang_grpc::serve(grpc, service, draining.cancelled_owned())
            .await
            .context("gRPC ended")
    });
    Ok(Running {
        grpc: grpc_addr,
        http: http_addr,
        grpc_task,
        http_task,
        http_stop,
    })
}

/// Serves until told to stop.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = Telemetry::install(&settings.log, settings.otlp_endpoint.as_deref())?;
    let result = serve_with(&settings, telemetry.metrics()).await;
    if let Err(error) = &result {
        tracing::error!(
            error = format!("{error:#}"),
            "the service ends with an error"
        );
    }
    telemetry.close().await;
    result
}

async fn serve_with(settings: &Settings, metrics: PrometheusHandle) -> anyhow::Result<()> {
    let access = Access::of_settings(settings)?;
    let replica = replica::open(settings).await?;
    let opened = open_beside(settings, replica.clone()).await?;
    for notice in &opened.notices {
        tracing::warn!("{notice}");
    }
    if access.credentials.is_none() {
        tracing::warn!(
            "no authentication is configured: only loopback is listened on and every caller is a developer with \
             every role"
        );
    }
    let following = tokio::spawn(key_admin::follow(settings.keys.clone(), opened.app.clone()));
    let shutdown = Shutdown::watch(process_signals()?, settings.drain);
    tokio::spawn(keep_checkpoints(opened.app.clone(), shutdown.draining()));
    tokio::spawn(keep_lists(opened.lists, shutdown.draining()));
    tokio::spawn(replica::report(replica, shutdown.draining()));
    let running = start(
        opened.app,
        access,
        settings.grpc_listen,
        settings.http_listen,
        metrics,
        shutdown.draining(),
    )
    .await?;
    tracing::info!(
        grpc.address = %running.grpc,
        http.address = %running.http,
        "serving"
    );
    let finished = shutdown.finish(running.drained()).await;
    following.abort();
    match finished {
        Ok(result) => result,
        Err(hard_stop) => Err(hard_stop.into()),
    }
}
