//! Booked person-months.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::money::Fen;
use mamagang_store::rows::PersonMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{
    code_group, get, int, item_int, item_worker, list, month, narrow, narrowed, worker_id,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::sql::month as sql;

/// The months that a row of ledger inputs lists, by month and worker.
pub(crate) fn of_row(row: &PgRow, employer: EmployerCode) -> StoreResult<Vec<PersonMonth>> {
    let items = list(row, "months")?;
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
        worker_id: item_worker(worker)?,
        month: month(item_int(index)?)?,
        employer_code,
        group: code_group(item_int(group)?)?,
        amount_fen: Fen::new(item_int(amount)?),
        sequence: narrowed(item_int(sequence)?, "sequence")?,
    })
}

pub(crate) async fn list_of(
    db: &mut Db<'_>,
    employer: &EmployerCode,
) -> StoreResult<Vec<PersonMonth>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_OF_EMPLOYER, binds).await?;
    let months = rows.iter().map(|row| {
        Ok(PersonMonth {
            worker_id: worker_id(row)?,
            month: month(int(row, "month")?)?,
            employer_code: *employer,
            group: code_group(int(row, "code_group")?)?,
            amount_fen: Fen::new(get(row, "amount_fen")?),
            sequence: narrow(row, "sequence")?,
        })
    });
    months.collect()
}

pub(crate) async fn book(db: &mut Db<'_>, months: &[PersonMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let binds = [
        Bind::blobs(months.iter().map(|booked| booked.worker_id.bytes())),
        Bind::ints(months.iter().map(|booked| booked.month.index())),
        codes(months.iter().map(|booked| &booked.employer_code)),
        Bind::ints(months.iter().map(|booked| booked.group as i64)),
        Bind::ints(months.iter().map(|booked| booked.amount_fen.get())),
        Bind::ints(months.iter().map(|booked| booked.sequence)),
    ];
    db.write(sql::BOOK, binds).await?;
    Ok(())
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
