//! `ListReviewCases` and `GetReviewCase`.

use mamagang_domain::case::CaseKind;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::review::ReviewState;
use mamagang_store::cases::CaseQuery;

use super::Review;
use crate::app::{App, require_context};
use crate::caller::{AccessContext, Caller};
use crate::error::AppResult;
use crate::filings::{CasePlace, HistoryStep, Page};
use crate::limits::CASE_STEPS_MAX;
use crate::step::reached;

/// Which reviews.
#[derive(Clone, Debug)]
pub struct ReviewSelection {
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// In these states; empty = any.
    pub states: Vec<ReviewState>,
    /// Of these reasons; empty = any.
    pub reasons: Vec<ReasonCode>,
    /// Of these measures; empty = any.
    pub measures: Vec<i32>,
    /// Of employers in towns that begin so.
    pub town_prefix: String,
    /// Opened before (microseconds).
    pub opened_before: Option<i64>,
    /// After this place.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: u32,
}

const METHOD_LIST: &str = "mamagang.v1.ReviewService/ListReviewCases";
const METHOD_GET: &str = "mamagang.v1.ReviewService/GetReviewCase";

impl App {
    /// Reviews, the oldest first.
    pub async fn list_reviews(
        &self,
        caller: &Caller,
        selection: ReviewSelection,
    ) -> AppResult<Page<Review>> {
        let permit = self.permit(METHOD_LIST, caller, None).await?;
        let mut query = CaseQuery::of(CaseKind::Review, selection.limit + 1);
        query.employer_code = self
            .asked_employer(&permit, selection.employer_code)
            .await?;
        query.states = selection.states.iter().map(|state| *state as u8).collect();
        query.region_prefix = selection.town_prefix;
        query.opened_before = selection.opened_before;
        query.after = selection.after;
        let (reasons, measures) = (selection.reasons, selection.measures);
        let is_asked = |review: &Review| {
            let reason = review.file.reason();
            (reasons.is_empty() || reason.is_some_and(|reason| reasons.contains(&reason)))
                && (measures.is_empty() || measures.contains(&review.file.measure))
        };
        let page = self
            .page_of_cases_where(&permit, query, Review::of, is_asked)
            .await?;
        let draft = self.audit_draft(METHOD_LIST, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// A review with its steps. Errors: `CONTEXT_REQUIRED`, `CASE_NOT_FOUND`.
    pub async fn get_review(
        &self,
        caller: &Caller,
        context: &AccessContext,
        case_id: CaseId,
    ) -> AppResult<(Review, Vec<HistoryStep>)> {
        let permit = self.permit(METHOD_GET, caller, Some(context)).await?;
        require_context(context)?;
        let read = async {
            let found = self.store.cases(&[case_id]).await?;
            let found = found.into_iter().next().flatten();
            let case = reached(&permit, found, CaseKind::Review, case_id)?;
            let events = self.store.list_case_events(case_id, 0, CASE_STEPS_MAX);
            let steps = events.await?.into_iter().map(|event| HistoryStep {
                revision: event.file.revision,
                state: event.file.state,
                recorded_at: event.file.updated_at,
                actor: event.actor,
                reason: event.reason,
            });
            Ok((Review::of(&case)?, steps.collect()))
        };
        let (review, steps): (Review, Vec<HistoryStep>) = match read.await {
            Ok(found) => found,
            Err(error) => {
                return Err(self
                    .audit_refusal(METHOD_GET, caller, Some(context), error)
                    .await);
            }
        };
        let mut draft = self.audit_draft(METHOD_GET, caller, Some(context), Vec::new());
        draft.worker_id = review.worker_id;
        draft.employer_code = review.employer_code;
        self.audit.write(draft).await?;
        Ok((review, steps))
    }
}
