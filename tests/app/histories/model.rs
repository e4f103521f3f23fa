//! The naive model: facts and books in as few words as possible. It knows nothing of entries, and
//! recomputes everything from the facts.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{EMPLOYERS, UNEMPLOYED, WORKERS, YEARS};

const MONTH_FEN: i64 = 65_000;

fn year_of(index: i32) -> usize {
    usize::try_from(index / 12).expect("inside")
}

/// An amount of each group of reduction codes: lifted from poverty, registered unemployed.
pub(super) type Groups = [i64; 2];

pub(super) fn plus(one: Groups, other: Groups) -> Groups {
    [one[0] + other[0], one[1] + other[1]]
}

fn sum(groups: Groups) -> i64 {
    groups[0] + groups[1]
}

/// A declared month: what each of the four taxes took, and whether the year's expected months were
/// released with it.
#[derive(Clone, Debug)]
struct Posted {
    lines: [Groups; 4],
    projected: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    payable: i64,
    cit: Groups,
    lost: Groups,
}

/// A year of an employer, as the model has it.
#[derive(Clone, Debug, Default)]
struct Year {
    posted: BTreeMap<i32, Posted>,
    /// What later months were expected to bring when it was last looked.
    projected: Groups,
    settled: Option<Settled>,
}

impl Year {
    fn deducted(&self, months: impl Fn(i32) -> bool) -> Groups {
        let posted = self.posted.iter().filter(|(month, _)| months(**month));
        posted
            .flat_map(|(_, posted)| posted.lines)
            .fold([0; 2], plus)
    }

    fn is_projected(&self) -> bool {
        self.posted
            .values()
            .last()
            .is_some_and(|last| last.projected)
    }
}

/// What is released and not used, at most `limit`: one group's excess is taken from the other.
fn left(released: Groups, used: Groups, limit: i64) -> Groups {
    let left = [released[0] - used[0], released[1] - used[1]];
    let most = limit.min(sum(left)).max(0);
    let poverty = left[0].clamp(0, most);
    [poverty, left[1].clamp(0, most - poverty)]
}

/// Takes up to an amount, of those lifted from poverty first.
fn take(available: &mut Groups, amount: i64) -> Groups {
    let poverty = available[0].min(amount);
    let taken = [poverty, available[1].min(amount - poverty)];
    *available = [available[0] - taken[0], available[1] - taken[1]];
    taken
}

fn group_of(worker: usize) -> usize {
    usize::from(worker == UNEMPLOYED)
}

/// Facts and books. Says what is right in as few words as possible, and knows nothing of entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// First and last month in force.
    pub(super) contracts: BTreeMap<(usize, usize), (i32, Option<i32>)>,
    pub(super) insured: BTreeSet<(usize, usize, i32)>,
    /// Which employer a person-month is booked for.
    booked: BTreeMap<(usize, i32), usize>,
    years: BTreeMap<(usize, usize), Year>,
}

/// The figures of an employer-year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) months: i32,
    pub(super) accrued: i64,
    pub(super) released: i64,
    pub(super) deducted: [i64; 5],
    pub(super) remaining: i64,
    pub(super) forfeited: i64,
    pub(super) over: i64,
    pub(super) advance: i64,
    pub(super) unbooked: i64,
}

fn half_up(amount: i64, bp: i64) -> i64 {
    (amount * bp + 5_000) / 10_000
}

impl Model {
    /// Whether the facts support a month here: in force, insured, and nobody else has booked it.
    fn supports(&self, worker: usize, employer: usize, month: i32) -> bool {
        self.expects(worker, employer, month) && self.insured.contains(&(worker, employer, month))
    }

    /// The same, were the insurance paid.
    fn expects(&self, worker: usize, employer: usize, month: i32) -> bool {
        let in_force = self
            .contracts
            .get(&(worker, employer))
            .is_some_and(|(first, last)| *first <= month && last.is_none_or(|last| month <= last));
        let elsewhere = self
            .booked
            .get(&(worker, month))
            .is_some_and(|holder| *holder != employer);
        in_force && !elsewhere
    }

    /// What the months after the last one covered are expected to bring.
    fn projection(&self, employer: usize, year: usize, covered: i32) -> Groups {
        let months = covered + 1..Self::months_of(year).end;
        let mut expected = [0; 2];
        for worker in 0..WORKERS.len() {
            let here = months
                .clone()
                .filter(|month| self.expects(worker, employer, *month));
            expected[group_of(worker)] += i64::try_from(here.count()).expect("few") * MONTH_FEN;
        }
        expected
    }

    fn months_of(year: usize) -> std::ops::Range<i32> {
        let first = i32::try_from(year).expect("small") * 12;
        first..first + 12
    }

    /// Books what the facts support to a month, and takes back what they no longer do.
    fn rebook(&mut self, employer: usize, year: usize, through: i32, is_claim_of_leavers: bool) {
        for worker in 0..WORKERS.len() {
            let has_left = self
                .contracts
                .get(&(worker, employer))
                .is_some_and(|(_, last)| last.is_some());
            for month in Self::months_of(year) {
                let is_booked = self.booked.get(&(worker, month)) == Some(&employer);
                let is_right = month <= through && self.supports(worker, employer, month);
                if is_booked && !is_right {
                    self.booked.remove(&(worker, month));
                } else if !is_booked && is_right && !(is_claim_of_leavers && has_left) {
                    self.booked.insert((worker, month), employer);
                }
            }
        }
    }

    /// What the months booked up to one give.
    fn accrued(&self, employer: usize, year: usize, through: i32) -> Groups {
        let months = Self::months_of(year);
        let mut accrued = [0; 2];
        for ((worker, month), holder) in &self.booked {
            if months.contains(month) && *holder == employer && *month <= through {
                accrued[group_of(*worker)] += MONTH_FEN;
            }
        }
        accrued
    }

    fn covered(&self, employer: usize, year: usize) -> i32 {
        let state = self.years.get(&(employer, year));
        let months = Self::months_of(year);
        match state {
            Some(state) if state.settled.is_some() => months.end - 1,
            Some(state) => state
                .posted
                .keys()
                .last()
                .copied()
                .unwrap_or(months.start - 1),
            None => months.start - 1,
        }
    }

    fn declare(mut available: Groups, vat: i64) -> [Groups; 4] {
        let dues = [vat, half_up(vat, 700), half_up(vat, 300), half_up(vat, 200)];
        dues.map(|due| take(&mut available, due))
    }

    fn state(&mut self, employer: usize, year: usize) -> &mut Year {
        self.years.entry((employer, year)).or_default()
    }

    fn resettle(&mut self, employer: usize, year: usize) {
        let accrued = self.accrued(employer, year, i32::MAX);
        let state = self.state(employer, year);
        let in_periods = state.deducted(|_| true);
        if let Some(settled) = &mut state.settled {
            let mut available = left(accrued, in_periods, i64::MAX);
            settled.cit = take(&mut available, settled.payable);
            settled.lost = available;
        }
    }

    /// What is expected after the months covered, if the last declared month released it.
    fn project(&mut self, employer: usize, year: usize, covered: i32, released: bool) -> Groups {
        let is_settled = self.state(employer, year).settled.is_some();
        let projected = match released && !is_settled {
            true => self.projection(employer, year, covered),
            false => [0; 2],
        };
        self.state(employer, year).projected = projected;
        projected
    }

    pub(super) fn post(&mut self, employer: usize, month: i32, vat: i64, projected: bool) -> bool {
        let year = year_of(month);
        let state = self.state(employer, year);
        let last = state.posted.keys().last();
        if state.settled.is_some() || last.is_some_and(|last| *last >= month) {
            return false;
        }
        self.rebook(employer, year, month, false);
        let expected = self.project(employer, year, month, projected);
        let released = plus(self.accrued(employer, year, i32::MAX), expected);
        let state = self.state(employer, year);
        let available = left(released, state.deducted(|_| true), i64::MAX);
        let lines = Self::declare(available, vat);
        state.posted.insert(month, Posted { lines, projected });
        true
    }

    pub(super) fn amend(
        &mut self,
        employer: usize,
        month: i32,
        vat: i64,
        projected: Option<bool>,
    ) -> bool {
        let year = year_of(month);
        let Some(before) = self.state(employer, year).posted.remove(&month) else {
            return false;
        };
        let projected = projected.unwrap_or(before.projected);
        self.state(employer, year).posted.insert(
            month,
            Posted {
                lines: [[0; 2]; 4],
                projected,
            },
        );
        let covered = self.covered(employer, year);
        self.rebook(employer, year, covered, true);
        let releases = self.state(employer, year).is_projected();
        let expected = self.project(employer, year, covered, releases);
        let all = self.accrued(employer, year, i32::MAX);
        // A settled year releases what is booked; the amended month by itself looks to its own end,
        // or to the whole year.
        let released = plus(all, expected);
        let here = match projected {
            true => sum(all) + sum(self.projection(employer, year, covered)),
            false => sum(self.accrued(employer, year, month)),
        };
        let state = self.state(employer, year);
        let earlier = sum(state.deducted(|other| other < month));
        let others = state.deducted(|other| other != month);
        let lines = Self::declare(left(released, others, here - earlier), vat);
        state.posted.insert(month, Posted { lines, projected });
        self.resettle(employer, year);
        true
    }

    pub(super) fn settle(&mut self, employer: usize, year: usize, payable: i64) -> bool {
        let state = self.state(employer, year);
        if state.settled.is_some() {
            return false;
        }
        state.settled = Some(Settled {
            payable,
            ..Settled::default()
        });
        state.projected = [0; 2];
        let last = Self::months_of(year).end - 1;
        self.rebook(employer, year, last, false);
        self.resettle(employer, year);
        true
    }

    pub(super) fn recompute(&mut self, employer: usize, year: usize) {
        let covered = self.covered(employer, year);
        self.rebook(employer, year, covered, false);
        let releases = self.state(employer, year).is_projected();
        self.project(employer, year, covered, releases);
        self.resettle(employer, year);
    }

    /// All that is deducted of an employer-year by group, CIT included.
    pub(super) fn deducted(&self, employer: usize, year: usize) -> Groups {
        let state = self
            .years
            .get(&(employer, year))
            .cloned()
            .unwrap_or_default();
        let cit = state.settled.unwrap_or_default().cit;
        plus(state.deducted(|_| true), cit)
    }

    fn figures(&self, employer: usize, year: usize) -> Figures {
        let state = self
            .years
            .get(&(employer, year))
            .cloned()
            .unwrap_or_default();
        let mut deducted = [0; 5];
        for posted in state.posted.values() {
            for (total, line) in deducted.iter_mut().zip(posted.lines) {
                *total += sum(line);
            }
        }
        let settled = state.settled.unwrap_or_default();
        deducted[4] = sum(settled.cit);
        let forfeited = sum(settled.lost);
        let accrued = sum(self.accrued(employer, year, i32::MAX));
        let rest = accrued - deducted.iter().sum::<i64>() - forfeited;
        let over = (-rest).max(0);
        let projected = sum(state.projected);
        let unbooked = (0..WORKERS.len())
            .flat_map(|worker| Self::months_of(year).map(move |month| (worker, month)))
            .filter(|(worker, month)| {
                self.booked.get(&(*worker, *month)) != Some(&employer)
                    && self.supports(*worker, employer, *month)
            });
        Figures {
            months: i32::try_from(accrued / MONTH_FEN).expect("few"),
            accrued,
            released: accrued + projected,
            deducted,
            remaining: rest.max(0),
            forfeited,
            over,
            advance: over.min(projected),
            unbooked: i64::try_from(unbooked.count()).expect("few") * MONTH_FEN,
        }
    }

    pub(super) fn all(&self) -> Vec<Figures> {
        let pairs = (0..EMPLOYERS.len()).flat_map(|e| (0..YEARS.len()).map(move |y| (e, y)));
        pairs
            .map(|(employer, year)| self.figures(employer, year))
            .collect()
    }

    pub(super) fn used(&self, worker: usize) -> usize {
        self.booked.keys().filter(|(who, _)| *who == worker).count()
    }
}
