//! `VerifyWorkerStatus` and `VerifyContract`.

use std::collections::BTreeSet;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{Contract, ContractKind, PersonCategory, Source};
use mamagang_domain::frozen::{Writer, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::key_group::{
    CategoryFinding, Hire, Person, SourceReport, ToldStatus, hires_of, told_status,
};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::{Outcome, Reason, ReasonCode};
use mamagang_domain::timeline::{Held, Timeline};
use mamagang_sources::Report;
use mamagang_store::rows::{WorkerKey, WorkerSnapshot};

use super::asked::{SourceAnswer, SourceState, input_of};
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, given};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::Who;

/// Does the person belong to a key group on a day?
#[derive(Clone, Debug)]
pub struct StatusVerification {
    /// The person.
    pub who: Who,
    /// The day: that of the hire.
    pub as_of_on: CivilDate,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusVerified {
    /// Whether the person belongs to a key group.
    pub outcome: Outcome,
    /// Which one.
    pub category: Option<PersonCategory>,
    /// First day of the status.
    pub from_on: Option<CivilDate>,
    /// Last day of the status; `None` while it is open.
    pub to_on: Option<CivilDate>,
    /// Where the record came from.
    pub source: Option<Source>,
    /// Months used of the 36.
    pub months_used: i32,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What came of asking each outside source.
    pub source_answers: Vec<SourceAnswer>,
    /// The answer's reference: the audit row that holds it.
    pub reference: DecisionId,
}

/// Is there a contract of the kind with the employer on a day?
#[derive(Clone, Debug)]
pub struct ContractVerification {
    /// The employer.
    pub employer_code: EmployerCode,
    /// The person.
    pub who: Who,
    /// The kind expected.
    pub expected_kind: ContractKind,
    /// The day.
    pub as_of_on: CivilDate,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractVerified {
    /// Whether there is such a contract, of a year at least.
    pub outcome: Outcome,
    /// The contract.
    pub contract: Option<Contract>,
    /// Whether it, or the one that it renews, is of a year at least.
    pub at_least_one_year: bool,
    /// s.
    pub first_insured_month: Option<TaxMonth>,
    /// Why.
    pub reasons: Vec<Reason>,
}

const METHOD_STATUS: &str = "mamagang.v1.VerificationService/VerifyWorkerStatus";
const METHOD_STATUS_BATCH: &str = "mamagang.v1.VerificationService/BatchVerifyWorkerStatus";
const METHOD_CONTRACT: &str = "mamagang.v1.VerificationService/VerifyContract";

impl App {
    /// Verifies one person's status.
    pub async fn verify_status(
        &self,
        caller: &Caller,
        context: &AccessContext,
        question: StatusVerification,
    ) -> AppResult<StatusVerified> {
        let mut answers = self
            .verify_all(METHOD_STATUS, caller, context, &[question], false)
            .await?;
        match answers
            .pop()
            .unwrap_or_else(|| Err(AppError::new(ErrorReason::Internal)))
        {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self
                .audit_refusal(METHOD_STATUS, caller, Some(context), error)
                .await),
        }
    }

    /// Verifies many persons' status: one answer each, in order, under one audit row.
    pub async fn verify_statuses(
        &self,
        caller: &Caller,
        context: &AccessContext,
        questions: &[StatusVerification],
    ) -> AppResult<Vec<AppResult<StatusVerified>>> {
        self.verify_all(METHOD_STATUS_BATCH, caller, context, questions, true)
            .await
    }

    async fn verify_all(
        &self,
        method: &'static str,
        caller: &Caller,
        context: &AccessContext,
        questions: &[StatusVerification],
        is_batch: bool,
    ) -> AppResult<Vec<AppResult<StatusVerified>>> {
        let permit = self.permit(method, caller, Some(context)).await?;
        require_context(context)?;
        let keys: Vec<AppResult<WorkerKey>> = questions
            .iter()
            .map(|question| self.worker_key(caller, &question.who))
            .collect();
        let known: Vec<WorkerKey> = keys
            .iter()
            .filter_map(|key| key.as_ref().ok().cloned())
            .collect();
        let read = self.store.check_inputs(&known, &[]).await?;
        // A person out of reach is answered like one whom nobody knows.
        let found = self.within_reach(&permit, read.workers).await?;
        let asked = questions.iter().zip(&keys).filter(|(_, key)| key.is_ok());
        let asked = asked.map(|(question, _)| &question.who);
        self.note_misses(caller, asked.zip(found.iter().map(Option::as_ref)));
        let mut remaining = found.iter();
        let placed: Vec<(&StatusVerification, Option<&WorkerSnapshot>)> = questions
            .iter()
            .zip(&keys)
            .filter(|(_, key)| key.is_ok())
            .map(|(question, _)| (question, remaining.next().and_then(Option::as_ref)))
            .collect();
        let mut reports = self.ask_sources(&permit, &placed).await?.into_iter();
        let mut snapshots = found.iter();
        let mut draft = self.audit_draft(method, caller, Some(context), Vec::new());
        let mut answers = Vec::with_capacity(questions.len());
        for (question, key) in questions.iter().zip(keys) {
            answers.push(key.map(|_| {
                let snapshot = snapshots.next().and_then(Option::as_ref);
                let reports = reports.next().unwrap_or_default();
                let item = is_batch.then(|| u32::try_from(draft.items.len()).unwrap_or(u32::MAX));
                let reference = DecisionId {
                    audit: draft.audit_id,
                    item,
                };
                let answer = self.status_of(question, snapshot, &reports, reference);
                if let Person::Known(_) = self.person(&question.who, snapshot) {
                    let known = snapshot.map(|found| found.worker.worker_id);
                    draft.subjects.extend(known);
                    draft.given = given(&["category", "status_dates", "months_used"]);
                }
                draft.items.push(status_item(question, snapshot, &answer));
                answer
            }));
        }
        if is_batch || !draft.items.is_empty() {
            self.write_answer(draft).await?;
        }
        Ok(answers)
    }

    fn status_of(
        &self,
        question: &StatusVerification,
        snapshot: Option<&WorkerSnapshot>,
        reports: &[Report],
        reference: DecisionId,
    ) -> StatusVerified {
        let policy = &self.book.key_group;
        let inputs: Vec<SourceReport> = reports.iter().map(input_of).collect();
        let recorded = match self.person(&question.who, snapshot) {
            Person::Known(timeline) => Some(timeline),
            Person::Unknown | Person::NotMatched => None,
        };
        let told = match self.person(&question.who, snapshot) {
            // Nobody is asked about, and nothing told of, a number under another name.
            Person::NotMatched => ToldStatus {
                finding: unknown(ReasonCode::NotMatched),
                codes: vec![ReasonCode::NotMatched],
                source: None,
            },
            _ => told_status(policy, recorded, &inputs, question.as_of_on),
        };
        let source_answers: Vec<SourceAnswer> = reports.iter().map(SourceAnswer::of).collect();
        let reason = |code: &ReasonCode| {
            let mut reason = self.status_reason(*code, &told.finding, question.as_of_on);
            if *code == ReasonCode::SourceUnreachable {
                reason.facts.push(("source", unreachable(&source_answers)));
            }
            reason
        };
        let outcome = told
            .codes
            .first()
            .map_or(Outcome::Review, |code| code.outcome());
        StatusVerified {
            outcome,
            category: told.finding.category,
            from_on: told.finding.from_on,
            to_on: told.finding.to_on,
            months_used: recorded
                .zip(snapshot)
                .map_or(0, |(timeline, snapshot)| months_used(timeline, snapshot)),
            reasons: told.codes.iter().map(reason).collect(),
            source: told.source,
            source_answers,
            reference,
        }
    }

    fn status_reason(&self, code: ReasonCode, finding: &CategoryFinding, on: CivilDate) -> Reason {
        let policy = &self.book.key_group;
        let coverage = finding
            .category
            .and_then(|category| policy.category_covered.get(&category));
        let coverage = coverage.or_else(|| policy.category_covered.values().next());
        let cited = coverage
            .and_then(|dated| dated.on(on))
            .map(|value| value.citation.clone());
        let mut facts = vec![("as_of_date", on.to_string())];
        facts.extend(
            finding
                .from_on
                .map(|from| ("status_from", from.to_string())),
        );
        facts.extend(finding.to_on.map(|to| ("status_to", to.to_string())));
        Reason {
            code,
            citations: cited.into_iter().collect(),
            facts,
        }
    }

    /// Verifies a contract.
    pub async fn verify_contract(
        &self,
        caller: &Caller,
        context: &AccessContext,
        question: ContractVerification,
    ) -> AppResult<ContractVerified> {
        let permit = self.permit(METHOD_CONTRACT, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_employer(&permit, question.employer_code)
            .await?;
        let key = self.worker_key(caller, &question.who)?;
        let inputs = self
            .store
            .check_inputs(&[key], &[question.employer_code])
            .await?;
        let employer = inputs.employers.into_iter().next().flatten();
        let record = employer.map(|row| row.record).unwrap_or_default();
        if let Err(error) = crate::facts::require_profile(question.employer_code, record) {
            return Err(self
                .audit_refusal(METHOD_CONTRACT, caller, Some(context), error)
                .await);
        }
        let found = self.within_reach(&permit, inputs.workers).await?;
        let snapshot = found.into_iter().next().flatten();
        self.note_misses(caller, std::iter::once((&question.who, snapshot.as_ref())));
        let answer = self.contract_of(&question, snapshot.as_ref());
        let text = format!(
            "employer_code={}\nexpected_kind={:?}\nas_of_date={}",
            question.employer_code, question.expected_kind, question.as_of_on
        );
        let mut writer = Writer::new(1);
        writer
            .int(answer.outcome as i64)
            .text(
                answer
                    .contract
                    .as_ref()
                    .map_or("", |contract| contract.contract_id.as_str()),
            )
            .optional_int(
                answer
                    .first_insured_month
                    .map(|month| i64::from(month.index())),
            );
        let item = DecisionItem::Other {
            question: text,
            answer: digest(&writer.finish()),
        };
        let mut draft = self.audit_draft(METHOD_CONTRACT, caller, Some(context), vec![item]);
        draft.employer_code = Some(question.employer_code);
        if let Person::Known(_) = self.person(&question.who, snapshot.as_ref()) {
            draft.worker_id = snapshot.as_ref().map(|found| found.worker.worker_id);
            draft.given = given(&["contract", "first_insured_month"]);
        }
        self.write_answer(draft).await?;
        Ok(answer)
    }

    fn contract_of(
        &self,
        question: &ContractVerification,
        snapshot: Option<&WorkerSnapshot>,
    ) -> ContractVerified {
        let timeline = match self.person(&question.who, snapshot) {
            Person::Known(timeline) => timeline,
            Person::Unknown => return no_contract(ReasonCode::NoRecord, question.as_of_on),
            Person::NotMatched => return no_contract(ReasonCode::NotMatched, question.as_of_on),
        };
        let Some(held) = contract_on(timeline, question) else {
            return no_contract(ReasonCode::NotInForce, question.as_of_on);
        };
        let contract = &held.body;
        let hires = hires_of(&self.book.key_group, timeline, &question.employer_code);
        let hire = hires
            .iter()
            .find(|hire| hire.contract_revisions.contains(&held.revision));
        let months_min = self
            .book
            .key_group
            .contract_months_min
            .on(contract.start_on);
        let is_long = months_min.is_some_and(|months| {
            let end_min = contract.start_on.plus_months(months.value).plus_days(-1);
            contract.end_on.is_none_or(|end| end >= end_min)
        });
        let code = if contract.kind == question.expected_kind {
            contract_code(contract, hire, is_long)
        } else {
            ReasonCode::ContractKindNotCovered
        };
        let renews = hire.is_some_and(|hire| hire.contract_code.is_none());
        let citations = months_min
            .map(|value| value.citation.clone())
            .into_iter()
            .collect();
        let facts = vec![
            ("as_of_date", question.as_of_on.to_string()),
            ("contract_id", contract.contract_id.clone()),
            ("start_date", contract.start_on.to_string()),
        ];
        ContractVerified {
            outcome: code.outcome(),
            contract: Some(contract.clone()),
            at_least_one_year: is_long || renews,
            first_insured_month: hire.and_then(|hire| hire.start_month),
            reasons: vec![Reason {
                code,
                citations,
                facts,
            }],
        }
    }
}

fn unknown(code: ReasonCode) -> CategoryFinding {
    CategoryFinding {
        code: Some(code),
        ..CategoryFinding::NONE
    }
}

/// What stands against the contract as a hire. A service agreement that was expected is tested for
/// its length alone.
fn contract_code(contract: &Contract, hire: Option<&Hire>, is_long: bool) -> ReasonCode {
    match (contract.kind, hire.and_then(|hire| hire.contract_code)) {
        (ContractKind::ServiceAgreement, _) if !is_long => ReasonCode::ContractTooShort,
        (ContractKind::ServiceAgreement, _) | (_, None) => ReasonCode::AllConditionsMet,
        (ContractKind::LabourContract, Some(code)) => code,
    }
}

/// The contract in force on the day: one of the expected kind before any other, the latest first.
fn contract_on<'a>(
    timeline: &'a Timeline,
    question: &ContractVerification,
) -> Option<&'a Held<Contract>> {
    let on = question.as_of_on;
    timeline
        .contracts
        .iter()
        .filter(|held| {
            let contract = &held.body;
            contract.employer_code == question.employer_code
                && contract.start_on <= on
                && contract.last_on().is_none_or(|last| on <= last)
        })
        .max_by_key(|held| (held.body.kind == question.expected_kind, held.body.start_on))
}

fn no_contract(code: ReasonCode, on: CivilDate) -> ContractVerified {
    ContractVerified {
        outcome: code.outcome(),
        contract: None,
        at_least_one_year: false,
        first_insured_month: None,
        reasons: vec![Reason {
            code,
            citations: Vec::new(),
            facts: vec![("as_of_date", on.to_string())],
        }],
    }
}

/// The sources that could not be asked.
fn unreachable(answers: &[SourceAnswer]) -> String {
    let names = answers
        .iter()
        .filter(|answer| answer.state != SourceState::Answered)
        .map(|answer| answer.source.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// Booked months and months enjoyed before this system, each once.
fn months_used(timeline: &Timeline, snapshot: &WorkerSnapshot) -> i32 {
    let prior = timeline
        .prior_uses
        .iter()
        .flat_map(|held| held.body.from_month.through(held.body.to_month));
    let months: BTreeSet<TaxMonth> = snapshot
        .booked
        .iter()
        .map(|booked| booked.month)
        .chain(prior)
        .collect();
    i32::try_from(months.len()).unwrap_or(i32::MAX)
}

fn status_item(
    question: &StatusVerification,
    snapshot: Option<&WorkerSnapshot>,
    answer: &StatusVerified,
) -> DecisionItem {
    let worker = snapshot.map_or_else(String::new, |found| found.worker.worker_id.to_string());
    let mut writer = Writer::new(1);
    writer
        .int(answer.outcome as i64)
        .optional_int(answer.category.map(|category| category as i64))
        .int(i64::from(answer.months_used));
    for reason in &answer.reasons {
        writer.int(i64::from(reason.code.number()));
    }
    let mut text = format!("worker_id={worker}\nas_of_date={}", question.as_of_on);
    for told in &answer.source_answers {
        let drawn = told.drawn_on.map_or_else(String::new, |on| on.to_string());
        text.push_str(&format!(
            "\nsource={}:{:?}:{drawn}",
            told.source, told.state
        ));
    }
    DecisionItem::Other {
        question: text,
        answer: digest(&writer.finish()),
    }
}
