//! Measures 3, 4 and 5, month by month.

use std::cell::Cell;

use crate::fact::{ContractKind, EmployerKind, ReliefCode};
use crate::key_group::settled;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::{ContributionRow, Held, Timeline};

use super::engagement::{ContractRule, Engagement, engagements_of};
use super::notes::Notes;
use super::policy::{
    AcceptedBy, Benefit, IndividualBusiness, MonthCounting, RegistrationDays, SubsidyPolicy,
    TrialTest, WorkerTested,
};
use super::{Evidence, Person, SubsidyKind};

/// What was found for one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MonthFinding {
    pub(super) month: TaxMonth,
    /// The first code that stands against it, or ALL_CONDITIONS_MET.
    pub(super) code: ReasonCode,
    /// Index of the engagement that was judged.
    pub(super) engagement: Option<usize>,
    pub(super) amount_fen: Fen,
    /// Whether the person would get the other insurance subsidy for the month as well.
    pub(super) first_claim_wins: bool,
    /// Months counted when it was judged: those before it, and whatever claims hold.
    pub(super) used: i32,
    /// The worker's revision of the review's resolution that settled it, where one did.
    pub(super) resolution: Option<u32>,
}

/// The answer to the months asked, without its reasons written out.
pub(super) struct Assessment {
    pub(super) months: Vec<MonthFinding>,
    pub(super) engagements: Vec<Engagement>,
    /// The first month that counts, also before those asked.
    pub(super) start_month: Option<TaxMonth>,
    /// Months counted before the first one asked, over all employers.
    pub(super) months_used: i32,
    pub(super) notes: Notes,
}

pub(super) fn assess(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
) -> Assessment {
    let unknown = |code| unknown(policy, kind, evidence, code, from, through);
    match evidence.person {
        Person::Unknown => unknown(ReasonCode::NoRecord),
        Person::NotMatched => unknown(ReasonCode::NotMatched),
        Person::Known(timeline) => Walk::new(policy, kind, evidence, timeline).run(from, through),
    }
}

fn unknown(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    code: ReasonCode,
    from: TaxMonth,
    through: TaxMonth,
) -> Assessment {
    let mut notes = Notes::default();
    let mut finding = |month: TaxMonth| MonthFinding {
        month,
        code: employer_code(policy, kind, evidence, month, &mut notes)
            .map_or(code, |found| found.first_of(code)),
        engagement: None,
        amount_fen: Fen::ZERO,
        first_claim_wins: false,
        used: 0,
        resolution: None,
    };
    Assessment {
        months: from.through(through).map(&mut finding).collect(),
        engagements: Vec::new(),
        start_month: None,
        months_used: 0,
        notes,
    }
}

/// What stands against the month or the employer, whoever the person is.
pub(super) fn employer_code(
    policy: &SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &Evidence<'_>,
    month: TaxMonth,
    notes: &mut Notes,
) -> Option<ReasonCode> {
    let day = month.last_day();
    let is_encoded = policy
        .amount_fen
        .get(&kind)
        .is_some_and(|dated| dated.on(day).is_some());
    if !is_encoded {
        return Some(ReasonCode::PolicyNotEncoded);
    }
    let Some(employer) = evidence
        .employer
        .profile_on(day)
        .map(|profile| profile.kind)
    else {
        return Some(ReasonCode::EmployerKindNotCovered);
    };
    if employer == EmployerKind::IndividualBusiness {
        let rule = policy.individual_business.get(&kind);
        return match rule.and_then(|dated| notes.read(dated, day)) {
            None => Some(ReasonCode::PolicyNotEncoded),
            Some(IndividualBusiness::Review) => Some(ReasonCode::IndividualBusinessUnconfirmed),
            Some(IndividualBusiness::Covered) => None,
        };
    }
    let covered = policy.employer_kinds.get(&kind);
    match covered.and_then(|dated| notes.read(dated, day)) {
        None => Some(ReasonCode::PolicyNotEncoded),
        Some(kinds) => (!kinds.contains(&employer)).then_some(ReasonCode::EmployerKindNotCovered),
    }
}

struct Walk<'a> {
    policy: &'a SubsidyPolicy,
    kind: SubsidyKind,
    evidence: &'a Evidence<'a>,
    timeline: &'a Timeline,
    /// Those that count: the employer's, or what the worker paid alone.
    contributions: &'a [Held<ContributionRow>],
    engagements: Vec<Engagement>,
    /// Months of this subsidy that claims hold, anywhere. Sorted, each once.
    claimed: Vec<TaxMonth>,
    /// Months that count and that no claim holds yet, so far.
    unclaimed: i32,
    /// The first month that counts, as far as known.
    first: Option<TaxMonth>,
    /// The resolution that settled something of the month that is being judged.
    settled_by: Cell<Option<u32>>,
}

impl<'a> Walk<'a> {
    fn new(
        policy: &'a SubsidyPolicy,
        kind: SubsidyKind,
        evidence: &'a Evidence<'a>,
        timeline: &'a Timeline,
    ) -> Self {
        let contract_kind = match kind {
            SubsidyKind::FlexibleInsurance => ContractKind::ServiceAgreement,
            _ => ContractKind::LabourContract,
        };
        let rule = ContractRule {
            kind: contract_kind,
            months_min: &policy.contract_months_min,
        };
        let mut claimed: Vec<TaxMonth> = evidence
            .claimed
            .iter()
            .filter(|claimed| claimed.kind == kind)
            .map(|claimed| claimed.month)
            .collect();
        claimed.sort_unstable();
        claimed.dedup();
        Self {
            policy,
            kind,
            evidence,
            timeline,
            contributions: match kind {
                SubsidyKind::FlexibleInsurance => timeline.individual_contributions(),
                _ => timeline.contributions_of(evidence.employer_code),
            },
            engagements: engagements_of(&rule, timeline, evidence.employer_code),
            first: claimed.first().copied(),
            claimed,
            unclaimed: 0,
            settled_by: Cell::new(None),
        }
    }

    fn run(mut self, from: TaxMonth, through: TaxMonth) -> Assessment {
        // The months before those asked decide how many are left.
        let starts = self
            .engagements
            .iter()
            .map(|engagement| engagement.start_on);
        let first = starts
            .map(TaxMonth::of)
            .min()
            .map_or(from, |start| start.min(from));
        let mut months = Vec::new();
        let mut months_used = 0;
        let mut notes = Notes::default();
        for month in first.through(through) {
            if month == from {
                let earlier = self.claimed.partition_point(|claimed| *claimed < month);
                months_used = self.unclaimed + i32::try_from(earlier).unwrap_or(i32::MAX);
                // What the months before rested on is told with them, not with these.
                notes = Notes::default();
            }
            let finding = self.judge(month, &mut notes);
            let counts = finding.code.outcome() == Outcome::Eligible;
            if counts {
                self.first = Some(self.first.map_or(month, |first| first.min(month)));
                self.unclaimed += i32::from(!self.is_claimed(month));
            }
            if month >= from {
                months.push(finding);
            }
        }
        Assessment {
            months,
            engagements: self.engagements,
            start_month: self.first,
            months_used,
            notes,
        }
    }

    fn is_claimed(&self, month: TaxMonth) -> bool {
        self.claimed.binary_search(&month).is_ok()
    }

    /// Months counted so far; what claims hold was counted first.
    fn used(&self) -> i32 {
        self.unclaimed + i32::try_from(self.claimed.len()).unwrap_or(i32::MAX)
    }

    /// The engagement in force that says most for the month; without one, the nearest.
    fn judge(&self, month: TaxMonth, notes: &mut Notes) -> MonthFinding {
        let mut best: Option<MonthFinding> = None;
        for index in 0..self.engagements.len() {
            if !self.engagements[index].in_force_in(month) {
                continue;
            }
            let finding = self.judge_under(month, Some(index), notes);
            let rank = |found: &MonthFinding| (found.code.outcome(), found.code.precedence());
            if best.is_none_or(|known| rank(&finding) < rank(&known)) {
                best = Some(finding);
            }
        }
        best.unwrap_or_else(|| self.judge_under(month, self.nearest(month), notes))
    }

    /// The engagement that has begun last, else the first to come.
    fn nearest(&self, month: TaxMonth) -> Option<usize> {
        let begun = self
            .engagements
            .iter()
            .rposition(|engagement| TaxMonth::of(engagement.start_on) <= month);
        begun.or((!self.engagements.is_empty()).then_some(0))
    }

    fn judge_under(
        &self,
        month: TaxMonth,
        index: Option<usize>,
        notes: &mut Notes,
    ) -> MonthFinding {
        let engagement = index.map(|index| &self.engagements[index]);
        self.settled_by.set(None);
        let code = self
            .code_of(month, engagement, notes)
            .unwrap_or(ReasonCode::AllConditionsMet);
        let is_eligible = code.outcome() == Outcome::Eligible;
        let amount = self
            .policy
            .amount_fen
            .get(&self.kind)
            .filter(|_| is_eligible);
        MonthFinding {
            month,
            code,
            engagement: index,
            amount_fen: amount
                .and_then(|dated| notes.read(dated, month.last_day()))
                .copied()
                .unwrap_or(Fen::ZERO),
            first_claim_wins: is_eligible && self.first_claim_wins(month, notes),
            used: self.used(),
            resolution: self.settled_by.get(),
        }
    }

    /// What stands of a code in a month: nothing where a review took the condition as met.
    fn settle(&self, code: Option<ReasonCode>, month: TaxMonth) -> Option<ReasonCode> {
        let code = code?;
        let employer = self.evidence.employer_code;
        let measure = self.kind.measure();
        let held = self.timeline.resolution(measure, employer, code, month);
        let standing = settled(code, held.map(|held| &held.body));
        if standing != Err(code) {
            self.settled_by.set(held.map(|held| held.revision));
        }
        standing.err()
    }

    /// The codes in order of precedence; the first that holds is told.
    fn code_of(
        &self,
        month: TaxMonth,
        engagement: Option<&Engagement>,
        notes: &mut Notes,
    ) -> Option<ReasonCode> {
        let of_employer = employer_code(self.policy, self.kind, self.evidence, month, notes);
        if of_employer == Some(ReasonCode::PolicyNotEncoded) {
            return of_employer;
        }
        let of_employer = self.settle(of_employer, month);
        let Some(engagement) = engagement else {
            return of_employer.or(Some(ReasonCode::NotInForce));
        };
        of_employer
            .or(engagement.contract_code)
            .or_else(|| self.settle(self.hire_code(engagement, notes), month))
            .or_else(|| self.force_code(month, engagement, notes))
            .or_else(|| self.worker_each_month_code(month, engagement, notes))
            .or_else(|| self.insurance_code(month, notes))
            .or_else(|| self.settle(self.filing_code(month, engagement, notes), month))
            .or_else(|| self.registration_code(month, notes))
            .or_else(|| self.late_code(month, notes))
            .or_else(|| self.stacking_code(month, notes))
            .or_else(|| self.count_code(month, notes))
    }

    /// What the hire date decides: the trial period and the eligible worker.
    fn hire_code(&self, engagement: &Engagement, notes: &mut Notes) -> Option<ReasonCode> {
        let day = engagement.start_on;
        if self.policy.trial_open.on(day).is_none()
            && self.trial_asks(TrialTest::ContractStarted, notes)?
        {
            return Some(ReasonCode::OutsideTrialPeriod);
        }
        let Some(child) = &self.timeline.child else {
            return Some(ReasonCode::NoRecord);
        };
        self.read_or_last(&self.policy.child_age_years, day, notes);
        let held = child.body.until_on >= day;
        if held {
            return None;
        }
        // By the other reading the day of hiring does not matter.
        match self.read_or_last(&self.policy.worker_tested, day, notes) {
            Some(WorkerTested::EachMonth) => None,
            _ => Some(ReasonCode::DependentChildEnded),
        }
    }

    /// Whether a test of the trial period is asked for. The trial's own values have ended when it
    /// fails, so the first day's rule holds.
    fn trial_asks(&self, test: TrialTest, notes: &mut Notes) -> Option<bool> {
        let from = self.policy.trial_open.values().first()?.from;
        let tests = notes.read(&self.policy.trial_tests, from);
        Some(tests.is_none_or(|tests| tests.contains(&test)))
    }

    /// A value on a day, or the first one for an earlier day.
    fn read_or_last<'p, T: super::notes::Told>(
        &self,
        dated: &'p crate::policy::Dated<T>,
        day: crate::date::CivilDate,
        notes: &mut Notes,
    ) -> Option<&'p T> {
        let first = dated.values().first()?.from;
        notes.read(dated, day.max(first))
    }

    fn worker_each_month_code(
        &self,
        month: TaxMonth,
        engagement: &Engagement,
        notes: &mut Notes,
    ) -> Option<ReasonCode> {
        let until = self.timeline.child.as_ref()?.body.until_on;
        let day = month.last_day();
        if until >= day {
            return None;
        }
        let tested = self.read_or_last(&self.policy.worker_tested, engagement.start_on, notes);
        (tested == Some(&WorkerTested::EachMonth)).then_some(ReasonCode::DependentChildEnded)
    }

    fn force_code(
        &self,
        month: TaxMonth,
        engagement: &Engagement,
        notes: &mut Notes,
    ) -> Option<ReasonCode> {
        let day = month.last_day();
        // A contract binds from its signature on, so before it none is in force.
        if !engagement.in_force_in(month) || month < engagement.signed_month {
            return Some(ReasonCode::NotInForce);
        }
        if !engagement.covers(month)
            && notes.read(&self.policy.partial_month_counts, day) != Some(&true)
        {
            return Some(ReasonCode::NotInForce);
        }
        let is_after = self.policy.trial_open.on(month.first_day()).is_none()
            && self.policy.trial_open.on(day).is_none();
        if is_after && notes.read(&self.policy.trial_runs_on, day) != Some(&true) {
            return Some(ReasonCode::OutsideTrialPeriod);
        }
        None
    }

    /// The filing that says most for the month, of those that contracts in force name.
    fn filing_code(
        &self,
        month: TaxMonth,
        engagement: &Engagement,
        notes: &mut Notes,
    ) -> Option<ReasonCode> {
        let named = engagement.spans.iter().filter(|span| span.touches(month));
        // A contract that names no post says nothing where another one names one.
        let best = named
            .map(|span| self.named_filing_code(month, &span.filing_id, notes))
            .filter(|code| *code != ReasonCode::PostNotFiled)
            .min_by_key(|code| (code.outcome(), code.precedence()))
            .unwrap_or(ReasonCode::PostNotFiled);
        (best != ReasonCode::AllConditionsMet).then_some(best)
    }

    fn named_filing_code(&self, month: TaxMonth, id: &str, notes: &mut Notes) -> ReasonCode {
        let own = self.evidence.filing(id);
        let Some(filing) = own else {
            return ReasonCode::PostNotFiled;
        };
        let day = month.last_day();
        let asked = self.policy.filing_kind.get(&self.kind);
        if asked.and_then(|dated| notes.read(dated, day)) != Some(&filing.kind) {
            return ReasonCode::FilingKindMismatch;
        }
        if !filing.is_accepted_on(day) {
            return ReasonCode::FilingNotAccepted;
        }
        let in_time = filing
            .accepted_on
            .is_some_and(|accepted| accepted <= month.first_day());
        if !in_time
            && notes.read(&self.policy.filing_accepted_by, day) != Some(&AcceptedBy::MonthEnd)
        {
            return ReasonCode::FilingNotAccepted;
        }
        self.submission_code(filing, notes)
    }

    fn submission_code(&self, filing: &crate::filing::Filing, notes: &mut Notes) -> ReasonCode {
        let inside = filing
            .submitted_on
            .map(|submitted| self.policy.trial_open.on(submitted).is_some());
        match inside {
            Some(true) => ReasonCode::AllConditionsMet,
            _ if self.trial_asks(TrialTest::FilingSubmitted, notes) == Some(false) => {
                ReasonCode::AllConditionsMet
            }
            Some(false) => ReasonCode::OutsideTrialPeriod,
            None => ReasonCode::FilingDateMissing,
        }
    }

    /// 灵活就业登记, of measure 5 alone.
    fn registration_code(&self, month: TaxMonth, notes: &mut Notes) -> Option<ReasonCode> {
        if self.kind != SubsidyKind::FlexibleInsurance {
            return None;
        }
        let (first, last) = (month.first_day(), month.last_day());
        let held = self.timeline.flexible.iter().map(|held| &held.body);
        let mut touched = false;
        let mut covered = false;
        for registration in held {
            let to = registration.to_on.unwrap_or(last);
            touched |= registration.from_on <= last && first <= to;
            covered |= registration.from_on <= first && last <= to;
        }
        let counts = covered
            || (touched
                && notes.read(&self.policy.registration_days, last)
                    == Some(&RegistrationDays::AnyDay));
        (!counts).then_some(ReasonCode::FlexibleRegistrationMissing)
    }

    fn insurance_code(&self, month: TaxMonth, notes: &mut Notes) -> Option<ReasonCode> {
        let day = month.last_day();
        let required = self.policy.required_insurances.get(&self.kind);
        let Some(required) = required.and_then(|dated| notes.read(dated, day)) else {
            return Some(ReasonCode::PolicyNotEncoded);
        };
        let paid = paid_for(self.contributions, month)
            .is_some_and(|row| row.insurances.contains_all(*required));
        (!paid).then_some(ReasonCode::InsuranceNotPaid)
    }

    fn late_code(&self, month: TaxMonth, notes: &mut Notes) -> Option<ReasonCode> {
        let day = month.last_day();
        let row = paid_for(self.contributions, month)?;
        if row.paid_on <= day {
            return None;
        }
        // Paid after the month itself: how long that is in time is not established.
        let Some(grace) = notes.read(&self.policy.payment_grace_months, day) else {
            return Some(ReasonCode::PolicyNotEncoded);
        };
        let is_late = row.paid_on > month.plus(*grace).last_day();
        let counts = !is_late || notes.read(&self.policy.back_paid_counts, day) == Some(&true);
        (!counts).then_some(ReasonCode::LateInsuranceNotCounted)
    }

    /// Whether another benefit stands in the same person-month that may not.
    fn stacking_code(&self, month: TaxMonth, notes: &mut Notes) -> Option<ReasonCode> {
        let mut held: Vec<Benefit> = Vec::new();
        for claimed in self
            .evidence
            .claimed
            .iter()
            .filter(|claimed| claimed.month == month)
        {
            if claimed.kind == self.kind && claimed.employer_code != *self.evidence.employer_code {
                return Some(ReasonCode::MonthClaimedElsewhere);
            }
            if claimed.kind != self.kind {
                held.push(Benefit::Subsidy(claimed.kind));
            }
        }
        if self
            .evidence
            .booked
            .iter()
            .any(|booked| booked.month == month)
        {
            held.push(Benefit::KeyGroupDeduction);
        }
        let reliefs = self.timeline.reliefs.iter().map(|held| &held.body);
        let has_other = reliefs
            .filter(|relief| relief.relief_code == ReliefCode::SocialInsuranceSubsidy)
            .any(|relief| {
                relief.from_month <= month && relief.to_month.is_none_or(|to| month <= to)
            });
        if has_other {
            held.push(Benefit::OtherInsuranceSubsidy);
        }
        let refused = held.into_iter().any(|other| {
            self.policy
                .stacking_of(self.kind, other)
                .is_some_and(|rule| notes.read(rule, month.last_day()) != Some(&true))
        });
        refused.then_some(ReasonCode::OtherSubsidyClaimed)
    }

    /// The most months of a person. What claims hold was counted first.
    fn count_code(&self, month: TaxMonth, notes: &mut Notes) -> Option<ReasonCode> {
        if self.is_claimed(month) {
            return None;
        }
        let day = month.last_day();
        let Some(most) = notes.read(&self.policy.months_max, day) else {
            return Some(ReasonCode::PolicyNotEncoded);
        };
        let by_count = self.used() < *most;
        let by_calendar = self
            .first
            .is_none_or(|first| month <= first.min(month).plus(most - 1));
        if by_count && by_calendar {
            return None;
        }
        let counts = match notes.read(&self.policy.month_counting, day) {
            Some(MonthCounting::CountedMonths) => by_count,
            Some(MonthCounting::CalendarMonths) => by_calendar,
            None => return Some(ReasonCode::PolicyNotEncoded),
        };
        (!counts).then_some(ReasonCode::SubsidyMonthsExhausted)
    }

    /// Before any claim, a month that facts support for measure 3 and for measure 5 is told for
    /// both: the first claim takes it.
    fn first_claim_wins(&self, month: TaxMonth, notes: &mut Notes) -> bool {
        let other = match self.kind {
            SubsidyKind::EmployerInsurance => SubsidyKind::FlexibleInsurance,
            SubsidyKind::FlexibleInsurance => SubsidyKind::EmployerInsurance,
            _ => return false,
        };
        let is_claimed =
            |claimed: &super::ClaimedMonth| claimed.month == month && claimed.kind == self.kind;
        if self.evidence.claimed.iter().any(is_claimed) || !self.facts_support(other, month) {
            return false;
        }
        let rule = self.policy.stacking_of(self.kind, Benefit::Subsidy(other));
        rule.is_some_and(|rule| notes.read(rule, month.last_day()) == Some(&false))
    }

    /// Whether contract and insurance of a month would carry another subsidy, at any employer.
    fn facts_support(&self, kind: SubsidyKind, month: TaxMonth) -> bool {
        let required = self.policy.required_insurances.get(&kind);
        let Some(required) = required.and_then(|dated| dated.on(month.last_day())) else {
            return false;
        };
        let wanted = match kind {
            SubsidyKind::FlexibleInsurance => ContractKind::ServiceAgreement,
            _ => ContractKind::LabourContract,
        };
        let contracts = self.timeline.contracts.iter().map(|held| &held.body);
        let mut in_force = contracts.filter(|contract| {
            contract.kind == wanted
                && TaxMonth::of(contract.start_on) <= month
                && contract
                    .last_on()
                    .is_none_or(|last| month.first_day() <= last)
        });
        in_force.any(|contract| {
            let rows = match kind {
                SubsidyKind::FlexibleInsurance => self.timeline.individual_contributions(),
                _ => self.timeline.contributions_of(&contract.employer_code),
            };
            paid_for(rows, month).is_some_and(|row| row.insurances.contains_all(required.value))
        })
    }
}

fn paid_for(rows: &[Held<ContributionRow>], month: TaxMonth) -> Option<&ContributionRow> {
    let index = rows
        .binary_search_by_key(&month, |held| held.body.month)
        .ok()?;
    Some(&rows[index].body)
}
