//! How a decision on a subsidy follows, condition by condition and month by month.

use std::sync::Arc;

use crate::date::CivilDate;
use crate::explanation::{
    Explanation, FactRef, Finding, Said, Step, insurances, say, until, words, worker_fact,
};
use crate::fact::{ContractKind, FactKind, ReliefCode};
use crate::filing::Filing;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Citation, Dated};
use crate::reason::{Language, ReasonCode, sentence};
use crate::timeline::{ContributionRow, Held, Timeline};

use super::assess::{Assessment, MonthFinding, assess};
use super::engagement::Engagement;
use super::explain::Writer;
use super::policy::SubsidyPolicy;
use super::trace_training::trace_trainings;
use super::{Evidence, Person, SubsidyKind};

/// The steps from the evidence to the answer: employer, person, what holds of each engagement, then
/// every month asked, then the sum; of training every training instead of months.
pub fn trace(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
    language: Language,
) -> Explanation {
    if kind == SubsidyKind::Training {
        return trace_trainings(policy, evidence, language);
    }
    let assessment = assess(policy, kind, evidence, from, through);
    let tracer = Tracer {
        policy,
        kind,
        evidence,
        language,
    };
    let mut steps = vec![tracer.employer(from)];
    steps.extend(tracer.person());
    let mut judged: Vec<usize> = assessment
        .months
        .iter()
        .filter_map(|finding| finding.engagement)
        .collect();
    judged.sort_unstable();
    judged.dedup();
    for index in judged {
        steps.extend(tracer.engagement(&assessment.engagements[index]));
    }
    let months = assessment.months.iter();
    steps.extend(months.map(|finding| tracer.month(&assessment, finding)));
    let amounts = assessment.months.iter().map(|finding| finding.amount_fen);
    steps.push(tracer.total(amounts));
    Explanation { steps }
}

pub(super) struct Tracer<'a> {
    pub(super) policy: &'a SubsidyPolicy,
    pub(super) kind: SubsidyKind,
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) language: Language,
}

impl Tracer<'_> {
    pub(super) fn say(&self, zh: &str, en: &str) -> String {
        say(self.language, zh, en)
    }

    fn timeline(&self) -> Option<&Timeline> {
        match self.evidence.person {
            Person::Known(timeline) => Some(timeline),
            Person::Unknown | Person::NotMatched => None,
        }
    }

    pub(super) fn cited<T>(&self, dated: &Dated<T>, day: CivilDate) -> Option<Arc<Citation>> {
        dated.on(day).map(|value| value.citation.clone())
    }

    /// The value on a day, or the first one for an earlier day, as the decision reads it.
    fn or_first<'p, T>(&self, dated: &'p Dated<T>, day: CivilDate) -> Option<&'p T> {
        let first = dated.values().first()?.from;
        Some(&dated.on(day.max(first))?.value)
    }

    pub(super) fn employer(&self, month: TaxMonth) -> Step {
        let rule = self.say("用人单位类型", "Kind of employer");
        let day = month.last_day();
        let profiles = &self.evidence.employer.profiles;
        let begun = profiles.iter().rev().find(|held| held.body.from_on <= day);
        let held = begun.or(profiles.first());
        let mut notes = super::notes::Notes::default();
        let against =
            super::assess::employer_code(self.policy, self.kind, self.evidence, month, &mut notes);
        let kinds = self.policy.employer_kinds.get(&self.kind);
        let covered = kinds.and_then(|dated| dated.on(day));
        let single = self.policy.individual_business.get(&self.kind);
        let Some(held) = held else {
            let missing = self.say("无登记信息", "no profile is recorded");
            return Step::condition(rule, missing, against);
        };
        let kind = held.body.kind;
        let told = words::employer_kind(self.language, kind);
        let formula = match (against, covered) {
            (Some(ReasonCode::PolicyNotEncoded), _) | (_, None) => self.not_encoded(),
            (Some(code), _) if code == ReasonCode::IndividualBusinessUnconfirmed => {
                format!("{told}: {}", sentence::<&str>(code, &[], self.language))
            }
            (Some(_), Some(kinds)) => {
                format!(
                    "{told} ∉ {}",
                    words::employer_kinds(self.language, &kinds.value)
                )
            }
            (None, Some(kinds)) if kinds.value.contains(&kind) => {
                format!(
                    "{told} ∈ {}",
                    words::employer_kinds(self.language, &kinds.value)
                )
            }
            (None, Some(_)) => format!("{told}: {}", self.say("同样适用", "covered likewise")),
        };
        let fact = FactRef::Employer {
            revision: held.revision,
        };
        let is_single = kind == crate::fact::EmployerKind::IndividualBusiness;
        let source = match is_single {
            true => single.and_then(|dated| self.cited(dated, day)),
            false => covered.map(|value| value.citation.clone()),
        };
        Step::condition(rule, formula, against)
            .input(self.say("单位类型", "kind"), told, Some(fact))
            .cite(source)
    }

    pub(super) fn not_encoded(&self) -> String {
        self.say("该日期的政策尚未收录", "no encoded policy covers the date")
    }

    /// What stands where nobody is known.
    pub(super) fn person(&self) -> Option<Step> {
        let code = match self.evidence.person {
            Person::Known(_) => return None,
            Person::Unknown => ReasonCode::NoRecord,
            Person::NotMatched => ReasonCode::NotMatched,
        };
        let found = match self.evidence.person {
            Person::Unknown => self.say("查无此人", "nobody is known under the document"),
            _ => sentence::<&str>(code, &[], self.language),
        };
        Some(Step::condition(
            self.say("人员", "Person"),
            found,
            Some(code),
        ))
    }

    fn engagement(&self, engagement: &Engagement) -> Vec<Step> {
        vec![
            self.contract(engagement),
            self.trial(engagement),
            self.worker(engagement.start_on),
        ]
    }

    fn contract(&self, engagement: &Engagement) -> Step {
        let rule = match self.kind {
            SubsidyKind::FlexibleInsurance => {
                self.say("劳务协议及期限", "Service agreement and its term")
            }
            _ => self.say("劳动合同及期限", "Labour contract and its term"),
        };
        let revision = engagement.contract_revisions.first().copied();
        let held = self.timeline().and_then(|timeline| {
            let mut contracts = timeline.contracts.iter();
            contracts.find(|held| Some(held.revision) == revision)
        });
        let Some(held) = held else {
            return Step::condition(rule, "", engagement.contract_code);
        };
        let contract = &held.body;
        let least = self.policy.contract_months_min.on(contract.start_on);
        let wanted = match self.kind {
            SubsidyKind::FlexibleInsurance => ContractKind::ServiceAgreement,
            _ => ContractKind::LabourContract,
        };
        let formula = match (least, contract.end_on) {
            _ if contract.kind != wanted => format!(
                "{} ≠ {}",
                words::contract_kind(self.language, contract.kind),
                words::contract_kind(self.language, wanted)
            ),
            (None, _) => self.not_encoded(),
            (Some(_), None) => self.say("无固定期限", "open-ended"),
            (Some(least), Some(end)) => {
                let needed = contract.start_on.plus_months(least.value).plus_days(-1);
                let sign = if needed <= end { "≤" } else { ">" };
                let unit = self.say("个月 − 1 日", "months − 1 day");
                format!(
                    "{} + {} {unit} = {needed} {sign} {end}",
                    contract.start_on, least.value
                )
            }
        };
        let fact = worker_fact(held.revision, FactKind::Contract);
        let mut step = Step::condition(rule, formula, engagement.contract_code)
            .input(
                self.say("合同类型", "kind"),
                words::contract_kind(self.language, contract.kind),
                fact,
            )
            .input(self.say("起始", "start"), contract.start_on, fact)
            .input(
                self.say("约定终止", "agreed end"),
                until(self.language, contract.end_on),
                fact,
            )
            .input(self.say("签订", "signed"), contract.signed_on, fact);
        for renewal in engagement.contract_revisions.iter().skip(1) {
            let fact = worker_fact(*renewal, FactKind::Contract);
            step = step.input(self.say("续签", "renewal"), renewal, fact);
        }
        step.cite(least.map(|value| value.citation.clone()))
    }

    /// Whether the hire, and the submission of its filings, lie in the trial period.
    fn trial(&self, engagement: &Engagement) -> Step {
        let hired_on = engagement.start_on;
        let rule = self.say("试行期内招用和备案", "Hired and filed in the trial period");
        let Some(first) = self.policy.trial_open.values().first() else {
            return Step::condition(rule, self.not_encoded(), Some(ReasonCode::PolicyNotEncoded));
        };
        let inside = self.policy.trial_open.on(hired_on);
        let shown = inside.unwrap_or(first);
        let sign = if inside.is_some() { "∈" } else { "∉" };
        let to = until(self.language, shown.to);
        let tests = self.policy.trial_tests.on(first.from);
        let asked = |wanted| tests.is_none_or(|tests| tests.value.contains(&wanted));
        let mut is_outside = inside.is_none() && asked(super::TrialTest::ContractStarted);
        let mut formula = format!("{hired_on} {sign} {} … {to}", shown.from);
        let filings = self.filings_of(engagement);
        for filing in filings
            .iter()
            .filter(|_| asked(super::TrialTest::FilingSubmitted))
        {
            let Some(day) = filing.submitted_on else {
                continue;
            };
            let open = self.policy.trial_open.on(day);
            let sign = if open.is_some() { "∈" } else { "∉" };
            let shown = open.unwrap_or(first);
            let label = self.say("备案提交", "filing submitted");
            let to = until(self.language, shown.to);
            formula.push_str(&format!("; {label} {day} {sign} {} … {to}", shown.from));
            // Of several filings each month is judged by its own.
            is_outside |= open.is_none() && filings.len() == 1;
        }
        let against = is_outside.then_some(ReasonCode::OutsideTrialPeriod);
        Step::condition(rule, formula, against)
            .cite([shown.citation.clone()])
            .cite(tests.map(|value| value.citation.clone()))
    }

    /// Whether the person is an eligible worker: by a fact that ends on a day, never by sex.
    fn worker(&self, hired_on: CivilDate) -> Step {
        let rule = self.say(
            "招用之日符合条件的劳动者",
            "Eligible worker on the hire date",
        );
        let age = self.or_first(&self.policy.child_age_years, hired_on);
        let child = self.timeline().and_then(|timeline| timeline.child.as_ref());
        let Some(child) = child else {
            let missing = self.say("没有抚养子女的记录", "no dependent child is recorded");
            return Step::condition(rule, missing, Some(ReasonCode::NoRecord))
                .cite(self.age_source(hired_on));
        };
        let last = child.body.until_on;
        let sign = if hired_on <= last { "≤" } else { ">" };
        let each_month = self.or_first(&self.policy.worker_tested, hired_on)
            == Some(&super::WorkerTested::EachMonth);
        let against = (last < hired_on && !each_month).then_some(ReasonCode::DependentChildEnded);
        let years = age.map(|age| {
            let zh = format!("（子女未满 {age} 周岁）");
            let en = format!(" (child under {age})");
            say(self.language, &zh, &en)
        });
        let formula = format!("{hired_on} {sign} {last}{}", years.unwrap_or_default());
        let fact = worker_fact(child.revision, FactKind::DependentChild);
        Step::condition(rule, formula, against)
            .input(
                self.say("抚养子女情况截止", "dependent child until"),
                last,
                fact,
            )
            .cite(self.age_source(hired_on))
    }

    fn age_source(&self, day: CivilDate) -> Option<Arc<Citation>> {
        let dated = &self.policy.child_age_years;
        let first = dated.values().first()?.from;
        self.cited(dated, day.max(first))
    }

    /// One month: what decided it, with its numbers.
    fn month(&self, assessment: &Assessment, finding: &MonthFinding) -> Step {
        let month = finding.month;
        let engagement = finding
            .engagement
            .map(|index| &assessment.engagements[index]);
        let formula = self.month_formula(finding, engagement);
        let mut step = Step {
            months: Some((month, month)),
            code: Some(finding.code),
            finding: Finding::from(finding.code.outcome()),
            ..Step::figure(self.say("当月", "Month"), formula)
        };
        step.amount_fen = Some(finding.amount_fen);
        if let Some(held) = self.contribution(month) {
            let names = insurances(self.language, held.body.insurances);
            let fact = worker_fact(held.revision, FactKind::Contribution);
            let paid = format!("{names} {}", held.body.paid_on);
            step = step.input(self.say("参保缴费", "insurance paid"), paid, fact);
        }
        for filing in self.filings(month, engagement) {
            let told = self.filing_told(filing);
            let said = Said::filed(self.language, filing);
            step = step.said(self.say("岗位备案", "filed post"), told, said);
        }
        if self.kind == SubsidyKind::FlexibleInsurance {
            for held in self.registrations(month) {
                let to = until(self.language, held.body.to_on);
                let span = format!("{} … {to}", held.body.from_on);
                let fact = worker_fact(held.revision, FactKind::FlexibleRegistration);
                step = step.input(self.say("灵活就业登记", "registration"), span, fact);
            }
        }
        for (told, from) in self.benefits(month) {
            let name = self.say("同月其他待遇", "other benefit");
            step = match from {
                Ok(fact) => step.input(name, told, Some(fact)),
                Err(said) => step.said(name, told, said),
            };
        }
        if let Some(revision) = finding.resolution {
            let fact = worker_fact(revision, FactKind::ReviewResolution);
            let told = match finding.code {
                ReasonCode::ReviewRefused => self.say("不予认定", "refused"),
                _ => self.say("予以认定", "accepted"),
            };
            step = step.input(self.say("复核结论", "review's resolution"), told, fact);
        }
        let writer = Writer {
            policy: self.policy,
            kind: self.kind,
        };
        step.cite(writer.citations(finding.code, month))
    }

    fn contribution(&self, month: TaxMonth) -> Option<&Held<ContributionRow>> {
        let timeline = self.timeline()?;
        let rows = match self.kind {
            SubsidyKind::FlexibleInsurance => timeline.individual_contributions(),
            _ => timeline.contributions_of(self.evidence.employer_code),
        };
        let index = rows
            .binary_search_by_key(&month, |held| held.body.month)
            .ok()?;
        Some(&rows[index])
    }

    /// The filings that the engagement's contracts name, each once.
    fn filings_of(&self, engagement: &Engagement) -> Vec<&Filing> {
        let mut ids: Vec<&str> = Vec::new();
        for span in &engagement.spans {
            if !ids.contains(&span.filing_id.as_str()) {
                ids.push(&span.filing_id);
            }
        }
        let known = ids.into_iter().filter_map(|id| self.evidence.filing(id));
        known.collect()
    }

    fn filings(&self, month: TaxMonth, engagement: Option<&Engagement>) -> Vec<&Filing> {
        let spans = engagement.map_or(&[][..], |engagement| &engagement.spans);
        let named = spans.iter().filter(|span| span.touches(month));
        named
            .filter_map(|span| self.evidence.filing(&span.filing_id))
            .collect()
    }

    pub(super) fn filing_told(&self, filing: &Filing) -> String {
        let day = |day: Option<CivilDate>| {
            day.map_or_else(|| self.say("未记录", "not recorded"), |day| day.to_string())
        };
        let submitted = self.say("提交", "submitted");
        let accepted = self.say("通过", "accepted");
        let mut told = format!(
            "{} {}, {submitted} {}, {accepted} {}",
            filing.filing_id,
            words::filing_kind(self.language, filing.kind),
            day(filing.submitted_on),
            day(filing.accepted_on)
        );
        if let Some(revoked) = filing.revoked_on {
            told.push_str(&format!(", {} {revoked}", self.say("撤销", "revoked")));
        }
        told
    }

    fn registrations(&self, month: TaxMonth) -> Vec<&Held<crate::fact::FlexibleRegistration>> {
        let Some(timeline) = self.timeline() else {
            return Vec::new();
        };
        let held = timeline.flexible.iter();
        held.filter(|held| {
            held.body.from_on <= month.last_day()
                && held.body.to_on.is_none_or(|to| month.first_day() <= to)
        })
        .collect()
    }

    /// What else stands in the person-month, as far as a rule speaks of it: by a fact, or by what
    /// this service holds itself.
    fn benefits(&self, month: TaxMonth) -> Vec<(String, Result<FactRef, Said>)> {
        let claimed = self.evidence.claimed.iter();
        let claimed = claimed.filter(|claimed| claimed.month == month);
        let mut told: Vec<(String, Result<FactRef, Said>)> = claimed
            .map(|claimed| {
                let measure = claimed.kind.measure();
                let label = self.say("已申领，措施", "claimed, measure");
                (
                    format!("{label} {measure}"),
                    Err(Said::claims(self.language)),
                )
            })
            .collect();
        let mut booked = self.evidence.booked.iter();
        if booked.any(|booked| booked.month == month) {
            let label = self.say("已入账，措施 8", "booked, measure 8");
            told.push((label, Err(Said::ledger(self.language))));
        }
        let reliefs = self.timeline().map_or(&[][..], |known| &known.reliefs);
        let others = reliefs.iter().filter(|held| {
            held.body.relief_code == ReliefCode::SocialInsuranceSubsidy
                && held.body.from_month <= month
                && held.body.to_month.is_none_or(|to| month <= to)
        });
        told.extend(others.map(|held| {
            let label = self.say("其他社会保险补贴", "another insurance subsidy");
            let fact = FactRef::Worker {
                revision: held.revision,
                kind: FactKind::OtherRelief,
            };
            (label, Ok(fact))
        }));
        told
    }

    fn month_formula(&self, finding: &MonthFinding, engagement: Option<&Engagement>) -> String {
        let month = finding.month;
        let last = month.last_day();
        match finding.code {
            ReasonCode::AllConditionsMet | ReasonCode::SubsidyMonthsExhausted => {
                self.counted(finding)
            }
            ReasonCode::InsuranceNotPaid => {
                let required = self.policy.required_insurances.get(&self.kind);
                let required = required.and_then(|dated| dated.on(last));
                let required = required.map(|value| insurances(self.language, value.value));
                let paid = self.contribution(month).map_or_else(
                    || self.say("无缴费记录", "nothing recorded"),
                    |held| insurances(self.language, held.body.insurances),
                );
                format!("{{{}}} ⊄ {{{paid}}}", required.unwrap_or_default())
            }
            ReasonCode::LateInsuranceNotCounted => {
                let grace = self.policy.payment_grace_months.on(last);
                let (Some(grace), Some(held)) = (grace, self.contribution(month)) else {
                    return self.not_encoded();
                };
                let grace = grace.value;
                let in_time = month.plus(grace).last_day();
                format!("{} > {in_time} ({month} + {grace})", held.body.paid_on)
            }
            ReasonCode::NotInForce => {
                let spans = engagement
                    .map(|known| self.spans(known))
                    .unwrap_or_default();
                match spans.is_empty() {
                    true => self.say("没有合同", "no contract"),
                    false => format!("{month} ∉ {spans}"),
                }
            }
            ReasonCode::FilingNotAccepted
            | ReasonCode::FilingKindMismatch
            | ReasonCode::OutsideTrialPeriod
            | ReasonCode::FilingDateMissing => self.filing_formula(finding.code, month, engagement),
            ReasonCode::OtherSubsidyClaimed => {
                let told = self.benefits(month).into_iter().map(|(told, _)| told);
                told.collect::<Vec<_>>().join(", ")
            }
            ReasonCode::PolicyNotEncoded => self.not_encoded(),
            code => {
                let cause = sentence::<&str>(code, &[], self.language);
                format!("{cause} ({})", self.say("见上", "see above"))
            }
        }
    }

    /// `3 < 12 → 300.00`: the months counted before it against the most, and what it gives.
    fn counted(&self, finding: &MonthFinding) -> String {
        let most = self.policy.months_max.on(finding.month.last_day());
        let Some(most) = most.map(|value| value.value) else {
            return self.not_encoded();
        };
        let used = finding.used;
        let label = self.say("已计", "counted");
        let sign = if used < most { "<" } else { "≥" };
        let count = format!("{label} {used} {sign} {most}");
        let held = self
            .evidence
            .claimed
            .iter()
            .any(|claimed| claimed.kind == self.kind && claimed.month == finding.month);
        let claimed = match held {
            true => format!(" ({})", self.say("当月已申领", "the month is claimed")),
            false => String::new(),
        };
        match finding.code {
            ReasonCode::AllConditionsMet => {
                format!("{count}{claimed} → {}", finding.amount_fen.yuan())
            }
            _ => format!("{count}{claimed}"),
        }
    }

    fn filing_formula(
        &self,
        code: ReasonCode,
        month: TaxMonth,
        engagement: Option<&Engagement>,
    ) -> String {
        let last = month.last_day();
        let missing = || self.say("未记录", "not recorded");
        let Some(filing) = self.filings(month, engagement).into_iter().next() else {
            return sentence::<&str>(code, &[], self.language);
        };
        let shown = |day: Option<CivilDate>| day.map_or_else(missing, |day| day.to_string());
        match code {
            ReasonCode::FilingKindMismatch => {
                let asked = self.policy.filing_kind.get(&self.kind);
                let asked = asked.and_then(|dated| dated.on(last));
                let asked = asked.map(|value| words::filing_kind(self.language, value.value));
                let filed = words::filing_kind(self.language, filing.kind);
                format!("{filed} ≠ {}", asked.unwrap_or_default())
            }
            ReasonCode::FilingNotAccepted if filing.revoked_on.is_some() => {
                format!("{} ≤ {last}", shown(filing.revoked_on))
            }
            ReasonCode::FilingNotAccepted => format!("{} > {last}", shown(filing.accepted_on)),
            ReasonCode::FilingDateMissing => missing(),
            _ => {
                let trial = self.policy.trial_open.values().first();
                let trial = trial
                    .map(|value| format!("{} … {}", value.from, until(self.language, value.to)));
                let trial = trial.unwrap_or_default();
                format!("{} ∉ {trial}", shown(filing.submitted_on))
            }
        }
    }

    fn spans(&self, engagement: &Engagement) -> String {
        let spans = engagement.spans.iter().map(|span| {
            let last = until(self.language, span.last_on);
            format!("{} … {last}", span.first_on)
        });
        spans.collect::<Vec<_>>().join(", ")
    }

    /// `10 × 300.00 = 3000.00`, a term for each amount.
    pub(super) fn total(&self, amounts: impl Iterator<Item = Fen>) -> Step {
        let mut parts: Vec<(Fen, i64)> = Vec::new();
        for amount in amounts.filter(|amount| *amount != Fen::ZERO) {
            match parts.iter_mut().find(|(known, _)| *known == amount) {
                Some((_, count)) => *count += 1,
                None => parts.push((amount, 1)),
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
        Step::figure(
            self.say("合计", "Total"),
            format!("{sum} = {}", total.yuan()),
        )
        .amount(total)
    }
}
