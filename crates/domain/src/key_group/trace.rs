//! How a decision on measure 8 follows, condition by condition and month by month.

use std::sync::Arc;

use crate::date::CivilDate;
use crate::explanation::{
    Explanation, FactRef, Finding, Step, insurances, say, until, words, worker_fact,
};
use crate::fact::{FactKind, PersonCategory};
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Citation, Dated, InsuranceSet, KeyGroupPolicy};
use crate::reason::{Language, ReasonCode};
use crate::timeline::{ContributionRow, Held, Timeline};

use super::assess::{MonthFinding, TermCount, in_force, term_counts};
use super::explain::Writer;
use super::hire::Hire;
use super::{Assessment, Evidence, Person};

/// The steps from the evidence to the answer: what holds of each hire, then every month asked, then
/// the sum.
pub fn trace(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    assessment: &Assessment,
    language: Language,
) -> Explanation {
    let mut steps = Vec::new();
    let (Some(first), Some(last)) = (assessment.months.first(), assessment.months.last()) else {
        return Explanation { steps };
    };
    let tracer = Tracer {
        policy,
        evidence,
        assessment,
        counts: term_counts(policy, evidence, first.month, last.month),
        language,
    };
    steps.push(tracer.employer(first.month));
    steps.extend(tracer.person());
    let mut judged: Vec<usize> = assessment
        .months
        .iter()
        .filter_map(|finding| finding.hire)
        .collect();
    judged.sort_unstable();
    judged.dedup();
    for index in judged {
        steps.extend(tracer.hire(&assessment.hires[index]));
    }
    steps.extend(
        assessment
            .months
            .iter()
            .map(|finding| tracer.month(finding)),
    );
    steps.push(tracer.total());
    Explanation { steps }
}

struct Tracer<'a> {
    policy: &'a KeyGroupPolicy,
    evidence: &'a Evidence<'a>,
    assessment: &'a Assessment,
    counts: Vec<TermCount>,
    language: Language,
}

impl Tracer<'_> {
    fn say(&self, zh: &str, en: &str) -> String {
        say(self.language, zh, en)
    }

    fn open(&self, day: Option<CivilDate>) -> String {
        until(self.language, day)
    }

    fn timeline(&self) -> Option<&Timeline> {
        match self.evidence.person {
            Person::Known(timeline) => Some(timeline),
            Person::Unknown | Person::NotMatched => None,
        }
    }

    fn on_day<T>(&self, dated: &Dated<T>, day: CivilDate) -> Option<Arc<Citation>> {
        dated.on(day).map(|value| value.citation.clone())
    }

    fn employer(&self, month: TaxMonth) -> Step {
        let rule = self.say("用人单位类型", "Kind of employer");
        let day = month.last_day();
        let kinds = in_force(
            &self.policy.employer_kinds,
            month,
            self.assessment.hires.first(),
        );
        let profiles = &self.evidence.employer.profiles;
        let begun = profiles.iter().rev().find(|held| held.body.from_on <= day);
        let held = begun.or(profiles.first());
        let (Some(kinds), Some(held)) = (kinds, held) else {
            let against = match kinds {
                None => ReasonCode::PolicyNotEncoded,
                Some(_) => ReasonCode::EmployerNotEnterprise,
            };
            let missing = self.say("无登记信息或无政策", "no profile or no encoded policy");
            return Step::condition(rule, missing, Some(against));
        };
        let kind = held.body.kind;
        let is_covered = kinds.contains(&kind);
        let sign = if is_covered { "∈" } else { "∉" };
        let against = (!is_covered).then_some(ReasonCode::EmployerNotEnterprise);
        let fact = FactRef::Employer {
            revision: held.revision,
        };
        let told = words::employer_kind(self.language, kind);
        let covered = words::employer_kinds(self.language, kinds);
        Step::condition(rule, format!("{told} {sign} {covered}"), against)
            .input(self.say("单位类型", "kind"), told, Some(fact))
            .cite(self.on_day(&self.policy.employer_kinds, day))
    }

    /// What stands where nobody is known.
    fn person(&self) -> Option<Step> {
        let rule = self.say("人员", "Person");
        match self.evidence.person {
            Person::Known(_) => None,
            Person::Unknown => Some(Step::condition(
                rule,
                self.say("查无此人", "nobody is known under the document"),
                Some(ReasonCode::NoRecord),
            )),
            Person::NotMatched => Some(Step::condition(
                rule,
                self.say(
                    "姓名与证件号码不一致",
                    "name and number do not belong together",
                ),
                Some(ReasonCode::NotMatched),
            )),
        }
    }

    fn hire(&self, hire: &Hire) -> Vec<Step> {
        let mut steps = vec![self.contract(hire)];
        if hire.contract_code.is_none() {
            steps.push(self.category(hire));
        }
        steps.extend(self.start(hire));
        steps
    }

    fn contract(&self, hire: &Hire) -> Step {
        let rule = self.say("劳动合同期限", "Labour contract and its term");
        let revision = hire.contract_revisions.first().copied();
        let held = self.timeline().and_then(|timeline| {
            let mut contracts = timeline.contracts.iter();
            contracts.find(|held| Some(held.revision) == revision)
        });
        let Some(held) = held else {
            return Step::condition(rule, "", hire.contract_code);
        };
        let contract = &held.body;
        let least = self.policy.contract_months_min.on(contract.start_on);
        let formula = match (least, contract.end_on) {
            (None, _) => self.say("该日期的政策尚未收录", "no encoded policy covers the date"),
            (Some(_), None) => self.say("无固定期限合同", "open-ended contract"),
            (Some(least), Some(end)) => {
                let months = least.value;
                let needed = contract.start_on.plus_months(months).plus_days(-1);
                let sign = if needed <= end { "≤" } else { ">" };
                let unit = self.say("个月 − 1 日", "months − 1 day");
                format!(
                    "{} + {months} {unit} = {needed} {sign} {end}",
                    contract.start_on
                )
            }
        };
        let fact = worker_fact(held.revision, FactKind::Contract);
        let mut step = Step::condition(rule, formula, hire.contract_code)
            .input(
                self.say("合同类型", "kind"),
                words::contract_kind(self.language, contract.kind),
                fact,
            )
            .input(self.say("起始", "start"), contract.start_on, fact)
            .input(
                self.say("约定终止", "agreed end"),
                self.open(contract.end_on),
                fact,
            )
            .input(self.say("签订", "signed"), contract.signed_on, fact);
        if let Some(terminated) = contract.terminated_on {
            step = step.input(self.say("解除", "terminated"), terminated, fact);
        }
        if contract.part_time {
            step = step.input(
                self.say("非全日制", "part-time"),
                self.say("是", "yes"),
                fact,
            );
        }
        for renewal in hire.contract_revisions.iter().skip(1) {
            let fact = worker_fact(*renewal, FactKind::Contract);
            step = step.input(self.say("续签", "renewal"), renewal, fact);
        }
        step.cite(least.map(|value| value.citation.clone()))
    }

    fn category(&self, hire: &Hire) -> Step {
        let found = &hire.category;
        let hired_on = hire.start_on;
        let rule = self.say("招用之日的人员类别", "Category on the hire date");
        let category = found.category;
        let months = self.policy.registration_months_min.on(hired_on);
        let formula = match (category, found.from_on, months) {
            (Some(PersonCategory::RegisteredUnemployed), Some(from), Some(months)) => {
                let half_year = from.plus_months(months.value);
                let sign = if half_year <= hired_on { "≤" } else { ">" };
                let unit = self.say("个月", "months");
                let to = self.open(found.to_on);
                format!(
                    "{from} + {} {unit} = {half_year} {sign} {hired_on}; {} ∈ {from} … {to}",
                    months.value,
                    hired_on.plus_days(-1)
                )
            }
            (Some(_), Some(from), _) => {
                let to = self.open(found.to_on);
                format!("{hired_on} ∈ {from} … {to}")
            }
            _ => self.say("没有身份记录", "no record of a status"),
        };
        let mut step = Step::condition(rule, formula, found.code);
        step = step.input(
            self.say("招用日期", "hire date"),
            hired_on,
            hire.contract_revisions
                .first()
                .and_then(|revision| worker_fact(*revision, FactKind::Contract)),
        );
        if let Some(category) = category {
            let kind = match category {
                PersonCategory::RegisteredUnemployed => FactKind::UnemploymentSpell,
                _ => FactKind::PovertyStatus,
            };
            let fact = found
                .record
                .and_then(|revision| worker_fact(revision, kind));
            let told = words::person_category(self.language, category);
            step = step.input(self.say("类别", "category"), told, fact);
        }
        if let Some(revision) = found.certificate {
            let fact = worker_fact(revision, FactKind::EmploymentCertificate);
            let name = self.say("证书注明企业吸纳税收政策", "certificate with the note");
            step = step.input(name, self.say("是", "yes"), fact);
        }
        let covered = category.and_then(|category| self.policy.category_covered.get(&category));
        let covered = covered.and_then(|dated| self.on_day(dated, hired_on));
        let registration = months
            .filter(|_| category == Some(PersonCategory::RegisteredUnemployed))
            .map(|value| value.citation.clone());
        step.cite(covered.into_iter().chain(registration))
    }

    /// s, and where the term ends.
    fn start(&self, hire: &Hire) -> Option<Step> {
        let start = hire.start_month?;
        let count = self.counts.first()?;
        let anchor = count.anchor.unwrap_or(start);
        let day = start.last_day();
        let length = |dated: &Dated<i32>| in_force(dated, start, Some(hire)).copied();
        let term = length(&self.policy.term_months)?;
        let most = length(&self.policy.person_months_max)?;
        let own_end = anchor.plus(term - 1);
        let person_first = self
            .counts
            .last()
            .map_or(anchor, |last| last.person_first.min(anchor));
        let person_end = person_first.plus(most - 1);
        let rule = self.say("起始月与扣减期限", "Start month and term");
        let here = self.say("本单位", "here");
        let person = self.say("本人", "person");
        let formula = format!(
            "s = {start}; {here} {anchor} + {} = {own_end}; {person} {person_first} + {} = {person_end}; min = {}",
            term - 1,
            most - 1,
            own_end.min(person_end)
        );
        let mut step = Step::figure(rule, formula);
        if let Some(held) = self.contribution(start) {
            let name = self.say("首个参保月份", "first insured month");
            let fact = worker_fact(held.revision, FactKind::Contribution);
            step = step.input(name, start, fact);
        }
        if let Some(timeline) = self.timeline() {
            for held in &timeline.prior_uses {
                let used = format!("{} … {}", held.body.from_month, held.body.to_month);
                let name = self.say("此前已享受", "enjoyed before");
                step = step.input(
                    name,
                    used,
                    worker_fact(held.revision, FactKind::PriorTermUse),
                );
            }
        }
        let cited = [
            self.on_day(&self.policy.required_insurances, day),
            self.on_day(&self.policy.term_months, day),
            self.on_day(&self.policy.person_months_max, day),
        ];
        Some(step.cite(cited.into_iter().flatten()))
    }

    fn contribution(&self, month: TaxMonth) -> Option<&Held<ContributionRow>> {
        let rows = self
            .timeline()?
            .contributions_of(self.evidence.employer_code);
        let index = rows
            .binary_search_by_key(&month, |held| held.body.month)
            .ok()?;
        Some(&rows[index])
    }

    /// One month: what decided it, with its numbers.
    fn month(&self, finding: &MonthFinding) -> Step {
        let month = finding.month;
        let hire = finding.hire.map(|index| &self.assessment.hires[index]);
        let formula = self.month_formula(finding, hire);
        let mut step = Step {
            months: Some((month, month)),
            code: Some(finding.code),
            finding: Finding::from(finding.outcome()),
            ..Step::figure(self.say("当月", "Month"), formula)
        };
        step.amount_fen = Some(finding.amount_fen);
        if let Some(held) = self.contribution(month) {
            let paid = format!(
                "{} {}",
                self.insurances(held.body.insurances),
                held.body.paid_on
            );
            let fact = worker_fact(held.revision, FactKind::Contribution);
            step = step.input(self.say("参保缴费", "insurance paid"), paid, fact);
        }
        for held in self.reliefs(finding) {
            let fact = worker_fact(held.revision, FactKind::OtherRelief);
            let relief = words::relief(self.language, held.body.relief_code);
            step = step.input(self.say("其他优惠", "other relief"), relief, fact);
        }
        if let Some(revision) = finding.resolution {
            let fact = worker_fact(revision, FactKind::ReviewResolution);
            let name = self.say("复核结论", "review's resolution");
            let told = match finding.code {
                ReasonCode::ReviewRefused => self.say("不予认定", "refused"),
                _ => self.say("予以认定", "accepted"),
            };
            step = step.input(name, told, fact);
        }
        let writer = Writer {
            policy: self.policy,
            evidence: self.evidence,
            assessment: self.assessment,
        };
        let cited = writer.citations(finding.code, month, hire);
        step.cite(cited.into_iter().flatten().cloned())
    }

    fn reliefs(&self, finding: &MonthFinding) -> Vec<&Held<crate::fact::OtherRelief>> {
        let Some(timeline) = self.timeline() else {
            return Vec::new();
        };
        if finding.code != ReasonCode::OtherEmploymentReliefClaimed {
            return Vec::new();
        }
        let reliefs = timeline.reliefs.iter();
        reliefs
            .filter(|held| held.body.employer_code == *self.evidence.employer_code)
            .filter(|held| held.body.from_month <= finding.month)
            .collect()
    }

    fn month_formula(&self, finding: &MonthFinding, hire: Option<&Hire>) -> String {
        let month = finding.month;
        match finding.code {
            ReasonCode::AllConditionsMet => self.counted(finding, hire),
            ReasonCode::TermExhausted | ReasonCode::TermCountUnconfirmed => self.term(month, hire),
            ReasonCode::InsuranceNotPaid => {
                let required = in_force(&self.policy.required_insurances, month, hire);
                let required = required
                    .map(|set| self.insurances(*set))
                    .unwrap_or_default();
                let paid = self.contribution(month).map_or_else(
                    || self.say("无缴费记录", "nothing recorded"),
                    |held| self.insurances(held.body.insurances),
                );
                format!("{{{required}}} ⊄ {{{paid}}}")
            }
            ReasonCode::BackPaidInsurance => self.late(month, hire),
            ReasonCode::NotInForce => {
                let spans = hire.map(|hire| self.spans(hire)).unwrap_or_default();
                match spans.is_empty() {
                    true => self.say("没有合同", "no contract"),
                    false => format!("{month} ∉ {spans}"),
                }
            }
            ReasonCode::MonthBookedElsewhere => self.say(
                "该人月已由其他单位入账，或在本系统之前已享受",
                "the person-month is booked for another employer, or was enjoyed before",
            ),
            ReasonCode::OtherEmploymentReliefClaimed => self.say(
                "当月已享受其他就业税收优惠",
                "another employment tax relief holds in the month",
            ),
            ReasonCode::PolicyNotEncoded => {
                self.say("该日期的政策尚未收录", "no encoded policy covers the date")
            }
            code => {
                let cause = crate::reason::sentence::<&str>(code, &[], self.language);
                format!("{cause} ({})", self.say("见上", "see above"))
            }
        }
    }

    /// `7800.00 ÷ 12 = 650.00; 2023-05 ≤ 2026-02; 2 < 36`.
    fn counted(&self, finding: &MonthFinding, hire: Option<&Hire>) -> String {
        let quota = in_force(&self.policy.quota_year_fen, finding.month, hire);
        let quota = quota.copied().unwrap_or(Fen::ZERO);
        format!(
            "{} ÷ 12 = {}; {}",
            quota.yuan(),
            finding.amount_fen.yuan(),
            self.term(finding.month, hire)
        )
    }

    /// The month against the end of the term here, of the person's by the calendar, and the months
    /// used against their most.
    fn term(&self, month: TaxMonth, hire: Option<&Hire>) -> String {
        let count = self.counts.iter().find(|count| count.month == month);
        let term = in_force(&self.policy.term_months, month, hire).copied();
        let most = in_force(&self.policy.person_months_max, month, hire).copied();
        let (Some(count), Some(term), Some(most)) = (count, term, most) else {
            return self.say("该日期的政策尚未收录", "no encoded policy covers the date");
        };
        let against = |end: TaxMonth| if month <= end { "≤" } else { ">" };
        let own_end = count.anchor.unwrap_or(month).plus(term - 1);
        let person_end = count.person_first.plus(most - 1);
        let used = count.own_used + count.elsewhere;
        let sign = if used < most { "<" } else { "≥" };
        let mut ends = format!("{month} {} {own_end}", against(own_end));
        if person_end != own_end {
            ends.push_str(&format!("; {month} {} {person_end}", against(person_end)));
        }
        let label = self.say("已用", "used");
        format!("{ends}; {label} {used} {sign} {most}")
    }

    fn late(&self, month: TaxMonth, hire: Option<&Hire>) -> String {
        let grace = in_force(&self.policy.payment_grace_months, month, hire).copied();
        let (Some(grace), Some(held)) = (grace, self.contribution(month)) else {
            return String::new();
        };
        let until = month.plus(grace).last_day();
        format!("{} > {until} ({month} + {grace})", held.body.paid_on)
    }

    fn spans(&self, hire: &Hire) -> String {
        let spans = hire.spans.iter().map(|(first, last)| {
            let last = last.map_or_else(|| self.say("无期限", "open"), |last| last.to_string());
            format!("{first} … {last}")
        });
        spans.collect::<Vec<_>>().join(", ")
    }

    fn insurances(&self, set: InsuranceSet) -> String {
        insurances(self.language, set)
    }

    /// `10 × 650.00 = 6500.00`, a term for each amount.
    fn total(&self) -> Step {
        let mut parts: Vec<(Fen, i64)> = Vec::new();
        for finding in &self.assessment.months {
            if finding.amount_fen == Fen::ZERO {
                continue;
            }
            match parts
                .iter_mut()
                .find(|(amount, _)| *amount == finding.amount_fen)
            {
                Some((_, count)) => *count += 1,
                None => parts.push((finding.amount_fen, 1)),
            }
        }
        let total: Fen = parts
            .iter()
            .map(|(amount, count)| amount.times(*count))
            .sum();
        let terms: Vec<String> = parts
            .iter()
            .map(|(amount, count)| format!("{count} × {}", amount.yuan()))
            .collect();
        let sum = match terms.is_empty() {
            true => "0".to_owned(),
            false => terms.join(" + "),
        };
        let rule = self.say("合计", "Total");
        let cited = self
            .assessment
            .months
            .iter()
            .filter(|finding| finding.amount_fen > Fen::ZERO)
            .filter_map(|finding| {
                let hire = finding.hire.map(|index| &self.assessment.hires[index]);
                let day = finding.month.last_day();
                let quota = &self.policy.quota_year_fen;
                self.on_day(quota, day)
                    .or_else(|| self.on_day(quota, hire?.start_on))
            });
        Step::figure(rule, format!("{sum} = {}", total.yuan()))
            .amount(total)
            .cite(cited)
    }
}
