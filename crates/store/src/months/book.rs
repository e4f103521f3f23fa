//! Booked months changed on both sides that keep them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::YearState;
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::pack;

use super::year::{YearRows, count_booked_of};
use super::{WorkerMonths, YearKey, add_booked_of, conflict, unpack_year, year_of};
use crate::rows::{PersonMonth, YearRow};
use crate::{StoreError, StoreErrorKind, StoreResult};

/// Months that are booked for a person at most, over all employers (财税〔2019〕22号 art. 2,
/// 公告2023年第15号 art. 5). This is the net below the service's own count, as the row's check is,
/// which does not see months that an employer keeps.
pub const MONTHS_MAX: usize = 36;

/// The booked months of some workers and of some employers' years, as they were read, and as they
/// are to be.
#[derive(Debug, Default)]
pub struct MonthBook {
    workers: BTreeMap<WorkerId, OfWorker>,
    years: BTreeMap<YearKey, OfYear>,
}

#[derive(Debug)]
struct OfWorker {
    kept: Kept,
    /// The months of its row unpacked, once one of them is changed.
    changed: Option<Vec<BookedMonth>>,
    /// Whether a month was booked that its employer keeps.
    is_booked: bool,
}

/// Where a worker's months are kept.
#[derive(Debug)]
enum Kept {
    /// In the worker's row.
    Row(WorkerMonths),
    /// In the years of the worker's one employer alone, all of which are in the book.
    Years(EmployerCode),
}

#[derive(Debug)]
struct OfYear {
    row: Arc<[u8]>,
    /// The same unpacked, once one of its months is changed.
    rows: Option<YearRows>,
    is_changed: bool,
}

/// A worker's row before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedWorker {
    /// Whose.
    pub worker_id: WorkerId,
    /// As it was read: a row that is another by now is not written over.
    pub before: WorkerMonths,
    /// As it is to be.
    pub after: WorkerMonths,
}

/// What is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthChanges {
    /// Workers' rows, in order of id.
    pub workers: Vec<ChangedWorker>,
    /// The months of employers' years, packed, in order.
    pub years: BTreeMap<YearKey, Arc<[u8]>>,
}

/// A year's row, of which what has no bytes stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedYear {
    /// Whose, and which.
    pub key: YearKey,
    /// Its state, packed.
    pub state: Arc<[u8]>,
    /// Its months, packed.
    pub months: Arc<[u8]>,
}

impl MonthChanges {
    /// The years with new months, together with those that have a new state; of several states of
    /// one the last.
    pub fn years_with(&self, states: &[YearRow]) -> Vec<ChangedYear> {
        let states = states.iter();
        let states = states.map(|row| ((row.employer_code, row.tax_year), &row.state));
        let states: BTreeMap<YearKey, &YearState> = states.collect();
        let keys: BTreeSet<_> = states.keys().chain(self.years.keys()).collect();
        let rows = keys.into_iter().map(|key| ChangedYear {
            key: *key,
            state: states
                .get(key)
                .map(|state| pack(*state).into())
                .unwrap_or_default(),
            months: self.years.get(key).cloned().unwrap_or_default(),
        });
        rows.collect()
    }

    /// These changes and those made after them, as one.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let mut workers: BTreeMap<WorkerId, ChangedWorker> = BTreeMap::new();
        for change in self.workers.into_iter().chain(later.workers) {
            match workers.entry(change.worker_id) {
                Entry::Occupied(mut first) => first.get_mut().after = change.after,
                Entry::Vacant(place) => {
                    place.insert(change);
                }
            }
        }
        let mut years = self.years;
        years.extend(later.years);
        Self {
            workers: workers.into_values().collect(),
            years,
        }
    }

    /// Conflict: fewer workers' rows than are to be changed were as they were read.
    pub fn require_matched(&self, workers: u64) -> StoreResult<()> {
        match usize::try_from(workers) == Ok(self.workers.len()) {
            true => Ok(()),
            false => Err(conflict(
                "a worker's booked months are others than were read",
            )),
        }
    }
}

impl MonthBook {
    /// Whose rows have still to be read before these months are changed.
    pub fn missing(&self, months: &[PersonMonth]) -> (BTreeSet<WorkerId>, BTreeSet<YearKey>) {
        let workers = months.iter().map(|month| month.worker_id);
        let years = months.iter().map(year_of);
        (
            workers
                .filter(|id| !self.workers.contains_key(id))
                .collect(),
            years.filter(|key| !self.years.contains_key(key)).collect(),
        )
    }

    /// A worker's row, as read under the worker's lock.
    pub fn add_worker(&mut self, worker_id: WorkerId, row: WorkerMonths) {
        self.workers
            .insert(worker_id, OfWorker::new(Kept::Row(row)));
    }

    /// A worker whose months an employer's years alone tell; all of those years that have months are
    /// put into the book as well.
    pub fn add_kept_worker(&mut self, worker_id: WorkerId, employer: EmployerCode) {
        self.workers
            .insert(worker_id, OfWorker::new(Kept::Years(employer)));
    }

    /// Whether a worker is in the book.
    pub fn has_worker(&self, worker_id: &WorkerId) -> bool {
        self.workers.contains_key(worker_id)
    }

    /// Whether a year is in the book.
    pub fn has_year(&self, key: &YearKey) -> bool {
        self.years.contains_key(key)
    }

    /// Has a worker read anew when it is asked for.
    pub fn forget_worker(&mut self, worker_id: &WorkerId) {
        self.workers.remove(worker_id);
    }

    /// The employer whose years alone tell a worker's months.
    pub fn keeper_of(&self, worker_id: &WorkerId) -> Option<EmployerCode> {
        match self.workers.get(worker_id)?.kept {
            Kept::Years(employer) => Some(employer),
            Kept::Row(_) => None,
        }
    }

    /// Workers of these months whose months are kept with another employer than they are booked for:
    /// their own rows are to tell them first.
    pub fn kept_elsewhere(&self, months: &[PersonMonth]) -> BTreeSet<WorkerId> {
        let is_elsewhere = |month: &&PersonMonth| {
            let keeper = self.keeper_of(&month.worker_id);
            keeper.is_some_and(|keeper| keeper != month.employer_code)
        };
        let elsewhere = months.iter().filter(is_elsewhere);
        elsewhere.map(|month| month.worker_id).collect()
    }

    /// What the row of a worker would say, whose months are kept with an employer.
    pub fn row_from_years(&self, worker_id: &WorkerId) -> StoreResult<WorkerMonths> {
        let employer = self.keeper_of(worker_id);
        let employer = employer.ok_or_else(|| conflict("nobody keeps the worker's months"))?;
        let months = kept_months(&self.years, *worker_id, employer)?;
        WorkerMonths::pack(&months).ok_or_else(too_many)
    }

    /// The packed months of an employer's year, as read under the employer's lock; no bytes where
    /// there are none.
    pub fn add_year(&mut self, key: YearKey, row: impl Into<Arc<[u8]>>) {
        let of = OfYear {
            row: row.into(),
            rows: None,
            is_changed: false,
        };
        self.years.insert(key, of);
    }

    /// A worker's row as it is now; `None` where it does not tell the months.
    pub fn row_of(&self, worker_id: &WorkerId) -> Option<&WorkerMonths> {
        match &self.workers.get(worker_id)?.kept {
            Kept::Row(row) => Some(row),
            Kept::Years(_) => None,
        }
    }

    /// The years that these workers have months in and that have still to be read.
    pub fn missing_years_of(&self, workers: &[WorkerId]) -> StoreResult<BTreeSet<YearKey>> {
        let mut years = BTreeSet::new();
        for row in workers.iter().filter_map(|id| self.row_of(id)) {
            let booked = row.unpack()?.into_iter();
            years.extend(booked.map(|it| (it.employer_code, it.month.tax_year())));
        }
        years.retain(|key| !self.years.contains_key(key));
        Ok(years)
    }

    /// Every month of these workers in the years that were read, by worker and month.
    pub fn months_of(&self, workers: &[WorkerId]) -> StoreResult<Vec<PersonMonth>> {
        let mut months = Vec::new();
        for (key, of) in &self.years {
            let of_year = unpack_year(&of.row, *key)?.into_iter();
            months.extend(of_year.filter(|month| workers.contains(&month.worker_id)));
        }
        months.sort_unstable();
        Ok(months)
    }

    /// Books months, and tells what is to be written for it. Conflict: the worker was not found, or
    /// the month is booked already.
    pub fn book(&mut self, months: &[PersonMonth]) -> StoreResult<MonthChanges> {
        if !self.kept_elsewhere(months).is_empty() {
            return Err(conflict("another employer keeps the worker's months"));
        }
        let is_booked = || conflict("the month is booked already");
        for month in months {
            let of = self.workers.get_mut(&month.worker_id);
            let of = of.ok_or_else(|| conflict("the worker is unknown"))?;
            match of.row_months()? {
                Some(booked) => {
                    let place = booked.binary_search_by_key(&month.month, |it| it.month);
                    let place = place.err().ok_or_else(is_booked)?;
                    booked.insert(place, month.booked());
                }
                None => of.is_booked = true,
            }
            if !self.changed_year(year_of(month))?.book(month)? {
                return Err(is_booked());
            }
        }
        self.take_changes()
    }

    /// Takes months back, and tells what is to be written for it. Conflict: a month is not booked
    /// for the employer.
    pub fn release(&mut self, months: &[PersonMonth]) -> StoreResult<MonthChanges> {
        let missing = || conflict("a month to be released is not booked for the employer");
        for month in months {
            let key = year_of(month);
            let of = self.workers.get_mut(&month.worker_id);
            let of = of.ok_or_else(missing)?;
            match of.row_months()? {
                Some(booked) => {
                    let is_it = |it: &BookedMonth| {
                        (it.month, it.employer_code) == (month.month, month.employer_code)
                    };
                    booked.remove(booked.iter().position(is_it).ok_or_else(missing)?);
                }
                // A year that is not there has no months.
                None if !self.years.contains_key(&key) => return Err(missing()),
                None => {}
            }
            let of_year = self.changed_year(key)?;
            if !of_year.release(month.worker_id, month.month) {
                return Err(missing());
            }
        }
        self.take_changes()
    }

    /// The rows that have changed since they were read or last taken.
    fn take_changes(&mut self) -> StoreResult<MonthChanges> {
        let mut changes = MonthChanges::default();
        for (id, of) in &mut self.workers {
            if let Kept::Years(employer) = of.kept
                && std::mem::take(&mut of.is_booked)
                && count_kept(&self.years, *id, employer)? > MONTHS_MAX
            {
                return Err(too_many());
            }
            let Some(months) = of.changed.take() else {
                continue;
            };
            if months.len() > MONTHS_MAX {
                return Err(too_many());
            }
            if let Kept::Row(row) = &mut of.kept {
                let after = WorkerMonths::pack(&months).ok_or_else(too_many)?;
                let before = std::mem::replace(row, after.clone());
                if before != after {
                    changes.workers.push(ChangedWorker {
                        worker_id: *id,
                        before,
                        after,
                    });
                }
            }
        }
        for (key, of) in &mut self.years {
            if std::mem::take(&mut of.is_changed) {
                of.row = match &of.rows {
                    Some(rows) => rows.pack()?.into(),
                    None => Arc::default(),
                };
                changes.years.insert(*key, Arc::clone(&of.row));
            }
        }
        Ok(changes)
    }

    /// A year's months, unpacked, of which one is going to change.
    fn changed_year(&mut self, key: YearKey) -> StoreResult<&mut YearRows> {
        let of = self.years.get_mut(&key).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Internal,
                "a year was not read before its months",
            )
        })?;
        of.is_changed = true;
        of.unpacked()
    }
}

impl OfWorker {
    fn new(kept: Kept) -> Self {
        Self {
            kept,
            changed: None,
            is_booked: false,
        }
    }

    /// The months that the worker's row tells, to be changed; `None` where an employer keeps them.
    fn row_months(&mut self) -> StoreResult<Option<&mut Vec<BookedMonth>>> {
        let Kept::Row(row) = &self.kept else {
            return Ok(None);
        };
        if self.changed.is_none() {
            self.changed = Some(row.unpack()?);
        }
        Ok(self.changed.as_mut())
    }
}

impl OfYear {
    fn unpacked(&mut self) -> StoreResult<&mut YearRows> {
        if self.rows.is_none() {
            self.rows = Some(YearRows::unpack(&self.row)?);
        }
        Ok(self.rows.get_or_insert_default())
    }
}

fn years_of(
    years: &BTreeMap<YearKey, OfYear>,
    employer: EmployerCode,
) -> impl Iterator<Item = (YearKey, &OfYear)> {
    let from = years.range((employer, TaxYear::MIN)..);
    let own = from.take_while(move |(key, _)| key.0 == employer);
    own.map(|(key, of)| (*key, of))
}

/// How many months a worker has in the years of an employer.
fn count_kept(
    years: &BTreeMap<YearKey, OfYear>,
    id: WorkerId,
    employer: EmployerCode,
) -> StoreResult<usize> {
    let counts = years_of(years, employer).map(|(_, of)| match &of.rows {
        Some(rows) => Ok(rows.count_of(id)),
        None => count_booked_of(id, &of.row),
    });
    counts.sum()
}

/// A worker's months in the years of an employer, in order.
fn kept_months(
    years: &BTreeMap<YearKey, OfYear>,
    id: WorkerId,
    employer: EmployerCode,
) -> StoreResult<Vec<BookedMonth>> {
    let mut booked = Vec::new();
    for (key, of) in years_of(years, employer) {
        match &of.rows {
            None => add_booked_of(id, &of.row, key, &mut booked)?,
            Some(rows) => booked.extend(rows.booked_of(id, key)),
        }
    }
    booked.sort_unstable_by_key(|it| it.month);
    Ok(booked)
}

fn too_many() -> StoreError {
    conflict("more months than a person can have")
}

#[cfg(test)]
mod tests {
    use super::super::pack_year;
    use super::super::tests::{booked, employer, month, worker};
    use super::*;

    /// A book of two workers and of the years of two employers, none booked.
    fn book() -> MonthBook {
        let mut book = MonthBook::default();
        for who in [1, 2] {
            book.add_worker(worker(who), WorkerMonths::default());
        }
        for whose in [1, 2] {
            book.add_year(year_of(&booked(1, "2024-01", whose)), Vec::new());
        }
        book
    }

    #[test]
    fn what_is_booked_and_released_is_told_once_with_what_was_before() {
        let mut book = book();
        let [first, second] = [booked(1, "2024-01", 1), booked(1, "2024-02", 2)];
        let changes = book.book(&[second, first]).expect("free");
        let [changed] = changes.workers.as_slice() else {
            panic!("{changes:?}");
        };
        assert_eq!(changed.before, WorkerMonths::default());
        assert_eq!(changed.after.months, "01");
        assert_eq!(changes.years.len(), 2);
        let none = book.take_changes().expect("changes");
        assert_eq!(none, MonthChanges::default());

        let found = book.months_of(&[worker(1), worker(2)]).expect("read");
        assert_eq!(found, [first, second]);
        let changes = book.release(&[first]).expect("booked");
        assert_eq!(changes.workers[0].before.months, "01");
        assert_eq!(changes.workers[0].after.months, "0");
        assert_eq!(changes.years.len(), 1);
        let key = year_of(&first);
        assert_eq!(unpack_year(&changes.years[&key], key).expect("read"), []);
    }

    #[test]
    fn changes_made_one_after_the_other_are_one_with_what_was_before_the_first() {
        let mut book = book();
        let [kept, moved] = [booked(1, "2024-01", 1), booked(1, "2024-02", 1)];
        book.book(&[kept, moved]).expect("free");
        let released = book.release(&[moved]).expect("booked");
        let later = [booked(1, "2024-03", 1), booked(2, "2024-03", 2)];
        let both = released.then(book.book(&later).expect("free"));
        let told = both.workers.iter();
        let told = told.map(|it| (it.before.months.as_str(), it.after.months.as_str()));
        assert_eq!(Vec::from_iter(told), [("00", "0.0"), ("", "0")]);
        let key = year_of(&kept);
        let months = unpack_year(&both.years[&key], key).expect("read");
        assert_eq!(months, [kept, later[0]]);
        assert_eq!(book.row_of(&worker(1)), Some(&both.workers[0].after));
        assert_eq!(book.row_of(&worker(9)), None);
    }

    #[test]
    fn who_is_missing_and_what_does_not_fit_is_told() {
        let mut book = book();
        let stranger = booked(3, "2025-01", 1);
        let (workers, years) = book.missing(&[stranger, booked(1, "2024-01", 2)]);
        assert_eq!(workers, BTreeSet::from([worker(3)]));
        assert_eq!(years, BTreeSet::from([year_of(&stranger)]));
        let first = booked(1, "2024-01", 1);
        book.book(&[first]).expect("free");
        for refused in [
            book.book(&[booked(1, "2024-01", 2)]),
            book.book(&[stranger]),
            book.release(&[booked(1, "2024-01", 2)]),
            book.release(&[booked(1, "2024-02", 1)]),
            book.release(&[stranger]),
        ] {
            let kind = refused.expect_err("refused").kind();
            assert_eq!(kind, StoreErrorKind::Conflict);
        }
    }

    #[test]
    fn a_years_new_state_and_its_new_months_are_one_row() {
        let mut book = book();
        let [first, second] = [booked(1, "2024-01", 1), booked(1, "2024-02", 2)];
        let changes = book.book(&[first, second]).expect("free");
        let state = |months| YearState {
            months,
            ..YearState::default()
        };
        let row = |key: YearKey, months| YearRow {
            employer_code: key.0,
            tax_year: key.1,
            state: state(months),
        };
        let alone = year_of(&booked(1, "2023-01", 1));
        let states = [row(alone, 1), row(year_of(&first), 2), row(alone, 3)];
        let rows = changes.years_with(&states);
        let told = rows.iter().map(|it| (it.key, it.state.clone()));
        let told: BTreeMap<_, _> = told.collect();
        let expected = [
            (alone, pack(&state(3)).into()),
            (year_of(&first), pack(&state(2)).into()),
            (year_of(&second), Arc::default()),
        ];
        assert_eq!(told, BTreeMap::from(expected));
        let with_months = rows.iter().filter(|it| !it.months.is_empty());
        assert_eq!(with_months.count(), 2);
        assert!(changes.require_matched(1).is_ok());
        assert!(changes.require_matched(0).is_err());
    }

    #[test]
    fn years_that_workers_have_months_in_are_asked_for_once() {
        let mut first = MonthBook::default();
        let row = BookedMonth {
            month: month("2024-01"),
            employer_code: employer(1),
        };
        let row = WorkerMonths::pack(&[row]).expect("packed");
        first.add_worker(worker(1), row);
        let key = year_of(&booked(1, "2024-01", 1));
        let asked = first.missing_years_of(&[worker(1), worker(2)]);
        assert_eq!(asked.expect("read"), BTreeSet::from([key]));
        first.add_year(key, Vec::new());
        let asked = first.missing_years_of(&[worker(1)]);
        assert_eq!(asked.expect("read"), BTreeSet::new());
    }

    #[test]
    fn months_that_an_employer_keeps_are_counted_over_all_its_years() {
        let mut book = MonthBook::default();
        book.add_kept_worker(worker(1), employer(1));
        let of_year = |year: i32| -> Vec<PersonMonth> {
            let months = (1..=12).map(|month| booked(1, &format!("{year}-{month:02}"), 1));
            months.collect()
        };
        for year in 2023..=2026 {
            let key = year_of(&of_year(year)[0]);
            let rows = match year {
                2023 | 2024 => pack_year(&of_year(year)).expect("packed"),
                _ => Vec::new(),
            };
            book.add_year(key, rows);
        }
        let changes = book.book(&of_year(2025)).expect("the last of 36");
        assert!(changes.workers.is_empty());
        assert_eq!(changes.years.len(), 1);
        let row = book.row_from_years(&worker(1)).expect("kept");
        assert_eq!((row.from, row.months), (2023 * 12, "0".repeat(36)));
        let [again, further] = [booked(1, "2024-03", 1), booked(1, "2026-01", 1)];
        book.release(&[again]).expect("booked");
        assert!(book.release(&[again]).is_err());
        book.book(&[again]).expect("the last of 36 again");
        for refused in [again, further] {
            let refused = book.book(&[refused]).expect_err("refused");
            assert_eq!(refused.kind(), StoreErrorKind::Conflict);
        }
        let elsewhere = booked(1, "2026-01", 2);
        assert!(book.book(&[elsewhere]).is_err());
        assert!(book.release(&[elsewhere]).is_err());
    }
}
