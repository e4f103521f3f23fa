//! `ProposeResolution`: the first of the two persons.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::ids::CaseId;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::review::{Proposal, ReviewAction, may_be_accepted};
use mamagang_store::UnitOfWork;

use super::Review;
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, locked_case};

/// The request.
#[derive(Clone, Debug)]
pub struct ProposeResolution {
    /// The request.
    pub request: WriteRequest,
    /// Which case.
    pub case_id: CaseId,
    /// Whether the condition is taken as met.
    pub accepted: bool,
    /// The months that it is for; `None` = those of the case.
    pub months: Option<(TaxMonth, TaxMonth)>,
    /// Why.
    pub reason: String,
    /// What was looked at.
    pub evidence: Vec<String>,
}

impl App {
    /// Proposes what a second person is to confirm.
    ///
    /// Errors: `CASE_NOT_FOUND`, `TRANSITION_NOT_ALLOWED`, `REVIEW_NOT_ACCEPTABLE`,
    /// `INVALID_ARGUMENT_FIELDS`, `REQUEST_ID_REUSED`.
    pub async fn propose_resolution(
        &self,
        caller: &Caller,
        propose: ProposeResolution,
    ) -> AppResult<Review> {
        let permit = self.permit(ProposeResolution::METHOD, caller, None).await?;
        self.take_step(&permit, &propose).await
    }
}

impl ProposeResolution {
    /// The months that the proposal is for; none where the case has none.
    fn months_of(&self, review: &Review) -> AppResult<Option<(TaxMonth, TaxMonth)>> {
        let file = &review.file;
        let of_case = file.from_month.zip(file.through_month);
        match (self.months, of_case) {
            (Some(_), None) => {
                let zh = "该案件不涉及月份";
                let violation = Violation::new("from_month", zh, "the case concerns no months");
                Err(AppError::invalid(vec![violation]))
            }
            (told, of_case) => Ok(told.or(of_case)),
        }
    }
}

#[async_trait]
impl Step for ProposeResolution {
    type Answer = Review;

    const METHOD: &'static str = "mamagang.v1.ReviewService/ProposeResolution";

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
        let next = review.after(ReviewAction::Propose)?;
        let months = self.months_of(&review)?;
        let code = review.file.reason();
        if self.accepted && !code.is_some_and(may_be_accepted) {
            let error = AppError::new(ErrorReason::ReviewNotAcceptable);
            let code = code.map_or("", |code| code.name());
            return Err(error.with("reason", code).into());
        }
        review.state = next as u8;
        review.file.proposal = Some(Proposal {
            accepted: self.accepted,
            from_month: months.map(|(first, _)| first),
            through_month: months.map(|(_, last)| last),
            reason: self.reason.clone(),
            evidence: self.evidence.clone(),
            proposed_by: permit.caller.subject.clone(),
        });
        let now = unit.recorded_at();
        let event = review.step(&before, now, &permit.caller.subject, &self.reason);
        unit.append_cases(&[event]).await?;
        Ok(review.taken(ReviewAction::Propose))
    }
}
