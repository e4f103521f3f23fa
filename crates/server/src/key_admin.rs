//! Changing keys while the service runs, erasing a person: `keys` and `erase-worker`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use mamagang_app::keys::{EraseWorker, RotationReport};
use mamagang_app::{App, Caller};
use mamagang_crypto::{KeyRing, OsEntropy, RotationState};
use mamagang_domain::ids::WorkerId;
use mamagang_store::Clock as _;

use crate::admin::require_present;
use crate::clock::SystemClock;
use crate::key_source::{KEY_COMMAND_POLL, KeySource};
use crate::serve::open;
use crate::settings::Settings;

/// How often the key file is looked at while the service runs.
pub(crate) const KEY_FILE_POLL: Duration = Duration::from_secs(1);

/// How long a changed key file has to stand before keys are left out of it: every instance has read it by then.
const SETTLING: Duration = Duration::from_secs(60);

/// Whoever runs the service, for the audit trail.
pub(crate) fn administrator() -> Caller {
    Caller {
        subject: "administrator".to_owned(),
        organisation: "mamagang".to_owned(),
        ..Caller::nobody()
    }
}

/// Takes the next step of a change of keys: stages new ones, or makes staged ones current; and brings everybody under
/// the keys that are then in the file. It may be stopped and run again.
pub async fn rotate(settings: &Settings) -> anyhow::Result<String> {
    require_present(settings)?;
    let path = settings.keys.file()?;
    let opened = open(settings).await?;
    let ring = load(path)?;
    match ring.rotation_state() {
        RotationState::Settled => {
            let staged = ring.staged(&mut OsEntropy)?;
            let report = put(path, &opened.app, staged).await?;
            Ok(format!(
                "new keys are staged in {}\n{}\nrun `mamagang keys rotate` again when every instance has read the file",
                path.display(),
                told(&report)
            ))
        }
        RotationState::Staged => {
            // Before the new keys write alone, everybody is found by them.
            opened.app.reencrypt(&administrator()).await?;
            let report = put(path, &opened.app, ring.promoted()).await?;
            Ok(format!(
                "the new keys are current\n{}\nrun `mamagang keys retire` when every instance has read the file",
                told(&report)
            ))
        }
        RotationState::Promoted => {
            let report = opened.app.reencrypt(&administrator()).await?;
            Ok(format!(
                "the new keys are current already\n{}\n`mamagang keys retire` destroys the old ones",
                told(&report)
            ))
        }
    }
}

/// Leaves the old keys out of the key file and removes what stood under them.
pub async fn retire(settings: &Settings) -> anyhow::Result<String> {
    require_present(settings)?;
    let path = settings.keys.file()?;
    let ring = load(path)?;
    anyhow::ensure!(
        ring.rotation_state() == RotationState::Promoted,
        "there are no old keys to retire: `mamagang keys rotate` makes new ones first"
    );
    let changed = std::fs::metadata(path)?.modified()?;
    let changed = changed.duration_since(UNIX_EPOCH)?;
    let now = u64::try_from(SystemClock.now_micros()).unwrap_or(0);
    let stands = Duration::from_micros(now).saturating_sub(changed);
    anyhow::ensure!(
        stands >= SETTLING,
        "the key file was changed {} seconds ago: every instance has to have read it, try again after {} seconds",
        stands.as_secs(),
        SETTLING.as_secs()
    );
    let opened = open(settings).await?;
    let brought = opened.app.reencrypt(&administrator()).await?;
    let old: Vec<u32> = ring.mac_key_ids().into_iter().skip(1).collect();
    let alone = ring.without_retired();
    alone.replace(path)?;
    opened.app.use_keys(Arc::new(alone));
    let removed = opened.app.remove_under_keys(&administrator(), &old).await?;
    Ok(format!(
        "{}\nremoved {removed} rows under old keys; the old keys are gone from {}",
        told(&brought),
        path.display()
    ))
}

/// What the key file holds, without secrets.
pub async fn show(settings: &Settings) -> anyhow::Result<String> {
    let ring = settings.keys.load().await?;
    let state = match ring.rotation_state() {
        RotationState::Settled => "settled: no change of keys is under way",
        RotationState::Staged => "staged: new keys are there, and the old ones still write",
        RotationState::Promoted => "promoted: the new keys write, and the old ones still read",
    };
    let keys = ring.mac_key_ids();
    let mut text = format!("{state}\nMAC keys, the current one first: {keys:?}");
    for key in ring.public_keys() {
        let bytes: String = key.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!(
            "\n{} public key {}: {bytes}",
            key.algorithm.name(),
            key.key_id
        );
    }
    Ok(text)
}

/// Destroys a person's data key.
pub async fn erase_worker(
    settings: &Settings,
    worker_id: &str,
    reason: &str,
) -> anyhow::Result<String> {
    require_present(settings)?;
    let worker_id = WorkerId::parse(worker_id).context("the worker's id is not one of ours")?;
    anyhow::ensure!(!reason.trim().is_empty(), "an erasure needs a reason");
    let opened = open(settings).await?;
    let erase = EraseWorker {
        worker_id,
        reason: reason.to_owned(),
    };
    let erased = opened.app.erase_worker(&administrator(), &erase).await?;
    Ok(match erased.was_erased {
        true => format!("{worker_id} was erased before"),
        false => format!(
            "{worker_id} is erased: nobody can read or find the person; facts, entries and decisions stay under this id"
        ),
    })
}

/// Reads the keys again whenever they were changed, for as long as the service runs. Those of the environment do not
/// change.
pub(crate) async fn follow(source: KeySource, app: Arc<App>) {
    match source {
        KeySource::File(path) => follow_file(path, app).await,
        KeySource::Command(_) => follow_command(source, app).await,
        KeySource::Environment(_) => {}
    }
}

/// Asks the command again, now and then. What it prints is compared by the keys' ids.
async fn follow_command(source: KeySource, app: Arc<App>) {
    let mut turns = tokio::time::interval(KEY_COMMAND_POLL);
    let mut last = app.mac_key_ids();
    // The first turn is at once, and the keys were read just now.
    turns.tick().await;
    loop {
        turns.tick().await;
        match source.load().await {
            Ok(ring) => {
                let keys = ring.mac_key_ids();
                if keys != last {
                    app.use_keys(Arc::new(ring));
                    tracing::info!(keys.mac = ?keys, "Other keys were printed by the key command");
                    last = keys;
                }
            }
            Err(error) => tracing::warn!(
                error = error.to_string(),
                "The key command gives no keys; those of before stay in use"
            ),
        }
    }
}

/// The same of a key file.
async fn follow_file(path: std::path::PathBuf, app: Arc<App>) {
    let stamp = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let mut last = stamp(&path);
    let mut turns = tokio::time::interval(KEY_FILE_POLL);
    loop {
        turns.tick().await;
        let now = stamp(&path);
        if now.is_none() || now == last {
            continue;
        }
        match KeyRing::load(&path) {
            Ok(ring) => {
                last = now;
                let keys = ring.mac_key_ids();
                app.use_keys(Arc::new(ring));
                tracing::info!(keys.mac = ?keys, "The key file was read again");
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "The key file was changed and cannot be read; the keys of before stay in use"
            ),
        }
    }
}

fn load(path: &Path) -> anyhow::Result<KeyRing> {
    KeyRing::load(path).with_context(|| format!("the key file {} cannot be used", path.display()))
}

async fn put(path: &Path, app: &App, ring: KeyRing) -> anyhow::Result<RotationReport> {
    ring.replace(path)?;
    app.use_keys(Arc::new(ring));
    Ok(app.reencrypt(&administrator()).await?)
}

fn told(report: &RotationReport) -> String {
    format!(
        "{} persons: {} identities and {} certificates added, {} data keys wrapped anew",
        report.workers, report.identities, report.certificates, report.data_keys
    )
}
