//! `GetDecision`: recomputes a decision from what its audit row recorded.

use mamagang_domain::frozen::Digest32;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::key_group::{Evidence, Person, RULES_VERSION, assess, explain};
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::WorkerKey;

use super::check::{CheckedDecision, evidence_views};
use super::digest::decision_digest;
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, PersonRecord, RecordedCall, thaw_call};
use crate::authorise::{Permit, Subject};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::history::Until;

/// A decision that was made before.
#[derive(Clone, Debug)]
pub struct StoredDecision {
    /// The decision as recomputed with the facts of then; `None` for other questions.
    pub decision: Option<CheckedDecision>,
    /// Digest that was recorded.
    pub recorded_digest: Digest32,
    /// Digest of the recomputed answer; `None` where nothing is recomputed.
    pub recomputed_digest: Option<Digest32>,
    /// The question, as JSON without personal data.
    pub question_json: String,
    /// The call as it was recorded.
    pub call: RecordedCall,
}

const METHOD: &str = "mamagang.v1.EligibilityService/GetDecision";

fn not_found(id: DecisionId) -> AppError {
    AppError::new(ErrorReason::DecisionNotFound).with("decision_id", id.to_string())
}

impl App {
    /// A decision by its id.
    pub async fn get_decision(
        &self,
        caller: &Caller,
        context: &AccessContext,
        id: DecisionId,
    ) -> AppResult<StoredDecision> {
        let permit = self.permit(METHOD, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_decision(&permit, id).await?;
        let stored = match self.recompute(id).await {
            Ok(stored) => stored,
            Err(error) => {
                return Err(self
                    .audit_refusal(METHOD, caller, Some(context), error)
                    .await);
            }
        };
        let mut draft = self.audit_draft(METHOD, caller, Some(context), Vec::new());
        if let Some(DecisionItem::KeyGroup {
            employer_code,
            person,
            ..
        }) = item_of(&stored.call, id)
        {
            draft.employer_code = Some(*employer_code);
            if let PersonRecord::Known { worker_id, .. } = person {
                draft.worker_id = Some(*worker_id);
            }
        }
        self.audit.write(draft).await?;
        Ok(stored)
    }

    /// A decision is within reach with its employer and its person; one that names neither, with its caller. Out of
    /// reach is answered like none.
    async fn permit_decision(&self, permit: &Permit<'_>, id: DecisionId) -> AppResult<()> {
        if permit.reaches_everything() {
            return Ok(());
        }
        let Some(row) = self.store.audit_row(id.audit).await? else {
            return Ok(());
        };
        let call = thaw_call(&row.frozen).map_err(AppError::internal)?;
        let (employer_code, worker_id) = match item_of(&call, id) {
            Some(DecisionItem::KeyGroup {
                employer_code,
                person,
                ..
            }) => (
                Some(*employer_code),
                match person {
                    PersonRecord::Known { worker_id, .. } => Some(*worker_id),
                    _ => None,
                },
            ),
            _ => (row.employer_code, row.worker_id),
        };
        let mut is_within =
            employer_code.is_some() || worker_id.is_some() || row.caller == permit.caller.subject;
        if let Some(code) = employer_code {
            let within = self.employers_within_reach(permit, &[code]).await?;
            is_within = within.contains(&code);
        }
        if let (Some(worker_id), true) = (worker_id, is_within) {
            let key = WorkerKey::Id(worker_id);
            let read = self.store.check_inputs(&[key], &[]).await?;
            let found = self.within_reach(permit, read.workers).await?;
            is_within = found.into_iter().flatten().next().is_some();
        }
        if is_within {
            return Ok(());
        }
        let subject = Subject {
            employer_code,
            worker_id,
        };
        Err(self.deny(permit, subject, not_found(id)).await)
    }

    async fn recompute(&self, id: DecisionId) -> AppResult<StoredDecision> {
        let row = self
            .store
            .audit_row(id.audit)
            .await?
            .ok_or_else(|| not_found(id))?;
        let call = thaw_call(&row.frozen).map_err(AppError::internal)?;
        let item = item_of(&call, id).ok_or_else(|| not_found(id))?.clone();
        match item {
            DecisionItem::Other { question, answer } => Ok(StoredDecision {
                decision: None,
                recorded_digest: answer,
                recomputed_digest: None,
                question_json: serde_json::json!({ "question": question }).to_string(),
                call,
            }),
            DecisionItem::KeyGroup { answer, .. } => {
                let decision = self.recompute_key_group(id, &item, &call).await?;
                Ok(StoredDecision {
                    recomputed_digest: Some(decision_digest(&decision.decision)),
                    decision: Some(decision),
                    recorded_digest: answer,
                    question_json: question_json(&item),
                    call,
                })
            }
        }
    }

    /// Decides again with the facts under the recorded revisions.
    async fn recompute_key_group(
        &self,
        id: DecisionId,
        item: &DecisionItem,
        call: &RecordedCall,
    ) -> AppResult<CheckedDecision> {
        let DecisionItem::KeyGroup {
            employer_code,
            employer_revision,
            person,
            booked,
            unclaimed_elsewhere,
            from,
            through,
            ..
        } = item
        else {
            return Err(not_found(id));
        };
        let employer = self
            .employer_at(*employer_code, Until::Revision(*employer_revision))
            .await?;
        let timeline = match person {
            PersonRecord::Known {
                worker_id,
                revision,
            } => {
                self.timeline_at(*worker_id, Until::Revision(*revision))
                    .await?
            }
            _ => Timeline::default(),
        };
        let evidence = Evidence {
            person: match person {
                PersonRecord::Unknown => Person::Unknown,
                PersonRecord::NotMatched => Person::NotMatched,
                PersonRecord::Known { .. } => Person::Known(&timeline),
            },
            employer_code,
            employer: &employer,
            booked,
            unclaimed_elsewhere: *unclaimed_elsewhere,
            filings: &[],
        };
        let assessment = assess(&self.book.key_group, &evidence, *from, *through);
        let decision = explain(&self.book.key_group, &evidence, &assessment);
        let evidence = match person {
            PersonRecord::Known { worker_id, .. } => {
                evidence_views(*worker_id, &timeline, &decision)
            }
            _ => Vec::new(),
        };
        Ok(CheckedDecision {
            decision_id: id,
            decision,
            evidence,
            decided_at: call.recorded_at,
            as_of: call.recorded_at,
            policy_version: self.book.version.to_string(),
            rules_version: RULES_VERSION,
        })
    }
}

fn item_of(call: &RecordedCall, id: DecisionId) -> Option<&DecisionItem> {
    call.items.get(usize::try_from(id.item.unwrap_or(0)).ok()?)
}

fn question_json(item: &DecisionItem) -> String {
    let DecisionItem::KeyGroup {
        employer_code,
        employer_revision,
        person,
        from,
        through,
        ..
    } = item
    else {
        return "{}".to_owned();
    };
    let (worker_id, revision) = match person {
        PersonRecord::Known {
            worker_id,
            revision,
        } => (Some(worker_id.to_string()), Some(*revision)),
        _ => (None, None),
    };
    serde_json::json!({
        "employer_code": employer_code.to_string(),
        "employer_revision": employer_revision,
        "worker_id": worker_id,
        "worker_revision": revision,
        "from_month": from.to_string(),
        "through_month": through.to_string(),
    })
    .to_string()
}
