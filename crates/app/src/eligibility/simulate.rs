//! `SimulateHire`: what hires would bring. Nothing is stored but the audit row.

use mamagang_domain::fact::EmployerProfile;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::simulate::{Candidate, Forecast, Simulation, simulate_hires};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

/// Whose hires are supposed.
#[derive(Clone, Debug)]
pub enum SimulatedEmployer {
    /// An employer on record.
    Recorded(EmployerCode),
    /// One that is supposed as well.
    Supposed(Box<EmployerProfile>),
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct SimulateHire {
    /// Whose hires.
    pub employer: SimulatedEmployer,
    /// Whom to compare.
    pub candidates: Vec<Candidate>,
    /// The taxes expected.
    pub forecast: Forecast,
}

/// Candidates side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedHires {
    /// Each alone, in order.
    pub each: Vec<Simulation>,
    /// All together.
    pub together: Simulation,
    /// The policies applied.
    pub policy_version: String,
}

const METHOD: &str = "mamagang.v1.EligibilityService/SimulateHire";
/// The code under which a supposed employer's facts are kept in memory.
const SUPPOSED: &str = "91442000MAQQ000161";

impl App {
    /// Compares hires that are only supposed.
    pub async fn simulate_hire(
        &self,
        caller: &Caller,
        question: SimulateHire,
    ) -> AppResult<SimulatedHires> {
        let permit = self.permit(METHOD, caller, None).await?;
        let mut draft = self.audit_draft(METHOD, caller, None, Vec::new());
        let (code, profile) = match &question.employer {
            SimulatedEmployer::Supposed(profile) => {
                let code = EmployerCode::parse(SUPPOSED).map_err(AppError::internal)?;
                (code, profile.as_ref().clone())
            }
            SimulatedEmployer::Recorded(code) => {
                self.permit_employer(&permit, *code).await?;
                draft.employer_code = Some(*code);
                let first = question
                    .candidates
                    .iter()
                    .map(|person| person.start_on)
                    .min();
                let found = match self.employer_row(*code, None).await {
                    Ok(row) => row
                        .record
                        .profile_on(first.unwrap_or(self.today()))
                        .cloned(),
                    Err(error) => {
                        return Err(self.audit_refusal(METHOD, caller, None, error).await);
                    }
                };
                let Some(profile) = found else {
                    let error = AppError::new(ErrorReason::ProfileNotRecorded)
                        .with("employer_code", code.to_string());
                    return Err(self.audit_refusal(METHOD, caller, None, error).await);
                };
                (*code, profile)
            }
        };
        let (each, together) = simulate_hires(
            &self.book,
            &code,
            &profile,
            &question.candidates,
            &question.forecast,
        );
        self.audit.write(draft).await?;
        Ok(SimulatedHires {
            each,
            together,
            policy_version: self.book.version.to_string(),
        })
    }
}
