//! Filings and hires, told.

use mamagang_app::AppResult;
use mamagang_app::filings::{Filed, HistoryStep, OpenPost, ReportedHire};
use mamagang_domain::filing::{FilingState, Post};
use mamagang_proto::v1;

use super::{date_or_empty, timestamp};
use crate::convert::enums::{ApiEnum as _, optional};

/// A count as the API writes it; counts are bounded where they are read.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) fn filing(filed: &Filed) -> AppResult<v1::Filing> {
    let file = &filed.file;
    let plan = file.training_plan.as_ref();
    Ok(v1::Filing {
        filing_id: filed.filing_id.to_string(),
        employer_code: filed.employer_code.to_string(),
        kind: file.kind.to_api(),
        state: filed.state()?.to_api(),
        town_code: filed.town_code.clone(),
        guideline_version: file.guideline_version.clone(),
        posts: file.posts.iter().map(post).collect(),
        training_plan: plan.map(|plan| v1::TrainingPlan {
            title: plan.title.clone(),
            stage: plan.stage.to_api(),
            class_hours: count(plan.class_hours),
            headcount: count(plan.headcount),
            provider: plan.provider.clone(),
        }),
        submitted_date: date_or_empty(file.submitted_on),
        accepted_date: date_or_empty(file.accepted_on),
        revoked_date: date_or_empty(file.revoked_on),
        expire_date: date_or_empty(file.expires_on),
        revision: i64::from(filed.revision),
        opened_time: Some(timestamp(filed.opened_at)),
        updated_time: Some(timestamp(filed.updated_at)),
    })
}

fn post(post: &Post) -> v1::FiledPost {
    v1::FiledPost {
        post_key: post.post_key.clone(),
        title: post.title.clone(),
        count: count(post.count),
        weekly_hours: count(post.weekly_hours),
        working_hours: post.working_hours.clone(),
        pay_min_fen: post.pay_min_fen.get(),
        pay_max_fen: post.pay_max_fen.get(),
        pay_unit: post.pay_unit.to_api(),
        town_code: post.town_code.clone(),
        filled: count(post.filled),
        vacancies: count(post.vacancies()),
    }
}

/// The steps of a filing.
pub(crate) fn filing_steps(steps: &[HistoryStep]) -> Vec<v1::CaseStep> {
    let name = |number: u8| FilingState::from_number(number).map_or("", FilingState::name);
    case_steps(steps, name)
}

/// The steps of a case, with its states named.
pub(crate) fn case_steps(
    steps: &[HistoryStep],
    name: impl Fn(u8) -> &'static str,
) -> Vec<v1::CaseStep> {
    let steps = steps.iter().map(|step| v1::CaseStep {
        revision: i64::from(step.revision),
        state: name(step.state).to_owned(),
        recorded_time: Some(timestamp(step.recorded_at)),
        actor: step.actor.clone(),
        reason: step.reason.clone(),
    });
    steps.collect()
}

pub(crate) fn open_post(open: &OpenPost) -> v1::OpenPost {
    v1::OpenPost {
        filing_id: open.filing_id.to_string(),
        kind: open.kind.to_api(),
        employer_code: open.employer_code.to_string(),
        employer_name: open.employer_name.clone(),
        post: Some(post(&open.post)),
    }
}

pub(crate) fn hire(hire: &ReportedHire) -> AppResult<v1::Hire> {
    let file = &hire.file;
    Ok(v1::Hire {
        hire_id: hire.hire_id.to_string(),
        filing_id: hire.filing_id.to_string(),
        post_key: file.post_key.clone(),
        employer_code: hire.employer_code.to_string(),
        worker_id: hire.worker_id.to_string(),
        contract_id: file.contract_id.clone(),
        town_code: hire.town_code.clone(),
        state: hire.state()?.to_api(),
        hired_date: file.hired_on.to_string(),
        carer_group: optional(file.carer_group),
        distance: optional(file.distance),
        due_date: date_or_empty(hire.due_on),
        registered_date: date_or_empty(file.registered_on),
        ended_date: date_or_empty(file.ended_on),
        end_registered_date: date_or_empty(file.end_registered_on),
        revision: i64::from(hire.revision),
        reported_time: Some(timestamp(hire.opened_at)),
        updated_time: Some(timestamp(hire.updated_at)),
    })
}
