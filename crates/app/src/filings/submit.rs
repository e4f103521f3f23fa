//! `SubmitFiling`: an employer files posts or a training plan, or saves a draft.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::filing::{
    FilingAction, FilingFile, FilingKind, FilingState, Post, TrainingPlan,
};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_store::UnitOfWork;

use super::{Filed, write_filing};
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, day_of, locked_case, not_allowed};

/// What is filed.
#[derive(Clone, Debug)]
pub struct SubmitFiling {
    /// The request.
    pub request: WriteRequest,
    /// Whether nothing is to be written.
    pub validate_only: bool,
    /// The draft or returned filing that it goes on with; `None` = a new one.
    pub filing_id: Option<CaseId>,
    /// Whether it stays a draft.
    pub draft: bool,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Town of the office that decides, 9 digits.
    pub town_code: String,
    /// What is filed.
    pub kind: FilingKind,
    /// Version of the guideline followed.
    pub guideline_version: String,
    /// The posts.
    pub posts: Vec<Post>,
    /// The training plan.
    pub training_plan: Option<TrainingPlan>,
}

impl App {
    /// Files, or saves a draft.
    pub async fn submit_filing(&self, caller: &Caller, filing: SubmitFiling) -> AppResult<Filed> {
        let permit = self.permit(SubmitFiling::METHOD, caller, None).await?;
        self.permit_employer(&permit, filing.employer_code).await?;
        self.take_step(&permit, &filing).await
    }
}

#[async_trait]
impl Step for SubmitFiling {
    type Answer = Filed;

    const METHOD: &'static str = "mamagang.v1.FilingService/SubmitFiling";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Filed>, Attempt> {
        // The case before the employer's head, which every step of a filing locks when it is written.
        let before = match self.filing_id {
            Some(id) => Some(locked_case(unit, permit, CaseKind::Filing, id).await?),
            None => None,
        };
        let known = unit.employers(&[self.employer_code]).await?;
        if known.into_iter().flatten().next().is_none() {
            let error = AppError::new(ErrorReason::EmployerNotFound);
            let error = error.with("employer_code", self.employer_code.to_string());
            return Err(error.into());
        }
        let action = if self.draft {
            FilingAction::Save
        } else {
            FilingAction::Submit
        };
        let mut state = FilingState::Draft;
        if let Some(file) = &before {
            let filed = Filed::of(file)?;
            // Whose a filing is does not change; another employer's is not there.
            if filed.employer_code != self.employer_code {
                let error = AppError::new(ErrorReason::CaseNotFound).with("kind", "FILING");
                return Err(error.with("case_id", file.case_id.to_string()).into());
            }
            state = filed.state()?;
        }
        let filing_id = self.filing_id.unwrap_or_else(|| CaseId(app.ids.new_id()));
        let next = state.after(action).map_err(|why| {
            not_allowed(
                filing_id,
                CaseKind::Filing,
                state.name(),
                action.name(),
                why,
            )
        })?;
        let submitted_on = (action == FilingAction::Submit).then(|| day_of(unit));
        let mut filed = Filed {
            filing_id,
            employer_code: self.employer_code,
            town_code: self.town_code.clone(),
            state: next as u8,
            revision: 0,
            opened_at: 0,
            updated_at: 0,
            file: FilingFile {
                kind: self.kind,
                guideline_version: self.guideline_version.clone(),
                posts: self.posts.clone(),
                training_plan: self.training_plan.clone(),
                submitted_on,
                submitted_by: permit.caller.subject.clone(),
                accepted_on: None,
                revoked_on: None,
                expires_on: None,
            },
        };
        write_filing(unit, permit.caller, before.as_ref(), &mut filed, "").await?;
        Ok(Taken {
            decisions: None,
            question: format!("filing_id={filing_id}\naction={}", action.name()),
            answer: filed,
            employer_code: Some(self.employer_code),
            worker_id: None,
        })
    }
}
