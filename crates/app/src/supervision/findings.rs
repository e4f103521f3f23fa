//! `ListFindings`, `AssignFinding`, `ResolveFinding`.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::FilingAction;
use mamagang_domain::finding::{FindingAction, FindingFile, FindingRule, FindingState};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::timeline::pack;
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile, CaseQuery};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::filings::{CasePlace, Filed, Page, write_filing};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, body_of, locked_case, not_allowed};

/// A finding as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id.
    pub finding_id: CaseId,
    /// The employer it concerns.
    pub employer_code: Option<EmployerCode>,
    /// The person it concerns.
    pub worker_id: Option<WorkerId>,
    /// Town of the employer, 9 digits.
    pub town_code: String,
    /// Where it stands: a [`FindingState`] by number.
    pub state: u8,
    /// The day by which it is to be resolved, where one was set.
    pub due_on: Option<CivilDate>,
    /// Number of its last step.
    pub revision: u32,
    /// When it was found (microseconds).
    pub opened_at: i64,
    /// When its last step was recorded (microseconds).
    pub updated_at: i64,
    /// What it says.
    pub file: FindingFile,
}

impl Finding {
    /// Where it stands.
    pub fn state(&self) -> AppResult<FindingState> {
        let state = FindingState::from_number(self.state);
        state.ok_or_else(|| AppError::internal("a finding in an unknown state"))
    }

    pub(crate) fn of(case: &CaseFile) -> AppResult<Self> {
        Ok(Self {
            finding_id: case.case_id,
            employer_code: case.employer_code,
            worker_id: case.worker_id,
            town_code: case.region_code.clone(),
            state: case.state,
            due_on: case.due_on,
            revision: case.revision,
            opened_at: case.opened_at,
            updated_at: case.updated_at,
            file: body_of(case)?,
        })
    }
}

/// Which findings.
#[derive(Clone, Debug)]
pub struct FindingSelection {
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// In these states; empty = any.
    pub states: Vec<FindingState>,
    /// Of these rules; empty = any.
    pub rules: Vec<FindingRule>,
    /// Of employers in towns that begin so.
    pub town_prefix: String,
    /// After this place.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: u32,
}

/// A finding to assign.
#[derive(Clone, Debug)]
pub struct AssignFinding {
    /// The request.
    pub request: WriteRequest,
    /// Which finding.
    pub finding_id: CaseId,
    /// To whom.
    pub assigned_to: String,
    /// By when it is to be resolved.
    pub due_on: Option<CivilDate>,
}

/// A finding to resolve.
#[derive(Clone, Debug)]
pub struct ResolveFinding {
    /// The request.
    pub request: WriteRequest,
    /// Which finding.
    pub finding_id: CaseId,
    /// What came out.
    pub reason: String,
    /// Whether the filing it concerns is frozen.
    pub freeze_filing: bool,
}

const METHOD_LIST: &str = "mamagang.v1.ReportService/ListFindings";

impl App {
    /// Findings in the order in which they were made.
    pub async fn list_findings(
        &self,
        caller: &Caller,
        selection: FindingSelection,
    ) -> AppResult<Page<Finding>> {
        let permit = self.permit(METHOD_LIST, caller, None).await?;
        let mut query = CaseQuery::of(CaseKind::Finding, selection.limit + 1);
        query.employer_code = self
            .asked_employer(&permit, selection.employer_code)
            .await?;
        query.states = selection.states.iter().map(|state| *state as u8).collect();
        query.region_prefix = selection.town_prefix;
        query.after = selection.after;
        let rules = selection.rules;
        let is_asked = |finding: &Finding| rules.is_empty() || rules.contains(&finding.file.rule);
        let page = self
            .page_of_cases_where(&permit, query, Finding::of, is_asked)
            .await?;
        let draft = self.audit_draft(METHOD_LIST, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// Gives a finding to somebody.
    pub async fn assign_finding(
        &self,
        caller: &Caller,
        assign: AssignFinding,
    ) -> AppResult<Finding> {
        let permit = self.permit(AssignFinding::METHOD, caller, None).await?;
        self.take_step(&permit, &assign).await
    }

    /// Closes a finding, and freezes the filing it concerns where that is wanted.
    pub async fn resolve_finding(
        &self,
        caller: &Caller,
        resolve: ResolveFinding,
    ) -> AppResult<Finding> {
        let permit = self.permit(ResolveFinding::METHOD, caller, None).await?;
        self.take_step(&permit, &resolve).await
    }
}

/// The event that makes a finding as it is now.
pub(super) fn event_of(
    finding: &Finding,
    key: [u8; 32],
    previous_state: Option<u8>,
    actor: &str,
    reason: &str,
) -> CaseEvent {
    CaseEvent {
        file: CaseFile {
            case_id: finding.finding_id,
            kind: CaseKind::Finding,
            key: Some(key),
            opened_at: finding.opened_at,
            revision: finding.revision,
            state: finding.state,
            parent_id: finding.file.filing_id,
            employer_code: finding.employer_code,
            worker_id: finding.worker_id,
            region_code: finding.town_code.clone(),
            due_on: finding.due_on,
            updated_at: finding.updated_at,
            body: pack(&finding.file),
        },
        previous_state,
        actor: actor.to_owned(),
        reason: reason.to_owned(),
    }
}

async fn write_step(
    unit: &mut dyn UnitOfWork,
    permit: &Permit<'_>,
    before: &CaseFile,
    finding: &mut Finding,
    reason: &str,
) -> Result<(), Attempt> {
    let key = before.key;
    let key = key.ok_or_else(|| AppError::internal("a finding without its key"))?;
    finding.revision = before.revision + 1;
    finding.updated_at = unit.recorded_at();
    let actor = &permit.caller.subject;
    let event = event_of(finding, key, Some(before.state), actor, reason);
    unit.append_cases(&[event]).await?;
    Ok(())
}

fn next_state(finding: &Finding, action: FindingAction) -> AppResult<FindingState> {
    let state = finding.state()?;
    state.after(action).map_err(|why| {
        not_allowed(
            finding.finding_id,
            CaseKind::Finding,
            state.name(),
            action.name(),
            why,
        )
    })
}

fn taken(finding: Finding, action: FindingAction) -> Taken<Finding> {
    Taken {
        decisions: None,
        question: format!(
            "finding_id={}\naction={}",
            finding.finding_id,
            action.name()
        ),
        employer_code: finding.employer_code,
        worker_id: finding.worker_id,
        answer: finding,
    }
}

#[async_trait]
impl Step for AssignFinding {
    type Answer = Finding;

    const METHOD: &'static str = "mamagang.v1.ReportService/AssignFinding";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    async fn take(
        &self,
        _: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Finding>, Attempt> {
        let before = locked_case(unit, permit, CaseKind::Finding, self.finding_id).await?;
        let mut finding = Finding::of(&before)?;
        finding.state = next_state(&finding, FindingAction::Assign)? as u8;
        finding.file.assigned_to.clone_from(&self.assigned_to);
        finding.due_on = self.due_on;
        write_step(unit, permit, &before, &mut finding, "").await?;
        Ok(taken(finding, FindingAction::Assign))
    }
}

#[async_trait]
impl Step for ResolveFinding {
    type Answer = Finding;

    const METHOD: &'static str = "mamagang.v1.ReportService/ResolveFinding";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    async fn take(
        &self,
        _: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Finding>, Attempt> {
        let before = locked_case(unit, permit, CaseKind::Finding, self.finding_id).await?;
        let mut finding = Finding::of(&before)?;
        finding.state = next_state(&finding, FindingAction::Resolve)? as u8;
        finding.due_on = None;
        if self.freeze_filing {
            freeze(unit, permit, &finding, &self.reason).await?;
        }
        write_step(unit, permit, &before, &mut finding, &self.reason).await?;
        Ok(taken(finding, FindingAction::Resolve))
    }
}

/// Freezes the filing that a finding concerns.
async fn freeze(
    unit: &mut dyn UnitOfWork,
    permit: &Permit<'_>,
    finding: &Finding,
    reason: &str,
) -> Result<(), Attempt> {
    let Some(filing_id) = finding.file.filing_id else {
        let error = AppError::new(ErrorReason::FindingWithoutFiling);
        return Err(error
            .with("finding_id", finding.finding_id.to_string())
            .into());
    };
    let before = locked_case(unit, permit, CaseKind::Filing, filing_id).await?;
    let mut filed = Filed::of(&before)?;
    let (state, action) = (filed.state()?, FilingAction::Freeze);
    let next = state.after(action).map_err(|why| {
        not_allowed(
            filing_id,
            CaseKind::Filing,
            state.name(),
            action.name(),
            why,
        )
    })?;
    filed.state = next as u8;
    write_filing(unit, permit.caller, Some(&before), &mut filed, reason).await
}
