//! `mamagang doctor --rebuild`: every projection rebuilt from truth and compared.

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::Subject;
use mamagang_domain::ledger::{EntryBody, Genesis, YearState, chain_hash};
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{EmployerRecord, Timeline};
use mamagang_store::rows::PersonMonth;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::limits::PAGE_ROWS_MAX;
use crate::workers::history::{Until, replay_employer, replay_worker};

/// What was compared and what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Workers whose timeline was rebuilt.
    pub workers: u64,
    /// Employers whose record, chain and years were rebuilt.
    pub employers: u64,
    /// Entries replayed.
    pub entries: u64,
    /// Booked person-months compared.
    pub person_months: u64,
    /// What differs, by subject.
    pub differences: Vec<String>,
}

/// Brings an employer's booked months up to an entry.
pub(crate) fn apply_months(months: &mut Vec<PersonMonth>, body: &EntryBody) {
    for change in &body.draft.accruals {
        if change.booked {
            months.push(PersonMonth {
                worker_id: change.worker_id,
                month: change.month,
                employer_code: body.employer_code,
                group: change.group,
                amount_fen: change.amount_fen,
                sequence: body.sequence,
            });
        } else {
            months
                .retain(|known| known.worker_id != change.worker_id || known.month != change.month);
        }
    }
}

impl App {
    /// Rebuilds every projection from truth in memory and compares it with the stored one.
    pub async fn rebuild_and_compare(&self) -> AppResult<RebuildReport> {
        let mut report = RebuildReport::default();
        self.compare_workers(&mut report).await?;
        self.compare_employers(&mut report).await?;
        Ok(report)
    }

    async fn compare_workers(&self, report: &mut RebuildReport) -> AppResult<()> {
        let mut after = None;
        loop {
            let rows = self.store.list_workers(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.worker_id);
            for row in rows {
                report.workers += 1;
                let mut timeline = Timeline::default();
                for fact in self
                    .fact_rows(Subject::Worker(row.worker_id), Until::End)
                    .await?
                {
                    replay_worker(&mut timeline, &fact)?;
                }
                if timeline.pack() != row.timeline.pack() {
                    report
                        .differences
                        .push(format!("worker {}: timeline", row.worker_id));
                }
            }
        }
    }

    async fn compare_employers(&self, report: &mut RebuildReport) -> AppResult<()> {
        let mut after = None;
        loop {
            let rows = self.store.list_employers(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.employer_code);
            for row in rows {
                report.employers += 1;
                let mut record = EmployerRecord::default();
                for fact in self
                    .fact_rows(Subject::Employer(row.employer_code), Until::End)
                    .await?
                {
                    replay_employer(&mut record, &fact)?;
                }
                if record.pack() != row.record.pack() {
                    report
                        .differences
                        .push(format!("employer {}: record", row.employer_code));
                }
                self.compare_ledger(&row.employer_code, report).await?;
            }
        }
    }

    async fn compare_ledger(
        &self,
        code: &EmployerCode,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let mut years: BTreeMap<TaxYear, YearState> = BTreeMap::new();
        let mut months: Vec<PersonMonth> = Vec::new();
        let mut hash = Genesis::hash(code);
        let mut sequence = 0;
        loop {
            let rows = self
                .store
                .list_entries(code, None, sequence, PAGE_ROWS_MAX, None)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                report.entries += 1;
                let expected = sequence + 1;
                if row.sequence != expected
                    || row.previous_hash != hash
                    || chain_hash(&hash, &row.frozen) != row.hash
                {
                    report.differences.push(format!(
                        "employer {code}: entry {expected} breaks the chain"
                    ));
                }
                (sequence, hash) = (row.sequence, row.hash);
                let body = EntryBody::thaw(&row.frozen).map_err(AppError::internal)?;
                years.entry(body.draft.tax_year).or_default().apply(&body);
                apply_months(&mut months, &body);
            }
        }
        let stored = self.store.list_years(code).await?;
        let stored: BTreeMap<TaxYear, YearState> = stored
            .into_iter()
            .map(|row| (row.tax_year, row.state))
            .collect();
        if stored != years {
            report.differences.push(format!("employer {code}: years"));
        }
        let mut booked = self.store.person_months(code).await?;
        report.person_months += booked.len() as u64;
        booked.sort_unstable();
        months.sort_unstable();
        if booked != months {
            report
                .differences
                .push(format!("employer {code}: person-months"));
        }
        Ok(())
    }
}
