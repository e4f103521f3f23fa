//! How an answer on measure 9 follows.

use std::sync::Arc;

use crate::money::Fen;
use crate::policy::{Citation, DatedValue, PolicyBook};
use crate::reason::{Language, Reason, ReasonCode};
use crate::tax::TaxKind;
use crate::vat::{VatDecision, VatQuestion};

use super::{Explanation, Finding, Said, Step, percent, rounding, say};

/// The steps from a question to its answer.
pub fn explain_vat(
    policy: &PolicyBook,
    question: &VatQuestion,
    decision: &VatDecision,
    language: Language,
) -> Explanation {
    let mut steps = sale_steps(policy, question, decision, language);
    steps.extend(surcharge_lines(policy, question, decision, language));
    steps.extend(decision.caveats.iter().map(|caveat| {
        Step {
            code: Some(caveat.code),
            finding: Finding::Review,
            ..Step::figure(say(language, "提示", "Caveat"), caveat.message(language))
                .cite(caveat.citations.iter().cloned())
        }
    }));
    Explanation { steps }
}

/// From the sale to its VAT.
pub(crate) fn sale_steps(
    policy: &PolicyBook,
    question: &VatQuestion,
    decision: &VatDecision,
    language: Language,
) -> Vec<Step> {
    let mut steps = vec![regime(policy, question, language)];
    steps.extend(net_sales(policy, question, language));
    steps.extend(
        decision
            .reasons
            .iter()
            .map(|reason| tested(policy, question, reason, language)),
    );
    steps.extend(vat(policy, question, decision, language));
    steps
}

fn source<T>(value: Option<&DatedValue<T>>) -> Option<Arc<Citation>> {
    value.map(|value| value.citation.clone())
}

fn regime(policy: &PolicyBook, question: &VatQuestion, language: Language) -> Step {
    let on = question.obligation_on;
    let value = policy.vat.regime.on(on);
    let rule = say(language, "适用时期", "Regime by the date of the obligation");
    let step = match value {
        Some(value) => {
            let to = value.to.map(|to| to.to_string()).unwrap_or_default();
            let formula = format!("{on} ∈ {} … {to} → {}", value.from, value.value);
            Step::figure(rule, formula)
        }
        None => Step::condition(
            rule,
            say(
                language,
                "没有覆盖该日期的政策",
                "no encoded policy covers the date",
            ),
            Some(ReasonCode::PolicyNotEncoded),
        ),
    };
    let name = say(language, "纳税义务发生日期", "obligation date");
    step.said(name, on, Said::asked(language))
        .cite(source(value))
}

fn net_sales(policy: &PolicyBook, question: &VatQuestion, language: Language) -> Option<Step> {
    let rate = policy.vat.levy_rate_bp.on(question.obligation_on)?;
    let amount = question.amount_fen;
    let rule = say(language, "不含税销售额", "Sales without VAT");
    let step = if question.vat_inclusive {
        let net = amount.without_tax(rate.value);
        let formula = format!(
            "{} ÷ (1 + {}) = {} ({})",
            amount.yuan(),
            percent(rate.value),
            net.yuan(),
            rounding(language)
        );
        Step::figure(rule, formula)
            .amount(net)
            .cite(source(Some(rate)))
    } else {
        Step::figure(rule, amount.yuan()).amount(amount)
    };
    let name = say(language, "申报金额", "amount asked about");
    Some(step.said(name, amount.yuan(), Said::asked(language)))
}

/// `98000.00 + 5000.00 = 103000.00`: what a tested sum is made of; a single amount stands alone.
fn summed(policy: &PolicyBook, question: &VatQuestion, tested: &str) -> String {
    let rate = policy.vat.levy_rate_bp.on(question.obligation_on);
    let net = match (question.vat_inclusive, rate) {
        (true, Some(rate)) => question.amount_fen.without_tax(rate.value),
        _ => question.amount_fen,
    };
    let (day, platform) = (
        question.other_sales_same_day_fen,
        question.platform_sales_month_fen,
    );
    // Direct and platform sales are tested together or apart, by the regime.
    for parts in [&[net, day, platform][..], &[net, day]] {
        let told: Vec<String> = parts
            .iter()
            .filter(|part| **part > Fen::ZERO)
            .map(|part| part.yuan())
            .collect();
        let sum: Fen = parts.iter().copied().sum();
        if told.len() > 1 && sum.yuan() == tested {
            return format!("{} = {tested}", told.join(" + "));
        }
    }
    tested.to_owned()
}

/// A sum against its ceiling, as the reason names both.
fn tested(
    policy: &PolicyBook,
    question: &VatQuestion,
    reason: &Reason,
    language: Language,
) -> Step {
    let fact = |name: &str| {
        let known = reason.facts.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| value.as_str())
    };
    let rule = say(language, "与起征点比较", "Test against the threshold");
    let formula = match (fact("net_sales_yuan"), fact("threshold_yuan")) {
        (Some(net), Some(threshold)) => {
            let inclusive = fact("threshold_inclusive") == Some("true");
            let sign = match (reason.code, inclusive) {
                (ReasonCode::BelowThreshold, true) => "≤",
                (ReasonCode::BelowThreshold, false) => "<",
                (_, true) => ">",
                (_, false) => "≥",
            };
            let sum = summed(policy, question, net);
            format!("{sum} {sign} {threshold}")
        }
        (Some(net), None) => {
            let no_ceiling = say(language, "无上限", "no ceiling");
            format!("{}: {no_ceiling}", summed(policy, question, net))
        }
        _ => reason.message(language),
    };
    let finding = match reason.code {
        ReasonCode::BelowThreshold | ReasonCode::ExemptByRegime => Finding::Met,
        ReasonCode::ThresholdReached => Finding::NotMet,
        code => code.outcome().into(),
    };
    let mut step = Step {
        code: Some(reason.code),
        finding,
        ..Step::figure(rule, formula).cite(reason.citations.iter().cloned())
    };
    let sums = [
        (
            "当日其他销售额",
            "other sales of the day",
            question.other_sales_same_day_fen,
        ),
        (
            "当月平台销售额",
            "platform sales of the month",
            question.platform_sales_month_fen,
        ),
    ];
    for (zh, en, amount) in sums {
        if amount > Fen::ZERO {
            step = step.said(say(language, zh, en), amount.yuan(), Said::asked(language));
        }
    }
    step
}

fn vat(
    policy: &PolicyBook,
    question: &VatQuestion,
    decision: &VatDecision,
    language: Language,
) -> Option<Step> {
    let rate = policy.vat.levy_rate_bp.on(question.obligation_on)?;
    if decision.vat_fen == Fen::ZERO {
        return None;
    }
    let rule = say(language, "增值税（全额征收）", "VAT, on the whole sum");
    let formula = format!(
        "{} × {} = {} ({})",
        decision.net_sales_fen.yuan(),
        percent(rate.value),
        decision.vat_fen.yuan(),
        rounding(language)
    );
    let step = Step::figure(rule, formula).amount(decision.vat_fen);
    Some(step.cite(source(Some(rate))))
}

pub(crate) fn surcharge_lines(
    policy: &PolicyBook,
    question: &VatQuestion,
    decision: &VatDecision,
    language: Language,
) -> Vec<Step> {
    let on = question.obligation_on;
    let rates = &policy.surcharges;
    let mut steps = Vec::new();
    if decision.vat_fen == Fen::ZERO {
        return steps;
    }
    for line in &decision.surcharges {
        let (rate, cited) = match line.tax {
            TaxKind::Edu => (rates.edu_rate_bp.on(on), source(rates.edu_rate_bp.on(on))),
            TaxKind::Ledu => (rates.ledu_rate_bp.on(on), source(rates.ledu_rate_bp.on(on))),
            _ => (None, source(rates.umct_rates_bp.on(on))),
        };
        let rate = rate.map_or(question.umct_rate_bp, |value| value.value);
        let half = rates.half_rate_bp.on(on);
        steps.push(super::due_line(line, decision.vat_fen, rate, half, language).cite(cited));
    }
    steps
}
