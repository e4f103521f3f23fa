//! The audit trail for whoever runs the service: `audit verify`, `audit cut`.

use anyhow::Context as _;
use mamagang_app::audit::Retention;
use mamagang_domain::month::TaxMonth;

use crate::admin::require_present;
use crate::cli::RetentionChoice;
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
