//! Reviews: what a rule may not decide alone, and the two persons who decide it.

mod carry;
mod confirm;
mod list;
mod open;
mod propose;

pub(crate) use carry::{Carrying, waiting_reviews};
pub use confirm::ConfirmResolution;
pub use list::ReviewSelection;
pub(crate) use open::{KnownReviews, Opening, town_of};
pub use propose::ProposeResolution;

use mamagang_domain::case::CaseKind;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::review::{ReviewAction, ReviewFile, ReviewState};
use mamagang_domain::timeline::pack;
use mamagang_store::cases::{CaseEvent, CaseFile};
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};
use crate::step::{Taken, body_of, not_allowed};

/// A review as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its id.
    pub case_id: CaseId,
    /// The employer it concerns.
    pub employer_code: Option<EmployerCode>,
    /// The worker it concerns.
    pub worker_id: Option<WorkerId>,
    /// Town of the employer, 9 digits.
    pub town_code: String,
    /// Where it stands: a [`ReviewState`] by number.
    pub state: u8,
    /// Number of its last step.
    pub revision: u32,
    /// When it was opened (microseconds).
    pub opened_at: i64,
    /// When its last step was recorded (microseconds).
    pub updated_at: i64,
    /// What it says.
    pub file: ReviewFile,
}

impl Review {
    /// Where it stands.
    pub fn state(&self) -> AppResult<ReviewState> {
        let state = ReviewState::from_number(self.state);
        state.ok_or_else(|| AppError::internal("a review in an unknown state"))
    }

    pub(crate) fn of(case: &CaseFile) -> AppResult<Self> {
        Ok(Self {
            case_id: case.case_id,
            employer_code: case.employer_code,
            worker_id: case.worker_id,
            town_code: case.region_code.clone(),
            state: case.state,
            revision: case.revision,
            opened_at: case.opened_at,
            updated_at: case.updated_at,
            file: body_of(case)?,
        })
    }

    /// The state after an action.
    fn after(&self, action: ReviewAction) -> AppResult<ReviewState> {
        let state = self.state()?;
        state.after(action).map_err(|why| {
            let (state, action) = (state.name(), action.name());
            not_allowed(self.case_id, CaseKind::Review, state, action, why)
        })
    }

    /// Opens it again: what was proposed and recorded no longer holds.
    fn reopen(&mut self) -> AppResult<()> {
        self.state = self.after(ReviewAction::Reopen)? as u8;
        self.file.proposal = None;
        self.file.confirmed_by.clear();
        self.file.resolution_revision = None;
        Ok(())
    }

    /// The next step after what was read, recorded now.
    fn step(&mut self, before: &CaseFile, now: i64, actor: &str, reason: &str) -> CaseEvent {
        self.revision = before.revision + 1;
        self.updated_at = now;
        CaseEvent {
            file: CaseFile {
                revision: self.revision,
                state: self.state,
                updated_at: now,
                body: pack(&self.file),
                ..before.clone()
            },
            previous_state: Some(before.state),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// What a step of it answers and records.
    fn taken(self, action: ReviewAction) -> Taken<Self> {
        Taken {
            question: format!("case_id={}\naction={}", self.case_id, action.name()),
            employer_code: self.employer_code,
            worker_id: self.worker_id,
            decisions: None,
            answer: self,
        }
    }
}
