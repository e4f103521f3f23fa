//! Answers as named lines, so that two of them can be held against each other.

use std::fmt::Write as _;

use mamagang_domain::fact::FactKind;
use mamagang_domain::inclusive::PreferenceResult;
use mamagang_domain::key_group::{Decision, MonthResult};
use mamagang_domain::money::Fen;
use mamagang_domain::policy::Confidence;
use mamagang_domain::reason::{Assumption, Outcome, Reason};
use mamagang_domain::subsidy;
use mamagang_domain::vat::{VatDecision, VatOutcome};

use super::answer::Difference;
use super::check::{CheckedDecision, EvidenceView};
use super::subsidy::CheckedSubsidy;
use crate::audit::{ShortAnswer, Told};

/// The answer as named lines, each name once.
#[derive(Debug, Default)]
pub(super) struct Sheet(ShortAnswer);

impl From<&ShortAnswer> for Sheet {
    fn from(told: &ShortAnswer) -> Self {
        Self(told.clone())
    }
}

impl Sheet {
    fn add(&mut self, field: impl Into<String>, value: impl ToString) {
        self.0.push((field.into(), value.to_string()));
    }

    fn get(&self, field: &str) -> Option<&str> {
        let line = self.0.iter().find(|(known, _)| known == field);
        line.map(|(_, value)| value.as_str())
    }

    fn add_reasons(&mut self, list: &str, reasons: &[Reason]) {
        for reason in reasons {
            let mut text = String::new();
            for (name, value) in &reason.facts {
                // Writing into a String cannot fail.
                let _ = write!(text, "{name}={value} ");
            }
            for citation in &reason.citations {
                let _ = write!(text, "[{} {}]", citation.instrument, citation.article);
            }
            self.add(format!("{list}.{}", reason.code.name()), text.trim_end());
        }
    }

    fn add_months(&mut self, months: &[MonthResult]) {
        for month in months {
            let (outcome, code) = (outcome_word(month.outcome), month.code.name());
            let amount = month.amount_fen.yuan();
            self.add(
                format!("months.{}", month.month),
                format!("{outcome} {code} {amount}"),
            );
        }
    }

    fn add_result(&mut self, result: &PreferenceResult) {
        let item = result.item;
        self.add(format!("{item:?}.outcome"), outcome_word(result.outcome));
        self.add(format!("{item:?}.amount_yuan"), result.amount_fen.yuan());
    }

    fn add_ground(&mut self, assumptions: &[Assumption], missing: &[FactKind]) {
        for assumed in assumptions {
            let word = confidence_word(assumed.confidence);
            let value = format!("{} ({word})", assumed.value);
            self.add(format!("assumptions.{}", assumed.parameter), value);
        }
        for kind in missing {
            self.add(format!("missing_facts.{kind:?}"), "missing");
        }
    }

    fn add_evidence(&mut self, evidence: &[EvidenceView]) {
        for view in evidence {
            let kind = format!("{:?}", view.kind);
            self.add(format!("evidence.{}", view.fact_id), kind);
        }
    }
}

pub(super) fn differences(then: &Sheet, now: &Sheet) -> Vec<Difference> {
    let mut found = Vec::new();
    for (field, value) in &then.0 {
        let other = now.get(field).unwrap_or_default();
        if other != value {
            found.push(Difference {
                field: field.clone(),
                then: value.clone(),
                now: other.to_owned(),
            });
        }
    }
    let added = now.0.iter().filter(|(field, _)| then.get(field).is_none());
    found.extend(added.map(|(field, value)| Difference {
        field: field.clone(),
        then: String::new(),
        now: value.clone(),
    }));
    found
}

pub(super) fn key_group_sheet(checked: &CheckedDecision) -> Sheet {
    let decision: &Decision = &checked.decision;
    let mut sheet = Sheet::default();
    sheet.add("outcome", outcome_word(decision.outcome));
    sheet.add("total_yuan", decision.total_fen.yuan());
    if let Some(category) = decision.category {
        sheet.add("category", format!("{category:?}"));
    }
    if let Some(month) = decision.start_month {
        sheet.add("start_month", month);
    }
    if let Some(month) = decision.term_end_month {
        sheet.add("term_end_month", month);
    }
    sheet.add_months(&decision.months);
    sheet.add_reasons("reasons", &decision.statutory.reasons);
    sheet.add("notice", outcome_word(decision.notice.outcome));
    sheet.add_reasons("notice", &decision.notice.reasons);
    sheet.add_reasons("caveats", &decision.caveats);
    sheet.add_ground(&decision.assumptions, &decision.missing_facts);
    sheet.add_evidence(&checked.evidence);
    sheet
}

pub(super) fn vat_sheet(decision: &VatDecision) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.add("outcome", vat_outcome_word(decision.outcome));
    sheet.add("regime", &decision.regime);
    sheet.add("net_sales_yuan", decision.net_sales_fen.yuan());
    if let Some(ceiling) = decision.ceiling {
        let sign = if ceiling.inclusive { "<=" } else { "<" };
        sheet.add("threshold", format!("{sign} {}", ceiling.fen.yuan()));
    }
    sheet.add("vat_yuan", decision.vat_fen.yuan());
    for line in &decision.surcharges {
        let paid = line.paid_fen.yuan();
        sheet.add(format!("surcharges.{:?}", line.tax), paid);
    }
    sheet.add_reasons("reasons", &decision.reasons);
    sheet.add_reasons("caveats", &decision.caveats);
    sheet
}

pub(super) fn subsidy_sheet(checked: &CheckedSubsidy) -> Sheet {
    let decision = &checked.decision;
    let mut sheet = Sheet::default();
    sheet.add("outcome", outcome_word(decision.outcome));
    sheet.add("total_yuan", decision.total_fen.yuan());
    if let Some(month) = decision.start_month {
        sheet.add("start_month", month);
    }
    sheet.add("months_used", decision.months_used);
    sheet.add_months(&decision.months);
    for training in &decision.trainings {
        let (outcome, code) = (outcome_word(training.outcome), training.code.name());
        let amount = training.amount_fen.yuan();
        sheet.add(
            format!("trainings.{}", training.plan_id),
            format!("{outcome} {code} {amount}"),
        );
    }
    sheet.add_reasons("reasons", &decision.reasons);
    sheet.add_reasons("caveats", &decision.caveats);
    sheet.add_ground(&decision.assumptions, &decision.missing_facts);
    sheet.add_evidence(&checked.evidence);
    sheet
}

/// Every line under its item's name: `SmallProfitIncomeTax.amount_yuan`.
pub(super) fn preferences_sheet(results: &[PreferenceResult]) -> Sheet {
    let mut sheet = Sheet::default();
    for result in results {
        sheet.add_result(result);
        sheet.add_reasons(&format!("{:?}.reasons", result.item), &result.reasons);
    }
    sheet
}

/// A decision in short: its outcome and its sum.
fn short(outcome: &str, total_fen: Fen) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.add("outcome", outcome);
    sheet.add("total_yuan", total_fen.yuan());
    sheet
}

/// What an audit row keeps of a check of measure 8, as lines.
pub(super) fn told_sheet(told: Told) -> Sheet {
    short(outcome_word(told.outcome), told.total_fen)
}

/// What an audit row keeps of a check of a subsidy.
pub(crate) fn short_subsidy(decision: &subsidy::Decision) -> ShortAnswer {
    short(outcome_word(decision.outcome), decision.total_fen).0
}

/// The same of a question of measure 9: outcome and VAT.
pub(super) fn short_vat(decision: &VatDecision) -> ShortAnswer {
    let mut sheet = Sheet::default();
    sheet.add("outcome", vat_outcome_word(decision.outcome));
    sheet.add("vat_yuan", decision.vat_fen.yuan());
    sheet.0
}

/// The same of a check of measure 10: outcome and amount of every item.
pub(super) fn short_preferences(results: &[PreferenceResult]) -> ShortAnswer {
    let mut sheet = Sheet::default();
    for result in results {
        sheet.add_result(result);
    }
    sheet.0
}

/// What of an answer that is not kept came out otherwise, by the lines that are.
pub(super) fn short_differences(then: &Sheet, now: &Sheet) -> Vec<Difference> {
    let kept = |line: &&(String, String)| then.get(&line.0).is_some();
    let now = Sheet(now.0.iter().filter(kept).cloned().collect());
    differences(then, &now)
}

/// An outcome as the API spells it.
const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Eligible => "ELIGIBLE",
        Outcome::Review => "REVIEW",
        Outcome::Ineligible => "INELIGIBLE",
    }
}

const fn vat_outcome_word(outcome: VatOutcome) -> &'static str {
    match outcome {
        VatOutcome::Exempt => "EXEMPT",
        VatOutcome::Taxable => "TAXABLE",
        VatOutcome::Review => "REVIEW",
    }
}

const fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Read => "read",
        Confidence::Secondary => "secondary",
        Confidence::Recalled => "recalled",
        Confidence::Derived => "derived",
        Confidence::Unconfirmed => "unconfirmed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_changed_came_or_went_are_told() {
        let mut then = Sheet::default();
        then.add("outcome", "ELIGIBLE");
        then.add("months.2024-05", "ELIGIBLE ALL_CONDITIONS_MET 650.00");
        then.add("caveats.X", "");
        let mut now = Sheet::default();
        now.add("outcome", "ELIGIBLE");
        now.add("months.2024-05", "REVIEW BACK_PAID_INSURANCE 0.00");
        now.add("reasons.Y", "y");
        let found = differences(&then, &now);
        let fields: Vec<&str> = found.iter().map(|part| part.field.as_str()).collect();
        // A part without content is not there.
        assert_eq!(fields, ["months.2024-05", "reasons.Y"]);
        assert_eq!(found[0].now, "REVIEW BACK_PAID_INSURANCE 0.00");
        assert_eq!((found[1].then.as_str(), found[1].now.as_str()), ("", "y"));
    }
}
