//! The standby that checks may be answered from.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use mamagang_store::Replica;
use mamagang_store_postgres::{PostgresReplica, ReplicaOptions};
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::settings::{DatabaseUrl, Settings};

/// How often it is told how late the standby is.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// By how much the standby is behind, in seconds.
const AGE: &str = "mamagang_replica_age_seconds";
/// Whether the standby is read: 1 or 0.
const IN_USE: &str = "mamagang_replica_in_use";

/// The standby that the settings name. One that is away is waited for; one of another database stops
/// the start.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Option<Arc<dyn Replica>>> {
    let (DatabaseUrl::Postgres(primary), Some(replica)) =
        (&settings.database_url, &settings.replica)
    else {
        return Ok(None);
    };
    let options = ReplicaOptions {
        lag_max: replica.lag_max,
        ..ReplicaOptions::default()
    };
    let (primary, url) = (primary.expose(), replica.url.expose());
    let opened = PostgresReplica::connect(primary, url, options, Arc::new(SystemClock)).await;
    let opened = opened.context("the replica that replica.url names cannot be used")?;
    Ok(Some(Arc::new(opened)))
}

/// Tells in metrics how late the standby is, and in the log when it begins or ceases to be read.
pub(crate) async fn report(replica: Option<Arc<dyn Replica>>, draining: CancellationToken) {
    let Some(replica) = replica else {
        return;
    };
    metrics::describe_gauge!(
        AGE,
        metrics::Unit::Seconds,
        "By how much the replica is behind, while it is read."
    );
    metrics::describe_gauge!(IN_USE, "Whether checks are answered from the replica.");
    let mut ticks = tokio::time::interval(REPORT_INTERVAL);
    let mut was_in_use = None;
    loop {
        tokio::select! {
            () = draining.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let age = replica.age();
        if let Some(age) = age {
            metrics::gauge!(AGE).set(age.as_secs_f64());
        }
        let is_in_use = age.is_some();
        metrics::gauge!(IN_USE).set(f64::from(u8::from(is_in_use)));
        if was_in_use.replace(is_in_use) == Some(is_in_use) {
            continue;
        }
        match is_in_use {
            true => tracing::info!("checks are answered from the replica"),
            false => tracing::warn!(
                "the replica is too far behind or does not answer: checks are answered from the primary"
            ),
        }
    }
}
