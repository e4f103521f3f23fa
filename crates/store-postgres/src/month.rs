//! Booked person-months.

use std::collections::BTreeSet;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_store::StoreResult;
use mamagang_store::months::{
    ChangedWorker, MonthBook, MonthChanges, WorkerMonths, YearKey, unpack_months, unpack_year,
};
use mamagang_store::rows::{PersonMonth, YearRow};
use sqlx::postgres::PgRow;

use crate::column::{employer_code, get, int, narrow, place, place_of, tax_year, worker_id};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::ledger;
use crate::sql::month as sql;

/// The months of a worker's row, by month.
pub(crate) fn booked(row: &PgRow) -> StoreResult<Vec<BookedMonth>> {
    let (from, months) = (int(row, "booked_from")?, get(row, "booked")?);
    unpack_months(from, months, get(row, "booked_by")?)
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

pub(crate) async fn list_of(
    db: &mut Db<'_>,
    employer: &EmployerCode,
) -> StoreResult<Vec<PersonMonth>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_OF_EMPLOYER, binds).await?;
    let mut months = Vec::new();
    for row in &rows {
        months.append(&mut unpack_year(
            packed_year(row)?,
            (*employer, tax_year(row)?),
        )?);
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
    book: &mut MonthBook,
    workers: &[WorkerId],
) -> StoreResult<Vec<PersonMonth>> {
    add_workers(db, book, workers).await?;
    let mut years = book.missing_years_of(workers)?;
    add_years(db, book, &mut years).await?;
    book.months_of(workers)
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
pub(crate) async fn fetch(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let (workers, years) = book.missing(months);
    add_workers(db, book, &workers).await?;
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

/// Puts workers into the book.
async fn add_workers<'a, I>(db: &mut Db<'_>, book: &mut MonthBook, workers: I) -> StoreResult<()>
where
    I: IntoIterator<Item = &'a WorkerId, IntoIter: ExactSizeIterator>,
{
    let workers = workers.into_iter();
    if workers.len() == 0 {
        return Ok(());
    }
    let asked = [Bind::blobs(workers.map(WorkerId::bytes))];
    for row in &db.rows(sql::READ_WORKERS, asked).await? {
        book.add_worker(worker_id(row)?, worker_months(row)?);
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

/// Writes what was booked or released, where there is anything.
pub(crate) async fn write(db: &mut Db<'_>, changes: &MonthChanges) -> StoreResult<()> {
    if changes.workers.is_empty() {
        return Ok(());
    }
    let workers = worker_columns(&changes.workers);
    let columns = workers.into_iter().chain(year_columns(&[], changes));
    let rows = changes.workers.len() + changes.years.len();
    let matched = db.write_sets(sql::WRITE, columns.collect(), rows).await?;
    changes.require_matched(matched)
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
    let years = changes.years_with(states);
    [
        codes(years.iter().map(|year| &year.key.0)),
        Bind::ints(years.iter().map(|year| year.key.1.number())),
        Bind::blobs(years.iter().map(|year| &year.state)),
        Bind::blobs(years.iter().map(|year| &year.months)),
    ]
}
