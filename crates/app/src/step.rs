//! Steps of cases: what every command that moves a case has in common.
//!
//! A step reads under locks, decides in memory, and writes once: its events, the recorded answer
//! and its audit row are one transaction.

use async_trait::async_trait;
use mamagang_domain::case::{CaseKind, TransitionRefusal};
use mamagang_domain::date::CivilDate;
use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, CaseId, DecisionId, WorkerId};
use mamagang_domain::timeline::{pack, unpack};
use mamagang_store::UnitOfWork;
use mamagang_store::cases::CaseFile;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::{App, civil_date};
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::authorise::Permit;
use crate::caller::AccessContext;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;

/// What a step did.
pub(crate) struct Taken<A> {
    /// What the caller is told.
    pub(crate) answer: A,
    /// The question, for the audit trail.
    pub(crate) question: String,
    /// The employer concerned.
    pub(crate) employer_code: Option<EmployerCode>,
    /// The worker concerned, where it is one.
    pub(crate) worker_id: Option<WorkerId>,
    /// The decisions that it rests on; they stand in its audit row behind the step itself.
    pub(crate) decisions: Option<Decisions>,
}

/// The decisions that a step rests on.
pub(crate) struct Decisions {
    /// The audit row that is to hold them.
    pub(crate) audit_id: AuditId,
    /// The rules that made them.
    pub(crate) rules_version: i32,
    /// One by one: the first is item 1, behind the step itself.
    pub(crate) items: Vec<DecisionItem>,
}

impl Decisions {
    /// The id of the decision that is added next.
    pub(crate) fn next_id(&self) -> DecisionId {
        DecisionId {
            audit: self.audit_id,
            item: u32::try_from(self.items.len() + 1).ok(),
        }
    }
}

/// A command that moves a case.
#[async_trait]
pub(crate) trait Step: Send + Sync {
    /// What the caller is told, also when the request comes again.
    type Answer: Serialize + DeserializeOwned + Send;

    /// The method, such as `mamagang.v1.FilingService/SubmitFiling`.
    const METHOD: &'static str;

    /// The request.
    fn request(&self) -> &WriteRequest;

    /// Whether nothing is to be written.
    fn validate_only(&self) -> bool {
        false
    }

    /// Why a person's data is read, where a step names a person.
    fn context(&self) -> Option<&AccessContext> {
        None
    }

    /// Reads, decides and writes inside the unit, short of its commit.
    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Self::Answer>, Attempt>;
}

impl App {
    /// Takes a step that the caller may take; a refusal is recorded in the audit trail.
    pub(crate) async fn take_step<S: Step>(
        &self,
        permit: &Permit<'_>,
        step: &S,
    ) -> AppResult<S::Answer> {
        let caller = permit.caller;
        match until_not_overtaken(|| self.take_once(permit, step)).await {
            Err(Attempt::App(error)) => {
                let context = step.context();
                Err(self.audit_refusal(S::METHOD, caller, context, error).await)
            }
            result => Ok(result?),
        }
    }

    async fn take_once<S: Step>(
        &self,
        permit: &Permit<'_>,
        step: &S,
    ) -> Result<S::Answer, Attempt> {
        let caller = permit.caller;
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let key = step.request().key(caller, S::METHOD);
        let known = unit.idempotency(std::slice::from_ref(&key)).await?;
        let known = known.into_iter().next().flatten();
        if let Some(first) = step.request().compare(known.as_ref())? {
            return Ok(unpack(first).map_err(AppError::internal)?);
        }
        let taken = step.take(self, permit, &mut *unit).await?;
        let response = pack(&taken.answer);
        let answer = digest(&response);
        let question = taken.question;
        let items = vec![DecisionItem::Other { question, answer }];
        let mut draft = self.audit_draft(S::METHOD, caller, step.context(), items);
        draft.worker_id = taken.worker_id;
        draft.employer_code = taken.employer_code;
        if let Some(decisions) = taken.decisions {
            draft.audit_id = decisions.audit_id;
            draft.rules_version = decisions.rules_version;
            draft.items.extend(decisions.items);
        }
        if step.validate_only() {
            drop(unit);
            self.audit.write(draft).await?;
            return Ok(taken.answer);
        }
        let recorded_at = unit.recorded_at();
        let record = step.request().record(response, recorded_at);
        unit.put_idempotency(&[(key, record)]).await?;
        self.writes.commit(unit, vec![draft]).await?;
        Ok(taken.answer)
    }
}

/// The civil date of a unit.
pub(crate) fn day_of(unit: &dyn UnitOfWork) -> CivilDate {
    civil_date(unit.recorded_at())
}

/// A case of a kind, locked; or CASE_NOT_FOUND.
pub(crate) async fn locked_case(
    unit: &mut dyn UnitOfWork,
    permit: &Permit<'_>,
    kind: CaseKind,
    case_id: CaseId,
) -> Result<CaseFile, Attempt> {
    let found = unit.cases(&[case_id]).await?;
    let found = found.into_iter().next().flatten();
    Ok(reached(permit, found, kind, case_id)?)
}

/// The case where it is of the kind and within reach; CASE_NOT_FOUND else, as if there were none: the audit trail tells
/// the two apart.
pub(crate) fn reached(
    permit: &Permit<'_>,
    found: Option<CaseFile>,
    kind: CaseKind,
    case_id: CaseId,
) -> AppResult<CaseFile> {
    let absent = || {
        AppError::new(ErrorReason::CaseNotFound)
            .with("kind", kind_name(kind))
            .with("case_id", case_id.to_string())
    };
    let found = found.filter(|file| file.kind == kind);
    let found = found.ok_or_else(absent)?;
    if reaches_case(permit, &found) {
        return Ok(found);
    }
    Err(absent().recorded_as(ErrorReason::PermissionDenied))
}

/// Whether a case is within reach: its town's, or of the caller's own employer.
pub(crate) fn reaches_case(permit: &Permit<'_>, file: &CaseFile) -> bool {
    permit.reaches_town(&file.region_code)
        || file.employer_code.is_some_and(|code| permit.is_own(&code))
}

/// The error of a step that the state of its case does not allow.
pub(crate) fn not_allowed(
    case_id: CaseId,
    kind: CaseKind,
    state: &str,
    action: &str,
    why: TransitionRefusal,
) -> AppError {
    AppError::new(ErrorReason::TransitionNotAllowed)
        .with("kind", kind_name(kind))
        .with("case_id", case_id.to_string())
        .with("state", state)
        .with("action", action)
        .with("refusal", why.name())
}

/// A kind's name in errors.
pub(crate) const fn kind_name(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Filing => "FILING",
        CaseKind::Hire => "HIRE",
        CaseKind::Claim => "CLAIM",
        CaseKind::Certificate => "CERTIFICATE",
        CaseKind::Finding => "FINDING",
        CaseKind::Review => "REVIEW",
        CaseKind::Merge => "MERGE",
    }
}

/// What a kind keeps in its file.
pub(crate) fn body_of<T: DeserializeOwned>(file: &CaseFile) -> AppResult<T> {
    unpack(&file.body).map_err(AppError::internal)
}
