//! Answers on subsidies and inclusive preferences.

use mamagang_app::App;
use mamagang_app::eligibility::{CheckedPreferences, CheckedSubsidy};
use mamagang_domain::reason::Language;
use mamagang_domain::subsidy::TrainingResult;
use mamagang_proto::v1;

use super::decision::{case_or_empty, evidence, month};
use super::reason::{assumption, reasons};
use super::{date_or_empty, month_or_empty, timestamp};
use crate::convert::enums::{ApiEnum as _, fact_kind_name};

/// A decision on a subsidy.
pub(crate) fn subsidy(app: &App, checked: &CheckedSubsidy, language: Language) -> v1::Decision {
    let decision = &checked.decision;
    v1::Decision {
        decision_id: checked.decision_id.to_string(),
        outcome: decision.outcome.to_api(),
        start_month: month_or_empty(decision.start_month),
        months: decision.months.iter().map(month).collect(),
        trainings: decision.trainings.iter().map(training).collect(),
        total_fen: decision.total_fen.get(),
        reasons: reasons(&decision.reasons, language),
        caveats: reasons(&decision.caveats, language),
        assumptions: decision
            .assumptions
            .iter()
            .map(|assumed| assumption(app, assumed, language))
            .collect(),
        missing_facts: decision
            .missing_facts
            .iter()
            .map(|kind| fact_kind_name(*kind).to_owned())
            .collect(),
        evidence: checked
            .evidence
            .iter()
            .map(|view| evidence(view, language))
            .collect(),
        policy_version: checked.policy_version.clone(),
        rules_version: checked.rules_version,
        decided_time: Some(timestamp(checked.decided_at)),
        as_of_time: Some(timestamp(checked.decided_at)),
        review_case_id: case_or_empty(checked.review_case),
        ..v1::Decision::default()
    }
}

fn training(training: &TrainingResult) -> v1::TrainingResult {
    v1::TrainingResult {
        plan_id: training.plan_id.clone(),
        class_hours: training.class_hours,
        completed_date: date_or_empty(training.completed_on),
        outcome: training.outcome.to_api(),
        reason: training.code.number(),
        amount_fen: training.amount_fen.get(),
    }
}

/// The answers on measure 10.
pub(crate) fn preferences(
    checked: &CheckedPreferences,
    language: Language,
) -> v1::CheckInclusivePreferencesResponse {
    let results = checked.results.iter().zip(&checked.review_cases);
    let results = results.map(|(result, review_case)| v1::PreferenceResult {
        review_case_id: case_or_empty(*review_case),
        item: result.item.to_api(),
        outcome: result.outcome.to_api(),
        amount_fen: result.amount_fen.get(),
        reasons: reasons(&result.reasons, language),
    });
    v1::CheckInclusivePreferencesResponse {
        decision_id: checked.decision_id.to_string(),
        results: results.collect(),
        policy_version: checked.policy_version.clone(),
        rules_version: checked.rules_version,
        decided_time: Some(timestamp(checked.decided_at)),
    }
}
