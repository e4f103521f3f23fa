//! Reviews, told.

use mamagang_app::filings::HistoryStep;
use mamagang_app::reviews::Review;
use mamagang_app::{App, AppResult};
use mamagang_domain::ids::{FactId, Subject};
use mamagang_domain::reason::{Language, sentence};
use mamagang_domain::review::{Proposal, ReviewState, may_be_accepted};
use mamagang_proto::v1;

use super::filing::case_steps;
use super::{month_or_empty, timestamp};
use crate::convert::enums::ApiEnum as _;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// A case as it stands.
pub(crate) fn review(app: &App, review: &Review, language: Language) -> AppResult<v1::ReviewCase> {
    let file = &review.file;
    let reason = file.reason();
    let or_empty = |id: Option<String>| id.unwrap_or_default();
    let fact_id = review.worker_id.zip(file.resolution_revision);
    let fact_id = fact_id.map(|(worker_id, revision)| FactId {
        subject: Subject::Worker(worker_id),
        revision,
    });
    let age = (app.now_micros() - review.opened_at) / DAY_MICROS;
    Ok(v1::ReviewCase {
        review_case_id: review.case_id.to_string(),
        measure: file.measure,
        reason: file.code,
        message: reason
            .map(|code| sentence::<&str>(code, &[], language))
            .unwrap_or_default(),
        state: review.state()?.to_api(),
        employer_code: or_empty(review.employer_code.map(|code| code.to_string())),
        worker_id: or_empty(review.worker_id.map(|id| id.to_string())),
        town_code: review.town_code.clone(),
        from_month: month_or_empty(file.from_month),
        through_month: month_or_empty(file.through_month),
        matter: file.matter.clone(),
        decision_id: file.decision_id.clone(),
        policy_version: file.policy_version.clone(),
        opened_time: Some(timestamp(review.opened_at)),
        age_days: i32::try_from(age.max(0)).unwrap_or(i32::MAX),
        updated_time: Some(timestamp(review.updated_at)),
        revision: i64::from(review.revision),
        may_be_accepted: reason.is_some_and(may_be_accepted),
        proposal: file.proposal.as_ref().map(proposal),
        confirmed_by: file.confirmed_by.clone(),
        fact_id: or_empty(fact_id.map(|id| id.to_string())),
    })
}

fn proposal(proposal: &Proposal) -> v1::ReviewProposal {
    v1::ReviewProposal {
        accepted: proposal.accepted,
        from_month: month_or_empty(proposal.from_month),
        through_month: month_or_empty(proposal.through_month),
        reason: proposal.reason.clone(),
        evidence: proposal.evidence.clone(),
        proposed_by: proposal.proposed_by.clone(),
    }
}

/// The steps of a review.
pub(crate) fn steps(steps: &[HistoryStep]) -> Vec<v1::CaseStep> {
    let name = |number: u8| ReviewState::from_number(number).map_or("", ReviewState::name);
    case_steps(steps, name)
}
