//! The answer to `CheckKeyGroupDeduction` as bytes: the same as [`super::decision`] gives of it, without the messages.
//!
//! Texts are copied once, from where they are kept to where they are sent. The reasons stand in an answer twice, and are
//! written once.

use mamagang_app::App;
use mamagang_app::eligibility::{CheckedDecision, EvidenceView};
use mamagang_domain::key_group::{LayerOutcome, MonthResult};
use mamagang_domain::policy::Citation;
use mamagang_domain::reason::{Assumption, Language, Reason};

use super::decision::kind_title;
use super::reason::assumption_message;
use super::timestamp;
use crate::convert::enums::{ApiEnum as _, fact_kind_name, optional};
use crate::wire::Wire;

/// Room for most answers: a year, four sources, fourteen records.
const ANSWER_BYTES: usize = 4 * 1024;
/// Room for their reasons.
const REASONS_BYTES: usize = 2 * 1024;

/// The encoded `CheckKeyGroupDeductionResponse`.
pub(crate) fn check_answer(app: &App, checked: &CheckedDecision, language: Language) -> Vec<u8> {
    let mut wire = Wire::with_capacity(ANSWER_BYTES);
    wire.message(1, |wire| decision(wire, app, checked, language));
    wire.finish()
}

fn decision(wire: &mut Wire, app: &App, checked: &CheckedDecision, language: Language) {
    let decision = &checked.decision;
    let reasons = Reasons::of(&decision.statutory.reasons, language);
    wire.shown(1, checked.decision_id);
    wire.int(2, decision.outcome.to_api());
    wire.message(3, |wire| layer(wire, &decision.statutory, &reasons));
    wire.message(4, |wire| {
        let reasons = Reasons::of(&decision.notice.reasons, language);
        layer(wire, &decision.notice, &reasons);
    });
    wire.int(5, optional(decision.category));
    if let Some(start) = decision.start_month {
        wire.shown(6, start);
    }
    if let Some(end) = decision.term_end_month {
        wire.shown(7, end);
    }
    for result in &decision.months {
        wire.message(8, |wire| month(wire, result));
    }
    wire.int(9, decision.total_fen.get());
    // The outcome follows the statutory layer, and so do its reasons.
    reasons.write(wire, 10);
    Reasons::of(&decision.caveats, language).write(wire, 11);
    for assumed in &decision.assumptions {
        wire.message(12, |wire| assumption(wire, app, assumed, language));
    }
    for kind in &decision.missing_facts {
        wire.element(13, fact_kind_name(*kind).as_bytes());
    }
    for view in &checked.evidence {
        wire.message(14, |wire| evidence(wire, view, language));
    }
    wire.text(15, &checked.policy_version);
    wire.int(16, checked.rules_version);
    for (field, micros) in [(17, checked.decided_at), (18, checked.as_of)] {
        let time = timestamp(micros);
        wire.message(field, |wire| {
            wire.int(1, time.seconds);
            wire.int(2, time.nanos);
        });
    }
    if let Some(case) = checked.review_case {
        wire.shown(19, case);
    }
}

/// Reasons, encoded, to be written into a field.
struct Reasons {
    encoded: Wire,
    each: Vec<std::ops::Range<usize>>,
}

impl Reasons {
    fn of(reasons: &[Reason], language: Language) -> Self {
        let mut encoded = Wire::with_capacity(if reasons.is_empty() { 0 } else { REASONS_BYTES });
        let each = encoded.bodies(reasons, |wire, told| reason(wire, told, language));
        Self { encoded, each }
    }

    fn write(&self, wire: &mut Wire, field: u32) {
        for range in &self.each {
            wire.element(field, self.encoded.written(range.clone()));
        }
    }
}

fn layer(wire: &mut Wire, layer: &LayerOutcome, reasons: &Reasons) {
    wire.int(1, layer.outcome.to_api());
    reasons.write(wire, 2);
}

fn month(wire: &mut Wire, result: &MonthResult) {
    wire.shown(1, result.month);
    wire.int(2, result.outcome.to_api());
    wire.int(3, result.code.number());
    wire.int(4, result.amount_fen.get());
}

fn reason(wire: &mut Wire, reason: &Reason, language: Language) {
    wire.int(1, reason.code.number());
    wire.message(2, |wire| {
        // Writing into bytes cannot fail.
        let _ = reason.write_message(language, wire);
    });
    for cited in &reason.citations {
        wire.message(3, |wire| citation(wire, cited));
    }
    // A map: in order of name, of two with one name the last.
    let mut facts: Vec<&(&str, String)> = reason.facts.iter().collect();
    facts.sort_by_key(|(name, _)| *name);
    for (index, (name, value)) in facts.iter().enumerate() {
        if facts.get(index + 1).is_some_and(|(next, _)| next == name) {
            continue;
        }
        wire.message(4, |wire| {
            wire.text(1, name);
            wire.text(2, value);
        });
    }
}

fn citation(wire: &mut Wire, citation: &Citation) {
    wire.text(1, &citation.instrument);
    wire.text(2, &citation.article);
    wire.text(3, &citation.quote);
    wire.shown(4, citation.effective_on);
    wire.int(5, citation.confidence.to_api());
}

fn assumption(wire: &mut Wire, app: &App, assumption: &Assumption, language: Language) {
    wire.text(1, &assumption.parameter);
    wire.text(2, &assumption.value);
    wire.text(3, &assumption_message(app, assumption, language));
    wire.int(4, assumption.confidence.to_api());
}

fn evidence(wire: &mut Wire, view: &EvidenceView, language: Language) {
    wire.shown(1, view.fact_id);
    wire.text(2, fact_kind_name(view.kind));
    wire.text(3, &view.source.name);
    if let Some(day) = view.source.drawn_on {
        wire.shown(4, day);
    }
    wire.text(6, kind_title(view.kind, language));
}

#[cfg(test)]
mod tests;
