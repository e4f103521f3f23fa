//! The service of the demo, in this process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::Started;
use crate::key_source::KeySource;
use crate::serve;
use crate::settings::{DatabaseUrl, LogFormat, LogSettings, Settings};
use crate::shutdown::{Shutdown, process_signals};
use crate::telemetry::Telemetry;

/// How long open requests get at the end.
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// Any free port, for this machine alone.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Starts the service on a new database in a directory. Neither the environment nor a file of settings is read, so that
/// the demo is the same everywhere.
pub async fn start(directory: PathBuf) -> anyhow::Result<Started> {
    let settings = settings(directory);
    let telemetry = Telemetry::install(&settings.log, None)?;
    let opened = serve::open(&settings).await?;
    let shutdown = Shutdown::watch(process_signals()?, settings.drain);
    let draining = shutdown.draining();
    let running = serve::start(
        opened.app,
        serve::Access::of_developer(),
        settings.grpc_listen,
        settings.http_listen,
        telemetry.metrics(),
        draining.clone(),
    )
    .await?;
    let (grpc, http) = (running.grpc, running.http);
    let ended = async move {
        let finished = shutdown.finish(running.drained()).await;
        telemetry.close().await;
        finished?
    };
    Ok(Started {
        grpc,
        http,
        draining,
        ended: Box::pin(ended),
    })
}

fn settings(directory: PathBuf) -> Settings {
    Settings {
        database_url: DatabaseUrl::Sqlite(directory.join("demo.db")),
        replica: None,
        auth: None,
        kept_mib: 256,
        calls_per_second: 1,
        grpc_listen: LOOPBACK,
        http_listen: LOOPBACK,
        keys: KeySource::File(directory.join("demo.keys")),
        policies_dir: None,
        sources_file: None,
        log: LogSettings {
            format: LogFormat::Text,
            filter: "warn".to_owned(),
        },
        otlp_endpoint: None,
        drain: DRAIN_TIME,
    }
}
