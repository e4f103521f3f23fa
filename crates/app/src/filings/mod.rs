//! Filings and hires: measure 11's life cycle, measure 12's open posts, measure 13's guideline.

mod decide;
mod hire;
mod list;
mod submit;

pub use decide::{DecideFiling, FilingDecision};
pub use hire::{EndHire, RegisterHire, Registration, ReportHire, ReportedHire};
pub use list::{CasePlace, FilingSelection, HireSelection, OpenPost, OpenPostSelection, Page};
pub use submit::SubmitFiling;

use mamagang_domain::case::CaseKind;
use mamagang_domain::filing::{FilingFile, FilingState};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_domain::timeline::pack;
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile};
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::step::body_of;

/// A filing as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Its id; contracts name it in `filing_id`.
    pub filing_id: CaseId,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Town, 9 digits.
    pub town_code: String,
    /// Where it stands: a [`FilingState`] by number.
    pub state: u8,
    /// Number of its last step.
    pub revision: u32,
    /// When it was opened (microseconds).
    pub opened_at: i64,
    /// When its last step was recorded (microseconds).
    pub updated_at: i64,
    /// What it says.
    pub file: FilingFile,
}

impl Filed {
    /// Where it stands.
    pub fn state(&self) -> AppResult<FilingState> {
        let state = FilingState::from_number(self.state);
        state.ok_or_else(|| AppError::internal("a filing in an unknown state"))
    }

    pub(crate) fn of(case: &CaseFile) -> AppResult<Self> {
        let employer = case.employer_code;
        Ok(Self {
            filing_id: case.case_id,
            employer_code: employer
                .ok_or_else(|| AppError::internal("a filing without its employer"))?,
            town_code: case.region_code.clone(),
            state: case.state,
            revision: case.revision,
            opened_at: case.opened_at,
            updated_at: case.updated_at,
            file: body_of(case)?,
        })
    }
}

/// A step in a case's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// Its number.
    pub revision: u32,
    /// The state after it, by number.
    pub state: u8,
    /// When it was recorded (microseconds).
    pub recorded_at: i64,
    /// Who took it.
    pub actor: String,
    /// Why, where told.
    pub reason: String,
}

/// Writes the next step of a filing, and what decisions read of it.
pub(crate) async fn write_filing(
    unit: &mut dyn UnitOfWork,
    caller: &Caller,
    before: Option<&CaseFile>,
    filed: &mut Filed,
    reason: &str,
) -> Result<(), Attempt> {
    let recorded_at = unit.recorded_at();
    filed.revision = before.map_or(0, |file| file.revision) + 1;
    filed.updated_at = recorded_at;
    filed.opened_at = before.map_or(recorded_at, |file| file.opened_at);
    let file = CaseFile {
        case_id: filed.filing_id,
        kind: CaseKind::Filing,
        key: None,
        opened_at: filed.opened_at,
        revision: filed.revision,
        state: filed.state,
        parent_id: None,
        employer_code: Some(filed.employer_code),
        worker_id: None,
        region_code: filed.town_code.clone(),
        due_on: None,
        updated_at: recorded_at,
        body: pack(&filed.file),
    };
    let event = CaseEvent {
        file,
        previous_state: before.map(|file| file.state),
        actor: caller.subject.clone(),
        reason: reason.to_owned(),
    };
    unit.append_cases(&[event]).await?;
    let id = filed.filing_id.to_string();
    let row = filed.file.as_decisions_read(id, filed.employer_code);
    unit.put_filings(&[row]).await?;
    Ok(())
}
