//! Booked person-months.

use std::collections::BTreeSet;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_store::StoreResult;
use mamagang_store::months::{
    MonthBook, MonthChanges, WorkerMonths, YearKey, unpack_months, unpack_year,
};
use mamagang_store::rows::{PersonMonth, YearRow};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{
    employer_code, get, hex, narrow, place, position, rows_of, tax_year, worker_id,
};
use crate::db::{Bind, Db};
use crate::rows::Rows;
use crate::sql::month as sql;

/// The months of a worker's row, by month.
pub(crate) fn booked(row: &SqliteRow) -> StoreResult<Vec<BookedMonth>> {
    let (from, months) = (get(row, "booked_from")?, get(row, "booked")?);
    unpack_months(from, months, get(row, "booked_by")?)
}

/// The same as they are kept.
pub(crate) fn worker_months(row: &SqliteRow) -> StoreResult<WorkerMonths> {
    Ok(WorkerMonths {
        from: narrow(row, "booked_from")?,
        months: get(row, "booked")?,
        employers: get(row, "booked_by")?,
    })
}

/// The bytes of a year's months; none where it has no row.
pub(crate) fn packed_year(row: &SqliteRow) -> StoreResult<&[u8]> {
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
    let rows = read_workers(db, workers).await?;
    let found = rows.iter().map(|row| Ok((position(row)?, booked(row)?)));
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
    let years = book.missing_years_of(workers)?;
    add_years(db, book, years).await?;
    book.months_of(workers)
}

async fn read_workers<'a>(
    db: &mut Db<'_>,
    workers: impl IntoIterator<Item = &'a WorkerId>,
) -> StoreResult<Vec<SqliteRow>> {
    let asked = rows_of(workers.into_iter().map(|id| hex(id.bytes())));
    db.rows(sql::READ_WORKERS, [asked]).await
}

/// Reads what a change of these months needs and the unit has not read yet. The unit writes alone,
/// so it stays as it is read.
pub(crate) async fn fetch(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let (workers, years) = book.missing(months);
    if !workers.is_empty() {
        add_workers(db, book, &workers).await?;
    }
    add_years(db, book, years).await
}

/// Puts workers into the book.
async fn add_workers<'a>(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    workers: impl IntoIterator<Item = &'a WorkerId>,
) -> StoreResult<()> {
    for row in &read_workers(db, workers).await? {
        book.add_worker(worker_id(row)?, worker_months(row)?);
    }
    Ok(())
}

/// Puts years into the book, also those that have no row.
async fn add_years(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    years: BTreeSet<YearKey>,
) -> StoreResult<()> {
    if years.is_empty() {
        return Ok(());
    }
    let asked = years.iter();
    let asked = asked.map(|(employer, year)| json!([employer.as_str(), year.number()]));
    let rows = db.rows(sql::READ_YEARS, [rows_of(asked)]).await?;
    for key in years {
        book.add_year(key, []);
    }
    for row in &rows {
        let key = (employer_code(row)?, tax_year(row)?);
        book.add_year(key, packed_year(row)?);
    }
    Ok(())
}

/// Writes workers' rows, and employers' years with new states, new months or both.
pub(crate) async fn write(
    db: &mut Db<'_>,
    states: &[YearRow],
    changes: &MonthChanges,
) -> StoreResult<()> {
    put_workers(db, changes).await?;
    let years = changes.years_with(states);
    if years.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for year in years {
        rows.row()
            .code(year.key.0.as_str())
            .int(year.key.1.number().into())
            .bytes(&year.state)
            .bytes(&year.months)
            .end();
    }
    db.write(sql::PUT_YEARS, rows.binds()).await?;
    Ok(())
}

async fn put_workers(db: &mut Db<'_>, changes: &MonthChanges) -> StoreResult<()> {
    if changes.workers.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for it in &changes.workers {
        rows.row()
            .bytes(it.worker_id.bytes())
            .int(it.before.from.into())
            .code(&it.before.months)
            .code(&it.before.employers)
            .int(it.after.from.into())
            .code(&it.after.months)
            .code(&it.after.employers)
            .end();
    }
    changes.require_matched(db.write(sql::PUT_WORKERS, rows.binds()).await?)
}
