//! Booked person-months.

use std::collections::BTreeSet;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::timeline::pack;
use mamagang_store::months::{
    ChangedWorker, MonthBook, MonthChanges, WorkerMonths, YearKey, unpack_months, unpack_year,
};
use mamagang_store::rows::{PersonMonth, YearRow};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{employer_code, get, int, narrow, place, place_of, tax_year, worker_id};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::ledger;
use crate::sql::month as sql;

/// The months of a worker's row, by month.
pub(crate) fn booked(row: &PgRow) -> StoreResult<Vec<BookedMonth>> {
    let (from, months) = (int(row, "booked_from")?, get(row, "booked")?);
    let booked = unpack_months(from, months, get(row, "booked_by")?);
    booked.ok_or_else(|| corrupt("booked months"))
}

/// The same as they are kept.
pub(crate) fn worker_months(row: &PgRow) -> StoreResult<WorkerMonths> {
    Ok(WorkerMonths {
        from: narrow(row, "booked_from")?,
        months: get(row, "booked")?,
        employers: get(row, "booked_by")?,
    })
}

/// The bytes of a year's months; none where it has no row.
pub(crate) fn packed_year(row: &PgRow) -> StoreResult<&[u8]> {
    let months: Option<&[u8]> = get(row, "months")?;
    Ok(months.unwrap_or_default())
}

/// The months of a year, by month and worker.
pub(crate) fn of_year(row: &PgRow, key: YearKey) -> StoreResult<Vec<PersonMonth>> {
    let months = unpack_year(packed_year(row)?, key);
    months.ok_or_else(|| corrupt("months of a year"))
}

pub(crate) async fn list_of(
    db: &mut Db<'_>,
    employer: &EmployerCode,
) -> StoreResult<Vec<PersonMonth>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_OF_EMPLOYER, binds).await?;
    let mut months = Vec::new();
    for row in &rows {
        months.append(&mut of_year(row, (*employer, tax_year(row)?))?);
    }
    Ok(months)
}

/// The months of each worker's own row.
pub(crate) async fn of_rows(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<Vec<BookedMonth>>> {
    let asked = [Bind::blobs(workers.iter().map(WorkerId::bytes))];
    let rows = db.rows(sql::LIST_OF_WORKERS, asked).await?;
    let found = rows.iter().map(|row| Ok((place_of(row)?, booked(row)?)));
    let found = place(workers.len(), found)?.into_iter();
    Ok(found.map(Option::unwrap_or_default).collect())
}

/// Every month booked for the workers, by worker and month.
pub(crate) async fn of_workers(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<PersonMonth>> {
    let asked = [Bind::blobs(workers.iter().map(WorkerId::bytes))];
    let mut years = BTreeSet::new();
    for row in &db.rows(sql::READ_WORKERS, asked).await? {
        for month in booked(row)? {
            years.insert((month.employer_code, month.month.tax_year()));
        }
    }
    let mut months = Vec::new();
    for row in &read_years(db, &years).await? {
        let of_year = of_year(row, (employer_code(row)?, tax_year(row)?))?;
        let theirs = of_year.into_iter();
        months.extend(theirs.filter(|month| workers.contains(&month.worker_id)));
    }
    months.sort_unstable();
    Ok(months)
}

async fn read_years(db: &mut Db<'_>, years: &BTreeSet<YearKey>) -> StoreResult<Vec<PgRow>> {
    if years.is_empty() {
        return Ok(Vec::new());
    }
    let binds = [
        codes(years.iter().map(|(employer, _)| employer)),
        Bind::ints(years.iter().map(|(_, year)| year.number())),
    ];
    db.rows(sql::READ_YEARS, binds).await
}

/// Reads and locks what a change of these months needs and the unit has not read yet.
async fn fetch(db: &mut Db<'_>, book: &mut MonthBook, months: &[PersonMonth]) -> StoreResult<()> {
    let (workers, years) = book.missing(months);
    if !workers.is_empty() {
        let asked = [Bind::blobs(workers.iter().map(WorkerId::bytes))];
        for row in &db.rows(sql::READ_WORKERS, asked).await? {
            book.add_worker(worker_id(row)?, worker_months(row)?);
        }
    }
    let mut absent = years;
    add_years(db, book, &mut absent).await?;
    if !absent.is_empty() {
        // A row that is not there cannot be locked; the employer's head can.
        let employers = absent.iter().map(|(employer, _)| *employer).collect();
        ledger::lock_heads(db, &employers).await?;
        add_years(db, book, &mut absent).await?;
        for key in absent {
            book.add_year(key, Vec::new());
        }
    }
    Ok(())
}

/// Puts the years that have a row into the book; `asked` keeps those that have none.
async fn add_years(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    asked: &mut BTreeSet<YearKey>,
) -> StoreResult<()> {
    for row in &read_years(db, asked).await? {
        let key = (employer_code(row)?, tax_year(row)?);
        book.add_year(key, packed_year(row)?.to_vec());
        asked.remove(&key);
    }
    Ok(())
}

pub(crate) async fn book(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let changes = changes(db, book, months, MonthBook::book).await?;
    write(db, &changes).await
}

pub(crate) async fn release(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let changes = changes(db, book, months, MonthBook::release).await?;
    write(db, &changes).await
}

/// What is to be written to book or to release months.
pub(crate) async fn changes(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
    change: fn(&mut MonthBook, &[PersonMonth]) -> StoreResult<()>,
) -> StoreResult<MonthChanges> {
    fetch(db, book, months).await?;
    change(book, months)?;
    book.take_changes()
}

async fn write(db: &mut Db<'_>, changes: &MonthChanges) -> StoreResult<()> {
    if changes.workers.is_empty() {
        return Ok(());
    }
    let workers = worker_columns(&changes.workers);
    let columns = workers.into_iter().chain(year_columns(&[], changes));
    let rows = changes.workers.len() + changes.years.len();
    let matched = db.write_sets(sql::WRITE, columns.collect(), rows).await?;
    all_matched(matched, changes)
}

/// A worker's row that was not as it was read is not written over.
pub(crate) fn all_matched(matched: usize, changes: &MonthChanges) -> StoreResult<()> {
    if matched == changes.workers.len() {
        return Ok(());
    }
    let context = "a worker's booked months are others than were read";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}

/// Workers, and their months as they were and as they are to be.
pub(crate) fn worker_columns(workers: &[ChangedWorker]) -> [Bind; 7] {
    let ids = workers.iter().map(|it| it.worker_id);
    let before = || workers.iter().map(|it| &it.before);
    let after = || workers.iter().map(|it| &it.after);
    [
        Bind::blobs(ids.map(|id| id.bytes().to_vec())),
        Bind::ints(before().map(|row| row.from)),
        Bind::texts(before().map(|row| &row.months)),
        Bind::texts(before().map(|row| &row.employers)),
        Bind::ints(after().map(|row| row.from)),
        Bind::texts(after().map(|row| &row.months)),
        Bind::texts(after().map(|row| &row.employers)),
    ]
}

/// Employers' years with new states, new months or both, each once; what has no bytes stays.
pub(crate) fn year_columns(states: &[YearRow], changes: &MonthChanges) -> [Bind; 4] {
    let states = ledger::last_states(states);
    let keys: BTreeSet<_> = states.keys().chain(changes.years.keys()).collect();
    let state_of = |key: &&YearKey| states.get(*key).map_or_else(Vec::new, |it| pack(*it));
    let months_of = |key: &&YearKey| changes.years.get(*key).cloned().unwrap_or_default();
    [
        codes(keys.iter().map(|(employer, _)| employer)),
        Bind::ints(keys.iter().map(|(_, year)| year.number())),
        Bind::Blobs(keys.iter().map(state_of).collect()),
        Bind::Blobs(keys.iter().map(months_of).collect()),
    ]
}
