//! What a batch changes of booked months.

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_store::months::{MonthBook, MonthChanges, WorkerMonths, YearKey};
use mamagang_store::rows::PersonMonth;
use mamagang_store::{PostingBatch, StoreResult};

use super::employer::{SeenEmployer, SeenMonths};
use super::{Employers, contended};
use crate::month::add_empty_years;

/// Months that are taken back and then booked.
#[derive(Default)]
struct Moved {
    released: Vec<PersonMonth>,
    booked: Vec<PersonMonth>,
}

impl Moved {
    /// What becomes of the book, which has all of these months' workers and years.
    fn in_book(self, mut book: MonthBook) -> StoreResult<MonthChanges> {
        for months in [&self.released, &self.booked] {
            let (workers, years) = book.missing(months);
            if !workers.is_empty() || !years.is_empty() {
                return Err(changes_more());
            }
        }
        let released = book.release(&self.released)?;
        Ok(released.then(book.book(&self.booked)?))
    }
}

pub(super) fn changes_more() -> mamagang_store::StoreError {
    contended("the batch changes more than it read")
}

/// The rows that change. `years`: those that were asked for, in order. An employer who keeps the months of all its
/// workers concerns nobody else, and has a small book of its own.
pub(super) fn changes(
    employers: &Employers,
    years: &[YearKey],
    batch: &PostingBatch,
) -> StoreResult<MonthChanges> {
    let mut apart: BTreeMap<EmployerCode, Moved> = BTreeMap::new();
    let mut together = Moved::default();
    let keeps = |code: &EmployerCode| employers.get(code).is_some_and(SeenEmployer::keeps_all);
    let mut move_of = |month: &PersonMonth, push: fn(&mut Moved, PersonMonth)| {
        let moved = match keeps(&month.employer_code) {
            true => apart.entry(month.employer_code).or_default(),
            false => &mut together,
        };
        push(moved, *month);
    };
    for month in &batch.released {
        move_of(month, |moved, month| moved.released.push(month));
    }
    for month in &batch.booked {
        move_of(month, |moved, month| moved.booked.push(month));
    }
    let mut all = MonthBook::default();
    let others = employers.iter().filter(|(_, it)| !it.keeps_all());
    others.for_each(|(code, employer)| employer.note(*code, &mut all));
    add_empty_years(&mut all, years);
    let mut changes = together.in_book(all)?;
    for (code, moved) in apart {
        let mut book = MonthBook::default();
        if let Some(employer) = employers.get(&code) {
            employer.note(code, &mut book);
        }
        let first = years.partition_point(|(employer, _)| *employer < code);
        let asked = years.iter().skip(first);
        add_empty_years(
            &mut book,
            asked.take_while(|(employer, _)| *employer == code),
        );
        changes.years.extend(moved.in_book(book)?.years);
    }
    Ok(changes)
}

/// The workers whose own rows tell their months, with the rows' revisions.
pub(super) fn own_rows(employers: &Employers) -> BTreeMap<WorkerId, (i64, &WorkerMonths)> {
    let workers = employers.values().flat_map(|employer| &employer.workers);
    let own = workers.filter_map(|worker| match &worker.months {
        SeenMonths::Own { revision, row, .. } => Some((worker.row.worker_id, (*revision, row))),
        SeenMonths::Kept => None,
    });
    own.collect()
}
