//! Explanations in the caller's language.

use mamagang_app::eligibility::EvidenceView;
use mamagang_app::{Explained, ExplainedStep};
use mamagang_domain::explanation::{Finding, Input};
use mamagang_domain::reason::{Language, sentence};
use mamagang_proto::v1;

use super::date_or_empty;
use super::reason::citation;
use crate::convert::enums::optional;

/// How an answer follows.
pub(crate) fn explanation(explained: &Explained, language: Language) -> v1::Explanation {
    let steps = explained.steps.iter();
    v1::Explanation {
        steps: steps.map(|explained| step(explained, language)).collect(),
    }
}

fn step(explained: &ExplainedStep, language: Language) -> v1::ExplanationStep {
    let step = &explained.step;
    let month = |index: usize| {
        let ends = step.months.map(|(first, last)| [first, last]);
        ends.map(|ends| ends[index].to_string()).unwrap_or_default()
    };
    let finding = match step.finding {
        Finding::Met => v1::StepFinding::Met,
        Finding::NotMet => v1::StepFinding::NotMet,
        Finding::Review => v1::StepFinding::Review,
        Finding::Figure => v1::StepFinding::Figure,
    };
    let message = step.code.map(|code| sentence::<&str>(code, &[], language));
    let inputs = step.inputs.iter().zip(&explained.facts);
    v1::ExplanationStep {
        rule: step.rule.clone(),
        from_month: month(0),
        through_month: month(1),
        finding: finding.into(),
        reason: step.code.map_or(0, |code| code.number()),
        message: message.unwrap_or_default(),
        formula: step.formula.clone(),
        amount_fen: step.amount_fen.map(|amount| amount.get()),
        inputs: inputs
            .map(|(read, fact)| input(read, fact.as_ref()))
            .collect(),
        citations: step.citations.iter().map(|cited| citation(cited)).collect(),
        confidence: optional(step.confidence()),
    }
}

/// Something that a step looked at, with the fact behind it or who says it otherwise.
fn input(read: &Input, fact: Option<&EvidenceView>) -> v1::ExplanationInput {
    let (source, day) = match (fact, &read.said) {
        (Some(fact), _) => (fact.source.name.clone(), fact.source.drawn_on),
        (None, Some(said)) => (said.by.clone(), said.on),
        (None, None) => (String::new(), None),
    };
    v1::ExplanationInput {
        name: read.name.clone(),
        value: read.value.clone(),
        fact_id: fact
            .map(|fact| fact.fact_id.to_string())
            .unwrap_or_default(),
        source,
        source_date: date_or_empty(day),
    }
}
