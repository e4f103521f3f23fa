//! Subsidy claims: submitted, reviewed twice, paid, clawed back.

mod act;
mod entry;
mod evaluate;
mod list;
mod submit;

pub use act::{ActOnClaim, ClaimStep};
pub use list::{ClaimSelection, ReadClaim};
pub use submit::{RefusedMonth, Submission, SubmitClaim};

use mamagang_domain::case::CaseKind;
use mamagang_domain::claim::{ClaimAction, ClaimFile, ClaimState};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::subsidy::ClaimedMonth;
use mamagang_domain::timeline::pack;
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile};
use mamagang_store::rows::SubsidyMonth;
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::step::{body_of, not_allowed};

/// A claim as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id.
    pub claim_id: CaseId,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Town of the employer, 9 digits.
    pub town_code: String,
    /// Where it stands: a [`ClaimState`] by number.
    pub state: u8,
    /// Number of its last step.
    pub revision: u32,
    /// When it was submitted first (microseconds).
    pub opened_at: i64,
    /// When its last step was recorded (microseconds).
    pub updated_at: i64,
    /// What it holds.
    pub file: ClaimFile,
}

impl Claim {
    /// Where it stands.
    pub fn state(&self) -> AppResult<ClaimState> {
        let state = ClaimState::from_number(self.state);
        state.ok_or_else(|| AppError::internal("a claim in an unknown state"))
    }

    pub(crate) fn of(case: &CaseFile) -> AppResult<Self> {
        let employer = case.employer_code;
        Ok(Self {
            claim_id: case.case_id,
            employer_code: employer.ok_or_else(|| AppError::internal("a claim of nobody"))?,
            town_code: case.region_code.clone(),
            state: case.state,
            revision: case.revision,
            opened_at: case.opened_at,
            updated_at: case.updated_at,
            file: body_of(case)?,
        })
    }

    /// The person-months that the claim keeps from others, with what stands of each; none once it
    /// was turned down.
    pub(crate) fn held(&self) -> AppResult<Vec<SubsidyMonth>> {
        if !self.state()?.holds_months() {
            return Ok(Vec::new());
        }
        let lines = self.file.lines.iter();
        let standing = lines.filter(|line| line.standing_fen() > Fen::ZERO);
        let months = standing.map(|line| SubsidyMonth {
            worker_id: line.worker_id,
            claimed: ClaimedMonth {
                kind: self.file.kind,
                month: line.month,
                employer_code: self.employer_code,
                amount_fen: line.standing_fen(),
            },
            claim_id: self.claim_id.to_string(),
        });
        Ok(months.collect())
    }

    /// The last month of the quarter.
    fn quarter_end(&self) -> TaxMonth {
        self.file.quarter_start.plus(2)
    }

    /// Moves it, or says why that is not allowed.
    fn move_on(&mut self, action: ClaimAction) -> AppResult<()> {
        let state = self.state()?;
        let next = state.after(action).map_err(|why| {
            let (kind, name) = (CaseKind::Claim, action.name());
            not_allowed(self.claim_id, kind, state.name(), name, why)
        })?;
        self.state = next as u8;
        Ok(())
    }
}

/// Writes the next step of a claim, and the person-months that it holds after it.
async fn write_claim(
    unit: &mut dyn UnitOfWork,
    caller: &Caller,
    before: Option<&CaseFile>,
    claim: &mut Claim,
    reason: &str,
) -> Result<(), Attempt> {
    let held_before = match before {
        Some(case) => Claim::of(case)?.held()?,
        None => Vec::new(),
    };
    let held = claim.held()?;
    if held != held_before {
        unit.release_subsidy_months(&held_before).await?;
        unit.put_subsidy_months(&held).await?;
    }
    let recorded_at = unit.recorded_at();
    claim.revision = before.map_or(0, |file| file.revision) + 1;
    claim.updated_at = recorded_at;
    claim.opened_at = before.map_or(recorded_at, |file| file.opened_at);
    let event = CaseEvent {
        file: CaseFile {
            case_id: claim.claim_id,
            kind: CaseKind::Claim,
            key: None,
            opened_at: claim.opened_at,
            revision: claim.revision,
            state: claim.state,
            parent_id: None,
            employer_code: Some(claim.employer_code),
            worker_id: None,
            region_code: claim.town_code.clone(),
            due_on: None,
            updated_at: recorded_at,
            body: pack(&claim.file),
        },
        previous_state: before.map(|file| file.state),
        actor: caller.subject.clone(),
        reason: reason.to_owned(),
    };
    unit.append_cases(&[event]).await?;
    Ok(())
}
