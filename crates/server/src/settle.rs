//! `mamagang settle-year`: the year's settlement of many employers.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use mamagang_app::Caller;
use mamagang_app::ledger::{JobProgress, YearSettlements};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::cli::SettleYearFlags;
use crate::serve::open;
use crate::settings::Settings;

/// A row of the file.
#[derive(Deserialize)]
struct Declared {
    employer_code: String,
    cit_payable_fen: i64,
}

/// Works on the job until nothing of it is left. Progress goes to standard error.
pub async fn run(settings: &Settings, flags: &SettleYearFlags) -> anyhow::Result<String> {
    let tax_year = TaxYear::new(flags.year).context("there is no such year")?;
    let declared = read(&flags.declarations)?;
    anyhow::ensure!(!declared.is_empty(), "the file names no employer");
    let job = Arc::new(YearSettlements { tax_year, declared });
    let opened = open(settings).await?;
    let caller = Caller {
        subject: "settle-year".to_owned(),
        organisation: "operator".to_owned(),
        ..Caller::developer()
    };
    opened.app.begin_settlements(&caller, &job).await?;
    let mut lanes = JoinSet::new();
    for _ in 0..flags.lanes.clamp(1, 16) {
        let (app, job, caller) = (Arc::clone(&opened.app), Arc::clone(&job), caller.clone());
        lanes.spawn(async move { app.work_on_settlements(&caller, &job, &tell).await });
    }
    while let Some(ended) = lanes.join_next().await {
        ended.context("a lane of the job ended early")??;
    }
    let progress = opened.app.settlements_progress(&job).await?;
    Ok(format!(
        "job {}: {} employers, {} settled, {} refused",
        job.job_id(),
        progress.employers,
        progress.done,
        progress.refused
    ))
}

fn tell(progress: JobProgress) {
    let JobProgress {
        employers,
        done,
        refused,
        parts: (finished, all),
    } = progress;
    let line =
        format!("{done} of {employers} settled, {refused} refused, {finished} of {all} parts");
    // Whoever has closed the stream wants no progress.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn read(path: &Path) -> anyhow::Result<BTreeMap<EmployerCode, Fen>> {
    let rows = csv::Reader::from_path(path);
    let mut rows = rows.with_context(|| format!("{} cannot be read", path.display()))?;
    let mut declared = BTreeMap::new();
    for (index, row) in rows.deserialize::<Declared>().enumerate() {
        let line = index + 2;
        let row = row.with_context(|| format!("line {line}"))?;
        let code = EmployerCode::parse(&row.employer_code);
        let code = code.with_context(|| format!("line {line}: {}", row.employer_code))?;
        let cit = row.cit_payable_fen;
        anyhow::ensure!(cit >= 0, "line {line}: cit_payable_fen is below 0");
        let before = declared.insert(code, Fen::new(cit));
        anyhow::ensure!(before.is_none(), "line {line}: {code} is named before");
    }
    Ok(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> anyhow::Result<BTreeMap<EmployerCode, Fen>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    #[test]
    fn a_file_names_each_employer_once_with_its_tax() {
        let head = "employer_code,cit_payable_fen\n";
        let two = of(&format!(
            "{head}91442000MAQQ000161,100\n91442000QQ0000039Q,0\n"
        ));
        assert_eq!(two.unwrap().len(), 2);
        for (wrong, told) in [
            ("91442000MAQQ000162,1\n", "line 2"),
            ("91442000MAQQ000161,-1\n", "below 0"),
            ("91442000MAQQ000161,1.5\n", "line 2"),
            ("91442000MAQQ000161,1\n91442000MAQQ000161,1\n", "line 3"),
        ] {
            let error = of(&format!("{head}{wrong}")).unwrap_err();
            assert!(format!("{error:#}").contains(told), "{error:#}");
        }
    }
}
