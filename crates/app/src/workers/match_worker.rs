//! `MatchWorker`: a short-lived handle that spares later calls the id number.

use std::sync::Arc;

use mamagang_crypto::TokenKind;

use super::{Identity, Who};
use crate::app::{App, require_context};
use crate::audit::given;
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::MATCH_LIFETIME;

/// The question.
#[derive(Clone, Debug)]
pub struct MatchWorker {
    /// Why it is asked.
    pub context: AccessContext,
    /// Document and name.
    pub identity: Identity,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The handle, bound to the caller's organisation.
    pub match_id: String,
    /// Until when it is valid (microseconds).
    pub expires_at: i64,
}

const METHOD: &str = "mamagang.v1.RegistryService/MatchWorker";

impl App {
    /// Finds a worker by document and name. A wrong name is answered like an unknown document.
    pub async fn match_worker(&self, caller: &Caller, request: MatchWorker) -> AppResult<Matched> {
        let permit = self.permit(METHOD, caller, Some(&request.context)).await?;
        require_context(&request.context)?;
        let who = Who::Identity(request.identity.clone());
        let key = match self.worker_key(caller, &who) {
            Ok(key) => key,
            Err(error) => {
                let refused = self.audit_refusal(METHOD, caller, Some(&request.context), error);
                return Err(refused.await);
            }
        };
        let mut inputs = self
            .store
            .check_inputs(std::slice::from_ref(&key), &[])
            .await?;
        let snapshot = inputs.workers.pop().flatten();
        self.note_misses(caller, std::iter::once((&who, snapshot.as_ref())));
        let snapshot =
            snapshot.filter(|found| self.name_matches(&request.identity, &found.name_macs));
        let Some(snapshot) = snapshot else {
            let error = AppError::new(ErrorReason::WorkerNotFound);
            return Err(self
                .audit_refusal(METHOD, caller, Some(&request.context), error)
                .await);
        };
        let worker_id = snapshot.worker.worker_id;
        if !self.reaches_worker(&permit, &snapshot.worker).await? {
            let error = AppError::new(ErrorReason::WorkerNotFound);
            return Err(self.deny(&permit, worker_id.into(), error).await);
        }
        let lifetime = i64::try_from(MATCH_LIFETIME.as_micros()).unwrap_or(i64::MAX);
        let expires_at = self.clock.now_micros().saturating_add(lifetime);
        let match_id = self.keys().seal_token(
            TokenKind::Match,
            &caller.token_scope(),
            expires_at,
            worker_id.bytes(),
        );
        let mut draft = self.audit_draft(METHOD, caller, Some(&request.context), Vec::new());
        draft.worker_id = Some(worker_id);
        draft.given = given(&["match_id"]);
        self.audit.write(draft).await?;
        Ok(Matched {
            match_id,
            expires_at,
        })
    }

    /// The worker that a caller means, or WORKER_NOT_FOUND, also for one out of reach. A refusal is recorded.
    pub(crate) async fn known_worker(
        &self,
        permit: &Permit<'_>,
        who: &Who,
    ) -> AppResult<mamagang_store::rows::WorkerSnapshot> {
        let found = match self.find_worker(permit.caller, who).await {
            Ok(found) => found,
            Err(error) => {
                let refused =
                    self.audit_refusal(permit.method, permit.caller, permit.context, error);
                return Err(refused.await);
            }
        };
        if self.reaches_worker(permit, &found.worker).await? {
            return Ok(found);
        }
        let error = AppError::new(ErrorReason::WorkerNotFound);
        Err(self
            .deny(permit, found.worker.worker_id.into(), error)
            .await)
    }

    /// The person whom an employer has hired, by number and name, or within its reach by our id.
    pub(crate) async fn person_to_report(
        &self,
        permit: &Permit<'_>,
        who: &Who,
    ) -> AppResult<mamagang_store::rows::WorkerRow> {
        if !matches!(who, Who::Identity(_)) {
            return Ok(Arc::unwrap_or_clone(
                self.known_worker(permit, who).await?.worker,
            ));
        }
        match self.find_worker(permit.caller, who).await {
            Ok(found) => Ok(Arc::unwrap_or_clone(found.worker)),
            Err(error) => {
                let refused =
                    self.audit_refusal(permit.method, permit.caller, permit.context, error);
                Err(refused.await)
            }
        }
    }

    async fn find_worker(
        &self,
        caller: &Caller,
        who: &Who,
    ) -> AppResult<mamagang_store::rows::WorkerSnapshot> {
        let key = self.worker_key(caller, who)?;
        let mut inputs = self
            .store
            .check_inputs(std::slice::from_ref(&key), &[])
            .await?;
        let snapshot = inputs.workers.pop().flatten();
        self.note_misses(caller, std::iter::once((who, snapshot.as_ref())));
        let matched = snapshot.filter(|found| match who {
            Who::Identity(identity) => self.name_matches(identity, &found.name_macs),
            _ => true,
        });
        if let Some(found) = &matched {
            let worker_id = found.worker.worker_id;
            caller.trail.note(|noted| noted.worker_id = Some(worker_id));
        }
        matched.ok_or_else(|| AppError::new(ErrorReason::WorkerNotFound))
    }
}
