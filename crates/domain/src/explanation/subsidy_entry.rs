//! How a subsidy's entry follows: what of each person was paid or taken back, by the claim's lines.

use std::collections::BTreeMap;

use crate::ids::WorkerId;
use crate::ledger::{EntryDraft, EntryKind, SubsidyLine, SubsidyPart};
use crate::money::Fen;
use crate::policy::PolicyBook;
use crate::reason::Language;

use super::{Said, Step, say};

/// One step a person, and the sum.
pub(super) fn steps(policy: &PolicyBook, draft: &EntryDraft, language: Language) -> Vec<Step> {
    let Some(part) = &draft.subsidy else {
        return Vec::new();
    };
    let mut workers: BTreeMap<WorkerId, Vec<&SubsidyLine>> = BTreeMap::new();
    for line in &part.lines {
        workers.entry(line.worker_id).or_default().push(line);
    }
    let persons = workers.into_iter();
    let mut steps: Vec<Step> = persons
        .map(|(worker_id, lines)| of_person(policy, part, worker_id, &lines, language))
        .collect();
    let amounts: Vec<Fen> = steps.iter().filter_map(|step| step.amount_fen).collect();
    steps.push(sum(draft, part, &amounts, language));
    steps
}

fn of_person(
    policy: &PolicyBook,
    part: &SubsidyPart,
    worker_id: WorkerId,
    lines: &[&SubsidyLine],
    language: Language,
) -> Step {
    let amounts: Vec<String> = lines.iter().map(|line| line.amount_fen.yuan()).collect();
    let total: Fen = lines.iter().map(|line| line.amount_fen).sum();
    let formula = match amounts.as_slice() {
        [one] => one.clone(),
        many => format!("{} = {}", many.join(" + "), total.yuan()),
    };
    let rule = say(language, "人月补贴", "A person's months");
    let worker = say(language, "人员", "worker");
    let mut step =
        Step::figure(rule, formula)
            .amount(total)
            .said(worker, worker_id, Said::claims(language));
    let decision = say(language, "依据的决定", "decision it rests on");
    for line in lines {
        let name = format!("{} · {decision}", line.month);
        step = step.said(name, line.decision_id, Said::claims(language));
    }
    let months = lines.iter().map(|line| line.month);
    step.months = months.clone().min().zip(months.max());
    let dated = policy.subsidy.amount_fen.get(&part.kind);
    let cited = lines.iter().filter_map(|line| {
        let value = dated?.on(line.month.last_day())?;
        Some(value.citation.clone())
    });
    step.cite(cited)
}

/// `600.00 + 300.00 = 900.00`: a term a person.
fn sum(draft: &EntryDraft, part: &SubsidyPart, amounts: &[Fen], language: Language) -> Step {
    let total = part.total_fen();
    let (rule, total) = match draft.kind {
        EntryKind::SubsidyClawBack => (say(language, "追回", "Clawed back"), -total),
        _ => (say(language, "拨付", "Paid"), total),
    };
    let fund = say(language, "资金来源", "fund source");
    let reference = say(language, "支付凭证", "payment reference");
    let claim = say(language, "补贴申领", "claim");
    let sign = if total < Fen::ZERO { "−" } else { "" };
    let terms: Vec<String> = amounts.iter().map(|amount| amount.yuan()).collect();
    let formula = match terms.as_slice() {
        [one] => format!("{sign}{one}"),
        many if sign.is_empty() => format!("{} = {}", many.join(" + "), total.yuan()),
        many => format!("−({}) = {}", many.join(" + "), total.yuan()),
    };
    Step::figure(rule, formula)
        .amount(total)
        .said(fund, &part.fund_source, Said::ledger(language))
        .said(reference, &part.payment_reference, Said::ledger(language))
        .said(claim, part.claim_id, Said::claims(language))
}
