//! Booked person-months.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::YearState;
use mamagang_domain::timeline::pack;
use mamagang_store::months::{
    ChangedWorker, MonthBook, MonthChanges, WorkerMonths, YearKey, unpack_months, unpack_year,
};
use mamagang_store::rows::{PersonMonth, YearRow};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{
    employer_code, get, hex, narrow, place, position, rows_of, tax_year, worker_id,
};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::rows::Rows;
use crate::sql::month as sql;

/// The months of a worker's row, by month.
pub(crate) fn booked(row: &SqliteRow) -> StoreResult<Vec<BookedMonth>> {
    let (from, months) = (get(row, "booked_from")?, get(row, "booked")?);
    let booked = unpack_months(from, months, get(row, "booked_by")?);
    booked.ok_or_else(|| corrupt("booked months"))
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

/// The months of a year, by month and worker.
pub(crate) fn of_year(row: &SqliteRow, key: YearKey) -> StoreResult<Vec<PersonMonth>> {
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
    let rows = read_workers(db, workers).await?;
    let found = rows.iter().map(|row| Ok((position(row)?, booked(row)?)));
    let found = place(workers.len(), found)?.into_iter();
    Ok(found.map(Option::unwrap_or_default).collect())
}

/// Every month booked for the workers, by worker and month.
pub(crate) async fn of_workers(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<PersonMonth>> {
    let mut years = BTreeSet::new();
    for row in &read_workers(db, workers).await? {
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

async fn read_workers<'a>(
    db: &mut Db<'_>,
    workers: impl IntoIterator<Item = &'a WorkerId>,
) -> StoreResult<Vec<SqliteRow>> {
    let asked = rows_of(workers.into_iter().map(|id| hex(id.bytes())));
    db.rows(sql::READ_WORKERS, [asked]).await
}

async fn read_years(db: &mut Db<'_>, years: &BTreeSet<YearKey>) -> StoreResult<Vec<SqliteRow>> {
    let asked = years.iter();
    let asked = asked.map(|(employer, year)| json!([employer.as_str(), year.number()]));
    db.rows(sql::READ_YEARS, [rows_of(asked)]).await
}

/// Reads what a change of these months needs and the unit has not read yet. The unit writes alone,
/// so it stays as it is read.
async fn fetch(db: &mut Db<'_>, book: &mut MonthBook, months: &[PersonMonth]) -> StoreResult<()> {
    let (workers, years) = book.missing(months);
    if !workers.is_empty() {
        for row in &read_workers(db, &workers).await? {
            book.add_worker(worker_id(row)?, worker_months(row)?);
        }
    }
    if !years.is_empty() {
        let rows = read_years(db, &years).await?;
        for key in years {
            book.add_year(key, Vec::new());
        }
        for row in &rows {
            let key = (employer_code(row)?, tax_year(row)?);
            book.add_year(key, packed_year(row)?.to_vec());
        }
    }
    Ok(())
}

pub(crate) async fn book(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let changes = changes(db, book, months, MonthBook::book).await?;
    write(db, &[], &changes).await
}

pub(crate) async fn release(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let changes = changes(db, book, months, MonthBook::release).await?;
    write(db, &[], &changes).await
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

/// Writes workers' rows, and employers' years with new states, new months or both.
pub(crate) async fn write(
    db: &mut Db<'_>,
    states: &[YearRow],
    changes: &MonthChanges,
) -> StoreResult<()> {
    put_workers(db, &changes.workers).await?;
    let states = states.iter();
    let states = states.map(|row| ((row.employer_code, row.tax_year), &row.state));
    // Of several states of one year the last.
    let states: BTreeMap<YearKey, &YearState> = states.collect();
    let keys: BTreeSet<_> = states.keys().chain(changes.years.keys()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for key in keys {
        let state = states.get(key).map(|state| pack(*state));
        let months = changes.years.get(key);
        rows.row()
            .code(key.0.as_str())
            .int(key.1.number().into())
            .bytes(&state.unwrap_or_default())
            .bytes(months.map_or(&[], Vec::as_slice))
            .end();
    }
    db.write(sql::PUT_YEARS, rows.binds()).await?;
    Ok(())
}

async fn put_workers(db: &mut Db<'_>, workers: &[ChangedWorker]) -> StoreResult<()> {
    if workers.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for it in workers {
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
    let written = db.write(sql::PUT_WORKERS, rows.binds()).await?;
    if usize::try_from(written) == Ok(workers.len()) {
        return Ok(());
    }
    let context = "a worker's booked months are others than were read";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}
