//! `DecideFiling`: the office accepts, returns, revokes, freezes or ends a filing.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::FilingAction;
use mamagang_domain::ids::CaseId;
use mamagang_store::UnitOfWork;

use super::{Filed, write_filing};
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::{Permit, require_second_person};
use crate::caller::Caller;
use crate::error::AppResult;
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, day_of, locked_case, not_allowed};

/// What the office decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilingDecision {
    /// 受理.
    Accept,
    /// 退回.
    Return,
    /// 撤销.
    Revoke,
    /// 冻结.
    Freeze,
    /// 解冻.
    Unfreeze,
    /// 到期.
    Expire,
}

impl FilingDecision {
    const fn action(self) -> FilingAction {
        match self {
            Self::Accept => FilingAction::Accept,
            Self::Return => FilingAction::Return,
            Self::Revoke => FilingAction::Revoke,
            Self::Freeze => FilingAction::Freeze,
            Self::Unfreeze => FilingAction::Unfreeze,
            Self::Expire => FilingAction::Expire,
        }
    }
}

/// A decision on a filing.
#[derive(Clone, Debug)]
pub struct DecideFiling {
    /// The request.
    pub request: WriteRequest,
    /// Whether nothing is to be written.
    pub validate_only: bool,
    /// Which filing.
    pub filing_id: CaseId,
    /// What is decided.
    pub decision: FilingDecision,
    /// Why; may be empty for an acceptance.
    pub reason: String,
    /// The last day on which hires may be reported, with an acceptance.
    pub expires_on: Option<CivilDate>,
}

impl App {
    /// Decides a filing.
    pub async fn decide_filing(&self, caller: &Caller, decision: DecideFiling) -> AppResult<Filed> {
        let permit = self.permit(DecideFiling::METHOD, caller, None).await?;
        self.take_step(&permit, &decision).await
    }
}

#[async_trait]
impl Step for DecideFiling {
    type Answer = Filed;

    const METHOD: &'static str = "mamagang.v1.FilingService/DecideFiling";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    async fn take(
        &self,
        _: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Filed>, Attempt> {
        let before = locked_case(unit, permit, CaseKind::Filing, self.filing_id).await?;
        let mut filed = Filed::of(&before)?;
        let (state, action) = (filed.state()?, self.decision.action());
        let next = state.after(action).map_err(|why| {
            not_allowed(
                self.filing_id,
                CaseKind::Filing,
                state.name(),
                action.name(),
                why,
            )
        })?;
        // Who files does not decide (FilingService/SubmitFiling).
        require_second_person(permit.caller, &filed.file.submitted_by)?;
        filed.state = next as u8;
        let today = day_of(unit);
        match self.decision {
            FilingDecision::Accept => {
                filed.file.accepted_on = Some(today);
                filed.file.expires_on = self.expires_on;
            }
            FilingDecision::Revoke => filed.file.revoked_on = Some(today),
            FilingDecision::Expire => filed.file.expires_on = Some(today),
            FilingDecision::Return | FilingDecision::Freeze | FilingDecision::Unfreeze => {}
        }
        write_filing(unit, permit.caller, Some(&before), &mut filed, &self.reason).await?;
        Ok(Taken {
            decisions: None,
            question: format!("filing_id={}\naction={}", self.filing_id, action.name()),
            employer_code: Some(filed.employer_code),
            answer: filed,
            worker_id: None,
        })
    }
}
