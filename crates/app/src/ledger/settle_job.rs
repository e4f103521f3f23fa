//! The year's settlement of many employers: a job in parts that several processes share, that goes
//! on where it was broken off, and that settles nobody twice.
//!
//! Each step settles some employers and notes how far its part is, in one transaction with the
//! part's fence ([`mamagang_store::JobWrites`]). The request id of each settlement follows from the
//! job and the employer, so that a settlement that is there already gives its first answer.

use std::collections::BTreeMap;

use mamagang_domain::frozen::{digest, hex};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::RequestId;
use mamagang_domain::ledger::Settlement;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_store::{JobPart, JobRow, StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batch::{Ground, Ran, Step, run_batch};
use super::command::{Action, Command};
use super::writer::LedgerContext;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::{RequestContent, WriteRequest};
use crate::limits::{
    JOB_HOLD, JOB_PART_EMPLOYERS, JOB_RETRY_AFTER, JOB_STEP_EMPLOYERS, UNIT_RETRIES_MAX,
};

/// The kind of job.
const KIND: i32 = 1;
const METHOD: &str = "mamagang.v1.LedgerService/SettleYear";

/// A year to settle for many employers, each with its CIT payable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearSettlements {
    /// The year.
    pub tax_year: TaxYear,
    /// CIT payable, by employer.
    pub declared: BTreeMap<EmployerCode, Fen>,
}

/// What is kept of the question.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Question {
    tax_year: i32,
    /// SHA-256 over the employers and their CIT, in hexadecimal.
    declared: String,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// Employers of the job.
    pub employers: u64,
    /// Settled.
    pub done: u64,
    /// Refused: not an enterprise, settled before by another request, …
    pub refused: u64,
    /// Parts that are finished, and all.
    pub parts: (u64, u64),
}

impl JobProgress {
    /// Whether nothing is left to do.
    pub const fn is_finished(&self) -> bool {
        self.parts.0 == self.parts.1
    }
}

impl YearSettlements {
    fn digest(&self) -> [u8; 32] {
        let mut bytes = self.tax_year.number().to_be_bytes().to_vec();
        for (code, cit) in &self.declared {
            bytes.extend_from_slice(code.as_str().as_bytes());
            bytes.extend_from_slice(&cit.get().to_be_bytes());
        }
        digest(&bytes)
    }

    /// The job's id: the same declarations are the same job, whoever begins it and how often.
    pub fn job_id(&self) -> Uuid {
        uuid_of(&self.digest())
    }

    fn row(&self) -> JobRow {
        let question = Question {
            tax_year: self.tax_year.number(),
            declared: hex(&self.digest()),
        };
        JobRow {
            job_id: self.job_id(),
            kind: KIND,
            question: serde_json::json!(question).to_string(),
        }
    }

    fn parts(&self) -> Vec<JobPart> {
        let codes: Vec<EmployerCode> = self.declared.keys().copied().collect();
        let mut after = None;
        let parts = codes.chunks(JOB_PART_EMPLOYERS).zip(0..);
        let parts = parts.filter_map(|(codes, part)| {
            let last = *codes.last()?;
            Some(JobPart {
                job_id: self.job_id(),
                part,
                after: after.replace(last),
                last,
                done: 0,
                refused: 0,
                is_finished: false,
                fence: 0,
            })
        });
        parts.collect()
    }

    /// The next employers of a part.
    fn next(&self, part: &JobPart) -> Vec<(EmployerCode, Fen)> {
        let from = match part.after {
            None => std::ops::Bound::Unbounded,
            Some(after) => std::ops::Bound::Excluded(after),
        };
        let through = std::ops::Bound::Included(part.last);
        let employers = self.declared.range((from, through));
        let employers = employers.take(JOB_STEP_EMPLOYERS);
        employers.map(|(code, cit)| (*code, *cit)).collect()
    }
}

fn uuid_of(digest: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // Version 8: made as its maker likes.
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl App {
    /// Begins a job, or finds it where it is known.
    pub async fn begin_settlements(
        &self,
        caller: &Caller,
        job: &YearSettlements,
    ) -> AppResult<JobProgress> {
        let permit = self.permit(METHOD, caller, None).await?;
        if !permit.reaches_everything() {
            let error = AppError::new(ErrorReason::PermissionDenied);
            return Err(self.audit_refusal(METHOD, caller, None, error).await);
        }
        let mut unit = self.store.begin(self.clock.clone()).await?;
        unit.add_job(&job.row(), &job.parts()).await?;
        let question = format!("job_id={}\n{}", job.job_id(), job.row().question);
        let item = crate::audit::DecisionItem::Other {
            question,
            answer: job.digest(),
        };
        let draft = self.audit_draft(METHOD, caller, None, vec![item]);
        self.writes.commit(unit, vec![draft]).await?;
        self.settlements_progress(job).await
    }

    /// How far a job is.
    pub async fn settlements_progress(&self, job: &YearSettlements) -> AppResult<JobProgress> {
        let parts = self.store.job_parts(job.job_id()).await?;
        let mut progress = JobProgress {
            employers: job.declared.len() as u64,
            ..JobProgress::default()
        };
        for part in parts {
            progress.done += part.done;
            progress.refused += part.refused;
            progress.parts.0 += u64::from(part.is_finished);
            progress.parts.1 += 1;
        }
        Ok(progress)
    }

    /// Works on a job that has begun until nothing of it is left, also of what others have begun
    /// and left. Several processes, and several tasks of one, may do so at the same time.
    pub async fn work_on_settlements(
        &self,
        caller: &Caller,
        job: &YearSettlements,
        told: &(dyn Fn(JobProgress) + Send + Sync),
    ) -> AppResult<JobProgress> {
        let (store, clock, book) = (self.store.clone(), self.clock.clone(), self.book.clone());
        let context = LedgerContext::new(store, clock, book);
        loop {
            match self.take_part(job).await? {
                Some(part) => {
                    self.work_on_part(&context, caller, job, part).await?;
                    told(self.settlements_progress(job).await?);
                }
                None => {
                    let progress = self.settlements_progress(job).await?;
                    if progress.is_finished() {
                        return Ok(progress);
                    }
                    // The rest is held by others: either they finish it, or it becomes free.
                    tokio::time::sleep(JOB_RETRY_AFTER).await;
                }
            }
        }
    }

    fn held_until(&self) -> i64 {
        let hold = i64::try_from(JOB_HOLD.as_micros()).unwrap_or(i64::MAX);
        self.now_micros().saturating_add(hold)
    }

    async fn take_part(&self, job: &YearSettlements) -> AppResult<Option<JobPart>> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let part = unit.take_job_part(job.job_id(), self.held_until()).await?;
        unit.commit().await?;
        Ok(part)
    }

    /// Works on a part until it is finished, or somebody else has it.
    async fn work_on_part(
        &self,
        context: &LedgerContext,
        caller: &Caller,
        job: &YearSettlements,
        mut part: JobPart,
    ) -> AppResult<()> {
        let mut attempt = 0;
        while !part.is_finished {
            let commands = self.commands(caller, job, &part);
            let step = Step {
                part: &part,
                last: commands.last().map(|command| command.employer_code),
                until: self.held_until(),
            };
            let ran = run_batch(
                context,
                self.writes.any(),
                &commands,
                Ground::Locked,
                Some(step),
            )
            .await;
            attempt += 1;
            match ran {
                Ok(Ran::Done {
                    results,
                    noted: Some(noted),
                    ..
                }) => {
                    part = noted;
                    attempt = 0;
                    for error in results.into_iter().filter_map(Result::err) {
                        // Each refusal has its audit row; what it says is counted above.
                        self.audit_refusal(METHOD, caller, None, error).await;
                    }
                }
                Ok(_) => return Ok(()),
                Err(error) if may_try_again(&error) && attempt < UNIT_RETRIES_MAX => {
                    if !self.is_still_ours(&part).await? {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the part is as we left it: a commit whose answer was lost has moved it on, and a
    /// part taken over is somebody else's.
    async fn is_still_ours(&self, part: &JobPart) -> AppResult<bool> {
        let parts = self.store.job_parts(part.job_id).await?;
        Ok(parts.iter().any(|known| known == part))
    }

    fn commands(&self, caller: &Caller, job: &YearSettlements, part: &JobPart) -> Vec<Command> {
        let employers = job.next(part).into_iter();
        let command = |(employer_code, cit_payable_fen): (EmployerCode, Fen)| {
            let mut named = part.job_id.as_bytes().to_vec();
            named.extend_from_slice(employer_code.as_str().as_bytes());
            let settlement = Settlement {
                tax_year: job.tax_year,
                cit_payable_fen,
            };
            let content = RequestContent::new()
                .field("employer_code", employer_code.to_string())
                .field("tax_year", job.tax_year.number().to_string())
                .field("cit_payable_fen", cit_payable_fen.get().to_string());
            Command {
                caller: caller.clone(),
                request: WriteRequest {
                    request_id: RequestId(uuid_of(&digest(&named))),
                    content,
                },
                validate_only: false,
                employer_code,
                action: Action::Settle(settlement),
                audit_id: self.new_audit_id(),
            }
        };
        employers.map(command).collect()
    }
}

/// A step that surely did not happen, or whose answer was lost, is looked at again.
fn may_try_again(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::Contended
            | StoreErrorKind::Conflict
            | StoreErrorKind::Unavailable
            | StoreErrorKind::CommitUnknown
    )
}
