//! The commands of whoever runs the service: migrate, doctor, policy check, limits, errors.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use mamagang_app::ErrorReason;
use mamagang_domain::reason::{ReasonCode, catalogue};
use mamagang_policy::{
    Language, Policies, PolicyProblem, changed_cases, diff_report, law_cases, report,
};

use mamagang_store_postgres::PostgresStore;

use crate::cli::{PolicyDiffFlags, ReportLanguage};
use crate::key_source::KeySource;
use crate::serve::{load_policies, open, open_store};
use crate::settings::{DatabaseUrl, Settings};

/// Creates the database, or brings an older one up to date. On PostgreSQL this is for the owner of
/// the schema; `serve` needs less.
pub async fn migrate(settings: &Settings) -> anyhow::Result<String> {
    if let DatabaseUrl::Postgres(url) = &settings.database_url {
        PostgresStore::migrate(url.expose())
            .await
            .context("the schema cannot be brought up to date")?;
    }
    open_store(settings).await?.ping().await?;
    Ok(format!("{}: up to date", settings.database_url))
}

/// Rebuilds every projection and compares it. `Err` when anything differs.
pub async fn doctor(settings: &Settings, rebuild: bool) -> anyhow::Result<String> {
    require_present(settings)?;
    let opened = open(settings).await?;
    opened.app.ready().await?;
    if !rebuild {
        return Ok(
            "the database answers; --rebuild compares every projection with its truth".to_owned(),
        );
    }
    let found = opened.app.rebuild_and_compare().await?;
    let summary = format!(
        "rebuilt {} workers, {} employers, {} entries, {} person-months, {} holders of contracts and certificates, {} cases",
        found.workers,
        found.employers,
        found.entries,
        found.person_months,
        found.owners,
        found.cases
    );
    if found.differences.is_empty() {
        return Ok(format!("{summary}: all equal"));
    }
    anyhow::bail!(
        "{summary}: {} differ\n{}",
        found.differences.len(),
        found.differences.join("\n")
    )
}

/// An examination makes nothing: neither a database nor keys.
pub(crate) fn require_present(settings: &Settings) -> anyhow::Result<()> {
    if let DatabaseUrl::Sqlite(path) = &settings.database_url {
        anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    }
    if let KeySource::File(keys) = &settings.keys {
        anyhow::ensure!(keys.exists(), "there is no key file at {}", keys.display());
    }
    Ok(())
}

/// The report on the policies. `Err` names every problem.
pub fn policy_check(directory: Option<&Path>, language: ReportLanguage) -> anyhow::Result<String> {
    let policies = load_policies(directory).map_err(problems)?;
    Ok(report(&policies, report_language(language)))
}

/// What changes from one edition to another, and which law cases come out otherwise.
pub async fn policy_diff(flags: &PolicyDiffFlags, settings: &Settings) -> anyhow::Result<String> {
    let a = edition(&flags.a, settings).await?;
    let b = edition(&flags.b, settings).await?;
    let cases = match &flags.cases {
        Some(folder) => law_cases::files_in(folder).map_err(problems)?,
        None => law_cases::embedded_files(),
    };
    let changed = changed_cases(&cases, &a, &b).map_err(problems)?;
    Ok(diff_report(&a, &b, &changed, report_language(flags.lang)))
}

/// An edition by a directory, a file of canonical text, a version, or `built-in`.
async fn edition(name: &str, settings: &Settings) -> anyhow::Result<Policies> {
    let path = Path::new(name);
    if name == "built-in" {
        return load_policies(None).map_err(problems);
    }
    if path.is_dir() {
        return load_policies(Some(path)).map_err(problems);
    }
    if path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| name.to_owned())?;
        return Policies::from_canonical_text(&text).map_err(problems);
    }
    let is_version = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    anyhow::ensure!(
        is_version,
        "{name} is neither a directory, a file, a version nor built-in"
    );
    if let DatabaseUrl::Sqlite(path) = &settings.database_url {
        anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    }
    let store = open_store(settings).await?;
    let kept = store.policy_set(name).await?;
    let kept = kept.with_context(|| format!("the database keeps no version {name}"))?;
    Policies::from_canonical_text(&kept.content).map_err(problems)
}

fn problems(problems: Vec<PolicyProblem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{} problems\n{}", problems.len(), lines.join("\n"))
}

const fn report_language(language: ReportLanguage) -> Language {
    match language {
        ReportLanguage::Zh => Language::Zh,
        ReportLanguage::En => Language::En,
    }
}

/// Every limit of the use cases and of both listeners, one a line.
pub fn limits() -> String {
    let use_cases = mamagang_app::limits::all().into_iter();
    let listeners = mamagang_grpc::limits::all()
        .into_iter()
        .chain(mamagang_http::LIMITS.all());
    use_cases
        .chain(listeners)
        .fold(String::new(), |mut text, (name, value)| {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{name} = {value}");
            text
        })
}

/// Every reason of a decision and every error, with texts.
pub fn errors() -> String {
    let mut text = String::new();
    for code in ReasonCode::ALL {
        let entry = catalogue(*code);
        let _ = writeln!(
            text,
            "{} [{:?}]\n  {} / {}\n  → {} / {}",
            code.name(),
            code.outcome(),
            entry.cause_zh,
            entry.cause_en,
            entry.remedy_zh,
            entry.remedy_en
        );
    }
    for reason in ErrorReason::ALL {
        let _ = writeln!(
            text,
            "{}\n  {} / {}",
            reason.name(),
            reason.text().zh,
            reason.text().en
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policies_pass_and_a_missing_directory_does_not() {
        let report = policy_check(None, ReportLanguage::En).expect("built-in policies");
        assert!(report.contains("key_group.quota_year"), "{report}");
        assert!(policy_check(Some(Path::new("does-not-exist")), ReportLanguage::En).is_err());
    }

    #[test]
    fn every_limit_and_every_error_is_printed() {
        assert!(limits().lines().count() >= 40);
        let errors = errors();
        assert!(errors.contains("PERIOD_ALREADY_POSTED") && errors.contains("SPELL_TOO_SHORT"));
    }
}
