//! `RetractFact`: takes a fact out of force, and keeps it in history.

use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::frozen::digest;
use mamagang_domain::ids::{FactId, Subject, WorkerId};
use mamagang_domain::timeline::{Timeline, pack, unpack};
use mamagang_store::UnitOfWork;
use mamagang_store::rows::{FactChange, FactRow, OwnedFact, WorkerKey};
use serde::{Deserialize, Serialize};

use super::recording::{certificate_owner_key, contract_owner_key};
use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;

/// The request.
#[derive(Clone, Debug)]
pub struct RetractFact {
    /// The request.
    pub request: WriteRequest,
    /// Which fact.
    pub fact_id: FactId,
    /// Why.
    pub reason: String,
}

/// A fact that is out of force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retracted {
    /// The subject's revision that took it out.
    pub revision: u32,
    /// When (microseconds).
    pub retracted_at: i64,
}

const METHOD: &str = "mamagang.v1.RegistryService/RetractFact";

impl App {
    /// Takes a fact out of force.
    pub async fn retract_fact(
        &self,
        caller: &Caller,
        request: RetractFact,
    ) -> AppResult<Retracted> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_retraction(&permit, request.fact_id).await?;
        match until_not_overtaken(|| self.retract_once(caller, &request)).await {
            Err(Attempt::App(error)) => Err(self.audit_refusal(METHOD, caller, None, error).await),
            result => Ok(result?),
        }
    }

    /// A fact of a subject out of reach is answered like none.
    async fn permit_retraction(&self, permit: &Permit<'_>, fact_id: FactId) -> AppResult<()> {
        if permit.reaches_everything() {
            return Ok(());
        }
        let (subject, is_within) = match fact_id.subject {
            Subject::Employer(code) => {
                let within = self.employers_within_reach(permit, &[code]).await?;
                (code.into(), within.contains(&code))
            }
            Subject::Worker(worker_id) => {
                let read = self
                    .store
                    .check_inputs(&[WorkerKey::Id(worker_id)], &[])
                    .await?;
                let found = read.workers.into_iter().next().flatten();
                let row = found.as_ref().map(|found| &*found.worker);
                let within = self.workers_within_reach(permit, &[row]).await?;
                (worker_id.into(), within == [true])
            }
        };
        if is_within {
            return Ok(());
        }
        Err(self.deny(permit, subject, not_found(fact_id)).await)
    }

    async fn retract_once(
        &self,
        caller: &Caller,
        request: &RetractFact,
    ) -> Result<Retracted, Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let key = request.request.key(caller, METHOD);
        let known = unit
            .idempotency(std::slice::from_ref(&key))
            .await?
            .pop()
            .flatten();
        if let Some(first) = request.request.compare(known.as_ref())? {
            return Ok(unpack(first).map_err(AppError::internal)?);
        }
        let (kind, revision) = match request.fact_id.subject {
            Subject::Worker(worker_id) => {
                self.retract_of_worker(&mut *unit, worker_id, request)
                    .await?
            }
            Subject::Employer(code) => {
                let mut row = unit
                    .employers(&[code])
                    .await?
                    .pop()
                    .flatten()
                    .ok_or_else(|| not_found(request.fact_id))?;
                let revision = taken(
                    row.record.revision,
                    request,
                    row.record.retract(request.fact_id.revision).ok(),
                )?;
                unit.put_employers(&[row]).await?;
                (FactKind::EmployerProfile, revision)
            }
        };
        let recorded_at = unit.recorded_at();
        let row = FactRow {
            subject: request.fact_id.subject,
            revision,
            kind,
            change: FactChange::Retract {
                revision: request.fact_id.revision,
            },
            supersedes: Some(request.fact_id.revision),
            source: Source {
                name: String::new(),
                drawn_on: None,
            },
            recorded_at,
            actor: caller.subject.clone(),
            reason: request.reason.clone(),
        };
        unit.append_facts(&[row]).await?;
        let retracted = Retracted {
            revision,
            retracted_at: recorded_at,
        };
        let response = pack(&retracted);
        let answer = digest(&response);
        unit.put_idempotency(&[(key, request.request.record(response, recorded_at))])
            .await?;
        let question = format!("fact_id={}", request.fact_id);
        let mut draft = self.audit_draft(
            METHOD,
            caller,
            None,
            vec![DecisionItem::Other { question, answer }],
        );
        match request.fact_id.subject {
            Subject::Worker(worker_id) => draft.worker_id = Some(worker_id),
            Subject::Employer(code) => draft.employer_code = Some(code),
        }
        self.writes.commit(unit, vec![draft]).await?;
        Ok(retracted)
    }

    async fn retract_of_worker(
        &self,
        unit: &mut dyn UnitOfWork,
        worker_id: WorkerId,
        request: &RetractFact,
    ) -> Result<(FactKind, u32), Attempt> {
        let mut row = unit
            .workers(&[worker_id])
            .await?
            .pop()
            .flatten()
            .ok_or_else(|| not_found(request.fact_id))?;
        if row.worker_id != worker_id {
            // The record was merged into another one: nothing of it is in force any more.
            return Err(AppError::new(ErrorReason::FactAlreadyRetracted)
                .with("fact_id", request.fact_id.to_string())
                .into());
        }
        let wanted = request.fact_id.revision;
        let kind = row
            .timeline
            .in_force()
            .into_iter()
            .find(|(revision, _)| *revision == wanted);
        let owner = owner_of(&row.timeline, wanted);
        let revision = taken(
            row.timeline.revision,
            request,
            row.timeline.retract(wanted).ok(),
        )?;
        row.region_code = super::region_of(&row.timeline);
        unit.put_workers(&[row]).await?;
        if let Some(key) = owner {
            unit.put_fact_owners(&[OwnedFact {
                key,
                worker_id: None,
            }])
            .await?;
        }
        Ok((
            kind.map_or(FactKind::WorkerProfile, |(_, kind)| kind),
            revision,
        ))
    }
}

fn not_found(id: FactId) -> AppError {
    AppError::new(ErrorReason::FactNotFound).with("fact_id", id.to_string())
}

/// The revision that takes the fact out, or why it cannot be.
fn taken(latest: u32, request: &RetractFact, retracted: Option<u32>) -> AppResult<u32> {
    match retracted {
        Some(revision) => Ok(revision),
        None if request.fact_id.revision == 0 || request.fact_id.revision > latest => {
            Err(not_found(request.fact_id))
        }
        None => Err(AppError::new(ErrorReason::FactAlreadyRetracted)
            .with("fact_id", request.fact_id.to_string())),
    }
}

fn owner_of(timeline: &Timeline, revision: u32) -> Option<mamagang_store::rows::OwnerKey> {
    let contract = timeline
        .contracts
        .iter()
        .find(|held| held.revision == revision);
    let certificate = timeline
        .certificates
        .iter()
        .find(|held| held.revision == revision);
    contract
        .map(|held| contract_owner_key(&held.body.employer_code, &held.body.contract_id))
        .or_else(|| certificate.map(|held| certificate_owner_key(held.body.key)))
}
