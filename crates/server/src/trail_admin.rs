//! The audit trail for whoever runs the service: `audit verify`, `audit export`, `audit verify-bundle`, `audit cut`.

use std::fs::File;
use std::io::BufWriter;

use anyhow::Context as _;
use mamagang_app::audit::{Retention, month_start};
use mamagang_domain::month::TaxMonth;

use crate::admin::require_present;
use crate::cli::{BundleFlags, ExportFlags, RetentionChoice};
use crate::key_admin::administrator;
use crate::serve::open;
use crate::settings::Settings;

/// Verifies every chain. `Err` names what does not fit.
pub async fn verify(settings: &Settings) -> anyhow::Result<String> {
    require_present(settings)?;
    let opened = open(settings).await?;
    let found = opened.app.verify_audit().await?;
    let summary = format!(
        "verified {} rows of {} chains; {} rows were taken out and left their hashes",
        found.rows, found.writers, found.taken_out
    );
    if found.faults.is_empty() {
        return Ok(format!("{summary}: all fit"));
    }
    anyhow::bail!(
        "{summary}: {} do not fit\n{}",
        found.faults.len(),
        found.faults.join("\n")
    )
}

/// Writes the rows of some months as a signed bundle.
pub async fn export(settings: &Settings, flags: &ExportFlags) -> anyhow::Result<String> {
    require_present(settings)?;
    let month = |text: &str| {
        TaxMonth::parse(text)
            .ok()
            .context("a month such as 2026-05")
    };
    let from = month_start(month(&flags.from)?);
    let until = month_start(month(&flags.through)?.plus(1));
    let file = File::options()
        .write(true)
        .create_new(true)
        .open(&flags.out);
    let file = file.with_context(|| format!("{} cannot be made", flags.out.display()))?;
    let mut out = BufWriter::new(file);
    let opened = open(settings).await?;
    let written = opened
        .app
        .export_audit(&administrator(), from, until, &mut out)
        .await?;
    out.into_inner()?.sync_all()?;
    Ok(format!(
        "wrote {} rows and {} gaps to {}, signed by the key {}",
        written.rows,
        written.gaps,
        flags.out.display(),
        written.public_key
    ))
}

/// Verifies a bundle.
pub fn verify_bundle(flags: &BundleFlags) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(&flags.bundle)
        .with_context(|| format!("{} cannot be read", flags.bundle.display()))?;
    let found = mamagang_app::audit::verify_bundle(&text, flags.public_key.as_deref())?;
    let by = match flags.public_key {
        Some(_) => "the key told",
        None => "the key that it names: compare it with the published one",
    };
    Ok(format!(
        "{} rows, {} linked to the row before, {} gaps; signed by {by}: {}",
        found.rows, found.links, found.gaps, found.public_key
    ))
}

/// Takes out what a class has kept long enough.
pub async fn cut(
    settings: &Settings,
    class: RetentionChoice,
    before: &str,
    reason: &str,
) -> anyhow::Result<String> {
    require_present(settings)?;
    let before = TaxMonth::parse(before)
        .ok()
        .context("--before is a month such as 2026-05")?;
    anyhow::ensure!(!reason.trim().is_empty(), "a cut needs a reason");
    let class = match class {
        RetentionChoice::SixMonths => Retention::SixMonths,
        RetentionChoice::ThreeYears => Retention::ThreeYears,
        RetentionChoice::TenYears => Retention::TenYears,
    };
    let opened = open(settings).await?;
    let cut = opened
        .app
        .cut_audit(&administrator(), class, before, reason)
        .await;
    let cut = cut.map_err(|error| {
        let told: Vec<String> = error
            .violations
            .iter()
            .map(|wrong| format!("{}: {}", wrong.field, wrong.en))
            .collect();
        anyhow::Error::new(error).context(told.join("; "))
    })?;
    Ok(format!(
        "took out {} rows recorded before {before}, in {} gaps of the chains",
        cut.rows, cut.gaps
    ))
}
