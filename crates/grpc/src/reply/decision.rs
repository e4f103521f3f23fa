//! Decisions on measures 8 and 9, and decisions made before.

use mamagang_app::eligibility::{
    Answer, CheckedDecision, CheckedVat, EvidenceView, Replay, StoredDecision, Verdict,
};
use mamagang_app::{App, Explained};
use mamagang_domain::fact::FactKind;
use mamagang_domain::frozen::hex;
use mamagang_domain::ids::CaseId;
use mamagang_domain::key_group::{LayerOutcome, MonthResult};
use mamagang_domain::reason::Language;
use mamagang_proto::v1;

use super::explanation::explanation;
use super::ledger::tax_line;
use super::measures::{preferences, subsidy};
use super::reason::{assumption, reasons};
use super::{date_or_empty, month_or_empty, timestamp};
use crate::convert::enums::{ApiEnum as _, fact_kind_name, optional};
use crate::language::choose;

/// A decision on measure 8.
pub(crate) fn decision(app: &App, checked: &CheckedDecision, language: Language) -> v1::Decision {
    let decision = &checked.decision;
    v1::Decision {
        decision_id: checked.decision_id.to_string(),
        outcome: decision.outcome.to_api(),
        statutory: Some(layer(&decision.statutory, language)),
        notice: Some(layer(&decision.notice, language)),
        category: optional(decision.category),
        start_month: month_or_empty(decision.start_month),
        term_end_month: month_or_empty(decision.term_end_month),
        months: decision.months.iter().map(month).collect(),
        total_fen: decision.total_fen.get(),
        // The outcome follows the statutory layer, and so do its reasons.
        reasons: reasons(&decision.statutory.reasons, language),
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
        as_of_time: Some(timestamp(checked.as_of)),
        review_case_id: case_or_empty(checked.review_case),
        trainings: Vec::new(),
    }
}

/// A case's id; empty where there is none.
pub(super) fn case_or_empty(case: Option<CaseId>) -> String {
    case.map(|case| case.to_string()).unwrap_or_default()
}

fn layer(layer: &LayerOutcome, language: Language) -> v1::LayerOutcome {
    v1::LayerOutcome {
        outcome: layer.outcome.to_api(),
        reasons: reasons(&layer.reasons, language),
    }
}

pub(super) fn month(month: &MonthResult) -> v1::MonthResult {
    v1::MonthResult {
        month: month.month.to_string(),
        outcome: month.outcome.to_api(),
        reason: month.code.number(),
        amount_fen: month.amount_fen.get(),
    }
}

pub(super) fn evidence(view: &EvidenceView, language: Language) -> v1::EvidenceRef {
    v1::EvidenceRef {
        fact_id: view.fact_id.to_string(),
        kind: fact_kind_name(view.kind).to_owned(),
        source: view.source.name.clone(),
        source_date: date_or_empty(view.source.drawn_on),
        recorded_time: None,
        summary: kind_title(view.kind, language).to_owned(),
    }
}

/// What a kind of fact is called by those who work with it.
pub(super) const fn kind_title(kind: FactKind, language: Language) -> &'static str {
    let (zh, en) = match kind {
        FactKind::EmployerProfile => ("用人单位登记信息", "Employer profile"),
        FactKind::WorkerProfile => ("人员基本信息", "Worker profile"),
        FactKind::UnemploymentSpell => ("失业登记记录", "Registration as unemployed"),
        FactKind::PovertyStatus => ("脱贫或监测记录", "Poverty record"),
        FactKind::EmploymentCertificate => ("就业创业证", "Employment certificate"),
        FactKind::Contract => ("合同", "Contract"),
        FactKind::Contribution => ("社会保险缴费记录", "Insurance contribution"),
        FactKind::FlexibleRegistration => ("灵活就业登记记录", "Registration as flexibly employed"),
        FactKind::DependentChild => ("抚养子女情况", "Dependent child"),
        FactKind::OtherRelief => ("其他优惠记录", "Other relief"),
        FactKind::PriorTermUse => ("此前已享受月份", "Months enjoyed before"),
        FactKind::TrainingRecord => ("培训记录", "Training"),
        FactKind::ReviewResolution => ("复核结论", "Review's resolution"),
    };
    choose(language, zh, en)
}

/// A decision on measure 9.
pub(crate) fn vat(checked: &CheckedVat, language: Language) -> v1::CheckVatExemptionResponse {
    let decision = &checked.decision;
    v1::CheckVatExemptionResponse {
        decision_id: checked.decision_id.to_string(),
        review_case_id: case_or_empty(checked.review_case),
        outcome: decision.outcome.to_api(),
        regime: decision.regime.clone(),
        net_sales_fen: decision.net_sales_fen.get(),
        threshold_fen: decision.ceiling.map(|ceiling| ceiling.fen.get()),
        threshold_inclusive: decision.ceiling.is_some_and(|ceiling| ceiling.inclusive),
        vat_fen: decision.vat_fen.get(),
        surcharges: decision
            .surcharges
            .iter()
            .map(|line| tax_line(line, Vec::new()))
            .collect(),
        reasons: reasons(&decision.reasons, language),
        caveats: reasons(&decision.caveats, language),
    }
}

/// A decision made before, computed again.
pub(crate) fn stored(
    app: &App,
    stored: &StoredDecision,
    explained: Option<&Explained>,
    language: Language,
) -> v1::GetDecisionResponse {
    let recomputed = stored.recomputed_digest();
    let answer = answer(app, stored.answer.as_ref(), language);
    v1::GetDecisionResponse {
        decision: answer.decision,
        vat: answer.vat,
        preferences: answer.preferences,
        explanation: explained.map(|explained| explanation(explained, language)),
        digest_matches: recomputed.is_some_and(|digest| digest == stored.recorded_digest),
        recorded_digest: hex(&stored.recorded_digest),
        recomputed_digest: recomputed.map(|digest| hex(&digest)).unwrap_or_default(),
        method: stored.call.method.clone(),
        question_json: stored.question_json.clone(),
        caller: stored.call.caller.clone(),
        recorded_time: Some(timestamp(stored.call.recorded_at)),
        recorded_policy_version: stored.call.policy_version.clone(),
        recorded_rules_version: stored.call.rules_version,
    }
}

/// The fields of an answer; that of its measure is set.
#[derive(Default)]
struct Fields {
    decision: Option<v1::Decision>,
    vat: Option<v1::CheckVatExemptionResponse>,
    preferences: Option<v1::CheckInclusivePreferencesResponse>,
}

fn answer(app: &App, answer: Option<&Answer>, language: Language) -> Fields {
    let mut fields = Fields::default();
    match answer {
        None => {}
        Some(Answer::KeyGroup(checked)) => fields.decision = Some(decision(app, checked, language)),
        Some(Answer::Subsidy(checked)) => fields.decision = Some(subsidy(app, checked, language)),
        Some(Answer::Vat(checked)) => fields.vat = Some(vat(checked, language)),
        Some(Answer::Preferences(checked)) => {
            fields.preferences = Some(preferences(checked, language));
        }
    }
    fields
}

/// A decision made once more.
pub(crate) fn replayed(
    app: &App,
    replay: &Replay,
    language: Language,
) -> v1::ReplayDecisionResponse {
    let answer = answer(app, Some(&replay.answer), language);
    let verdict = match replay.verdict {
        Verdict::Identical => v1::ReplayVerdict::Identical,
        Verdict::FactsDiffer => v1::ReplayVerdict::FactsDiffer,
        Verdict::PolicyDiffers => v1::ReplayVerdict::PolicyDiffers,
        Verdict::RulesDiffer => v1::ReplayVerdict::RulesDiffer,
    };
    let differences = replay.differences.iter();
    v1::ReplayDecisionResponse {
        verdict: verdict.into(),
        differences: differences
            .map(|part| v1::ReplayDifference {
                field: part.field.clone(),
                then: part.then.clone(),
                now: part.now.clone(),
            })
            .collect(),
        decision: answer.decision,
        vat: answer.vat,
        preferences: answer.preferences,
        recorded_digest: hex(&replay.recorded_digest),
        recomputed_digest: hex(&replay.recomputed_digest),
        recorded_time: Some(timestamp(replay.call.recorded_at)),
        recorded_policy_version: replay.call.policy_version.clone(),
        recorded_rules_version: replay.call.rules_version,
        policy_version: replay.policy_version.clone(),
        rules_version: replay.answer.rules_version(),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::ids::DecisionId;
    use mamagang_domain::ledger::{ByGroup, TaxLine};
    use mamagang_domain::money::{Ceiling, Fen};
    use mamagang_domain::reason::{Reason, ReasonCode};
    use mamagang_domain::tax::TaxKind;
    use mamagang_domain::vat::{VatDecision, VatOutcome};

    use super::*;

    #[test]
    fn a_vat_decision_keeps_its_figures() {
        let line = TaxLine {
            tax: TaxKind::Umct,
            due_fen: Fen::new(35),
            deducted: ByGroup::ZERO,
            halved_fen: Fen::new(17),
            paid_fen: Fen::new(18),
        };
        let told = VatDecision {
            outcome: VatOutcome::Taxable,
            regime: "R2".to_owned(),
            net_sales_fen: Fen::new(50_000),
            ceiling: Some(Ceiling {
                fen: Fen::new(50_000),
                inclusive: false,
            }),
            vat_fen: Fen::new(500),
            surcharges: vec![line],
            reasons: vec![Reason::bare(ReasonCode::ThresholdReached)],
            caveats: Vec::new(),
        };
        let id = DecisionId {
            audit: mamagang_domain::ids::AuditId(uuid::Uuid::nil()),
            item: None,
        };
        let checked = |decision: VatDecision| CheckedVat {
            decision_id: id,
            decision,
            review_case: None,
        };
        let answer = vat(&checked(told.clone()), Language::English);
        assert_eq!(
            (answer.outcome, answer.threshold_fen),
            (v1::VatOutcome::Taxable as i32, Some(50_000))
        );
        assert_eq!(
            (
                answer.surcharges[0].halved_fen,
                answer.surcharges[0].paid_fen
            ),
            (17, 18)
        );
        assert_eq!(
            answer.reasons[0].message,
            "Sales reach the threshold; the whole amount is taxed"
        );
        let without = checked(VatDecision {
            ceiling: None,
            ..told
        });
        let open = vat(&without, Language::Chinese);
        assert_eq!(
            (open.threshold_fen, open.threshold_inclusive),
            (None, false)
        );
    }

    #[test]
    fn every_kind_of_fact_has_a_title_in_both_languages() {
        for kind in FactKind::ALL {
            assert!(
                kind_title(kind, Language::Chinese)
                    .chars()
                    .all(|c| !c.is_ascii()),
                "{kind:?}"
            );
            assert!(kind_title(kind, Language::English).is_ascii(), "{kind:?}");
        }
    }
}
