//! `CheckSubsidy`.

use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::inclusive::check_preferences;
use mamagang_domain::key_group::Person;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::subsidy::{
    ClaimedMonth, Decision, Evidence, RULES_VERSION, SubsidyKind, SubsidyPolicy, decide,
};
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{EmployerRow, WorkerSnapshot};

use super::check::{EvidenceView, check_span, evidence_of};
use super::decision::Recorded;
use super::digest::{preferences_digest, subsidy_digest};
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, PersonRecord, SubsidyItem};
use crate::caller::{AccessContext, Caller};
use crate::error::AppResult;
use crate::workers::Who;
use crate::workers::history::Until;

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
}

const METHOD: &str = "mamagang.v1.EligibilityService/CheckSubsidy";

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
            let key = self.worker_key(caller, &check.who)?;
            let read = self
                .store
                .check_inputs(&[key], &[check.employer_code])
                .await?;
            let employer = read.employers.into_iter().next().flatten();
            let record = employer.map(|row| row.record).unwrap_or_default();
            let employer = crate::facts::require_profile(check.employer_code, record)?;
            // A person out of reach is answered like one whom nobody knows.
            let workers = self.within_reach(&permit, read.workers).await?;
            let snapshot = workers.into_iter().next().flatten();
            let claimed = match &snapshot {
                Some(snapshot) => self.claimed_months(snapshot).await?,
                None => Vec::new(),
            };
            Ok((employer, snapshot, claimed))
        };
        match read.await {
            Ok((employer, snapshot, claimed)) => {
                self.answer_subsidy(caller, context, &check, &employer, snapshot, claimed)
                    .await
            }
            Err(error) => Err(self
                .audit_refusal(METHOD, caller, Some(context), error)
                .await),
        }
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
        employer: &EmployerRow,
        snapshot: Option<WorkerSnapshot>,
        claimed: Vec<ClaimedMonth>,
    ) -> AppResult<CheckedSubsidy> {
        let person = self.person(&check.who, snapshot.as_ref());
        let known = match person {
            Person::Known(_) => snapshot.as_ref(),
            _ => None,
        };
        let claimed = if known.is_some() { claimed } else { Vec::new() };
        let evidence = Evidence {
            person,
            employer_code: &check.employer_code,
            employer: &employer.record,
            booked: known.map_or(&[][..], |snapshot| &snapshot.booked),
            claimed: &claimed,
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
            claimed: claimed.clone(),
            from: check.from,
            through: check.through,
            answer: subsidy_digest(&decision),
        };
        let views = known.map_or_else(Vec::new, |snapshot| {
            let worker = &snapshot.worker;
            evidence_of(worker.worker_id, &worker.timeline, &decision.evidence)
        });
        let items = vec![DecisionItem::Subsidy(Box::new(item))];
        let mut draft = self.audit_draft(METHOD, caller, Some(context), items);
        draft.rules_version = RULES_VERSION;
        draft.employer_code = Some(check.employer_code);
        draft.worker_id = known.map(|snapshot| snapshot.worker.worker_id);
        let checked = CheckedSubsidy {
            decision_id: DecisionId {
                audit: draft.audit_id,
                item: None,
            },
            decision,
            evidence: views,
            decided_at: self.clock.now_micros(),
            policy_version: self.book.version.to_string(),
            rules_version: RULES_VERSION,
        };
        self.audit.write(draft).await?;
        Ok(checked)
    }

    /// Decides a recorded question again, with the facts under the recorded revisions.
    async fn redecide_subsidy(
        &self,
        policy: &SubsidyPolicy,
        item: &SubsidyItem,
    ) -> AppResult<Decision> {
        let until = Until::Revision(item.employer_revision);
        let employer = self.employer_at(item.employer_code, until).await?;
        let timeline = match item.person {
            PersonRecord::Known {
                worker_id,
                revision,
            } => {
                self.timeline_at(worker_id, Until::Revision(revision))
                    .await?
            }
            _ => Timeline::default(),
        };
        let evidence = Evidence {
            person: match item.person {
                PersonRecord::Unknown => Person::Unknown,
                PersonRecord::NotMatched => Person::NotMatched,
                PersonRecord::Known { .. } => Person::Known(&timeline),
            },
            employer_code: &item.employer_code,
            employer: &employer,
            booked: &item.booked,
            claimed: &item.claimed,
            filings: &item.filings,
        };
        Ok(decide(
            policy,
            item.kind,
            &evidence,
            item.from,
            item.through,
        ))
    }

    /// The digest of the answer to a recorded question of a subsidy or of preferences, with the
    /// facts and the policies of then; `None` for other questions.
    pub(super) async fn redigest(&self, recorded: &Recorded) -> AppResult<Option<Digest32>> {
        Ok(match &recorded.item {
            DecisionItem::Subsidy(item) => {
                let policies = self.edition_of_then(recorded).await?;
                let policy = &policies.book.subsidy;
                Some(subsidy_digest(&self.redecide_subsidy(policy, item).await?))
            }
            DecisionItem::Preferences(item) => {
                let policies = self.edition_of_then(recorded).await?;
                let results = check_preferences(&policies.book, &item.question);
                Some(preferences_digest(&results))
            }
            DecisionItem::KeyGroup(_) | DecisionItem::Other { .. } => None,
        })
    }
}
