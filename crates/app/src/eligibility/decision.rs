//! `GetDecision`: a decision again, from what its audit row recorded, with the facts, the policies
//! and the program's rules.

use std::sync::Arc;

use mamagang_domain::explanation::explain_vat;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::inclusive::{PreferenceQuestion, check_preferences, trace_preferences};
use mamagang_domain::key_group::{Evidence, Person, RULES_VERSION};
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::Language;
use mamagang_domain::timeline::{EmployerRecord, Timeline};
use mamagang_domain::vat::{VatQuestion, check_vat};
use mamagang_policy::Policies;
use mamagang_store::rows::WorkerKey;

use super::answer::Answer;
use super::check::{Asked, CheckedDecision};
use super::preferences::{CheckedPreferences, review_cases};
use super::question::question_json;
use super::sheet::{Sheet, told_sheet};
use super::vat::{CheckedVat, METHOD as VAT_METHOD, read_question};
use crate::app::{App, require_context};
use crate::audit::{
    AuditDraft, DecisionItem, KeyGroupRecord, PersonRecord, RecordedCall, SubsidyItem, given,
    thaw_call,
};
use crate::authorise::{Permit, Subject};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::explained::{Explained, Subjects};
use crate::workers::history::Until;

/// A decision that was made before.
#[derive(Clone, Debug)]
pub struct StoredDecision {
    /// Which.
    pub decision_id: DecisionId,
    /// The answer as recomputed with the facts and the policies of then; `None` for questions that
    /// are not decided again.
    pub answer: Option<Answer>,
    /// Digest that was recorded.
    pub recorded_digest: Digest32,
    /// The question, as JSON without personal data.
    pub question_json: String,
    /// The call as it was recorded.
    pub call: RecordedCall,
}

impl StoredDecision {
    /// Digest of the recomputed answer; `None` where nothing is recomputed.
    pub fn recomputed_digest(&self) -> Option<Digest32> {
        self.answer.as_ref().map(Answer::digest)
    }
}

const METHOD: &str = "mamagang.v1.EligibilityService/GetDecision";

fn not_found(id: DecisionId) -> AppError {
    AppError::new(ErrorReason::DecisionNotFound).with("decision_id", id.to_string())
}

/// A question that can be decided again.
#[derive(Clone, Debug)]
pub(super) enum Replayable {
    KeyGroup(Box<KeyGroupRecord>),
    Vat(Box<VatQuestion>),
    Subsidy(Box<SubsidyItem>),
    Preferences(Box<PreferenceQuestion>),
}

/// One question of a recorded call.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) id: DecisionId,
    pub(super) call: RecordedCall,
    pub(super) item: DecisionItem,
}

impl Recorded {
    /// The question; `None` where the row holds one that is not decided again.
    pub(super) fn replayable(&self) -> Option<Replayable> {
        match &self.item {
            DecisionItem::KeyGroup(record) => Some(Replayable::KeyGroup(record.clone())),
            DecisionItem::Other { question, .. } if self.call.method == VAT_METHOD => {
                read_question(question).map(|question| Replayable::Vat(Box::new(question)))
            }
            DecisionItem::Vat(item) => {
                read_question(&item.question).map(|question| Replayable::Vat(Box::new(question)))
            }
            DecisionItem::Other { .. } => None,
            DecisionItem::Subsidy(item) => Some(Replayable::Subsidy(item.clone())),
            DecisionItem::Preferences(item) => {
                let question = Box::new(item.question.clone());
                Some(Replayable::Preferences(question))
            }
        }
    }

    pub(super) const fn digest(&self) -> Digest32 {
        match &self.item {
            DecisionItem::KeyGroup(record) => record.answer,
            DecisionItem::Other { answer, .. } => *answer,
            DecisionItem::Subsidy(item) => item.answer,
            DecisionItem::Preferences(item) => item.answer,
            DecisionItem::Vat(item) => item.answer,
        }
    }

    /// What the row tells of the answer in short; `None` where its form tells nothing.
    pub(super) fn told(&self) -> Option<Sheet> {
        let lines = match &self.item {
            DecisionItem::KeyGroup(record) => return record.told.map(told_sheet),
            DecisionItem::Subsidy(item) => &item.told,
            DecisionItem::Preferences(item) => &item.told,
            DecisionItem::Vat(item) => &item.told,
            DecisionItem::Other { .. } => return None,
        };
        (!lines.is_empty()).then(|| Sheet::from(lines))
    }

    /// Whom a read of it concerns.
    pub(super) fn name_subjects(&self, draft: &mut AuditDraft) {
        if let DecisionItem::KeyGroup(record) = &self.item {
            draft.employer_code = Some(record.employer_code);
            if let PersonRecord::Known { worker_id, .. } = record.person {
                draft.worker_id = Some(worker_id);
            }
        }
        if let DecisionItem::Subsidy(item) = &self.item {
            draft.employer_code = Some(item.employer_code);
            if let PersonRecord::Known { worker_id, .. } = item.person {
                draft.worker_id = Some(worker_id);
            }
        }
    }
}

/// Whose facts a recorded question read, up to which revisions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Revisions {
    employer_code: EmployerCode,
    employer: u32,
    person: PersonRecord,
}

impl Revisions {
    pub(super) const fn of(record: &KeyGroupRecord) -> Self {
        Self {
            employer_code: record.employer_code,
            employer: record.employer_revision,
            person: record.person,
        }
    }

    pub(super) const fn of_subsidy(item: &SubsidyItem) -> Self {
        Self {
            employer_code: item.employer_code,
            employer: item.employer_revision,
            person: item.person,
        }
    }
}

/// The facts under recorded revisions.
pub(super) struct FactsOfThen {
    pub(super) employer: EmployerRecord,
    pub(super) timeline: Timeline,
}

impl FactsOfThen {
    /// The question of a record over these facts.
    pub(super) fn asked<'a>(&'a self, record: &'a KeyGroupRecord) -> Asked<'a> {
        let person = match record.person {
            PersonRecord::Unknown => Person::Unknown,
            PersonRecord::NotMatched => Person::NotMatched,
            PersonRecord::Known { .. } => Person::Known(&self.timeline),
        };
        Asked {
            evidence: Evidence {
                person,
                employer_code: &record.employer_code,
                employer: &self.employer,
                booked: &record.booked,
                unclaimed_elsewhere: record.unclaimed_elsewhere,
                filings: &record.filings,
            },
            person: record.person,
            stranger: record.stranger,
            from: record.from,
            through: record.through,
            as_of: record.as_of,
        }
    }

    /// Whose facts they are.
    fn subjects(&self, read: &Revisions) -> Subjects<'_> {
        Subjects {
            worker: match read.person {
                PersonRecord::Known { worker_id, .. } => Some((worker_id, &self.timeline)),
                _ => None,
            },
            employer: Some((read.employer_code, &self.employer)),
        }
    }

    /// The revision that truth no longer reaches: its name, the recorded one and what is there.
    pub(super) fn missing_revision(&self, read: &Revisions) -> Option<(&'static str, u32, u32)> {
        if let PersonRecord::Known { revision, .. } = read.person
            && self.timeline.revision < revision
        {
            return Some(("worker_revision", revision, self.timeline.revision));
        }
        (self.employer.revision < read.employer).then_some((
            "employer_revision",
            read.employer,
            self.employer.revision,
        ))
    }
}

impl App {
    /// A decision by its id.
    pub async fn get_decision(
        &self,
        caller: &Caller,
        context: &AccessContext,
        id: DecisionId,
    ) -> AppResult<StoredDecision> {
        let read = self.read_decision(caller, context, id, None);
        read.await.map(|(stored, _)| stored)
    }

    /// A decision by its id, and how it follows; `None` for questions that are not decided again.
    pub async fn explain_decision(
        &self,
        caller: &Caller,
        context: &AccessContext,
        id: DecisionId,
        language: Language,
    ) -> AppResult<(StoredDecision, Option<Explained>)> {
        self.read_decision(caller, context, id, Some(language))
            .await
    }

    async fn read_decision(
        &self,
        caller: &Caller,
        context: &AccessContext,
        id: DecisionId,
        explains: Option<Language>,
    ) -> AppResult<(StoredDecision, Option<Explained>)> {
        let permit = self.permit(METHOD, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_decision(&permit, id).await?;
        let stored = async {
            let recorded = self.recorded(id).await?;
            let stored = self.recompute(&recorded).await?;
            let explained = match explains {
                Some(language) => self.explained(&recorded, language).await?,
                None => None,
            };
            Ok((recorded, stored, explained))
        };
        let (recorded, stored, explained) = match stored.await {
            Ok(found) => found,
            Err(error) => {
                return Err(self
                    .audit_refusal(METHOD, caller, Some(context), error)
                    .await);
            }
        };
        let mut draft = self.audit_draft(METHOD, caller, Some(context), Vec::new());
        recorded.name_subjects(&mut draft);
        if draft.worker_id.is_some() {
            draft.given = given(&["category", "months", "reasons", "evidence"]);
        }
        self.audit.write(draft).await?;
        Ok((stored, explained))
    }

    /// How a recorded decision follows, with the facts and policies of then.
    async fn explained(
        &self,
        recorded: &Recorded,
        language: Language,
    ) -> AppResult<Option<Explained>> {
        let Some(question) = recorded.replayable() else {
            return Ok(None);
        };
        let policies = self.edition_of_then(recorded).await?;
        let book = &policies.book;
        match question {
            Replayable::Vat(question) => {
                let decision = check_vat(book, &question);
                let steps = explain_vat(book, &question, &decision, language);
                Ok(Some(Explained::new(steps, Subjects::default())))
            }
            Replayable::Preferences(question) => {
                let results = check_preferences(book, &question);
                let steps = trace_preferences(book, &question, &results, language);
                Ok(Some(Explained::new(steps, Subjects::default())))
            }
            Replayable::KeyGroup(record) => {
                let read = Revisions::of(&record);
                let facts = self.facts_of_then(&read).await?;
                let steps = facts.asked(&record).trace(book, language);
                Ok(Some(Explained::new(steps, facts.subjects(&read))))
            }
            Replayable::Subsidy(item) => {
                let read = Revisions::of_subsidy(&item);
                let facts = self.facts_of_then(&read).await?;
                let steps = facts.trace_subsidy(&book.subsidy, &item, language);
                Ok(Some(Explained::new(steps, facts.subjects(&read))))
            }
        }
    }

    /// The edition that a decision was made under; of a row older than the table of editions, that
    /// of now.
    pub(super) async fn edition_of_then(&self, recorded: &Recorded) -> AppResult<Arc<Policies>> {
        match self.edition(&recorded.call.policy_version).await {
            Err(error) if error.reason == ErrorReason::PolicyVersionNotFound => {
                Ok(Arc::clone(&self.policies))
            }
            edition => edition,
        }
    }

    /// A decision is within reach with its employer and its person; one that names neither, with its caller. Out of
    /// reach is answered like none.
    pub(super) async fn permit_decision(
        &self,
        permit: &Permit<'_>,
        id: DecisionId,
    ) -> AppResult<()> {
        if permit.reaches_everything() {
            return Ok(());
        }
        let Some(row) = self.store.audit_row(id.audit).await? else {
            return Ok(());
        };
        let call = thaw_call(&row.frozen).map_err(AppError::internal)?;
        let (employer_code, worker_id) = match item_of(&call, id) {
            Some(DecisionItem::KeyGroup(record)) => (
                Some(record.employer_code),
                match record.person {
                    PersonRecord::Known { worker_id, .. } => Some(worker_id),
                    _ => None,
                },
            ),
            _ => (row.employer_code, row.worker_id),
        };
        let mut is_within =
            employer_code.is_some() || worker_id.is_some() || row.caller == permit.caller.subject;
        if let Some(code) = employer_code {
            let within = self.employers_within_reach(permit, &[code]).await?;
            is_within = within.contains(&code);
        }
        if let (Some(worker_id), true) = (worker_id, is_within) {
            let key = WorkerKey::Id(worker_id);
            let read = self.store.check_inputs(&[key], &[]).await?;
            let found = self.within_reach(permit, read.workers).await?;
            is_within = found.into_iter().flatten().next().is_some();
        }
        if is_within {
            return Ok(());
        }
        let subject = Subject {
            employer_code,
            worker_id,
        };
        Err(self.deny(permit, subject, not_found(id)).await)
    }

    pub(super) async fn recorded(&self, id: DecisionId) -> AppResult<Recorded> {
        let row = self.store.audit_row(id.audit).await?;
        let row = row.ok_or_else(|| not_found(id))?;
        let call = thaw_call(&row.frozen).map_err(AppError::internal)?;
        let item = item_of(&call, id).ok_or_else(|| not_found(id))?.clone();
        Ok(Recorded { id, call, item })
    }

    async fn recompute(&self, recorded: &Recorded) -> AppResult<StoredDecision> {
        let answer = match recorded.replayable() {
            None => None,
            Some(question) => {
                let policies = self.edition_of_then(recorded).await?;
                Some(
                    self.answer_of_then(recorded, &question, &policies.book)
                        .await?,
                )
            }
        };
        Ok(StoredDecision {
            decision_id: recorded.id,
            answer,
            recorded_digest: recorded.digest(),
            question_json: question_json(&recorded.item),
            call: recorded.call.clone(),
        })
    }

    /// The answer to a recorded question with the facts of then, under an edition.
    pub(super) async fn answer_of_then(
        &self,
        recorded: &Recorded,
        question: &Replayable,
        book: &PolicyBook,
    ) -> AppResult<Answer> {
        match question {
            Replayable::Vat(question) => Ok(Answer::Vat(Box::new(CheckedVat::new(
                recorded.id,
                question,
                check_vat(book, question),
            )))),
            Replayable::KeyGroup(record) => {
                let facts = self.facts_of_then(&Revisions::of(record)).await?;
                Ok(answer(recorded, &facts.asked(record), book))
            }
            Replayable::Subsidy(item) => {
                let facts = self.facts_of_then(&Revisions::of_subsidy(item)).await?;
                let decided = facts.decide_subsidy(recorded, item, book);
                Ok(Answer::Subsidy(Box::new(decided)))
            }
            Replayable::Preferences(question) => {
                let results = check_preferences(book, question);
                let answered = CheckedPreferences {
                    decision_id: recorded.id,
                    review_cases: review_cases(question, &results),
                    results,
                    decided_at: recorded.call.recorded_at,
                    policy_version: book.version.to_string(),
                    rules_version: mamagang_domain::inclusive::RULES_VERSION,
                };
                Ok(Answer::Preferences(Box::new(answered)))
            }
        }
    }

    /// Truth replayed up to the recorded revisions.
    pub(super) async fn facts_of_then(&self, read: &Revisions) -> AppResult<FactsOfThen> {
        let until = Until::Revision(read.employer);
        let employer = self.employer_at(read.employer_code, until).await?;
        let timeline = match read.person {
            PersonRecord::Known {
                worker_id,
                revision,
            } => {
                self.timeline_at(worker_id, Until::Revision(revision))
                    .await?
            }
            PersonRecord::Unknown | PersonRecord::NotMatched => Timeline::default(),
        };
        Ok(FactsOfThen { employer, timeline })
    }
}

/// Decides a recorded question over given facts, under an edition.
pub(super) fn answer(recorded: &Recorded, asked: &Asked<'_>, book: &PolicyBook) -> Answer {
    let (decision, evidence) = asked.decide(book);
    let reviewed = asked.reviewed(&decision);
    Answer::KeyGroup(Box::new(CheckedDecision {
        decision_id: recorded.id,
        decision,
        evidence,
        decided_at: recorded.call.recorded_at,
        as_of: asked.as_of.unwrap_or(recorded.call.recorded_at),
        policy_version: book.version.to_string(),
        rules_version: RULES_VERSION,
        review_case: reviewed.map(|it| it.question.case_id()),
    }))
}

fn item_of(call: &RecordedCall, id: DecisionId) -> Option<&DecisionItem> {
    call.items.get(usize::try_from(id.item.unwrap_or(0)).ok()?)
}
