//! Months, term and cap (fact: section 2.4).

use std::cell::Cell;

use crate::fact::{PersonCategory, ReviewResolution};
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::policy::{Dated, KeyGroupPolicy};
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::{ContributionRow, Held, Timeline};

use super::hire::{Hire, hires_of};
use super::terms::{Terms, unencoded_start};
use super::{Assessment, Evidence, MEASURE, Person};

/// What was found for one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthFinding {
    /// The month.
    pub month: TaxMonth,
    /// The first code that stands against it, or ALL_CONDITIONS_MET.
    pub code: ReasonCode,
    /// The category under which it counts.
    pub category: Option<PersonCategory>,
    /// Whether a contract was in force and insured, from s on: only such a month can be used up.
    pub substantial: bool,
    /// Index of the hire that was judged.
    pub hire: Option<usize>,
    /// What the month gives: a twelfth of the yearly quota; zero unless ELIGIBLE.
    pub amount_fen: Fen,
    /// The worker's revision of the review's resolution that settled it, where one did.
    pub resolution: Option<u32>,
}

impl MonthFinding {
    /// The month's outcome.
    pub const fn outcome(&self) -> Outcome {
        self.code.outcome()
    }

    /// Whether the month counts against the 36: counted, or under review with contract and
    /// insurance there.
    pub const fn uses_term(&self) -> bool {
        self.substantial && !matches!(self.outcome(), Outcome::Ineligible)
    }
}

/// Decides every month from `from` to `through`, both included.
pub fn assess(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
) -> Assessment {
    match evidence.person {
        Person::Known(timeline) => {
            Walk::new(policy, evidence, timeline).run(from, through, |_, _| {})
        }
        Person::Unknown => unknown(policy, evidence, ReasonCode::NoRecord, from, through),
        Person::NotMatched => unknown(policy, evidence, ReasonCode::NotMatched, from, through),
    }
}

fn unknown(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    code: ReasonCode,
    from: TaxMonth,
    through: TaxMonth,
) -> Assessment {
    let months = from
        .through(through)
        .map(|month| MonthFinding {
            month,
            code: Terms::of(policy, evidence.employer, month, None, None)
                .employer_code
                .map_or(code, |found| found.first_of(code)),
            category: None,
            substantial: false,
            hire: None,
            amount_fen: Fen::ZERO,
            resolution: None,
        })
        .collect();
    Assessment {
        months,
        hires: Vec::new(),
        start_month: None,
        term_end_month: None,
        category: None,
        months_used: 0,
    }
}

/// The value for a month. A term started while the policy was in force runs on under it, so a
/// month after the policy's end takes the hire date's value; a month before it takes none.
pub(super) fn in_force<'p, T>(
    dated: &'p Dated<T>,
    month: TaxMonth,
    hire: Option<&Hire>,
) -> Option<&'p T> {
    let on_month = dated.on(month.last_day());
    let run_on = || {
        hire.filter(|hire| TaxMonth::of(hire.start_on) <= month)
            .and_then(|hire| dated.on(hire.start_on))
    };
    on_month.or_else(run_on).map(|value| &value.value)
}

struct Walk<'a> {
    policy: &'a KeyGroupPolicy,
    evidence: &'a Evidence<'a>,
    timeline: &'a Timeline,
    contributions: &'a [Held<ContributionRow>],
    hires: Vec<Hire>,
    /// Months that count against the 36 and are not this employer's own: booked for others, or
    /// enjoyed before this system. Sorted, each once.
    used_elsewhere: Vec<TaxMonth>,
    /// First month of the term at this employer, over all its hires and prior use.
    anchor: Option<TaxMonth>,
    own_used: i32,
    own_first: Option<TaxMonth>,
    /// Those looked up last: they stay the same for years.
    terms: Terms<'a>,
    /// The resolution that settled something of the month that is being judged.
    settled_by: Cell<Option<u32>>,
}

impl<'a> Walk<'a> {
    fn new(policy: &'a KeyGroupPolicy, evidence: &'a Evidence<'a>, timeline: &'a Timeline) -> Self {
        let employer = evidence.employer_code;
        let hires = hires_of(policy, timeline, employer);
        let prior = timeline.prior_uses.iter().map(|held| &held.body);
        let own_prior_first = prior
            .clone()
            .filter(|used| used.employer_code == *employer)
            .map(|used| used.from_month);
        let anchor = hires
            .iter()
            .filter(|hire| {
                let start = hire.start_month.unwrap_or(TaxMonth::of(hire.start_on));
                let code = hire.code().and_then(|code| {
                    let resolution = timeline.resolution(MEASURE, employer, code, start);
                    settled(code, resolution.map(|held| &held.body)).err()
                });
                code.is_none_or(|code| code.outcome() != Outcome::Ineligible)
            })
            .filter_map(|hire| hire.start_month)
            .chain(own_prior_first)
            .min();
        let booked = evidence
            .booked
            .iter()
            .filter(|booked| booked.employer_code != *employer);
        let mut used_elsewhere: Vec<TaxMonth> = booked
            .map(|booked| booked.month)
            .chain(prior.flat_map(|used| used.from_month.through(used.to_month)))
            .collect();
        used_elsewhere.sort_unstable();
        used_elsewhere.dedup();
        Self {
            policy,
            evidence,
            timeline,
            contributions: timeline.contributions_of(employer),
            hires,
            used_elsewhere,
            anchor,
            own_used: 0,
            own_first: None,
            terms: Terms::OF_NO_MONTH,
            settled_by: Cell::new(None),
        }
    }

    /// `look` is shown every month asked before it is judged; an explanation counts by it.
    fn run(
        mut self,
        from: TaxMonth,
        through: TaxMonth,
        mut look: impl FnMut(&Self, TaxMonth),
    ) -> Assessment {
        // The months before those asked decide how many are left, so the walk starts at s.
        let first = self.anchor.map_or(from, |anchor| anchor.min(from));
        let mut months = Vec::with_capacity(from.through(through).size_hint().0);
        let mut months_used = 0;
        for month in first.through(through) {
            if month == from {
                months_used = self.own_used + self.elsewhere_before(month);
            }
            if month >= from {
                look(&self, month);
            }
            let finding = self.judge(month);
            if finding.uses_term() && !self.is_used_elsewhere(month) {
                self.own_used += 1;
                self.own_first = self.own_first.or(Some(month));
            }
            if month >= from {
                months.push(finding);
            }
        }
        // Of several alike the first, which is the earliest.
        let told = months.iter().min_by_key(|finding| finding.outcome());
        let category = told.and_then(|finding| finding.category);
        // The hire that the answer is about.
        let told_hire = told.and_then(|finding| finding.hire);
        let told_hire = told_hire.map(|index| &self.hires[index]);
        let start_month = told_hire.and_then(|hire| self.told_start(hire));
        let term_end_month = told_hire
            .zip(start_month)
            .and_then(|(hire, start)| self.term_end(hire, start));
        Assessment {
            start_month,
            term_end_month,
            category,
            months,
            months_used,
            hires: self.hires,
        }
    }

    fn elsewhere_before(&self, month: TaxMonth) -> i32 {
        i32::try_from(self.used_elsewhere.partition_point(|used| *used < month)).unwrap_or(i32::MAX)
    }

    fn is_used_elsewhere(&self, month: TaxMonth) -> bool {
        self.used_elsewhere.binary_search(&month).is_ok()
    }

    #[inline]
    fn judge(&mut self, month: TaxMonth) -> MonthFinding {
        let Some(first) = self.in_force_from(0, month) else {
            return self.judge_under(month, self.nearest_hire(month));
        };
        // Most people have one hire at a time, which is compared with nothing.
        let Some(second) = self.in_force_from(first + 1, month) else {
            return self.judge_under(month, Some(first));
        };
        let rank = |finding: &MonthFinding| (finding.outcome(), finding.code.precedence());
        let mut best = self.judge_under(month, Some(first));
        for index in second..self.hires.len() {
            if self.hires[index].in_force_in(month) {
                let other = self.judge_under(month, Some(index));
                if rank(&other) < rank(&best) {
                    best = other;
                }
            }
        }
        best
    }

    /// The first hire from `index` on that is in force in a month.
    #[inline]
    fn in_force_from(&self, index: usize, month: TaxMonth) -> Option<usize> {
        (index..self.hires.len()).find(|index| self.hires[*index].in_force_in(month))
    }

    /// The hire under which a month without contract is judged: the last that has begun, else the
    /// first to come.
    fn nearest_hire(&self, month: TaxMonth) -> Option<usize> {
        let begun = self
            .hires
            .iter()
            .rposition(|hire| TaxMonth::of(hire.start_on) <= month);
        begun.or(if self.hires.is_empty() { None } else { Some(0) })
    }

    fn judge_under(&mut self, month: TaxMonth, index: Option<usize>) -> MonthFinding {
        self.look_up_terms(month, index);
        let hire = index.map(|index| &self.hires[index]);
        let terms = &self.terms;
        let insured = self.contribution(month).filter(|row| {
            let required = terms.required_insurances;
            required.is_some_and(|required| row.insurances.contains_all(required))
        });
        let in_force = hire.is_some_and(|hire| hire.in_force_in(month));
        let has_begun = hire
            .and_then(|hire| hire.start_month)
            .is_some_and(|start| start <= month);
        let substantial = in_force && insured.is_some() && has_begun;
        self.settled_by.set(None);
        let code = self.first_code(terms, month, hire, in_force, insured);
        let category = hire.and_then(|hire| hire.category.category);
        let amount_fen = match code.outcome() {
            Outcome::Eligible => terms.month_amount,
            _ => Fen::ZERO,
        };
        MonthFinding {
            month,
            code,
            category,
            substantial,
            hire: index,
            amount_fen,
            resolution: self.settled_by.get(),
        }
    }

    /// What stands of a code in a month: `Ok` where a review took the condition as met.
    fn settle(&self, code: ReasonCode, month: TaxMonth) -> Result<(), ReasonCode> {
        if self.timeline.resolutions.is_empty() {
            return Err(code);
        }
        let employer = self.evidence.employer_code;
        let held = self.timeline.resolution(MEASURE, employer, code, month);
        let standing = settled(code, held.map(|held| &held.body));
        if standing != Err(code) {
            self.settled_by.set(held.map(|held| held.revision));
        }
        standing
    }

    fn look_up_terms(&mut self, month: TaxMonth, index: Option<usize>) {
        if !self.terms.hold(month, index) {
            let hire = index.map(|index| &self.hires[index]);
            let employer = self.evidence.employer;
            self.terms = Terms::of(self.policy, employer, month, index, hire);
        }
    }

    /// The codes in order of precedence; the first that holds is told.
    fn first_code(
        &self,
        terms: &Terms<'_>,
        month: TaxMonth,
        hire: Option<&Hire>,
        in_force: bool,
        insured: Option<&ContributionRow>,
    ) -> ReasonCode {
        let mut found = terms.employer_code;
        if found == Some(ReasonCode::PolicyNotEncoded) {
            return ReasonCode::PolicyNotEncoded;
        }
        let Some(hire) = hire else {
            return found.unwrap_or_else(|| match self.other_relief(terms, month) {
                true => ReasonCode::OtherEmploymentReliefClaimed,
                false => ReasonCode::NotInForce,
            });
        };
        let of_hire = hire.code().and_then(|code| self.settle(code, month).err());
        for code in [of_hire, terms.unencoded_start].into_iter().flatten() {
            found = Some(found.map_or(code, |known| known.first_of(code)));
        }
        found.unwrap_or_else(|| self.month_code(terms, month, hire, in_force, insured))
    }

    fn month_code(
        &self,
        terms: &Terms<'_>,
        month: TaxMonth,
        hire: &Hire,
        in_force: bool,
        insured: Option<&ContributionRow>,
    ) -> ReasonCode {
        if self.other_relief(terms, month) {
            return ReasonCode::OtherEmploymentReliefClaimed;
        }
        // A contract binds from its signature on, so before it none is in force.
        if !in_force || month < hire.signed_month {
            return ReasonCode::NotInForce;
        }
        let Some(row) = insured else {
            return ReasonCode::InsuranceNotPaid;
        };
        if self.is_used_elsewhere(month) {
            return ReasonCode::MonthBookedElsewhere;
        }
        let of_term = self.term_code(terms, month);
        let of_term = of_term.and_then(|code| self.settle(code, month).err());
        of_term.unwrap_or_else(|| {
            let paid = self.settle(payment_code(terms, row), month);
            paid.err().unwrap_or(ReasonCode::AllConditionsMet)
        })
    }

    /// The 36 months at this employer, then those of the person over all employers.
    fn term_code(&self, terms: &Terms<'_>, month: TaxMonth) -> Option<ReasonCode> {
        let (Some(term), Some(most)) = (terms.term_months, terms.person_months_max) else {
            return Some(ReasonCode::PolicyNotEncoded);
        };
        let anchor = self.anchor.unwrap_or(month);
        if month > anchor.plus(term - 1) {
            return Some(ReasonCode::TermExhausted);
        }
        let used = self.own_used + i32::try_from(self.used_elsewhere.len()).unwrap_or(i32::MAX);
        let inside_used = used < most;
        let inside_calendar = month <= self.person_first(month).plus(most - 1);
        match (inside_used, inside_calendar) {
            (true, true) => None,
            (false, false) => Some(ReasonCode::TermExhausted),
            _ => Some(ReasonCode::TermCountUnconfirmed),
        }
    }

    /// The person's first counted month over all employers, as far as known before `month`.
    fn person_first(&self, month: TaxMonth) -> TaxMonth {
        let own = self.own_first.unwrap_or(month);
        self.used_elsewhere
            .first()
            .map_or(own, |elsewhere| own.min(*elsewhere))
    }

    fn other_relief(&self, terms: &Terms<'_>, month: TaxMonth) -> bool {
        let Some(excluding) = terms.excluding_reliefs else {
            return false;
        };
        self.timeline
            .reliefs
            .iter()
            .map(|held| &held.body)
            .any(|relief| {
                relief.employer_code == *self.evidence.employer_code
                    && excluding.contains(&relief.relief_code)
                    && relief.from_month <= month
                    && relief.to_month.is_none_or(|to| month <= to)
            })
    }

    fn contribution(&self, month: TaxMonth) -> Option<&'a ContributionRow> {
        let rows = self.contributions;
        // Where no month was left out, it stands where it is counted to.
        let counted = usize::try_from(month.since(rows.first()?.body.month)).ok()?;
        let found = match rows.get(counted) {
            Some(held) if held.body.month == month => counted,
            _ => {
                let of_month = |held: &Held<ContributionRow>| held.body.month;
                rows.binary_search_by_key(&month, of_month).ok()?
            }
        };
        Some(&rows[found].body)
    }

    /// s of a hire.
    fn told_start(&self, hire: &Hire) -> Option<TaxMonth> {
        let is_unencoded = hire.code() == Some(ReasonCode::PolicyNotEncoded)
            || unencoded_start(self.policy, hire).is_some();
        match hire.code().map(ReasonCode::outcome) {
            // Where the law is not encoded, or the hire gives no right, there is no term to tell.
            _ if is_unencoded => None,
            Some(Outcome::Ineligible) => None,
            _ => self
                .anchor
                .filter(|anchor| hire.start_month.is_some_and(|start| *anchor <= start)),
        }
    }

    /// The last month that can count. A use recorded from before the first encoded policy starts
    /// the term too, so its length may be the hire date's.
    fn term_end(&self, hire: &Hire, start: TaxMonth) -> Option<TaxMonth> {
        let length = |dated: &Dated<i32>| {
            let value = dated.on(start.last_day());
            value
                .or_else(|| dated.on(hire.start_on))
                .map(|value| value.value)
        };
        let term = length(&self.policy.term_months)?;
        let most = length(&self.policy.person_months_max)?;
        let person_first = self
            .used_elsewhere
            .first()
            .map_or(start, |elsewhere| start.min(*elsewhere));
        Some(start.plus(term - 1).min(person_first.plus(most - 1)))
    }
}

/// What a month is tested against for the term.
#[derive(Clone, Copy, Debug)]
pub(super) struct TermCount {
    pub(super) month: TaxMonth,
    /// First month of the term at this employer.
    pub(super) anchor: Option<TaxMonth>,
    /// Months used here before it.
    pub(super) own_used: i32,
    /// Months used elsewhere, before it or after.
    pub(super) elsewhere: i32,
    /// The person's first counted month.
    pub(super) person_first: TaxMonth,
}

/// The counts of every month asked; none where nobody is known.
pub(super) fn term_counts(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
) -> Vec<TermCount> {
    let mut counts = Vec::new();
    if let Person::Known(timeline) = evidence.person {
        Walk::new(policy, evidence, timeline).run(from, through, |walk, month| {
            counts.push(TermCount {
                month,
                anchor: walk.anchor,
                own_used: walk.own_used,
                elsewhere: i32::try_from(walk.used_elsewhere.len()).unwrap_or(i32::MAX),
                person_first: walk.person_first(month),
            });
        });
    }
    counts
}

/// What stands of a code under a review's resolution.
pub(crate) fn settled(
    code: ReasonCode,
    resolution: Option<&ReviewResolution>,
) -> Result<(), ReasonCode> {
    match resolution {
        Some(found) if code.outcome() == Outcome::Review && found.accepted => Ok(()),
        Some(_) if code.outcome() == Outcome::Review => Err(ReasonCode::ReviewRefused),
        _ => Err(code),
    }
}

fn payment_code(terms: &Terms<'_>, row: &ContributionRow) -> ReasonCode {
    match terms.payment_grace_months {
        None => ReasonCode::PolicyNotEncoded,
        Some(grace) if row.paid_on >= row.month.plus(grace + 1).first_day() => {
            ReasonCode::BackPaidInsurance
        }
        Some(_) => ReasonCode::AllConditionsMet,
    }
}
