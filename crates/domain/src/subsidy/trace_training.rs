//! How a decision on the training subsidy follows, training by training.

use crate::explanation::{Explanation, Finding, Said, Step, worker_fact};
use crate::fact::FactKind;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::reason::{Language, ReasonCode, sentence};

use super::explain::Writer;
use super::policy::{CapScope, SubsidyPolicy};
use super::trace::Tracer;
use super::training::{TrainingResult, assess_trainings};
use super::{Evidence, Person, SubsidyKind};

pub(super) fn trace_trainings(
    policy: &SubsidyPolicy,
    evidence: &Evidence<'_>,
    language: Language,
) -> Explanation {
    let tracer = Tracer {
        policy,
        kind: SubsidyKind::Training,
        evidence,
        language,
    };
    let trainings = assess_trainings(policy, evidence).trainings;
    let mut steps: Vec<Step> = tracer.person().into_iter().collect();
    let first = trainings.iter().find_map(|training| training.completed_on);
    steps.extend(first.map(|day| tracer.employer(TaxMonth::of(day))));
    let mut brought = Fen::ZERO;
    for training in &trainings {
        steps.push(tracer.training(training, brought));
        brought += training.amount_fen;
    }
    if trainings.is_empty() && matches!(evidence.person, Person::Known(_)) {
        let rule = tracer.say("培训", "Training");
        let code = ReasonCode::TrainingNotCompleted;
        let cause = sentence::<&str>(code, &[], language);
        steps.push(Step::condition(rule, cause, Some(code)));
    }
    steps.push(tracer.total(trainings.iter().map(|training| training.amount_fen)));
    Explanation { steps }
}

impl Tracer<'_> {
    fn training(&self, training: &TrainingResult, brought: Fen) -> Step {
        let fact = worker_fact(training.revision, FactKind::TrainingRecord);
        let rule = format!("{} {}", self.say("培训", "Training"), training.plan_id);
        let mut step = Step {
            code: Some(training.code),
            finding: Finding::from(training.outcome),
            ..Step::figure(rule, self.training_formula(training, brought))
        };
        step = step.amount(training.amount_fen).input(
            self.say("课时", "class hours"),
            training.class_hours,
            fact,
        );
        if let Some(day) = training.completed_on {
            step = step.input(self.say("完成日期", "completed"), day, fact);
        }
        if let Some(plan) = self.evidence.filing(&training.plan_id) {
            let told = self.filing_told(plan);
            let said = Said::filed(self.language, plan);
            step = step.said(self.say("培训计划备案", "filed plan"), told, said);
        }
        if let Person::Known(timeline) = self.evidence.person
            && let Some(child) = &timeline.child
        {
            let name = self.say("抚养子女情况截止", "dependent child until");
            let fact = worker_fact(child.revision, FactKind::DependentChild);
            step = step.input(name, child.body.until_on, fact);
        }
        let writer = Writer {
            policy: self.policy,
            kind: self.kind,
        };
        let Some(day) = training.completed_on else {
            return step;
        };
        let most = self.cited(&self.policy.training_person_max_fen, day);
        step.cite(writer.citations(training.code, TaxMonth::of(day)))
            .cite(most.filter(|_| training.amount_fen > Fen::ZERO))
    }

    /// `min(20.00 × 30, 500.00 − 0.00) = 500.00`.
    fn training_formula(&self, training: &TrainingResult, brought: Fen) -> String {
        let counts = matches!(
            training.code,
            ReasonCode::AllConditionsMet | ReasonCode::TrainingMostReached
        );
        let Some(day) = training.completed_on.filter(|_| counts) else {
            return sentence::<&str>(training.code, &[], self.language);
        };
        let hour = self.policy.amount_fen.get(&self.kind);
        let hour = hour.and_then(|dated| dated.on(day));
        let most = self.policy.training_person_max_fen.on(day);
        let (Some(hour), Some(most)) = (hour, most) else {
            return self.not_encoded();
        };
        let scope = self.policy.training_cap_scope.on(day);
        let is_personal = scope.is_some_and(|scope| scope.value == CapScope::Person);
        let claimed = self.evidence.claimed.iter().filter(|claimed| {
            claimed.kind == self.kind && claimed.employer_code != *self.evidence.employer_code
        });
        let elsewhere: Fen = claimed.map(|claimed| claimed.amount_fen).sum();
        let taken = match is_personal {
            true => brought + elsewhere,
            false => brought,
        };
        format!(
            "min({} × {}, {} − {}) = {}",
            hour.value.yuan(),
            training.class_hours,
            most.value.yuan(),
            taken.yuan(),
            training.amount_fen.yuan()
        )
    }
}
