//! `ConfirmResolution`: the second of the two persons. With it the resolution is recorded as a fact
//! of the worker, in the same unit of work.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::fact::{FactKind, ReviewResolution, Source, WorkerFact};
use mamagang_domain::ids::{CaseId, Subject, WorkerId};
use mamagang_domain::review::{Proposal, ReviewAction};
use mamagang_domain::timeline::{Applied, pack};
use mamagang_store::UnitOfWork;
use mamagang_store::rows::{FactChange, FactRow};

use super::Review;
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::{Permit, require_second_person};
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, day_of, locked_case};

/// What the fact's source is called.
const SOURCE: &str = "人工复核";

/// The request.
#[derive(Clone, Debug)]
pub struct ConfirmResolution {
    /// The request.
    pub request: WriteRequest,
    /// Which case.
    pub case_id: CaseId,
    /// Whether the proposal is confirmed; else the case is open again.
    pub confirmed: bool,
    /// Why.
    pub reason: String,
}

impl App {
    /// Confirms what another person proposed, or sends it back.
    ///
    /// Errors: `CASE_NOT_FOUND`, `TRANSITION_NOT_ALLOWED`, `SECOND_PERSON_REQUIRED`,
    /// `REQUEST_ID_REUSED`.
    pub async fn confirm_resolution(
        &self,
        caller: &Caller,
        confirm: ConfirmResolution,
    ) -> AppResult<Review> {
        let permit = self.permit(ConfirmResolution::METHOD, caller, None).await?;
        self.take_step(&permit, &confirm).await
    }
}

#[async_trait]
impl Step for ConfirmResolution {
    type Answer = Review;

    const METHOD: &'static str = "mamagang.v1.ReviewService/ConfirmResolution";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    async fn take(
        &self,
        _: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Review>, Attempt> {
        let before = locked_case(unit, permit, CaseKind::Review, self.case_id).await?;
        let mut review = Review::of(&before)?;
        let action = match self.confirmed {
            true => ReviewAction::Confirm,
            false => ReviewAction::Refuse,
        };
        let next = review.after(action)?;
        let proposal = review.file.proposal.clone();
        let proposal = proposal.ok_or_else(|| AppError::internal("a review without proposal"))?;
        require_second_person(permit.caller, &proposal.proposed_by)?;
        review.state = next as u8;
        if self.confirmed {
            let actor = &permit.caller.subject;
            review.file.confirmed_by.clone_from(actor);
            if let Some(worker_id) = review.worker_id {
                let revision = self.record(unit, &review, worker_id, &proposal, actor);
                review.file.resolution_revision = revision.await?;
            }
        } else {
            review.file.proposal = None;
        }
        let now = unit.recorded_at();
        let event = review.step(&before, now, &permit.caller.subject, &self.reason);
        unit.append_cases(&[event]).await?;
        Ok(review.taken(action))
    }
}

impl ConfirmResolution {
    /// Records the resolution as a fact of the worker; `None` where the case concerns no months or
    /// no employer, so that no rule could read it.
    async fn record(
        &self,
        unit: &mut dyn UnitOfWork,
        review: &Review,
        worker_id: WorkerId,
        proposal: &Proposal,
        actor: &str,
    ) -> Result<Option<u32>, Attempt> {
        let months = proposal.from_month.zip(proposal.through_month);
        let Some(((from_month, through_month), employer_code)) = months.zip(review.employer_code)
        else {
            return Ok(None);
        };
        let rows = unit.workers(&[worker_id]).await?;
        let row = rows.into_iter().flatten().next();
        let mut row = row.ok_or_else(|| AppError::internal("a review without its worker"))?;
        // The record that stands for the person.
        let worker_id = row.worker_id;
        let fact = WorkerFact::Resolution(ReviewResolution {
            case_id: review.case_id,
            measure: review.file.measure,
            employer_code,
            code: review.file.code,
            from_month,
            through_month,
            accepted: proposal.accepted,
        });
        let source = Source {
            name: SOURCE.to_owned(),
            drawn_on: Some(day_of(unit)),
        };
        let (revision, supersedes) = match row.timeline.apply(fact.clone(), &source) {
            Applied::Unchanged { revision } => return Ok(Some(revision)),
            Applied::Stored {
                revision,
                supersedes,
            } => (revision, supersedes),
        };
        let fact_row = FactRow {
            subject: Subject::Worker(worker_id),
            revision,
            kind: FactKind::ReviewResolution,
            change: FactChange::Record {
                body: pack(&fact),
                secret: Vec::new(),
            },
            supersedes,
            source,
            recorded_at: unit.recorded_at(),
            actor: actor.to_owned(),
            reason: proposal.reason.clone(),
        };
        unit.append_facts(&[fact_row]).await?;
        unit.put_workers(&[row]).await?;
        Ok(Some(revision))
    }
}
