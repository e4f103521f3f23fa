//! The in-memory model of the store, against which every engine is compared.
//!
//! A unit of work changes a copy of everything and puts it in place when it commits, one unit at a
//! time. Slow and simple on purpose: it says what a store does, not how.

mod answers;
mod audit;
mod cases;
mod changes;
mod checkpoint;
mod filings;
mod job;
mod keys;
mod merge;
mod policy;
mod state;
mod subsidy;
mod unit;

use std::sync::{Arc, Mutex as Cell, PoisonError};

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use tokio::sync::Mutex;

use crate::rows::{
    AuditRow, CheckInputs, EmployerRow, EntryRow, FactPage, FactQuery, IdempotencyKey,
    IdempotencyRecord, LedgerInputs, PersonMonth, WorkerKey, WorkerRow, WorkerSecret, YearRow,
};
use crate::{Clock, Store, StoreResult, UnitOfWork};

use state::State;
use unit::MemoryUnit;

/// What all units share.
#[derive(Debug, Default)]
struct Shared {
    committed: Cell<Arc<State>>,
}

impl Shared {
    fn read(&self) -> Arc<State> {
        let committed = self.committed.lock();
        Arc::clone(&committed.unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, state: Arc<State>) {
        let committed = self.committed.lock();
        *committed.unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// A store that lives as long as its process. For tests.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    /// Held by the unit that writes; holds the latest instant given to one.
    writer: Arc<Mutex<i64>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a worker was found to be another. Units of work do not merge yet.
    pub async fn merge(&self, from: WorkerId, into: WorkerId) {
        let _writer = self.writer.lock().await;
        let mut state = self.shared.read();
        Arc::make_mut(&mut state).merged.insert(from, into);
        self.shared.replace(state);
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self, clock: Arc<dyn Clock>) -> StoreResult<Box<dyn UnitOfWork>> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        *writer = clock.now_micros().max(*writer + 1);
        Ok(Box::new(MemoryUnit::new(Arc::clone(&self.shared), writer)))
    }

    async fn check_inputs(
        &self,
        workers: &[WorkerKey],
        employers: &[EmployerCode],
    ) -> StoreResult<CheckInputs> {
        Ok(self.shared.read().check_inputs(workers, employers))
    }

    async fn ledger_inputs(
        &self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>> {
        Ok(self.shared.read().ledger_inputs(years))
    }

    async fn worker_secrets(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>> {
        Ok(self.shared.read().worker_secrets(workers))
    }

    async fn list_facts(&self, query: &FactQuery) -> StoreResult<FactPage> {
        Ok(self.shared.read().list_facts(query))
    }

    async fn list_employers(
        &self,
        after: Option<EmployerCode>,
        limit: u32,
    ) -> StoreResult<Vec<EmployerRow>> {
        Ok(self.shared.read().list_employers(after, limit))
    }

    async fn list_workers(
        &self,
        after: Option<WorkerId>,
        limit: u32,
    ) -> StoreResult<Vec<WorkerRow>> {
        Ok(self.shared.read().list_workers(after, limit))
    }

    async fn list_entries(
        &self,
        employer: &EmployerCode,
        year: Option<TaxYear>,
        after: u32,
        limit: u32,
        as_of: Option<i64>,
    ) -> StoreResult<Vec<EntryRow>> {
        let state = self.shared.read();
        Ok(state.list_entries(employer, year, after, limit, as_of))
    }

    async fn booked_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<BookedMonth>>> {
        let state = self.shared.read();
        let booked = workers.iter().map(|id| state.booked_months(*id));
        Ok(booked.collect())
    }

    async fn person_months(&self, employer: &EmployerCode) -> StoreResult<Vec<PersonMonth>> {
        Ok(self.shared.read().person_months(employer))
    }

    async fn list_years(&self, employers: &[EmployerCode]) -> StoreResult<Vec<YearRow>> {
        Ok(self.shared.read().list_years(employers))
    }

    async fn audit_row(&self, id: AuditId) -> StoreResult<Option<AuditRow>> {
        Ok(self.shared.read().audit.get(&id).cloned())
    }

    async fn last_audit_row(&self, writer_id: [u8; 16]) -> StoreResult<Option<AuditRow>> {
        Ok(self.shared.read().last_audit_row(writer_id).cloned())
    }

    async fn idempotency(
        &self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
        Ok(self.shared.read().idempotency(keys))
    }

    async fn fence(&self) -> StoreResult<()> {
        drop(self.writer.lock().await);
        Ok(())
    }

    async fn ping(&self) -> StoreResult<()> {
        Ok(())
    }
}
