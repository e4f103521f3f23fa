//! The commands about the ledger's evidence: checkpoint, verify-ledger, export audit-bundle.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use mamagang_app::App;
use mamagang_app::ledger::{CheckpointAnchors, LedgerFault};
use mamagang_app::limits::CHECKPOINT_INTERVAL;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::ChainFault;
use tokio_util::sync::CancellationToken;

use crate::serve::open;
use crate::settings::Settings;

/// The first line of a file of progress.
const PROGRESS_FORM: &str = "mamagang verify-ledger 1";

/// Makes checkpoints until the service drains: one in every interval in which a chain has moved.
pub async fn keep_checkpoints(app: Arc<App>, draining: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(CHECKPOINT_INTERVAL) => {}
            () = draining.cancelled() => return,
        }
        if let Err(error) = checkpoints(&app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no checkpoint could be made"
            );
        }
    }
}

/// Makes as many as there are chains that moved; returns their number.
async fn checkpoints(app: &App) -> mamagang_app::AppResult<u32> {
    let mut count = 0;
    while let Some(row) = app.write_checkpoint().await? {
        count += 1;
        tracing::info!(checkpoint.number = row.number, "a checkpoint was made");
    }
    Ok(count)
}

/// Makes a checkpoint now.
pub async fn checkpoint(settings: &Settings) -> anyhow::Result<String> {
    let app = open(settings).await?.app;
    match checkpoints(&app).await? {
        0 => Ok("no chain has moved since the last checkpoint".to_owned()),
        count => Ok(format!("{count} checkpoints made")),
    }
}

/// How a verification is run.
#[derive(Clone, Debug)]
pub struct Verification<'a> {
    /// Chains verified side by side.
    pub jobs: usize,
    /// Where progress is kept, so that a verification that was broken off goes on.
    pub progress: Option<&'a Path>,
    /// Whether a bar is drawn.
    pub draws: bool,
}

/// What a verification has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Progress {
    after: String,
    chains: u64,
    entries: u64,
    faults: Vec<String>,
}

impl Progress {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error.into()),
        };
        let wrong = || anyhow::anyhow!("{} is no file of progress", path.display());
        let mut lines = text.lines();
        anyhow::ensure!(lines.next() == Some(PROGRESS_FORM), wrong());
        let mut progress = Self::default();
        for line in lines {
            let (name, value) = line.split_once(' ').ok_or_else(wrong)?;
            match name {
                "after" => value.clone_into(&mut progress.after),
                "chains" => progress.chains = value.parse().map_err(|_| wrong())?,
                "entries" => progress.entries = value.parse().map_err(|_| wrong())?,
                "fault" => progress.faults.push(value.to_owned()),
                _ => return Err(wrong()),
            }
        }
        Ok(progress)
    }

    /// Written beside and moved into place, so that a break leaves the one before.
    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = format!(
            "{PROGRESS_FORM}\nafter {}\nchains {}\nentries {}\n",
            self.after, self.chains, self.entries
        );
        for fault in &self.faults {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "fault {fault}");
        }
        let beside = path.with_extension("new");
        fs::write(&beside, text)?;
        fs::rename(&beside, path)?;
        Ok(())
    }
}

/// Verifies every chain against itself, its head and the signed checkpoints. `Err` names employer and
/// sequence of everything that is wrong.
pub async fn verify_ledger(
    settings: &Settings,
    verification: &Verification<'_>,
) -> anyhow::Result<String> {
    let app = open(settings).await?.app;
    let progress = verify_all(&app, verification).await?;
    let summary = format!("{} chains, {} entries", progress.chains, progress.entries);
    if progress.faults.is_empty() {
        return Ok(format!("{summary}: all as recorded"));
    }
    anyhow::bail!(
        "{summary}: {} faults\n{}",
        progress.faults.len(),
        progress.faults.join("\n")
    )
}

async fn verify_all(app: &Arc<App>, verification: &Verification<'_>) -> anyhow::Result<Progress> {
    let mut progress = match verification.progress {
        Some(path) => Progress::read(path)?,
        None => Progress::default(),
    };
    let anchors = app.checkpoint_anchors().await?;
    let known = |line: &String, progress: &Progress| progress.faults.contains(line);
    for line in anchors.faults.iter().map(fault_line) {
        if !known(&line, &progress) {
            progress.faults.push(line);
        }
    }
    let codes = app
        .chains_after(&anchors, &progress.after, usize::MAX)
        .await?;
    let bar = bar(verification.draws, codes.len());
    for some in codes.chunks(verification.jobs.max(1)) {
        verify_some(app, &anchors, some, &mut progress).await?;
        if let Some(path) = verification.progress {
            progress.write(path)?;
        }
        bar.inc(u64::try_from(some.len()).unwrap_or(u64::MAX));
    }
    bar.finish_and_clear();
    if let Some(path) = verification.progress.filter(|path| path.exists()) {
        fs::remove_file(path)?;
    }
    Ok(progress)
}

async fn verify_some(
    app: &Arc<App>,
    anchors: &CheckpointAnchors,
    codes: &[String],
    progress: &mut Progress,
) -> anyhow::Result<()> {
    for report in app.verify_chains(anchors, codes.to_vec()).await? {
        progress.chains += 1;
        progress.entries += report.entry_count;
        progress.faults.extend(report.faults.iter().map(fault_line));
        progress.after = report.employer_code;
    }
    Ok(())
}

fn bar(draws: bool, count: usize) -> ProgressBar {
    if !draws {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
    let form = "{bar:30} {pos}/{len} chains, {eta} left";
    bar.with_style(
        ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

/// A fault as the offline verifier tells it too: employer, sequence, what.
fn fault_line(fault: &LedgerFault) -> String {
    match fault {
        LedgerFault::Checkpoint { number, problem } => {
            format!("checkpoint {number} {}", problem.name())
        }
        LedgerFault::Entry {
            employer_code,
            fault:
                ChainFault {
                    sequence,
                    through,
                    kind,
                },
        } => match sequence == through {
            true => format!("{employer_code} {sequence} {}", kind.name()),
            false => format!("{employer_code} {sequence}-{through} {}", kind.name()),
        },
    }
}

/// Writes the audit bundle of one employer, or of all.
pub async fn export_bundle(
    settings: &Settings,
    out: &Path,
    employer: Option<&str>,
) -> anyhow::Result<String> {
    let employer = employer
        .map(EmployerCode::parse)
        .transpose()
        .map_err(|error| anyhow::anyhow!("the employer's code is wrong: {error}"))?;
    let app = open(settings).await?.app;
    let beside = out.with_extension("new");
    let file =
        File::create(&beside).with_context(|| format!("{} cannot be written", beside.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    let summary = app
        .export_bundle(employer, |record| file.write_all(&record.encode()))
        .await?;
    let file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&beside, out)?;
    let mut text = format!(
        "{}: {} chains, {} entries, {} checkpoints",
        out.display(),
        summary.chain_count,
        summary.entry_count,
        summary.checkpoint_count
    );
    for (id, key) in app.signing_keys() {
        let hex = mamagang_domain::frozen::hex(&key);
        // Writing into a String cannot fail.
        let _ = write!(text, "\npublic key {id}: {hex}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written_and_anything_else_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("progress");
        assert_eq!(Progress::read(&path).expect("none"), Progress::default());
        let progress = Progress {
            after: "91442000MAQQ000161".to_owned(),
            chains: 3,
            entries: 40,
            faults: vec!["91442000MAQQ000161 7 ALTERED".to_owned()],
        };
        progress.write(&path).expect("written");
        assert_eq!(Progress::read(&path).expect("read"), progress);
        for wrong in [
            "",
            "something else",
            "mamagang verify-ledger 1\nchains many",
        ] {
            fs::write(&path, wrong).expect("written");
            assert!(Progress::read(&path).is_err(), "{wrong}");
        }
    }
}
