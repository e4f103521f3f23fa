//! Who may do what, decided where the effect is.
//!
//! Two gates stand before every use case. The first asks the [`MATRIX`] whether the caller's roles grant the method at
//! all; the tower layer asks it too, before a message is read. The second asks whether the employer or person is within
//! the caller's reach, before it is said whether there is one: out of reach is `PERMISSION_DENIED` for an employer that
//! is not the caller's own, and else the same answer as for what does not exist. Every refusal is recorded.

mod duties;
mod matrix;
mod permit;
mod role;

use std::collections::{BTreeSet, HashSet};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_store::rows::{WorkerRow, WorkerSnapshot};

pub use duties::{DUTIES, Duty, require_second_person, roles_with_both};
pub use matrix::{MATRIX, Row, Scope, is_granted, row_of};
pub(crate) use permit::Permit;
pub use role::{Role, Roles};

use crate::app::App;
use crate::audit::AuditDraft;
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};

/// What a refused call was about, for its audit row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) employer_code: Option<EmployerCode>,
    pub(crate) worker_id: Option<WorkerId>,
}

impl From<EmployerCode> for Subject {
    fn from(code: EmployerCode) -> Self {
        Self {
            employer_code: Some(code),
            worker_id: None,
        }
    }
}

impl From<WorkerId> for Subject {
    fn from(id: WorkerId) -> Self {
        Self {
            employer_code: None,
            worker_id: Some(id),
        }
    }
}

impl App {
    /// The first gate: what the caller reaches with a method. Every use case begins with it.
    ///
    /// Errors: `PERMISSION_DENIED`, recorded.
    pub(crate) async fn permit<'a>(
        &self,
        method: &'static str,
        caller: &'a Caller,
        context: Option<&'a AccessContext>,
    ) -> AppResult<Permit<'a>> {
        let permit = row_of(method).and_then(|row| Permit::of(row, method, caller, context));
        match permit {
            Some(permit) => Ok(permit),
            None => {
                let error = AppError::new(ErrorReason::PermissionDenied);
                Err(self.audit_refusal(method, caller, context, error).await)
            }
        }
    }

    /// The second gate for an employer.
    ///
    /// Errors: `PERMISSION_DENIED`, or for one outside the caller's regions `EMPLOYER_NOT_FOUND`, as if there were
    /// none; either is recorded as `PERMISSION_DENIED`.
    pub(crate) async fn permit_employer(
        &self,
        permit: &Permit<'_>,
        code: EmployerCode,
    ) -> AppResult<()> {
        if permit.reaches_everything() || permit.is_own(&code) {
            return Ok(());
        }
        if !permit.is_by_region() {
            let error = AppError::new(ErrorReason::PermissionDenied);
            return Err(self.deny(permit, code.into(), error).await);
        }
        let read = self.store.check_inputs(&[], &[code]).await?;
        let row = read.employers.into_iter().next().flatten();
        if permit.reaches_employer(&code, row.as_ref().map(|row| &row.record)) {
            return Ok(());
        }
        let error = AppError::new(ErrorReason::EmployerNotFound);
        let error = error.with("employer_code", code.to_string());
        Err(self.deny(permit, code.into(), error).await)
    }

    /// The second gate for many employers: those of them that are within reach.
    pub(crate) async fn employers_within_reach(
        &self,
        permit: &Permit<'_>,
        codes: &[EmployerCode],
    ) -> AppResult<HashSet<EmployerCode>> {
        if permit.reaches_everything() {
            return Ok(codes.iter().copied().collect());
        }
        let mut within: HashSet<EmployerCode> = codes
            .iter()
            .copied()
            .filter(|code| permit.is_own(code))
            .collect();
        if permit.is_by_region() && !codes.is_empty() {
            let read = self.store.check_inputs(&[], codes).await?;
            let rows = read.employers.into_iter().flatten();
            within.extend(
                rows.filter(|row| permit.reaches_employer(&row.employer_code, Some(&row.record)))
                    .map(|row| row.employer_code),
            );
        }
        Ok(within)
    }

    /// The second gate for the items of a batch: what each whose employer is out of reach is told, as
    /// [`App::permit_employer`] does; recorded, one row an item.
    pub(crate) async fn employers_out_of_reach(
        &self,
        permit: &Permit<'_>,
        codes: &[EmployerCode],
    ) -> AppResult<Vec<Option<AppError>>> {
        let within = self.employers_within_reach(permit, codes).await?;
        let mut refused = Vec::with_capacity(codes.len());
        for code in codes {
            if within.contains(code) {
                refused.push(None);
                continue;
            }
            let error = match permit.is_by_region() {
                true => AppError::new(ErrorReason::EmployerNotFound)
                    .with("employer_code", code.to_string()),
                false => AppError::new(ErrorReason::PermissionDenied),
            };
            refused.push(Some(self.deny(permit, (*code).into(), error).await));
        }
        Ok(refused)
    }

    /// The second gate for persons: whether each is within reach. A person belongs to a town by where he lives, or by a
    /// contract with an employer there; to an employer by a contract with it.
    pub(crate) async fn workers_within_reach(
        &self,
        permit: &Permit<'_>,
        rows: &[Option<&WorkerRow>],
    ) -> AppResult<Vec<bool>> {
        if permit.reaches_everything() {
            return Ok(vec![true; rows.len()]);
        }
        let mut within: Vec<bool> = rows
            .iter()
            .map(|row| row.is_some_and(|row| permit.reaches_worker(row)))
            .collect();
        if !permit.is_by_region() {
            return Ok(within);
        }
        let open = || rows.iter().zip(&within).filter(|(_, within)| !**within);
        let codes: BTreeSet<EmployerCode> = open()
            .filter_map(|(row, _)| row.as_ref())
            .flat_map(|row| row.timeline.contract_employers())
            .collect();
        let codes: Vec<EmployerCode> = codes.into_iter().collect();
        let employers = self.employers_within_reach(permit, &codes).await?;
        for (row, within) in rows.iter().zip(&mut within) {
            let contracts = row.map(|row| row.timeline.contract_employers());
            *within |= contracts.is_some_and(|codes| codes.iter().any(|c| employers.contains(c)));
        }
        Ok(within)
    }

    /// Takes out those whom the caller does not reach, and notes them for the answer's row.
    pub(crate) async fn within_reach(
        &self,
        permit: &Permit<'_>,
        snapshots: Vec<Option<WorkerSnapshot>>,
    ) -> AppResult<Vec<Option<WorkerSnapshot>>> {
        if permit.reaches_everything() {
            return Ok(snapshots);
        }
        let rows: Vec<Option<&WorkerRow>> = snapshots
            .iter()
            .map(|found| found.as_ref().map(|found| &*found.worker))
            .collect();
        let within = self.workers_within_reach(permit, &rows).await?;
        let known = rows.iter().zip(&within);
        let persons = known.filter(|(_, within)| !**within);
        let persons = persons.filter_map(|(row, _)| row.map(|row| row.worker_id));
        permit
            .caller
            .trail
            .note(|noted| noted.out_of_reach.extend(persons));
        let pairs = snapshots.into_iter().zip(within);
        Ok(pairs
            .map(|(found, within)| found.filter(|_| within))
            .collect())
    }

    /// The second gate for one person.
    pub(crate) async fn reaches_worker(
        &self,
        permit: &Permit<'_>,
        row: &WorkerRow,
    ) -> AppResult<bool> {
        let within = self.workers_within_reach(permit, &[Some(row)]).await?;
        Ok(within.first().copied().unwrap_or(false))
    }

    /// Writes the row of an answer that tells nothing of persons out of reach. Where it was asked about any, a second
    /// row of the same call names them as `PERMISSION_DENIED`: the trail tells them from persons whom nobody knows.
    /// Both rows are queued at once, so that the time of the answer does not tell it.
    pub(crate) async fn write_answer(&self, draft: AuditDraft) -> AppResult<()> {
        let persons = draft.caller.trail.take_out_of_reach();
        if persons.is_empty() {
            return self.audit.write(draft).await;
        }
        metrics::counter!("mamagang_permission_denied_total", "rpc.method" => draft.method)
            .increment(1);
        let denied = AuditDraft {
            outcome: ErrorReason::PermissionDenied.name().to_owned(),
            employer_code: draft.employer_code,
            subjects: persons.into_iter().collect(),
            ..self.audit_draft(
                draft.method,
                &draft.caller,
                draft.context.as_ref(),
                Vec::new(),
            )
        };
        self.audit.write_all(vec![draft, denied]).await
    }

    /// Records that a resource was out of reach, as `PERMISSION_DENIED`, whatever the caller is told.
    pub(crate) async fn deny(
        &self,
        permit: &Permit<'_>,
        subject: Subject,
        told: AppError,
    ) -> AppError {
        metrics::counter!("mamagang_permission_denied_total", "rpc.method" => permit.method)
            .increment(1);
        let mut draft = self.audit_draft(permit.method, permit.caller, permit.context, Vec::new());
        draft.outcome = ErrorReason::PermissionDenied.name().to_owned();
        draft.employer_code = subject.employer_code;
        draft.worker_id = subject.worker_id;
        match self.audit.write(draft).await {
            Ok(()) => told,
            Err(audit_error) => audit_error,
        }
    }
}
