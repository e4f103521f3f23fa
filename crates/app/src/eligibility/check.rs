//! `CheckKeyGroupDeduction`, one by one, in batches and in streams.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_domain::explanation::Explanation;
use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, DecisionId, FactId, Subject, WorkerId};
use mamagang_domain::key_group::{
    BookedMonth, Decision, Evidence, EvidenceRef, MEASURE, Person, assess, explain, trace,
};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Language, Outcome};
use mamagang_domain::review::{self, Reviewed};
use mamagang_domain::timeline::{EmployerRecord, Timeline};

use super::digest::decision_digest;
use super::read::CheckInput;
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, KeyGroupRecord, PersonRecord, Told, given};
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::limits::CHECK_MONTHS_MAX;
use crate::reviews::{Opening, town_of};
use crate::workers::{Who, person_of};

/// One question: may this employer deduct for this worker, month by month?
#[derive(Clone, Debug)]
pub struct KeyGroupCheck {
    /// For which employer.
    pub employer_code: EmployerCode,
    /// For which worker.
    pub who: Who,
    /// First month asked.
    pub from: TaxMonth,
    /// Last month asked.
    pub through: TaxMonth,
}

/// A record that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceView {
    /// Its id.
    pub fact_id: FactId,
    /// Its kind.
    pub kind: FactKind,
    /// Where it came from. Most records of a person are from a few sources.
    pub source: Arc<Source>,
}

/// A decision with its id and the moment it was made at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDecision {
    /// The decision's id.
    pub decision_id: DecisionId,
    /// The decision.
    pub decision: Decision,
    /// The records that it rests on.
    pub evidence: Vec<EvidenceView>,
    /// When it was made (microseconds).
    pub decided_at: i64,
    /// As of when (microseconds).
    pub as_of: i64,
    /// The policy applied.
    pub policy_version: String,
    /// The rules applied.
    pub rules_version: i32,
    /// The case of what it leaves to a person.
    pub review_case: Option<CaseId>,
}

pub(super) const METHOD: &str = "mamagang.v1.EligibilityService/CheckKeyGroupDeduction";
const METHOD_BATCH: &str = "mamagang.v1.EligibilityService/BatchCheckKeyGroupDeduction";
const METHOD_STREAM: &str = "mamagang.v1.EligibilityService/StreamKeyGroupChecks";

impl App {
    /// Answers one question. One shared read, one shared write.
    pub async fn check_key_group(
        &self,
        caller: &Caller,
        context: &AccessContext,
        check: KeyGroupCheck,
        as_of: Option<i64>,
    ) -> AppResult<CheckedDecision> {
        let permit = self.permit(METHOD, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_employer(&permit, check.employer_code).await?;
        let checks = [check];
        let mut results = self
            .check_all(&permit, context, &checks, as_of, false)
            .await?;
        let result = results
            .pop()
            .unwrap_or_else(|| Err(AppError::new(ErrorReason::Internal)));
        match result {
            Ok(decision) => Ok(decision),
            Err(error) => Err(self
                .audit_refusal(METHOD, caller, Some(context), error)
                .await),
        }
    }

    /// Answers many questions: one result each, in order, under one audit row.
    pub async fn check_key_groups(
        &self,
        caller: &Caller,
        context: &AccessContext,
        checks: &[KeyGroupCheck],
        as_of: Option<i64>,
        streamed: bool,
    ) -> AppResult<Vec<AppResult<CheckedDecision>>> {
        let method = if streamed {
            METHOD_STREAM
        } else {
            METHOD_BATCH
        };
        let permit = self.permit(method, caller, Some(context)).await?;
        require_context(context)?;
        self.check_all(&permit, context, checks, as_of, true).await
    }

    async fn check_all(
        &self,
        permit: &Permit<'_>,
        context: &AccessContext,
        checks: &[KeyGroupCheck],
        as_of: Option<i64>,
        is_batch: bool,
    ) -> AppResult<Vec<AppResult<CheckedDecision>>> {
        let as_of = self.close_as_of(as_of).await?;
        let inputs = match as_of {
            None => self.read_now(permit, checks).await?,
            Some(_) => self.read_checks(permit, checks, as_of).await?,
        };
        let decided_at = self.clock.now_micros();
        let mut items = Vec::with_capacity(checks.len());
        let mut results = Vec::with_capacity(checks.len());
        let mut openings = Vec::new();
        let audit_id = self.new_audit_id();
        for (check, input) in checks.iter().zip(inputs) {
            let result = input.and_then(|input| {
                check_range(check)?;
                let index = u32::try_from(items.len()).unwrap_or(u32::MAX);
                let decision_id = DecisionId {
                    audit: audit_id,
                    item: is_batch.then_some(index),
                };
                let mut asked = self.asked(&self.book, check, &input);
                asked.as_of = as_of.or(input.seen_at);
                let (decision, evidence) = asked.decide(&self.book);
                items.push(asked.item(&decision));
                let reviewed = asked.reviewed(&decision);
                let review_case = reviewed.as_ref().map(|it| it.question.case_id());
                openings.extend(reviewed.map(|reviewed| Opening {
                    reviewed,
                    decision_id,
                    town_code: town_of(asked.evidence.employer),
                    revision: asked.revision(),
                }));
                Ok(CheckedDecision {
                    decision_id,
                    decision,
                    evidence,
                    decided_at,
                    as_of: asked.as_of.unwrap_or(decided_at),
                    policy_version: self.book.version.to_string(),
                    rules_version: mamagang_domain::key_group::RULES_VERSION,
                    review_case,
                })
            });
            results.push(result);
        }
        if items.is_empty() && !is_batch {
            return Ok(results);
        }
        let mut draft = self.audit_draft(permit.method, permit.caller, Some(context), items);
        draft.audit_id = audit_id;
        let is_denied = |result: &AppResult<CheckedDecision>| {
            let reason = result.as_ref().err().map(|error| error.reason);
            reason == Some(ErrorReason::PermissionDenied)
        };
        if !results.is_empty() && results.iter().all(is_denied) {
            draft.outcome = ErrorReason::PermissionDenied.name().to_owned();
        }
        if let ([check], Some(DecisionItem::KeyGroup(record))) = (checks, draft.items.first()) {
            draft.employer_code = Some(check.employer_code);
            draft.worker_id = match &record.person {
                PersonRecord::Known { worker_id, .. } => Some(*worker_id),
                _ => None,
            };
        }
        let is_known = |item: &DecisionItem| {
            let DecisionItem::KeyGroup(record) = item else {
                return false;
            };
            matches!(record.person, PersonRecord::Known { .. })
        };
        if draft.items.iter().any(is_known) {
            draft.given = given(&["category", "months", "reasons", "evidence"]);
        }
        self.open_reviews(permit.caller, openings).await?;
        self.write_answer(draft).await?;
        Ok(results)
    }

    /// The question with everything that was read for it.
    pub(super) fn asked<'a>(
        &self,
        book: &PolicyBook,
        check: &'a KeyGroupCheck,
        input: &'a CheckInput,
    ) -> Asked<'a> {
        let snapshot = input.worker.as_ref();
        let person = person_of(snapshot, input.is_named);
        let known = match person {
            Person::Known(_) => snapshot,
            _ => None,
        };
        let mut evidence = Evidence {
            person,
            employer_code: &check.employer_code,
            employer: &input.employer.record,
            booked: known.map_or(&[][..], |snapshot| &snapshot.booked),
            unclaimed_elsewhere: 0,
            filings: known.map_or(&[][..], |snapshot| &snapshot.filings),
        };
        if !input.elsewhere.is_empty() {
            let found = assess(&book.key_group, &evidence, check.from, check.through);
            let own_start = found.start_month.unwrap_or(check.from);
            evidence.unclaimed_elsewhere = unclaimed(book, &evidence, &input.elsewhere, own_start);
        }
        Asked {
            evidence,
            person: match (person, known) {
                (Person::NotMatched, _) => PersonRecord::NotMatched,
                (_, None) => PersonRecord::Unknown,
                (_, Some(snapshot)) => PersonRecord::Known {
                    worker_id: snapshot.worker.worker_id,
                    revision: snapshot.worker.timeline.revision,
                },
            },
            stranger: match known {
                None => self.stranger(&check.who),
                Some(_) => None,
            },
            from: check.from,
            through: check.through,
            as_of: None,
        }
    }

    /// A digest of the keyed MAC of a document: nobody can find the number from it, and the same
    /// number gives the same while the key is in use.
    fn stranger(&self, who: &Who) -> Option<[u8; 16]> {
        let Who::Identity(identity) = who else {
            return None;
        };
        let key = self.identity_key(identity);
        let mac = key.macs.first()?;
        let mut digest = [0; 16];
        digest.copy_from_slice(&mamagang_domain::frozen::digest(&mac.mac)[..16]);
        Some(digest)
    }
}

/// A question with everything that a decision reads of it.
pub(super) struct Asked<'a> {
    pub(super) evidence: Evidence<'a>,
    pub(super) person: PersonRecord,
    pub(super) stranger: Option<[u8; 16]>,
    pub(super) from: TaxMonth,
    pub(super) through: TaxMonth,
    pub(super) as_of: Option<i64>,
}

impl Asked<'_> {
    /// Decides under an edition.
    pub(super) fn decide(&self, book: &PolicyBook) -> (Decision, Vec<EvidenceView>) {
        let policy = &book.key_group;
        let found = assess(policy, &self.evidence, self.from, self.through);
        let decision = explain(policy, &self.evidence, &found);
        let views = match (self.person, self.evidence.person) {
            (PersonRecord::Known { worker_id, .. }, Person::Known(timeline)) => {
                evidence_views(worker_id, timeline, &decision)
            }
            _ => Vec::new(),
        };
        (decision, views)
    }

    /// What the decision leaves to a person.
    pub(super) fn reviewed(&self, decision: &Decision) -> Option<Reviewed> {
        let timeline = match self.evidence.person {
            Person::Known(timeline) => Some(timeline),
            Person::Unknown | Person::NotMatched => None,
        };
        let subject = match self.person {
            PersonRecord::Known { worker_id, .. } => review::Subject::Worker(worker_id),
            _ => self
                .stranger
                .map_or(review::Subject::Nobody, review::Subject::Stranger),
        };
        let reasons = &decision.statutory.reasons;
        let employer_code = *self.evidence.employer_code;
        Reviewed::of(
            MEASURE,
            employer_code,
            subject,
            timeline,
            reasons,
            &decision.months,
        )
    }

    /// The worker's revision; 0 where nobody is known.
    const fn revision(&self) -> u32 {
        match self.person {
            PersonRecord::Known { revision, .. } => revision,
            _ => 0,
        }
    }

    /// How the decision follows under an edition.
    pub(super) fn trace(&self, book: &PolicyBook, language: Language) -> Explanation {
        let policy = &book.key_group;
        let found = assess(policy, &self.evidence, self.from, self.through);
        trace(policy, &self.evidence, &found, language)
    }

    /// What the audit row keeps of it.
    fn item(&self, decision: &Decision) -> DecisionItem {
        DecisionItem::KeyGroup(Box::new(KeyGroupRecord {
            employer_code: *self.evidence.employer_code,
            employer_revision: self.evidence.employer.revision,
            person: self.person,
            stranger: self.stranger,
            booked: self.evidence.booked.to_vec(),
            filings: self.evidence.filings.to_vec(),
            unclaimed_elsewhere: self.evidence.unclaimed_elsewhere,
            from: self.from,
            through: self.through,
            as_of: self.as_of,
            told: Some(Told {
                outcome: decision.outcome,
                total_fen: decision.total_fen,
            }),
            answer: decision_digest(decision),
        }))
    }
}

/// Months before this employer's first that facts support elsewhere and nobody has booked.
pub(crate) fn unclaimed(
    book: &PolicyBook,
    evidence: &Evidence<'_>,
    elsewhere: &HashMap<EmployerCode, EmployerRecord>,
    own_start: TaxMonth,
) -> i32 {
    let Person::Known(timeline) = evidence.person else {
        return 0;
    };
    let mut months: BTreeSet<TaxMonth> = BTreeSet::new();
    for employer_code in timeline.contract_employers() {
        let Some(record) = elsewhere
            .get(&employer_code)
            .filter(|_| employer_code != *evidence.employer_code)
        else {
            continue;
        };
        let contracts = timeline.contracts.iter().map(|held| &held.body);
        let starts = contracts.filter(|contract| contract.employer_code == employer_code);
        let Some(first) = starts.map(|contract| TaxMonth::of(contract.start_on)).min() else {
            continue;
        };
        let other = Evidence {
            employer_code: &employer_code,
            employer: record,
            ..*evidence
        };
        let found = assess(&book.key_group, &other, first, own_start.plus(-1));
        let eligible = found
            .months
            .iter()
            .filter(|finding| finding.outcome() == Outcome::Eligible);
        months.extend(eligible.map(|finding| finding.month));
    }
    months.retain(|month| {
        !evidence
            .booked
            .iter()
            .any(|booked: &BookedMonth| booked.month == *month)
    });
    i32::try_from(months.len()).unwrap_or(i32::MAX)
}

pub(super) fn check_range(check: &KeyGroupCheck) -> AppResult<()> {
    check_span(check.from, check.through)
}

/// The months of a check: not backwards, not too many.
pub(super) fn check_span(from: TaxMonth, through: TaxMonth) -> AppResult<()> {
    let months = through.since(from) + 1;
    if months < 1 {
        let violation = Violation::new(
            "through_month",
            "不得早于起始月份",
            "must not be before from_month",
        );
        return Err(AppError::invalid(vec![violation]));
    }
    if months > CHECK_MONTHS_MAX {
        let violation = Violation::new(
            "through_month",
            format!("一次最多查询 {CHECK_MONTHS_MAX} 个月"),
            format!("at most {CHECK_MONTHS_MAX} months in one check"),
        );
        return Err(AppError::invalid(vec![violation]));
    }
    Ok(())
}

/// The records of a decision with their sources.
pub(super) fn evidence_views(
    worker_id: WorkerId,
    timeline: &Timeline,
    decision: &Decision,
) -> Vec<EvidenceView> {
    evidence_of(worker_id, timeline, &decision.evidence)
}

/// Records with their sources.
pub(super) fn evidence_of(
    worker_id: WorkerId,
    timeline: &Timeline,
    evidence: &[EvidenceRef],
) -> Vec<EvidenceView> {
    let mut last = Arc::new(Source {
        name: String::new(),
        drawn_on: None,
    });
    let none = Arc::clone(&last);
    let view = |evidence: &EvidenceRef| {
        let source = timeline.source_of(evidence.kind, evidence.revision);
        let source = source.unwrap_or(&none);
        if *source != *last {
            last = Arc::new(source.clone());
        }
        EvidenceView {
            fact_id: FactId {
                subject: Subject::Worker(worker_id),
                revision: evidence.revision,
            },
            kind: evidence.kind,
            source: Arc::clone(&last),
        }
    };
    evidence.iter().map(view).collect()
}
