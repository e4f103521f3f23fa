//! Booked person-months.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::money::Fen;
use mamagang_store::rows::PersonMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{
    code_group, employer_code, get, hex, month, narrow, narrowed, part_int, part_worker, parts,
    rows_of, worker_id,
};
use crate::db::{Bind, Db};
use crate::rows::Rows;
use crate::sql::month as sql;

/// The months that a row of ledger inputs lists, by month and worker.
pub(crate) fn of_row(row: &SqliteRow, employer: EmployerCode) -> StoreResult<Vec<PersonMonth>> {
    let items = parts(row, "months")?;
    let months = items.iter().map(|item| of_item(item, employer));
    let mut months: Vec<_> = months.collect::<Result<_, _>>()?;
    months.sort_unstable_by_key(|booked: &PersonMonth| (booked.month, booked.worker_id));
    Ok(months)
}

fn of_item(
    [worker, index, group, amount, sequence]: &[&str; 5],
    employer_code: EmployerCode,
) -> StoreResult<PersonMonth> {
    Ok(PersonMonth {
        worker_id: part_worker(worker)?,
        month: month(part_int(index)?)?,
        employer_code,
        group: code_group(part_int(group)?)?,
        amount_fen: Fen::new(part_int(amount)?),
        sequence: narrowed(part_int(sequence)?, "sequence")?,
    })
}

pub(crate) async fn list_of(
    db: &mut Db<'_>,
    employer: &EmployerCode,
) -> StoreResult<Vec<PersonMonth>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_OF_EMPLOYER, binds).await?;
    rows.iter().map(|row| of_employer(row, *employer)).collect()
}

/// A row that names its employer.
pub(crate) fn of_columns(row: &SqliteRow) -> StoreResult<PersonMonth> {
    of_employer(row, employer_code(row)?)
}

fn of_employer(row: &SqliteRow, employer_code: EmployerCode) -> StoreResult<PersonMonth> {
    Ok(PersonMonth {
        worker_id: worker_id(row)?,
        month: month(get(row, "month")?)?,
        employer_code,
        group: code_group(get(row, "code_group")?)?,
        amount_fen: Fen::new(get(row, "amount_fen")?),
        sequence: narrow(row, "sequence")?,
    })
}

pub(crate) async fn book(db: &mut Db<'_>, months: &[PersonMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for booked in months {
        rows.row()
            .bytes(booked.worker_id.bytes())
            .int(booked.month.index().into())
            .code(booked.employer_code.as_str())
            .int(booked.group as i64)
            .int(booked.amount_fen.get())
            .int(booked.sequence.into())
            .end();
    }
    db.write(sql::BOOK, rows.binds()).await?;
    Ok(())
}

pub(crate) async fn release(db: &mut Db<'_>, months: &[PersonMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let rows = months.iter().map(|booked| {
        json!([
            hex(booked.worker_id.bytes()),
            booked.month.index(),
            booked.employer_code.as_str(),
        ])
    });
    let released = db.write(sql::RELEASE, [rows_of(rows)]).await?;
    if usize::try_from(released) == Ok(months.len()) {
        return Ok(());
    }
    let context = "a month to be released is not booked for the employer";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}
