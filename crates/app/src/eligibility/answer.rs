//! An answer of any measure as one thing: its digest, and its differences from another.

use std::fmt::Write as _;

use mamagang_domain::frozen::Digest32;
use mamagang_domain::key_group::Decision;
use mamagang_domain::policy::Confidence;
use mamagang_domain::reason::{Outcome, Reason};
use mamagang_domain::vat::{VatDecision, VatOutcome};

use super::check::CheckedDecision;
use super::digest::{decision_digest, vat_digest};

/// An answer that can be given again from its audit row.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To a check of measure 8.
    KeyGroup(Box<CheckedDecision>),
    /// To a question of measure 9.
    Vat(Box<VatDecision>),
}

/// One part of an answer that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which part: `outcome`, `total_yuan`, `months.2024-05`, `reasons.TERM_EXHAUSTED`, …
    pub field: String,
    /// What it was; empty where it was not there.
    pub then: String,
    /// What it is now; empty where it is not there.
    pub now: String,
}

impl Answer {
    /// The digest that an audit row keeps.
    pub fn digest(&self) -> Digest32 {
        match self {
            Self::KeyGroup(checked) => decision_digest(&checked.decision),
            Self::Vat(decision) => vat_digest(decision),
        }
    }

    /// The rules that gave it.
    pub const fn rules_version(&self) -> i32 {
        match self {
            Self::KeyGroup(_) => mamagang_domain::key_group::RULES_VERSION,
            Self::Vat(_) => mamagang_domain::vat::RULES_VERSION,
        }
    }

    /// What came out otherwise in `now`, part by part, in the order of the answer.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        differences(&self.sheet(), &now.sheet())
    }

    /// The answer as named lines, each name once.
    fn sheet(&self) -> Sheet {
        match self {
            Self::KeyGroup(checked) => key_group_sheet(checked),
            Self::Vat(decision) => vat_sheet(decision),
        }
    }
}

#[derive(Debug, Default)]
struct Sheet(Vec<(String, String)>);

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
}

fn differences(then: &Sheet, now: &Sheet) -> Vec<Difference> {
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

fn key_group_sheet(checked: &CheckedDecision) -> Sheet {
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
    for month in &decision.months {
        let (outcome, code) = (outcome_word(month.outcome), month.code.name());
        let amount = month.amount_fen.yuan();
        sheet.add(
            format!("months.{}", month.month),
            format!("{outcome} {code} {amount}"),
        );
    }
    sheet.add_reasons("reasons", &decision.statutory.reasons);
    sheet.add("notice", outcome_word(decision.notice.outcome));
    sheet.add_reasons("notice", &decision.notice.reasons);
    sheet.add_reasons("caveats", &decision.caveats);
    for assumed in &decision.assumptions {
        let value = format!(
            "{} ({})",
            assumed.value,
            confidence_word(assumed.confidence)
        );
        sheet.add(format!("assumptions.{}", assumed.parameter), value);
    }
    for kind in &decision.missing_facts {
        sheet.add(format!("missing_facts.{kind:?}"), "missing");
    }
    for view in &checked.evidence {
        sheet.add(
            format!("evidence.{}", view.fact_id),
            format!("{:?}", view.kind),
        );
    }
    sheet
}

fn vat_sheet(decision: &VatDecision) -> Sheet {
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

/// An outcome as the API spells it.
pub(super) const fn outcome_word(outcome: Outcome) -> &'static str {
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
