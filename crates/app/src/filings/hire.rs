//! `ReportHire`, `RegisterHire`, `EndHire`: who works on a filed post, and the registrations due.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{
    CarerGroup, Distance, FilingKind, FilingState, HireAction, HireFile, HireState,
};
use mamagang_domain::frozen::{Digest32, Writer, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::policy::Dated;
use mamagang_domain::timeline::pack;
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile};
use serde::{Deserialize, Serialize};

use super::{Filed, write_filing};
use crate::app::{App, require_context};
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, body_of, day_of, locked_case, not_allowed};
use crate::workers::Who;

/// A hire as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedHire {
    /// Its id.
    pub hire_id: CaseId,
    /// The filing it was reported against.
    pub filing_id: CaseId,
    /// The employer.
    pub employer_code: EmployerCode,
    /// The worker.
    pub worker_id: WorkerId,
    /// Town of the post, 9 digits.
    pub town_code: String,
    /// Where it stands: a [`HireState`] by number.
    pub state: u8,
    /// The day by which the next registration is due.
    pub due_on: Option<CivilDate>,
    /// Number of its last step.
    pub revision: u32,
    /// When it was reported (microseconds).
    pub opened_at: i64,
    /// When its last step was recorded (microseconds).
    pub updated_at: i64,
    /// What was reported.
    pub file: HireFile,
}

impl ReportedHire {
    /// Where it stands.
    pub fn state(&self) -> AppResult<HireState> {
        let state = HireState::from_number(self.state);
        state.ok_or_else(|| AppError::internal("a hire in an unknown state"))
    }

    pub(crate) fn of(case: &CaseFile) -> AppResult<Self> {
        let missing = || AppError::internal("a hire without its filing, employer or worker");
        Ok(Self {
            hire_id: case.case_id,
            filing_id: case.parent_id.ok_or_else(missing)?,
            employer_code: case.employer_code.ok_or_else(missing)?,
            worker_id: case.worker_id.ok_or_else(missing)?,
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

/// A hire to report.
#[derive(Clone, Debug)]
pub struct ReportHire {
    /// The request.
    pub request: WriteRequest,
    /// Why the person's data is read.
    pub context: AccessContext,
    /// Against which filing.
    pub filing_id: CaseId,
    /// On which of its posts.
    pub post_key: String,
    /// Who.
    pub worker: Who,
    /// The contract, as facts name it; may be empty.
    pub contract_id: String,
    /// First day of work.
    pub hired_on: CivilDate,
    /// Carer group, where told.
    pub carer_group: Option<CarerGroup>,
    /// When the employment was registered, where it was.
    pub registered_on: Option<CivilDate>,
}

/// A registration that a hire waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Of the employment.
    Employment,
    /// Of its end.
    End,
}

/// A registration to note.
#[derive(Clone, Debug)]
pub struct RegisterHire {
    /// The request.
    pub request: WriteRequest,
    /// Which hire.
    pub hire_id: CaseId,
    /// Which registration.
    pub registration: Registration,
    /// When it was made.
    pub registered_on: CivilDate,
}

/// An end to note.
#[derive(Clone, Debug)]
pub struct EndHire {
    /// The request.
    pub request: WriteRequest,
    /// Which hire.
    pub hire_id: CaseId,
    /// Last day of work.
    pub ended_on: CivilDate,
    /// Why it ended.
    pub reason: String,
}

impl App {
    /// Reports a hire against a filing.
    pub async fn report_hire(&self, caller: &Caller, hire: ReportHire) -> AppResult<ReportedHire> {
        let context = hire.context.clone();
        let permit = self.permit(METHOD_REPORT, caller, Some(&context)).await?;
        require_context(&context)?;
        // Who works at an employer is not known as its worker before this, so the person is
        // looked for in the whole register, by number and name.
        let worker = self.person_to_report(&permit, &hire.worker).await?;
        let step = Report {
            hire,
            worker_id: worker.worker_id,
            worker_town: worker.region_code,
        };
        self.take_step(&permit, &step).await
    }

    /// Notes a registration.
    pub async fn register_hire(
        &self,
        caller: &Caller,
        registration: RegisterHire,
    ) -> AppResult<ReportedHire> {
        let permit = self.permit(RegisterHire::METHOD, caller, None).await?;
        self.take_step(&permit, &registration).await
    }

    /// Notes that a worker left.
    pub async fn end_hire(&self, caller: &Caller, end: EndHire) -> AppResult<ReportedHire> {
        let permit = self.permit(METHOD_END, caller, None).await?;
        // The filing is locked before the hire, as a report does, so it is looked up first.
        let found = self
            .case_at(&permit, CaseKind::Hire, end.hire_id, None)
            .await;
        let found = match found.and_then(|case| ReportedHire::of(&case)) {
            Ok(hire) => hire,
            Err(error) => return Err(self.audit_refusal(METHOD_END, caller, None, error).await),
        };
        let filing_id = found.filing_id;
        self.take_step(&permit, &End { end, filing_id }).await
    }
}

const METHOD_REPORT: &str = "mamagang.v1.FilingService/ReportHire";
const METHOD_END: &str = "mamagang.v1.FilingService/EndHire";

/// A report with its person found.
struct Report {
    hire: ReportHire,
    worker_id: WorkerId,
    worker_town: String,
}

/// An end with its filing found.
struct End {
    end: EndHire,
    filing_id: CaseId,
}

/// One report for a worker, a filing and a first day of work.
fn hire_key(filing: CaseId, worker: WorkerId, hired_on: CivilDate) -> Digest32 {
    let mut writer = Writer::new(1);
    writer
        .bytes(filing.bytes())
        .bytes(worker.bytes())
        .int(i64::from(hired_on.epoch_day()));
    digest(&writer.finish())
}

/// So many days after a day; none where no policy covers it.
fn due_after(days: &Dated<i32>, day: CivilDate) -> Option<CivilDate> {
    Some(day.plus_days(days.on(day)?.value))
}

fn in_future(field: &str, day: CivilDate, today: CivilDate) -> AppResult<()> {
    if day <= today {
        return Ok(());
    }
    let wrong = Violation::new(field, "不得晚于今天", "must not lie in the future");
    Err(AppError::invalid(vec![wrong]))
}

async fn write_hire(
    unit: &mut dyn UnitOfWork,
    caller: &Caller,
    before: Option<&CaseFile>,
    hire: &mut ReportedHire,
    reason: &str,
) -> Result<(), Attempt> {
    let recorded_at = unit.recorded_at();
    hire.revision = before.map_or(0, |file| file.revision) + 1;
    hire.updated_at = recorded_at;
    hire.opened_at = before.map_or(recorded_at, |file| file.opened_at);
    let key = hire_key(hire.filing_id, hire.worker_id, hire.file.hired_on);
    let event = CaseEvent {
        file: CaseFile {
            case_id: hire.hire_id,
            kind: CaseKind::Hire,
            key: Some(key),
            opened_at: hire.opened_at,
            revision: hire.revision,
            state: hire.state,
            parent_id: Some(hire.filing_id),
            employer_code: Some(hire.employer_code),
            worker_id: Some(hire.worker_id),
            region_code: hire.town_code.clone(),
            due_on: hire.due_on,
            updated_at: recorded_at,
            body: pack(&hire.file),
        },
        previous_state: before.map(|file| file.state),
        actor: caller.subject.clone(),
        reason: reason.to_owned(),
    };
    unit.append_cases(&[event]).await?;
    Ok(())
}

fn taken(hire: ReportedHire, action: &str) -> Taken<ReportedHire> {
    Taken {
        decisions: None,
        question: format!("hire_id={}\naction={action}", hire.hire_id),
        employer_code: Some(hire.employer_code),
        worker_id: Some(hire.worker_id),
        answer: hire,
    }
}

#[async_trait]
impl Step for Report {
    type Answer = ReportedHire;

    const METHOD: &'static str = METHOD_REPORT;

    fn request(&self) -> &WriteRequest {
        &self.hire.request
    }

    fn context(&self) -> Option<&AccessContext> {
        Some(&self.hire.context)
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<ReportedHire>, Attempt> {
        let told = &self.hire;
        let before = locked_case(unit, permit, CaseKind::Filing, told.filing_id).await?;
        let mut filed = Filed::of(&before)?;
        in_future("hired_date", told.hired_on, day_of(unit))?;
        require_in_force(&filed, told.hired_on)?;
        let post = filed.file.post(&told.post_key).ok_or_else(|| {
            AppError::new(ErrorReason::PostNotFound).with("post_key", &told.post_key)
        })?;
        if post.vacancies() == 0 {
            let error = AppError::new(ErrorReason::PostFull).with("post_key", &told.post_key);
            return Err(error.with("count", post.count.to_string()).into());
        }
        post.filled += 1;
        let town_code = post.town_code.clone();
        let key = hire_key(told.filing_id, self.worker_id, told.hired_on);
        let known = unit.cases_by_key(CaseKind::Hire, &[key]).await?;
        if let Some(known) = known.into_iter().flatten().next() {
            let error = AppError::new(ErrorReason::HireAlreadyReported);
            return Err(error.with("hire_id", known.case_id.to_string()).into());
        }
        let distance = (!self.worker_town.is_empty()).then(|| {
            if self.worker_town == town_code {
                Distance::SameTown
            } else {
                Distance::OtherTown
            }
        });
        let state = match told.registered_on {
            Some(_) => HireState::Registered,
            None => HireState::Reported,
        };
        let days = &app.book.filing.employment_registration_days;
        let due_on = due_after(days, told.hired_on).filter(|_| told.registered_on.is_none());
        let mut hire = ReportedHire {
            hire_id: CaseId(app.ids.new_id()),
            filing_id: told.filing_id,
            employer_code: filed.employer_code,
            worker_id: self.worker_id,
            town_code,
            state: state as u8,
            due_on,
            revision: 0,
            opened_at: 0,
            updated_at: 0,
            file: HireFile {
                post_key: told.post_key.clone(),
                contract_id: told.contract_id.clone(),
                hired_on: told.hired_on,
                carer_group: told.carer_group,
                distance,
                registered_on: told.registered_on,
                ended_on: None,
                end_registered_on: None,
            },
        };
        write_filing(unit, permit.caller, Some(&before), &mut filed, "").await?;
        write_hire(unit, permit.caller, None, &mut hire, "").await?;
        Ok(taken(hire, "REPORT"))
    }
}

/// Hires are reported against posts of a filing that holds.
fn require_in_force(filed: &Filed, hired_on: CivilDate) -> AppResult<()> {
    let state = filed.state()?;
    let is_over = filed.file.expires_on.is_some_and(|last| last < hired_on);
    if state == FilingState::Accepted && !is_over && filed.file.kind != FilingKind::TrainingPlan {
        return Ok(());
    }
    Err(AppError::new(ErrorReason::FilingNotInForce)
        .with("filing_id", filed.filing_id.to_string())
        .with("state", state.name()))
}

#[async_trait]
impl Step for RegisterHire {
    type Answer = ReportedHire;

    const METHOD: &'static str = "mamagang.v1.FilingService/RegisterHire";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    async fn take(
        &self,
        _: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<ReportedHire>, Attempt> {
        let before = locked_case(unit, permit, CaseKind::Hire, self.hire_id).await?;
        let mut hire = ReportedHire::of(&before)?;
        in_future("registered_date", self.registered_on, day_of(unit))?;
        let action = match self.registration {
            Registration::Employment => HireAction::Register,
            Registration::End => HireAction::RegisterEnd,
        };
        hire.state = next_state(&hire, action)? as u8;
        hire.due_on = None;
        match self.registration {
            Registration::Employment => hire.file.registered_on = Some(self.registered_on),
            Registration::End => hire.file.end_registered_on = Some(self.registered_on),
        }
        write_hire(unit, permit.caller, Some(&before), &mut hire, "").await?;
        Ok(taken(hire, action.name()))
    }
}

fn next_state(hire: &ReportedHire, action: HireAction) -> AppResult<HireState> {
    let state = hire.state()?;
    state.after(action).map_err(|why| {
        not_allowed(
            hire.hire_id,
            CaseKind::Hire,
            state.name(),
            action.name(),
            why,
        )
    })
}

#[async_trait]
impl Step for End {
    type Answer = ReportedHire;

    const METHOD: &'static str = METHOD_END;

    fn request(&self) -> &WriteRequest {
        &self.end.request
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<ReportedHire>, Attempt> {
        let end = &self.end;
        let filing = locked_case(unit, permit, CaseKind::Filing, self.filing_id).await?;
        let before = locked_case(unit, permit, CaseKind::Hire, end.hire_id).await?;
        let mut hire = ReportedHire::of(&before)?;
        in_future("ended_date", end.ended_on, day_of(unit))?;
        if end.ended_on < hire.file.hired_on {
            let zh = "不得早于入职日期";
            let wrong = Violation::new("ended_date", zh, "must not lie before the hire");
            return Err(AppError::invalid(vec![wrong]).into());
        }
        hire.state = next_state(&hire, HireAction::End)? as u8;
        hire.file.ended_on = Some(end.ended_on);
        hire.due_on = due_after(&app.book.filing.end_registration_days, end.ended_on);
        let mut filed = Filed::of(&filing)?;
        if let Some(post) = filed.file.post(&hire.file.post_key) {
            post.filled = post.filled.saturating_sub(1);
        }
        write_filing(unit, permit.caller, Some(&filing), &mut filed, "").await?;
        write_hire(unit, permit.caller, Some(&before), &mut hire, &end.reason).await?;
        Ok(taken(hire, HireAction::End.name()))
    }
}
