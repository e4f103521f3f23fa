//! Timelines and records of another moment, rebuilt from truth.

use mamagang_domain::fact::{EmployerProfile, FactKind, WorkerFact};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::EntryBody;
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{EmployerRecord, Timeline, unpack};
use mamagang_store::rows::{FactChange, FactQuery, FactRow};

use crate::app::App;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::PAGE_ROWS_MAX;

/// Applies a fact row to a timeline. The row's revision is the timeline's next.
pub(crate) fn replay_worker(timeline: &mut Timeline, row: &FactRow) -> AppResult<()> {
    match &row.change {
        FactChange::Record { body, .. } => {
            let fact: WorkerFact = unpack(body).map_err(AppError::internal)?;
            timeline.apply(fact, &row.source);
        }
        FactChange::Retract { revision } => {
            timeline.retract(*revision).map_err(AppError::internal)?;
        }
    }
    Ok(())
}

/// Applies a fact row to an employer's record.
pub(crate) fn replay_employer(record: &mut EmployerRecord, row: &FactRow) -> AppResult<()> {
    match &row.change {
        FactChange::Record { body, .. } => {
            let profile: EmployerProfile = unpack(body).map_err(AppError::internal)?;
            record.apply(profile, &row.source);
        }
        FactChange::Retract { revision } => {
            record.retract(*revision).map_err(AppError::internal)?;
        }
    }
    Ok(())
}

/// Up to where truth is replayed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Revision(u32),
    Time(i64),
    End,
}

impl App {
    pub(crate) async fn fact_rows(
        &self,
        subject: Subject,
        until: Until,
    ) -> AppResult<Vec<FactRow>> {
        let mut rows: Vec<FactRow> = Vec::new();
        loop {
            let query = FactQuery {
                subject,
                kinds: Vec::new(),
                after: rows.last().map_or(0, |row| row.revision),
                through: if let Until::Revision(revision) = until {
                    Some(revision)
                } else {
                    None
                },
                as_of: if let Until::Time(time) = until {
                    Some(time)
                } else {
                    None
                },
                limit: PAGE_ROWS_MAX,
            };
            let page = self.store.list_facts(&query).await?;
            rows.extend(page.rows);
            if !page.more {
                return Ok(rows);
            }
        }
    }

    /// A worker's timeline as it was.
    pub(crate) async fn timeline_at(
        &self,
        worker_id: WorkerId,
        until: Until,
    ) -> AppResult<Timeline> {
        let (timeline, _) = self.timeline_and_employers_at(worker_id, until).await?;
        Ok(timeline)
    }

    /// A worker's timeline as it was, with every employer that had a contract by then, also one
    /// that was retracted since: months may have been booked on it.
    pub(crate) async fn timeline_and_employers_at(
        &self,
        worker_id: WorkerId,
        until: Until,
    ) -> AppResult<(Timeline, Vec<EmployerCode>)> {
        let mut timeline = Timeline::default();
        let mut employers = Vec::new();
        for row in self.fact_rows(Subject::Worker(worker_id), until).await? {
            replay_worker(&mut timeline, &row)?;
            if let FactChange::Record { body, .. } = &row.change
                && row.kind == FactKind::Contract
                && let WorkerFact::Contract(contract) = unpack(body).map_err(AppError::internal)?
            {
                employers.push(contract.employer_code);
            }
        }
        employers.sort_unstable();
        employers.dedup();
        Ok((timeline, employers))
    }

    /// An employer's record as it was.
    pub(crate) async fn employer_at(
        &self,
        code: EmployerCode,
        until: Until,
    ) -> AppResult<EmployerRecord> {
        let mut record = EmployerRecord::default();
        for row in self.fact_rows(Subject::Employer(code), until).await? {
            replay_employer(&mut record, &row)?;
        }
        Ok(record)
    }

    /// The months of a worker that the given employers had booked at a time.
    pub(crate) async fn booked_at(
        &self,
        worker_id: WorkerId,
        employers: &[EmployerCode],
        as_of: i64,
    ) -> AppResult<Vec<BookedMonth>> {
        let mut booked: Vec<BookedMonth> = Vec::new();
        // Entries name a person as the record stood when they were written.
        let mut ids = self.merged_by(worker_id, as_of).await?;
        ids.push(worker_id);
        for employer_code in employers {
            for body in self.entries_of(employer_code, None, Some(as_of)).await? {
                for change in body
                    .draft
                    .accruals
                    .iter()
                    .filter(|change| ids.contains(&change.worker_id))
                {
                    let month = BookedMonth {
                        month: change.month,
                        employer_code: *employer_code,
                    };
                    if change.booked {
                        booked.push(month);
                    } else if let Some(place) = booked.iter().position(|known| *known == month) {
                        booked.swap_remove(place);
                    }
                }
            }
        }
        booked.sort_unstable();
        // Two records of one person may both have had a month.
        booked.dedup();
        Ok(booked)
    }

    /// The entries of an employer, of one year when given, that were recorded by a time when given.
    pub(crate) async fn entries_of(
        &self,
        employer_code: &EmployerCode,
        year: Option<TaxYear>,
        as_of: Option<i64>,
    ) -> AppResult<Vec<EntryBody>> {
        let mut bodies: Vec<EntryBody> = Vec::new();
        loop {
            let after = bodies.last().map_or(0, |body| body.sequence);
            let rows = self
                .store
                .list_entries(employer_code, year, after, PAGE_ROWS_MAX, as_of)
                .await?;
            let is_last = rows.len() < PAGE_ROWS_MAX as usize;
            for row in rows {
                bodies.push(EntryBody::thaw(&row.frozen).map_err(AppError::internal)?);
            }
            if is_last {
                return Ok(bodies);
            }
        }
    }

    /// Checks an as-of time and waits until nothing older can still appear.
    pub(crate) async fn close_as_of(&self, as_of: Option<i64>) -> AppResult<Option<i64>> {
        let Some(as_of) = as_of else {
            return Ok(None);
        };
        if as_of > self.clock.now_micros() {
            return Err(AppError::new(ErrorReason::AsOfInFuture));
        }
        self.store.fence().await?;
        Ok(Some(as_of))
    }
}
