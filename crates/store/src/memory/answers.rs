//! What is read.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;

use crate::rows::{
    CheckInputs, EmployerRow, EntryRow, FactPage, FactQuery, FactRow, IdempotencyKey,
    IdempotencyRecord, KeyedMac, LedgerInputs, OwnerKey, PersonMonth, WorkerKey, WorkerRow,
    WorkerSecret, WorkerSnapshot, YearRow,
};

use super::state::State;

fn at_most<T: Clone>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect()
}

impl State {
    fn snapshot(&self, id: WorkerId, name_macs: Vec<KeyedMac>) -> Option<WorkerSnapshot> {
        let worker = self.worker(id)?.clone();
        let named = worker.timeline.filing_ids().into_iter();
        let filings = named.filter_map(|id| self.filings.get(id));
        Some(WorkerSnapshot {
            booked: self.booked_months(worker.worker_id),
            filings: filings.cloned().collect(),
            worker: Arc::new(worker),
            name_macs,
        })
    }

    pub(super) fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> CheckInputs {
        let workers = workers.iter().map(|key| match key {
            WorkerKey::Id(id) => self.snapshot(*id, Vec::new()),
            WorkerKey::Identity(identity) => {
                let (holder, name_macs) = self.holder(identity)?;
                self.snapshot(holder, name_macs)
            }
        });
        CheckInputs {
            workers: workers.collect(),
            employers: self.employers(employers),
        }
    }

    pub(super) fn employers(&self, codes: &[EmployerCode]) -> Vec<Option<EmployerRow>> {
        let rows = codes.iter().map(|code| self.employers.get(code).cloned());
        rows.collect()
    }

    pub(super) fn ledger_inputs(&self, years: &[(EmployerCode, TaxYear)]) -> Vec<LedgerInputs> {
        let inputs = years.iter().map(|(employer, year)| {
            let links = self.links.iter().filter(|(code, _)| code == employer);
            let linked: BTreeSet<_> = links.map(|(_, id)| self.resolve(*id)).collect();
            let snapshots = linked.into_iter();
            let mut months = self.person_months(employer);
            months.retain(|month| month.month.year() == year.number());
            LedgerInputs {
                employer: self.employers.get(employer).cloned().map(Arc::new),
                head: self.head(employer),
                year: self
                    .years
                    .get(&(*employer, *year))
                    .cloned()
                    .unwrap_or_default(),
                months,
                workers: snapshots
                    .filter_map(|id| self.snapshot(id, Vec::new()))
                    .collect(),
            }
        });
        inputs.collect()
    }

    pub(super) fn worker_rows(&self, ids: &[WorkerId]) -> Vec<Option<WorkerRow>> {
        ids.iter().map(|id| self.worker(*id).cloned()).collect()
    }

    pub(super) fn worker_secrets(&self, ids: &[WorkerId]) -> Vec<Option<WorkerSecret>> {
        ids.iter().map(|id| self.secrets.get(id).cloned()).collect()
    }

    pub(super) fn fact_owners(&self, keys: &[OwnerKey]) -> Vec<Option<WorkerId>> {
        let owners = keys.iter().map(|key| self.owners.get(key));
        owners
            .map(|owner| owner.map(|id| self.resolve(*id)))
            .collect()
    }

    pub(super) fn list_facts(&self, query: &FactQuery) -> FactPage {
        let asked_for = |row: &&FactRow| {
            (query.kinds.is_empty() || query.kinds.contains(&row.kind))
                && row.revision > query.after
                && query.through.is_none_or(|last| row.revision <= last)
                && query.as_of.is_none_or(|as_of| row.recorded_at <= as_of)
        };
        let rows = self.facts.get(&query.subject).into_iter().flatten();
        let found: Vec<_> = rows.filter(asked_for).cloned().collect();
        let count = found.len();
        let rows = at_most(found.into_iter(), query.limit);
        FactPage {
            more: rows.len() < count,
            rows,
        }
    }

    pub(super) fn list_employers(
        &self,
        after: Option<EmployerCode>,
        limit: u32,
    ) -> Vec<EmployerRow> {
        let from = after.map_or(Unbounded, Excluded);
        let rows = self.employers.range((from, Unbounded));
        at_most(rows.map(|(_, row)| row.clone()), limit)
    }

    pub(super) fn list_workers(&self, after: Option<WorkerId>, limit: u32) -> Vec<WorkerRow> {
        let from = after.map_or(Unbounded, Excluded);
        let rows = self.workers.range((from, Unbounded));
        at_most(rows.map(|(_, row)| row.clone()), limit)
    }

    pub(super) fn list_entries(
        &self,
        employer: &EmployerCode,
        year: Option<TaxYear>,
        after: u32,
        limit: u32,
        as_of: Option<i64>,
    ) -> Vec<EntryRow> {
        let chain = self.entries.get(employer).into_iter().flatten();
        let asked_for = chain.filter(|entry| {
            entry.sequence > after
                && year.is_none_or(|year| entry.tax_year == year)
                && as_of.is_none_or(|as_of| entry.recorded_at <= as_of)
        });
        at_most(asked_for.cloned(), limit)
    }

    /// Months booked under a worker, by month.
    pub(super) fn booked_months(&self, worker_id: WorkerId) -> Vec<BookedMonth> {
        let months = self.months_of(worker_id).map(|month| BookedMonth {
            month: month.month,
            employer_code: month.employer_code,
        });
        months.collect()
    }

    /// Months booked for an employer, by month and worker.
    pub(super) fn person_months(&self, employer: &EmployerCode) -> Vec<PersonMonth> {
        let months = self.months.values();
        let mut booked: Vec<_> = months
            .filter(|month| month.employer_code == *employer)
            .copied()
            .collect();
        booked.sort_by_key(|month| (month.month, month.worker_id));
        booked
    }

    pub(super) fn list_years(&self, employers: &[EmployerCode]) -> Vec<YearRow> {
        let years = self.years.iter();
        let years = years.filter(|((code, _), _)| employers.contains(code));
        let rows = years.map(|((employer_code, tax_year), state)| YearRow {
            employer_code: *employer_code,
            tax_year: *tax_year,
            state: state.clone(),
        });
        rows.collect()
    }

    pub(super) fn idempotency(&self, keys: &[IdempotencyKey]) -> Vec<Option<IdempotencyRecord>> {
        let records = keys.iter().map(|key| self.answers.get(key).cloned());
        records.collect()
    }
}
