//! `CheckSubsidy`.

use std::sync::Arc;

use mamagang_domain::explanation::Explanation;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, DecisionId};
use mamagang_domain::key_group::{MonthResult, Person};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::Language;
use mamagang_domain::review::{self, Reviewed};
use mamagang_domain::subsidy::{
    ClaimedMonth, Decision, Evidence, RULES_VERSION, SubsidyKind, SubsidyPolicy, decide, trace,
};
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{EmployerRow, WorkerSnapshot};

use super::check::{EvidenceView, check_span, evidence_of};
use super::decision::{FactsOfThen, Recorded};
use super::digest::subsidy_digest;
use super::sheet::short_subsidy;
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, PersonRecord, SubsidyItem};
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::error::AppResult;
use crate::reviews::{Opening, town_of};
use crate::workers::Who;

/// One question: is this subsidy given for this worker at this employer, month by month?
#[derive(Clone, Debug)]
pub struct SubsidyCheck {
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// At which employer.
    pub employer_code: EmployerCode,
    /// For which worker.
    pub who: Who,
    /// First month asked. A check of training reads no months.
    pub from: TaxMonth,
    /// Last month asked.
    pub through: TaxMonth,
}

/// A decision with its id and the moment it was made at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedSubsidy {
    /// The decision's id.
    pub decision_id: DecisionId,
    /// The decision.
    pub decision: Decision,
    /// The records that it rests on.
    pub evidence: Vec<EvidenceView>,
    /// When it was made (microseconds).
    pub decided_at: i64,
    /// The policy applied.
    pub policy_version: String,
    /// The rules applied.
    pub rules_version: i32,
    /// The case of what it leaves to a person.
    pub review_case: Option<CaseId>,
}

/// What a decision leaves to a person. A training stands in the month of its completion.
fn reviewed(
    employer_code: EmployerCode,
    person: PersonRecord,
    timeline: &Timeline,
    decision: &Decision,
) -> Option<Reviewed> {
    let mut months = decision.months.clone();
    months.extend(decision.trainings.iter().filter_map(|training| {
        Some(MonthResult {
            month: TaxMonth::of(training.completed_on?),
            outcome: training.outcome,
            code: training.code,
            amount_fen: training.amount_fen,
        })
    }));
    let (subject, timeline) = match person {
        PersonRecord::Known { worker_id, .. } => {
            (review::Subject::Worker(worker_id), Some(timeline))
        }
        _ => (review::Subject::Nobody, None),
    };
    let measure = decision.kind.measure();
    let reasons = &decision.reasons;
    Reviewed::of(measure, employer_code, subject, timeline, reasons, &months)
}

const METHOD: &str = "mamagang.v1.EligibilityService/CheckSubsidy";

/// What one check reads.
struct SubsidyInput {
    employer: EmployerRow,
    snapshot: Option<WorkerSnapshot>,
    claimed: Vec<ClaimedMonth>,
}

impl SubsidyInput {
    /// A recorded question over what is known now: its facts, and the question as it would be
    /// recorded with them.
    fn into_recorded(self, item: &SubsidyItem) -> (FactsOfThen, SubsidyItem) {
        let mut now = SubsidyItem {
            employer_revision: self.employer.record.revision,
            booked: Vec::new(),
            filings: Vec::new(),
            claimed: self.claimed,
            ..item.clone()
        };
        let mut timeline = Timeline::default();
        match self.snapshot {
            Some(snapshot) => {
                timeline = Arc::unwrap_or_clone(snapshot.worker).timeline;
                now.booked = snapshot.booked;
                now.filings = snapshot.filings.to_vec();
            }
            None => now.person = PersonRecord::Unknown,
        }
        let facts = FactsOfThen {
            employer: self.employer.record,
            timeline,
        };
        (facts, now)
    }
}

impl App {
    /// Answers one question, from what facts, filings, the ledger and claims say now.
    ///
    /// Errors: `CONTEXT_REQUIRED`, `PERMISSION_DENIED`, `EMPLOYER_NOT_FOUND`, `MATCH_EXPIRED`,
    /// `INVALID_ARGUMENT_FIELDS`.
    pub async fn check_subsidy(
        &self,
        caller: &Caller,
        context: &AccessContext,
        check: SubsidyCheck,
    ) -> AppResult<CheckedSubsidy> {
        let permit = self.permit(METHOD, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_employer(&permit, check.employer_code).await?;
        let read = async {
            check_span(check.from, check.through)?;
            self.read_subsidy(&permit, &check).await
        };
        match read.await {
            Ok(input) => self.answer_subsidy(caller, context, &check, &input).await,
            Err(error) => Err(self
                .audit_refusal(METHOD, caller, Some(context), error)
                .await),
        }
    }

    /// Reads what a question needs: facts, booked months, filings, and the months that claims hold.
    async fn read_subsidy(
        &self,
        permit: &Permit<'_>,
        check: &SubsidyCheck,
    ) -> AppResult<SubsidyInput> {
        let key = self.worker_key(permit.caller, &check.who)?;
        let read = self
            .store
            .check_inputs(&[key], &[check.employer_code])
            .await?;
        let employer = read.employers.into_iter().next().flatten();
        let record = employer.map(|row| row.record).unwrap_or_default();
        let employer = crate::facts::require_profile(check.employer_code, record)?;
        // A person out of reach is answered like one whom nobody knows.
        let workers = self.within_reach(permit, read.workers).await?;
        let snapshot = workers.into_iter().next().flatten();
        let claimed = match &snapshot {
            Some(snapshot) => self.claimed_months(snapshot).await?,
            None => Vec::new(),
        };
        Ok(SubsidyInput {
            employer,
            snapshot,
            claimed,
        })
    }

    /// The answer to a recorded question with the facts of now; `None` where nobody is known under
    /// it, since it does not say who was asked about.
    pub(super) async fn subsidy_of_now(
        &self,
        permit: &Permit<'_>,
        recorded: &Recorded,
        item: &SubsidyItem,
        book: &PolicyBook,
    ) -> AppResult<Option<CheckedSubsidy>> {
        let PersonRecord::Known { worker_id, .. } = item.person else {
            return Ok(None);
        };
        let check = SubsidyCheck {
            kind: item.kind,
            employer_code: item.employer_code,
            who: Who::WorkerId(worker_id),
            from: item.from,
            through: item.through,
        };
        let input = self.read_subsidy(permit, &check).await?;
        let (facts, now) = input.into_recorded(item);
        Ok(Some(facts.decide_subsidy(recorded, &now, book)))
    }

    /// Months of every subsidy that claims hold for a worker.
    async fn claimed_months(&self, snapshot: &WorkerSnapshot) -> AppResult<Vec<ClaimedMonth>> {
        let asked = [snapshot.worker.worker_id];
        let lists = self.store.subsidy_months(&asked).await?;
        let months = lists.into_iter().flatten();
        Ok(months.map(|month| month.claimed).collect())
    }

    async fn answer_subsidy(
        &self,
        caller: &Caller,
        context: &AccessContext,
        check: &SubsidyCheck,
        input: &SubsidyInput,
    ) -> AppResult<CheckedSubsidy> {
        let employer = &input.employer;
        let person = self.person(&check.who, input.snapshot.as_ref());
        let known = match person {
            Person::Known(_) => input.snapshot.as_ref(),
            _ => None,
        };
        let claimed = known.map_or(&[][..], |_| &input.claimed);
        let evidence = Evidence {
            person,
            employer_code: &check.employer_code,
            employer: &employer.record,
            booked: known.map_or(&[][..], |snapshot| &snapshot.booked),
            claimed,
            filings: known.map_or(&[][..], |snapshot| &snapshot.filings),
        };
        let decision = decide(
            &self.book.subsidy,
            check.kind,
            &evidence,
            check.from,
            check.through,
        );
        let item = SubsidyItem {
            kind: check.kind,
            employer_code: check.employer_code,
            employer_revision: employer.record.revision,
            person: match (person, known) {
                (Person::NotMatched, _) => PersonRecord::NotMatched,
                (_, None) => PersonRecord::Unknown,
                (_, Some(snapshot)) => PersonRecord::Known {
                    worker_id: snapshot.worker.worker_id,
                    revision: snapshot.worker.timeline.revision,
                },
            },
            booked: evidence.booked.to_vec(),
            filings: evidence.filings.to_vec(),
            claimed: claimed.to_vec(),
            from: check.from,
            through: check.through,
            told: short_subsidy(&decision),
            answer: subsidy_digest(&decision),
        };
        let views = known.map_or_else(Vec::new, |snapshot| {
            let worker = &snapshot.worker;
            evidence_of(worker.worker_id, &worker.timeline, &decision.evidence)
        });
        let stranger = Timeline::default();
        let timeline = known.map_or(&stranger, |snapshot| &snapshot.worker.timeline);
        let reviewed = reviewed(check.employer_code, item.person, timeline, &decision);
        let items = vec![DecisionItem::Subsidy(Box::new(item))];
        let mut draft = self.audit_draft(METHOD, caller, Some(context), items);
        draft.rules_version = RULES_VERSION;
        draft.employer_code = Some(check.employer_code);
        draft.worker_id = known.map(|snapshot| snapshot.worker.worker_id);
        let decision_id = DecisionId {
            audit: draft.audit_id,
            item: None,
        };
        let checked = CheckedSubsidy {
            decision_id,
            review_case: reviewed.as_ref().map(|it| it.question.case_id()),
            decision,
            evidence: views,
            decided_at: self.clock.now_micros(),
            policy_version: self.book.version.to_string(),
            rules_version: RULES_VERSION,
        };
        let opening = reviewed.map(|reviewed| Opening {
            reviewed,
            decision_id,
            town_code: town_of(&employer.record),
            revision: timeline.revision,
        });
        self.open_reviews(caller, opening.into_iter().collect())
            .await?;
        self.write_answer(draft).await?;
        Ok(checked)
    }
}

impl FactsOfThen {
    /// The evidence of a recorded question over these facts.
    fn subsidy_evidence<'a>(&'a self, item: &'a SubsidyItem) -> Evidence<'a> {
        Evidence {
            person: match item.person {
                PersonRecord::Unknown => Person::Unknown,
                PersonRecord::NotMatched => Person::NotMatched,
                PersonRecord::Known { .. } => Person::Known(&self.timeline),
            },
            employer_code: &item.employer_code,
            employer: &self.employer,
            booked: &item.booked,
            claimed: &item.claimed,
            filings: &item.filings,
        }
    }

    /// Decides a recorded question over these facts, under an edition.
    pub(super) fn decide_subsidy(
        &self,
        recorded: &Recorded,
        item: &SubsidyItem,
        book: &PolicyBook,
    ) -> CheckedSubsidy {
        let evidence = self.subsidy_evidence(item);
        let decision = decide(&book.subsidy, item.kind, &evidence, item.from, item.through);
        let views = match item.person {
            PersonRecord::Known { worker_id, .. } => {
                evidence_of(worker_id, &self.timeline, &decision.evidence)
            }
            _ => Vec::new(),
        };
        let reviewed = reviewed(item.employer_code, item.person, &self.timeline, &decision);
        CheckedSubsidy {
            decision_id: recorded.id,
            review_case: reviewed.map(|it| it.question.case_id()),
            decision,
            evidence: views,
            decided_at: recorded.call.recorded_at,
            policy_version: book.version.to_string(),
            rules_version: RULES_VERSION,
        }
    }

    /// How the decision on a recorded question follows.
    pub(super) fn trace_subsidy(
        &self,
        policy: &SubsidyPolicy,
        item: &SubsidyItem,
        language: Language,
    ) -> Explanation {
        let evidence = self.subsidy_evidence(item);
        trace(
            policy,
            item.kind,
            &evidence,
            item.from,
            item.through,
            language,
        )
    }
}
