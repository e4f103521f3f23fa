//! How the answers on the inclusive preferences follow, item by item.

use std::sync::Arc;

use crate::date::CivilDate;
use crate::explanation::{
    Explanation, Finding, Said, Step, percent, rounding, sale_steps, say, surcharge_lines,
};
use crate::money::{Ceiling, Fen};
use crate::policy::{Citation, Dated, PolicyBook};
use crate::reason::{Language, Reason, ReasonCode};
use crate::vat::check_vat;

use super::{
    PreferenceItem, PreferenceQuestion, PreferenceResult, RefundBasis, RefundClass, day_of,
    vat_question,
};

/// The steps to every answer, in the order of the answers.
pub fn trace_preferences(
    policy: &PolicyBook,
    question: &PreferenceQuestion,
    results: &[PreferenceResult],
    language: Language,
) -> Explanation {
    let tracer = Tracer {
        policy,
        question,
        language,
    };
    let mut steps = Vec::new();
    for result in results {
        steps.extend(match result.item {
            PreferenceItem::SmallScaleVat => tracer.vat(),
            PreferenceItem::SmallProfitIncomeTax => tracer.income_tax(result),
            PreferenceItem::HalfRateSurcharges => tracer.surcharges(result),
            PreferenceItem::CreditRefund => tracer.refund(result),
        });
        steps.extend(tracer.conclusion(result));
    }
    Explanation { steps }
}

struct Tracer<'a> {
    policy: &'a PolicyBook,
    question: &'a PreferenceQuestion,
    language: Language,
}

impl Tracer<'_> {
    fn say(&self, zh: &str, en: &str) -> String {
        say(self.language, zh, en)
    }

    fn title(&self, item: PreferenceItem) -> String {
        match item {
            PreferenceItem::SmallScaleVat => self.say("小规模纳税人增值税", "Small-scale VAT"),
            PreferenceItem::SmallProfitIncomeTax => self.say(
                "小型微利企业所得税",
                "Income tax of small and low-profit enterprises",
            ),
            PreferenceItem::HalfRateSurcharges => {
                self.say("六税两费减半", "Half rate of six taxes and two surcharges")
            }
            PreferenceItem::CreditRefund => self.say("留抵退税", "Refund of uncredited input tax"),
        }
    }

    /// What an item comes to: a step for every reason, with what was found.
    fn conclusion(&self, result: &PreferenceResult) -> Vec<Step> {
        let step = |reason: &Reason| Step {
            finding: Finding::from(result.outcome),
            code: Some(reason.code),
            ..Step::figure(self.title(result.item), reason.message(self.language))
                .amount(result.amount_fen)
                .cite(reason.citations.iter().cloned())
        };
        result.reasons.iter().map(step).collect()
    }

    /// The steps of measure 9 on the sales told.
    fn vat(&self) -> Vec<Step> {
        let is_general = self.question.vat_payer == Some(crate::fact::VatPayer::General);
        match vat_question(self.policy, self.question) {
            Ok(asked) if !is_general => {
                let decision = check_vat(self.policy, &asked);
                sale_steps(self.policy, &asked, &decision, self.language)
            }
            _ => Vec::new(),
        }
    }

    fn cited<T>(&self, dated: &Dated<T>, day: CivilDate) -> Option<Arc<Citation>> {
        dated.on(day).map(|value| value.citation.clone())
    }

    /// A figure against the most: `2500000.00 ≤ 3000000.00`.
    fn against(
        &self,
        name: (&str, &str),
        amount: Fen,
        most: &Dated<Ceiling>,
        day: CivilDate,
        code: ReasonCode,
    ) -> Option<Step> {
        let ceiling = most.on(day)?;
        let within = ceiling.value.admits(amount);
        let sign = match (within, ceiling.value.inclusive) {
            (true, true) => "≤",
            (true, false) => "<",
            (false, true) => ">",
            (false, false) => "≥",
        };
        let formula = format!("{} {sign} {}", amount.yuan(), ceiling.value.fen.yuan());
        let label = self.say(name.0, name.1);
        let step = Step::condition(label.clone(), formula, (!within).then_some(code));
        Some(
            step.said(label, amount.yuan(), Said::asked(self.language))
                .cite(self.cited(most, day)),
        )
    }

    fn income_tax(&self, result: &PreferenceResult) -> Vec<Step> {
        let law = &self.policy.inclusive;
        let day = self.question.tax_year.last_month().last_day();
        let pays_none = result
            .reasons
            .iter()
            .any(|reason| reason.code == ReasonCode::NoEnterpriseIncomeTax);
        if pays_none {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if let Some(income) = self.question.taxable_income_fen {
            let name = ("年应纳税所得额", "Taxable income of the year");
            let code = ReasonCode::IncomeAboveLimit;
            steps.extend(self.against(name, income, &law.income_max, day, code));
        }
        if let (Some(staff), Some(most)) = (self.question.staff_count, law.staff_max.on(day)) {
            let within = staff <= most.value;
            let sign = if within { "≤" } else { ">" };
            let label = self.say("从业人数", "People employed");
            let formula = format!("{staff} {sign} {}", most.value);
            let against = (!within).then_some(ReasonCode::StaffAboveLimit);
            let step = Step::condition(label.clone(), formula, against);
            steps.push(
                step.said(label, staff, Said::asked(self.language))
                    .cite([most.citation.clone()]),
            );
        }
        if let Some(assets) = self.question.total_assets_fen {
            let code = ReasonCode::AssetsAboveLimit;
            steps.extend(self.against(("资产总额", "Assets"), assets, &law.assets_max, day, code));
        }
        if self.question.restricted_industry {
            let rule = self.say("国家限制或禁止行业", "Restricted or forbidden industry");
            let yes = self.say("是", "yes");
            let step = Step::condition(
                rule.clone(),
                yes.clone(),
                Some(ReasonCode::RestrictedIndustry),
            );
            steps.push(step.said(rule, yes, Said::asked(self.language)));
        }
        steps.extend(self.income_tax_sum(result, day));
        steps
    }

    /// `1000000.00 × 2.5% + 1500000.00 × 5% = 100000.00`, or the full rate on everything.
    fn income_tax_sum(&self, result: &PreferenceResult, day: CivilDate) -> Option<Step> {
        let law = &self.policy.inclusive;
        let income = self.question.taxable_income_fen?;
        let rule = self.say("应纳企业所得税", "Income tax");
        let (sum, sources) = match result.outcome {
            crate::reason::Outcome::Review => return None,
            crate::reason::Outcome::Ineligible => {
                let rate = law.standard_bp.on(day)?;
                let sum = format!("{} × {}", income.yuan(), percent(rate.value));
                (sum, vec![rate.citation.clone()])
            }
            crate::reason::Outcome::Eligible => {
                let tier = law.first_tier_fen.on(day)?;
                let lower = law.first_tier_bp.on(day)?;
                let upper = law.second_tier_bp.on(day)?;
                let low = tier.value.map_or(Fen::ZERO, |tier| income.min(tier));
                let above = format!("{} × {}", (income - low).yuan(), percent(upper.value));
                match low {
                    Fen::ZERO => (above, vec![upper.citation.clone()]),
                    low => (
                        format!("{} × {} + {above}", low.yuan(), percent(lower.value)),
                        vec![lower.citation.clone(), upper.citation.clone()],
                    ),
                }
            }
        };
        let formula = format!(
            "{sum} = {} ({})",
            result.amount_fen.yuan(),
            rounding(self.language)
        );
        Some(
            Step::figure(rule, formula)
                .amount(result.amount_fen)
                .cite(sources),
        )
    }

    fn surcharges(&self, result: &PreferenceResult) -> Vec<Step> {
        let dated = &self.policy.surcharges.half_rate_bp;
        let Ok(day) = day_of(self.question, dated) else {
            return Vec::new();
        };
        let (Some(share), true) = (
            dated.on(day),
            result.outcome == crate::reason::Outcome::Eligible,
        ) else {
            return Vec::new();
        };
        let relieved = self.question.surcharges_relieved_fen;
        let told = self.question.surcharges_due_fen;
        let of_sales = vat_question(self.policy, self.question).ok();
        if let (None, Some(asked), Fen::ZERO) = (told, of_sales, relieved) {
            let decision = check_vat(self.policy, &asked);
            return surcharge_lines(self.policy, &asked, &decision, self.language);
        }
        let due = result.reasons.iter().flat_map(|reason| &reason.facts);
        let due = due.filter(|(name, _)| *name == "due_yuan");
        let due = due.map(|(_, value)| value.clone()).next();
        let due = due.unwrap_or_default();
        let formula = format!(
            "({due} − {}) × {} = {} ({})",
            relieved.yuan(),
            percent(share.value),
            result.amount_fen.yuan(),
            rounding(self.language)
        );
        let rule = self.say("六税两费应纳", "What is to be paid");
        let asked = Said::asked(self.language);
        vec![
            Step::figure(rule, formula)
                .amount(result.amount_fen)
                .said(self.say("应缴六税两费", "due"), due, asked.clone())
                .said(
                    self.say("已享受其他减免", "other relief taken"),
                    relieved.yuan(),
                    asked,
                )
                .cite([share.citation.clone()]),
        ]
    }

    fn refund(&self, result: &PreferenceResult) -> Vec<Step> {
        self.refund_sum(result).into_iter().collect()
    }

    /// `(100000000.00 × 60% + 20000000.00 × 30%) × 90% = …`; of a review what would hold.
    fn refund_sum(&self, result: &PreferenceResult) -> Option<Step> {
        let law = &self.policy.inclusive;
        let class = self.question.refund_class?;
        let basis = law.refund_basis.get(&class)?;
        let day = day_of(self.question, basis).ok()?;
        let share = law.refund_share_bp.get(&class)?.on(day)?;
        let ratio = self.question.input_ratio_bp?;
        let mut sources = vec![basis.on(day)?.citation.clone(), share.citation.clone()];
        let mut step = Step::figure(self.say("留抵退税额", "Refund"), "");
        let parts = match basis.on(day)?.value {
            RefundBasis::WholeCredit => {
                let credit = self.question.input_credit_fen?;
                let name = self.say("期末留抵税额", "credit at the period's end");
                step = step.said(name, credit.yuan(), Said::asked(self.language));
                format!("{} × {}", credit.yuan(), percent(share.value))
            }
            RefundBasis::Increment => {
                let increment = self.question.credit_increment_fen?;
                let months = self.question.credit_months?;
                let least = law.refund_increment_min_fen.on(day)?;
                let months_min = law.refund_months_min.on(day)?;
                sources.extend([least.citation.clone(), months_min.citation.clone()]);
                let name = self.say("增量留抵税额", "increment");
                step = step.said(name, increment.yuan(), Said::asked(self.language));
                let name = self.say("连续月数", "months in a row");
                step = step.said(name, months, Said::asked(self.language));
                if months < months_min.value {
                    step.formula = format!("{months} < {}", months_min.value);
                    return Some(step.cite(sources));
                }
                if increment < least.value {
                    step.formula = format!("{} < {}", increment.yuan(), least.value.yuan());
                    return Some(step.cite(sources));
                }
                let tier = match class {
                    RefundClass::RealEstate => None,
                    _ => law.refund_tier_fen.on(day)?.value,
                };
                let low = tier.map_or(increment, |tier| increment.min(tier));
                let below = format!("{} × {}", low.yuan(), percent(share.value));
                match increment - low {
                    Fen::ZERO => below,
                    above => {
                        let rate = law.refund_above_tier_bp.on(day)?;
                        sources.push(rate.citation.clone());
                        format!("({below} + {} × {})", above.yuan(), percent(rate.value))
                    }
                }
            }
        };
        let told = result.reasons.iter().flat_map(|reason| &reason.facts);
        let told = told.filter(|(name, _)| *name == "refund_yuan");
        let sum = told.map(|(_, value)| value.clone()).next()?;
        step.formula = format!(
            "{parts} × {} = {sum} ({})",
            percent(ratio),
            rounding(self.language)
        );
        step.amount_fen = Some(result.amount_fen);
        let name = self.say("进项构成比例", "input composition ratio");
        Some(
            step.said(name, percent(ratio), Said::asked(self.language))
                .cite(sources),
        )
    }
}
