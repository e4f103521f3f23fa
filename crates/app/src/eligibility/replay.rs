//! `ReplayDecision`: whether a decision still comes out as it was answered, and if not, why.
//!
//! A decision follows from facts, policies and rules. The facts of then are truth up to the recorded
//! revisions, the policies of then the edition under the recorded hash, and the rules those of this
//! program. With all three of then the answer has to have the recorded digest; where it has not, the
//! rules have changed since. Asked so, the decision is made once more with the facts of now, under
//! another edition, or both, and compared with that of then.

use std::sync::Arc;

use mamagang_domain::frozen::Digest32;
use mamagang_domain::ids::DecisionId;
use mamagang_policy::Policies;

use super::answer::{Answer, Difference};
use super::check::KeyGroupCheck;
use super::decision::{Recorded, Replayable, Revisions, answer};
use crate::app::{App, require_context};
use crate::audit::{KeyGroupRecord, PersonRecord, RecordedCall};
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::Who;

/// Under which policies a decision is made once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// Those that it was made under.
    OfThen,
    /// Those in use.
    InUse,
    /// An edition by its version.
    Version(String),
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct ReplayQuestion {
    /// Which decision.
    pub decision_id: DecisionId,
    /// Under which policies.
    pub policy: PolicyChoice,
    /// Whether with the facts of now instead of those of then.
    pub current_facts: bool,
}

/// How the decision came out. Where several differ, the first of RULES, FACTS, POLICY is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it was answered.
    Identical,
    /// Otherwise, since the facts asked for are others, or those of then are no longer there.
    FactsDiffer,
    /// Otherwise, since the policies asked for are others, or those of then were not kept.
    PolicyDiffers,
    /// Facts and policies of then do not give the answer of then: the rules have changed.
    RulesDiffer,
}

/// A decision made once more.
#[derive(Clone, Debug)]
pub struct Replay {
    /// How it came out.
    pub verdict: Verdict,
    /// The answer with the facts and policies asked for.
    pub answer: Answer,
    /// What came out otherwise than it was answered, part by part.
    pub differences: Vec<Difference>,
    /// Digest that was recorded.
    pub recorded_digest: Digest32,
    /// Digest of the answer with everything of then.
    pub recomputed_digest: Digest32,
    /// The call as it was recorded.
    pub call: RecordedCall,
    /// The policies asked for.
    pub policy_version: String,
}

const METHOD: &str = "mamagang.v1.EligibilityService/ReplayDecision";

impl App {
    /// Makes a decision once more and compares.
    pub async fn replay_decision(
        &self,
        caller: &Caller,
        context: &AccessContext,
        question: ReplayQuestion,
    ) -> AppResult<Replay> {
        let permit = self.permit(METHOD, caller, Some(context)).await?;
        require_context(context)?;
        self.permit_decision(&permit, question.decision_id).await?;
        let replayed = async {
            let recorded = self.recorded(question.decision_id).await?;
            let replay = self.replay(&permit, &recorded, &question).await?;
            Ok((recorded, replay))
        };
        let (recorded, replay) = match replayed.await {
            Ok(found) => found,
            Err(error) => {
                return Err(self
                    .audit_refusal(METHOD, caller, Some(context), error)
                    .await);
            }
        };
        let mut draft = self.audit_draft(METHOD, caller, Some(context), Vec::new());
        recorded.name_subjects(&mut draft);
        self.audit.write(draft).await?;
        Ok(replay)
    }

    async fn replay(
        &self,
        permit: &Permit<'_>,
        recorded: &Recorded,
        asked: &ReplayQuestion,
    ) -> AppResult<Replay> {
        let question = recorded.replayable().ok_or_else(|| {
            AppError::new(ErrorReason::DecisionNotReplayable)
                .with("decision_id", recorded.id.to_string())
        })?;
        let of_then = match self.edition(&recorded.call.policy_version).await {
            Ok(edition) => Some(edition),
            Err(error) if error.reason == ErrorReason::PolicyVersionNotFound => None,
            Err(error) => return Err(error),
        };
        let chosen = match &asked.policy {
            PolicyChoice::OfThen => of_then.clone().unwrap_or_else(|| self.policies.clone()),
            PolicyChoice::InUse => self.policies.clone(),
            PolicyChoice::Version(version) => self.edition(version).await?,
        };
        let book = of_then.as_ref().map_or(&chosen.book, |then| &then.book);
        let then = self.answer_of_then(recorded, &question, book).await?;
        let recomputed_digest = then.digest();
        let mut replay = Replay {
            verdict: Verdict::Identical,
            differences: Vec::new(),
            recorded_digest: recorded.digest(),
            recomputed_digest,
            call: recorded.call.clone(),
            policy_version: chosen.version().to_owned(),
            answer: then,
        };
        if recomputed_digest != recorded.digest() {
            self.explain_break(recorded, &question, of_then.is_some(), &mut replay)
                .await?;
            return Ok(replay);
        }
        self.compare(permit, recorded, asked, &question, &chosen, &mut replay)
            .await?;
        Ok(replay)
    }

    /// Why facts, policies and rules of then do not give the answer of then.
    async fn explain_break(
        &self,
        recorded: &Recorded,
        question: &Replayable,
        edition_is_kept: bool,
        replay: &mut Replay,
    ) -> AppResult<()> {
        let read = match question {
            Replayable::KeyGroup(record) => Some(Revisions::of(record)),
            Replayable::Subsidy(item) => Some(Revisions::of_subsidy(item)),
            Replayable::Vat(_) | Replayable::Preferences(_) => None,
        };
        if let Some(read) = read {
            let facts = self.facts_of_then(&read).await?;
            if let Some((field, then, now)) = facts.missing_revision(&read) {
                replay.verdict = Verdict::FactsDiffer;
                replay.differences = vec![difference(field, then, now)];
                return Ok(());
            }
        }
        if let Some(told) = recorded.told() {
            replay.differences = replay.answer.short_differences(&told);
        }
        if !edition_is_kept {
            replay.verdict = Verdict::PolicyDiffers;
            let then = &recorded.call.policy_version;
            let lost = difference("policy_version", then, &replay.policy_version);
            replay.differences.insert(0, lost);
            return Ok(());
        }
        replay.verdict = Verdict::RulesDiffer;
        let (then, now) = (recorded.call.rules_version, replay.answer.rules_version());
        if then != now {
            let rules = difference("rules_version", then, now);
            replay.differences.insert(0, rules);
        }
        Ok(())
    }

    /// The decision with the facts and under the policies asked for, against that of then.
    async fn compare(
        &self,
        permit: &Permit<'_>,
        recorded: &Recorded,
        asked: &ReplayQuestion,
        question: &Replayable,
        chosen: &Arc<Policies>,
        replay: &mut Replay,
    ) -> AppResult<()> {
        let then = replay.answer.clone();
        let under_chosen = self
            .answer_of_then(recorded, question, &chosen.book)
            .await?;
        let policy_differs = under_chosen.digest() != then.digest();
        let mut facts_differ = false;
        replay.answer = under_chosen;
        if asked.current_facts
            && let Some(now) = self
                .answer_of_now(permit, recorded, question, chosen)
                .await?
        {
            facts_differ = now.digest() != replay.answer.digest();
            replay.answer = now;
        }
        replay.verdict = match (facts_differ, policy_differs) {
            (true, _) => Verdict::FactsDiffer,
            (false, true) => Verdict::PolicyDiffers,
            (false, false) => Verdict::Identical,
        };
        replay.differences = then.differences(&replay.answer);
        Ok(())
    }

    /// The answer with the facts of now; `None` where the question reads none, or nobody is known
    /// under it.
    async fn answer_of_now(
        &self,
        permit: &Permit<'_>,
        recorded: &Recorded,
        question: &Replayable,
        policies: &Policies,
    ) -> AppResult<Option<Answer>> {
        match question {
            Replayable::KeyGroup(record) => {
                self.key_group_of_now(permit, recorded, record, policies)
                    .await
            }
            Replayable::Subsidy(item) => {
                let now = self.subsidy_of_now(permit, recorded, item, &policies.book);
                Ok(now.await?.map(|checked| Answer::Subsidy(Box::new(checked))))
            }
            Replayable::Vat(_) | Replayable::Preferences(_) => Ok(None),
        }
    }

    /// `None` where nobody is known under the recorded question, since it does not say who was
    /// asked about.
    async fn key_group_of_now(
        &self,
        permit: &Permit<'_>,
        recorded: &Recorded,
        record: &KeyGroupRecord,
        policies: &Policies,
    ) -> AppResult<Option<Answer>> {
        let PersonRecord::Known { worker_id, .. } = record.person else {
            return Ok(None);
        };
        let checks = [KeyGroupCheck {
            employer_code: record.employer_code,
            who: Who::WorkerId(worker_id),
            from: record.from,
            through: record.through,
        }];
        let inputs = self.read_checks(permit, &checks, None).await?;
        let Some(input) = inputs.into_iter().next() else {
            return Ok(None);
        };
        let input = input?;
        let asked = self.asked(&policies.book, &checks[0], &input);
        Ok(Some(answer(recorded, &asked, &policies.book)))
    }
}

fn difference(field: &str, then: impl ToString, now: impl ToString) -> Difference {
    Difference {
        field: field.to_owned(),
        then: then.to_string(),
        now: now.to_string(),
    }
}
