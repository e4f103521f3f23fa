//! The unit of work.

use std::sync::Arc;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::TaxYear;
use tokio::sync::OwnedMutexGuard;

use crate::rows::{
    AuditRow, EmployerRow, EntryRow, FactRow, IdempotencyKey, IdempotencyRecord, IdentityKey,
    KnownIdentity, LedgerInputs, NewWorker, OwnedFact, OwnerKey, PersonMonth, WorkerRow,
    WorkerSecret, YearRow,
};
use crate::{StoreError, StoreErrorKind, StoreResult, UnitOfWork};

use super::Shared;
use super::state::State;

/// A copy of everything, changed by one unit.
pub(super) struct MemoryUnit {
    shared: Arc<Shared>,
    /// Copied at the first write only.
    pub(super) state: Arc<State>,
    recorded_at: i64,
    failed: Option<StoreErrorKind>,
    _writer: OwnedMutexGuard<i64>,
}

impl MemoryUnit {
    pub(super) fn new(shared: Arc<Shared>, writer: OwnedMutexGuard<i64>) -> Self {
        Self {
            state: shared.read(),
            shared,
            recorded_at: *writer,
            failed: None,
            _writer: writer,
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn write(
        &mut self,
        change: impl FnOnce(&mut State) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let result = change(Arc::make_mut(&mut self.state));
        if let Err(error) = &result {
            self.failed = Some(error.kind());
        }
        result
    }
}

#[async_trait]
impl UnitOfWork for MemoryUnit {
    fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    async fn idempotency(
        &mut self,
        keys: &[IdempotencyKey],
    ) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
        Ok(self.state.idempotency(keys))
    }

    async fn identities(
        &mut self,
        keys: &[IdentityKey],
    ) -> StoreResult<Vec<Option<KnownIdentity>>> {
        Ok(keys.iter().map(|key| self.state.identity(key)).collect())
    }

    async fn workers(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerRow>>> {
        Ok(self.state.worker_rows(ids))
    }

    async fn worker_secrets(&mut self, ids: &[WorkerId]) -> StoreResult<Vec<Option<WorkerSecret>>> {
        Ok(self.state.worker_secrets(ids))
    }

    async fn employers(&mut self, codes: &[EmployerCode]) -> StoreResult<Vec<Option<EmployerRow>>> {
        Ok(self.state.employers(codes))
    }

    async fn fact_owners(&mut self, keys: &[OwnerKey]) -> StoreResult<Vec<Option<WorkerId>>> {
        Ok(self.state.fact_owners(keys))
    }

    async fn ledger_inputs(
        &mut self,
        years: &[(EmployerCode, TaxYear)],
    ) -> StoreResult<Vec<LedgerInputs>> {
        Ok(self.state.ledger_inputs(years))
    }

    async fn insert_workers(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        self.write(|state| state.insert_workers(workers))
    }

    async fn put_identities(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        self.write(|state| state.put_identities(workers))
    }

    async fn append_facts(&mut self, facts: &[FactRow]) -> StoreResult<()> {
        self.write(|state| state.append_facts(facts))
    }

    async fn put_workers(&mut self, workers: &[WorkerRow]) -> StoreResult<()> {
        self.write(|state| state.put_workers(workers))
    }

    async fn put_employers(&mut self, employers: &[EmployerRow]) -> StoreResult<()> {
        self.write(|state| state.put_employers(employers))
    }

    async fn link_workers(&mut self, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()> {
        self.write(|state| state.link_workers(links))
    }

    async fn put_fact_owners(&mut self, owners: &[OwnedFact]) -> StoreResult<()> {
        self.write(|state| state.put_fact_owners(owners))
    }

    async fn append_entries(&mut self, entries: &[EntryRow]) -> StoreResult<()> {
        self.write(|state| state.append_entries(entries))
    }

    async fn put_years(&mut self, years: &[YearRow]) -> StoreResult<()> {
        self.write(|state| state.put_years(years))
    }

    async fn release_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        self.write(|state| state.release_months(months))
    }

    async fn book_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        self.write(|state| state.book_months(months))
    }

    async fn put_idempotency(
        &mut self,
        records: &[(IdempotencyKey, IdempotencyRecord)],
    ) -> StoreResult<()> {
        self.write(|state| state.put_idempotency(records))
    }

    async fn append_audit(&mut self, rows: &[AuditRow]) -> StoreResult<()> {
        self.write(|state| state.append_audit(rows))
    }

    async fn put_policy_set(&mut self, version: &str, content: &str) -> StoreResult<()> {
        let recorded_at = self.recorded_at;
        self.write(|state| state.put_policy_set(version, content, recorded_at))
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        if let Some(kind) = self.failed {
            return Err(StoreError::new(kind, "a part of the unit was refused"));
        }
        self.shared.replace(Arc::clone(&self.state));
        Ok(())
    }
}
