//! Booked person-months.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::money::Fen;
use mamagang_store::rows::PersonMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{
    Numbers, code_group, employer_code, get, int, month, narrow, narrowed, worker_id,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::sql::month as sql;

/// The months that a row of ledger inputs lists, by month and worker.
pub(crate) fn of_row(row: &PgRow, employer_code: EmployerCode) -> StoreResult<Vec<PersonMonth>> {
    let workers: Option<&[u8]> = get(row, "month_workers")?;
    let Some(workers) = workers else {
        return Ok(Vec::new());
    };
    let column = |name| get(row, name).map(|Numbers(column)| column);
    let rows = workers.chunks(16).zip(column("month_months")?);
    let rows = rows.zip(column("month_groups")?);
    let rows = rows.zip(column("month_amounts")?);
    let rows = rows.zip(column("month_sequences")?);
    let rows = rows.map(|((((worker, index), group), amount), sequence)| {
        Ok(PersonMonth {
            worker_id: WorkerId::from_slice(worker).ok_or_else(|| corrupt("worker_id"))?,
            month: month(index)?,
            employer_code,
            group: code_group(group)?,
            amount_fen: Fen::new(amount),
            sequence: narrowed(sequence, "sequence")?,
        })
    });
    let mut rows: Vec<PersonMonth> = rows.collect::<StoreResult<_>>()?;
    rows.sort_unstable_by_key(|booked| (booked.month, booked.worker_id));
    Ok(rows)
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
pub(crate) fn of_columns(row: &PgRow) -> StoreResult<PersonMonth> {
    of_employer(row, employer_code(row)?)
}

fn of_employer(row: &PgRow, employer_code: EmployerCode) -> StoreResult<PersonMonth> {
    Ok(PersonMonth {
        worker_id: worker_id(row)?,
        month: month(int(row, "month")?)?,
        employer_code,
        group: code_group(int(row, "code_group")?)?,
        amount_fen: Fen::new(get(row, "amount_fen")?),
        sequence: narrow(row, "sequence")?,
    })
}

pub(crate) async fn book(db: &mut Db<'_>, months: &[PersonMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    db.write(sql::BOOK, columns(months)).await?;
    Ok(())
}

/// The rows as columns.
pub(crate) fn columns(months: &[PersonMonth]) -> [Bind; 6] {
    [
        Bind::blobs(months.iter().map(|booked| booked.worker_id.bytes())),
        Bind::ints(months.iter().map(|booked| booked.month.index())),
        codes(months.iter().map(|booked| &booked.employer_code)),
        Bind::ints(months.iter().map(|booked| booked.group as i64)),
        Bind::ints(months.iter().map(|booked| booked.amount_fen.get())),
        Bind::ints(months.iter().map(|booked| booked.sequence)),
    ]
}

pub(crate) async fn release(db: &mut Db<'_>, months: &[PersonMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let binds = [
        Bind::blobs(months.iter().map(|booked| booked.worker_id.bytes())),
        Bind::ints(months.iter().map(|booked| booked.month.index())),
        codes(months.iter().map(|booked| &booked.employer_code)),
    ];
    let released = db.write(sql::RELEASE, binds).await?;
    if usize::try_from(released) == Ok(months.len()) {
        return Ok(());
    }
    let context = "a month to be released is not booked for the employer";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}
