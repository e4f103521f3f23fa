//! How an entry of the ledger follows: what its months give, what is available, and what each tax
//! takes of it.

use std::sync::Arc;

use crate::fact::EmployerProfile;
use crate::ledger::{
    ByGroup, EntryBody, EntryDraft, EntryKind, Release, TaxLine, YearState, education_exempt,
};
use crate::money::{Fen, RateBp};
use crate::policy::{Citation, Dated, DatedValue, PolicyBook};
use crate::reason::{Language, ReasonCode};
use crate::tax::TaxKind;

use super::{Explanation, FactRef, Said, Step, percent, rounding, say};

/// What an entry was made from.
#[derive(Clone, Copy, Debug)]
pub struct EntryContext<'a> {
    /// The policies applied then.
    pub policy: &'a PolicyBook,
    /// The employer's profile on the last day concerned, as known then.
    pub profile: &'a EmployerProfile,
    /// Its revision.
    pub profile_revision: u32,
    /// The year before the entry.
    pub before: &'a YearState,
}

/// The steps from what the year held to what the entry says.
pub fn explain_entry(
    context: &EntryContext<'_>,
    body: &EntryBody,
    language: Language,
) -> Explanation {
    let draft = &body.draft;
    let mut after = context.before.clone();
    // The months first, and only then the period: what is available is what they release.
    after.apply_draft(
        &EntryDraft {
            period: None,
            kind: match draft.kind {
                EntryKind::Settle => EntryKind::Recompute,
                kind => kind,
            },
            lines: Vec::new(),
            cit_change: ByGroup::ZERO,
            forfeited_change: ByGroup::ZERO,
            ..draft.clone()
        },
        0,
    );
    let writer = Writer {
        context,
        draft,
        language,
    };
    let mut steps = Vec::new();
    steps.extend(writer.months());
    match draft.kind {
        EntryKind::Post => {
            let available = writer.available(&after);
            let left = available.amount_fen.unwrap_or(Fen::ZERO);
            steps.push(available);
            steps.extend(writer.lines(left));
        }
        EntryKind::Reversal => steps.extend(writer.taken_back()),
        EntryKind::Settle => {
            let available = writer.rest(&after);
            let left = available.amount_fen.unwrap_or(Fen::ZERO);
            steps.push(available);
            steps.extend(writer.cit(left));
        }
        EntryKind::Recompute => steps.extend(writer.corrected(&after)),
        EntryKind::SubsidyPayment | EntryKind::SubsidyClawBack => {
            steps.extend(super::subsidy_entry::steps(context.policy, draft, language));
        }
    }
    Explanation { steps }
}

struct Writer<'a> {
    context: &'a EntryContext<'a>,
    draft: &'a EntryDraft,
    language: Language,
}

impl Writer<'_> {
    fn say(&self, zh: &str, en: &str) -> String {
        say(self.language, zh, en)
    }

    fn last_day(&self) -> crate::date::CivilDate {
        let year = self.draft.tax_year;
        let period = self.draft.period;
        period
            .map_or(year.last_month(), |period| period.last_month())
            .last_day()
    }

    fn cited<T>(&self, dated: &Dated<T>) -> Option<Arc<Citation>> {
        dated
            .on(self.last_day())
            .map(|value| value.citation.clone())
    }

    /// What the months booked and taken back give.
    fn months(&self) -> Option<Step> {
        let (mut booked, mut taken_back) = (0_i64, 0_i64);
        let mut sum = Fen::ZERO;
        for change in &self.draft.accruals {
            let sign = if change.booked { 1 } else { -1 };
            sum += change.amount_fen.times(sign);
            *(if change.booked {
                &mut booked
            } else {
                &mut taken_back
            }) += 1;
        }
        let first = self.draft.accruals.first()?;
        let before = self.context.before.accrued.total();
        let each = first.amount_fen;
        let is_even = self
            .draft
            .accruals
            .iter()
            .all(|change| change.amount_fen == each);
        let product = match is_even {
            true => format!(
                "({booked} − {taken_back}) × {} = {}",
                each.yuan(),
                sum.yuan()
            ),
            false => sum.yuan(),
        };
        let formula = format!(
            "{product}; {} + {} = {}",
            before.yuan(),
            sum.yuan(),
            (before + sum).yuan()
        );
        let rule = self.say("人月额度", "What the person-months give");
        let mut step = Step::figure(rule, formula).amount(sum);
        for (worker_id, months) in self.by_worker() {
            let name = self.say("人员", "worker");
            step = step.said(
                name,
                format!("{worker_id}: {months}"),
                Said::ledger(self.language),
            );
        }
        Some(step.cite(self.cited(&self.context.policy.key_group.quota_year_fen)))
    }

    /// Each worker with the months of the entry, in the entry's order.
    fn by_worker(&self) -> Vec<(String, String)> {
        let mut workers: Vec<(String, String)> = Vec::new();
        for run in self
            .draft
            .accruals
            .chunk_by(|a, b| (a.worker_id, a.booked) == (b.worker_id, b.booked))
        {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let sign = if first.booked { "+" } else { "−" };
            let text = format!("{sign}{} ({} … {})", run.len(), first.month, last.month);
            workers.push((first.worker_id.to_string(), text));
        }
        workers
    }

    fn available(&self, after: &YearState) -> Step {
        let (released, used) = (after.released().total(), after.deducted().total());
        let left = (released - used).or_zero();
        let rule = match self.draft.release {
            Release::Cumulative => {
                self.say("可扣减额度（按累计月份）", "Available, by months counted")
            }
            Release::AnnualProjected => self.say(
                "可扣减额度（按全年预计）",
                "Available, by the year as projected",
            ),
        };
        let formula = format!("{} − {} = {}", released.yuan(), used.yuan(), left.yuan());
        let mut step = Step::figure(rule, formula).amount(left);
        if self.draft.projected.total() > Fen::ZERO {
            let name = self.say("预计后续月份", "months still expected");
            step = step.said(
                name,
                self.draft.projected.total().yuan(),
                Said::ledger(self.language),
            );
        }
        step
    }

    /// The four taxes of a period, in the order of use.
    fn lines(&self, mut left: Fen) -> Vec<Step> {
        let draft = self.draft;
        let policy = self.context.policy;
        let day = self.last_day();
        let mut steps = Vec::new();
        for line in &draft.lines {
            let taken = line.deducted.total();
            let step = match line.tax {
                TaxKind::Vat => self.vat_line(line, left),
                _ => self.surcharge_line(line, left, day),
            };
            left -= taken;
            let name = self.say("尚余额度", "quota left");
            steps.push(step.said(name, left.yuan(), Said::ledger(self.language)));
        }
        let exempt = draft
            .period
            .and_then(|period| education_exempt(policy, period.cycle(), day, draft.sales_fen));
        if exempt == Some(true) {
            let rule = self.say("教育费附加免征", "Education surcharges not due");
            let message =
                crate::reason::sentence::<&str>(ReasonCode::EduExemptBySales, &[], self.language);
            let sales = draft.sales_fen.unwrap_or(Fen::ZERO).yuan();
            let name = self.say("销售额", "sales");
            let mut step =
                Step::figure(rule, message).said(name, sales, Said::asked(self.language));
            step.code = Some(ReasonCode::EduExemptBySales);
            steps.push(step.cite(self.cited(&policy.surcharges.edu_exempt_month)));
        }
        steps
    }

    fn vat_line(&self, line: &TaxLine, left: Fen) -> Step {
        let rule = tax_name(line.tax, self.language);
        let taken = line.deducted.total();
        let leg = self.context.policy.key_group.vat_leg.on(self.last_day());
        let formula = match leg {
            Some(leg) if !leg.value => self.say("增值税不可扣减", "VAT may not be deducted"),
            _ => format!(
                "min({}, {}) = {}; {} − {} = {}",
                line.due_fen.yuan(),
                left.yuan(),
                taken.yuan(),
                line.due_fen.yuan(),
                taken.yuan(),
                line.paid_fen.yuan()
            ),
        };
        let name = self.say("申报应纳增值税", "VAT payable as declared");
        Step::figure(rule, formula)
            .amount(taken)
            .said(name, line.due_fen.yuan(), Said::asked(self.language))
            .cite(leg.map(|leg| leg.citation.clone()))
    }

    fn surcharge_line(&self, line: &TaxLine, left: Fen, day: crate::date::CivilDate) -> Step {
        let rates = &self.context.policy.surcharges;
        let profile = self.context.profile;
        let base = self.draft.payable_fen;
        let fact = Some(FactRef::Employer {
            revision: self.context.profile_revision,
        });
        let (rate, cited, fact) = match line.tax {
            TaxKind::Edu => (
                rates.edu_rate_bp.on(day),
                self.cited(&rates.edu_rate_bp),
                None,
            ),
            TaxKind::Ledu => (
                rates.ledu_rate_bp.on(day),
                self.cited(&rates.ledu_rate_bp),
                None,
            ),
            _ => (None, self.cited(&rates.umct_rates_bp), fact),
        };
        let rate = rate.map_or(profile.umct_rate_bp, |value| value.value);
        let half = rates
            .half_rate_bp
            .on(day)
            .filter(|_| profile.half_rate_surcharges);
        let taken = line.deducted.total();
        let mut step = due_line(line, base, rate, half, self.language);
        let deducted = format!(
            "; min({}, {}) = {}",
            line.due_fen.yuan(),
            left.yuan(),
            taken.yuan()
        );
        // Between what is due and what is paid.
        match step.formula.split_once("; ") {
            Some((due, paid)) => step.formula = format!("{due}{deducted}; {paid}"),
            None => step.formula.push_str(&deducted),
        }
        let name = self.say("税（费）率", "rate");
        let step = step.amount(taken);
        let step = match fact {
            Some(_) => step.input(name, percent(rate), fact),
            None => step.said(name, percent(rate), Said::policy(self.language)),
        };
        step.cite(cited)
    }

    fn taken_back(&self) -> Vec<Step> {
        let reverses = self.draft.reverses.unwrap_or_default();
        let lines = self.draft.lines.iter();
        lines
            .map(|line| {
                let taken = line.deducted.total();
                let rule = tax_name(line.tax, self.language);
                let name = self.say("冲销分录", "reverses entry");
                Step::figure(rule, format!("−{}", taken.yuan()))
                    .amount(-taken)
                    .said(name, reverses, Said::ledger(self.language))
            })
            .collect()
    }

    /// What the year has left for its settlement.
    fn rest(&self, after: &YearState) -> Step {
        let (accrued, used) = (after.accrued.total(), after.deducted().total());
        let left = (accrued - used).or_zero();
        let rule = self.say("年度剩余额度", "Left of the year's quota");
        let formula = format!("{} − {} = {}", accrued.yuan(), used.yuan(), left.yuan());
        Step::figure(rule, formula).amount(left)
    }

    fn cit(&self, left: Fen) -> Vec<Step> {
        let mut steps = Vec::new();
        for line in &self.draft.lines {
            let taken = line.deducted.total();
            let formula = format!(
                "min({}, {}) = {}; {} − {} = {}",
                line.due_fen.yuan(),
                left.yuan(),
                taken.yuan(),
                line.due_fen.yuan(),
                taken.yuan(),
                line.paid_fen.yuan()
            );
            let name = self.say("汇算清缴应纳企业所得税", "CIT payable at settlement");
            let step = Step::figure(tax_name(line.tax, self.language), formula)
                .amount(taken)
                .said(name, line.due_fen.yuan(), Said::asked(self.language));
            steps.push(step.cite(self.cited(&self.context.policy.key_group.cit_leg_kinds)));
        }
        let taken: Fen = self
            .draft
            .lines
            .iter()
            .map(|line| line.deducted.total())
            .sum();
        let lost = self.draft.forfeited_change.total();
        let rule = self.say("当年未扣完的不得结转", "What is left is lost");
        let formula = format!("{} − {} = {}", left.yuan(), taken.yuan(), lost.yuan());
        steps.push(Step::figure(rule, formula).amount(lost));
        steps
    }

    fn corrected(&self, after: &YearState) -> Vec<Step> {
        let (accrued, used) = (after.accrued.total(), after.deducted().total());
        let over = (used - accrued).or_zero();
        let rule = self.say("重新计算后的多扣金额", "Over-deducted after recomputation");
        let formula = format!(
            "max(0, {} − {}) = {}",
            used.yuan(),
            accrued.yuan(),
            over.yuan()
        );
        let mut steps = vec![Step::figure(rule, formula).amount(over)];
        let changes = [
            (
                "企业所得税扣减变动",
                "Change of the CIT deducted",
                self.draft.cit_change,
            ),
            (
                "失效额度变动",
                "Change of what is lost",
                self.draft.forfeited_change,
            ),
        ];
        for (zh, en, change) in changes {
            if change.total() != Fen::ZERO {
                let amount = change.total();
                steps.push(Step::figure(self.say(zh, en), amount.yuan()).amount(amount));
            }
        }
        steps
    }
}

/// `6000.00 × 7% = 420.00 (half up); (420.00 − 0.00) × 50% = 210.00 (half up)`.
pub(crate) fn due_line(
    line: &TaxLine,
    base: Fen,
    rate: RateBp,
    half: Option<&DatedValue<RateBp>>,
    language: Language,
) -> Step {
    let taken = line.deducted.total();
    let round = rounding(language);
    let due = match (line.due_fen, base) {
        (due, base) if due == Fen::ZERO && base != Fen::ZERO => {
            format!("{} = {}", say(language, "免征", "not due"), due.yuan())
        }
        (due, base) => format!(
            "{} × {} = {} ({round})",
            base.yuan(),
            percent(rate),
            due.yuan()
        ),
    };
    let half = half.filter(|_| line.halved_fen != Fen::ZERO);
    let paid = match half {
        Some(share) => format!(
            "({} − {}) × {} = {} ({round})",
            line.due_fen.yuan(),
            taken.yuan(),
            percent(share.value),
            line.paid_fen.yuan()
        ),
        None => format!(
            "{} − {} = {}",
            line.due_fen.yuan(),
            taken.yuan(),
            line.paid_fen.yuan()
        ),
    };
    let step = Step::figure(tax_name(line.tax, language), format!("{due}; {paid}"));
    step.amount(line.paid_fen)
        .cite(half.map(|share| share.citation.clone()))
}

fn tax_name(tax: TaxKind, language: Language) -> String {
    let (zh, en) = match tax {
        TaxKind::Vat => ("增值税", "VAT"),
        TaxKind::Umct => ("城市维护建设税", "UMCT"),
        TaxKind::Edu => ("教育费附加", "EDU"),
        TaxKind::Ledu => ("地方教育附加", "LEDU"),
        TaxKind::Cit => ("企业所得税", "CIT"),
    };
    say(language, zh, en)
}
