//! Months of the subsidies that claims hold.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::money::Fen;
use mamagang_domain::subsidy::{ClaimedMonth, SubsidyKind};
use mamagang_store::rows::SubsidyMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult, SubsidyReads, SubsidyWrites};
use sqlx::postgres::PgRow;

use crate::column::{employer_code, get, int, month, place_of, worker_id};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::sql::subsidy as sql;
use crate::store::PostgresStore;
use crate::unit::PostgresUnit;

async fn list_of(db: &mut Db<'_>, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
    let mut lists = vec![Vec::new(); workers.len()];
    if workers.is_empty() {
        return Ok(lists);
    }
    let asked = Bind::blobs(workers.iter().map(WorkerId::bytes));
    let rows = db.rows(sql::LIST_OF_WORKERS, [asked]).await?;
    for row in &rows {
        let list = lists.get_mut(place_of(row)?);
        list.ok_or_else(|| corrupt("place"))?.push(of_row(row)?);
    }
    Ok(lists)
}

fn of_row(row: &PgRow) -> StoreResult<SubsidyMonth> {
    let kind = SubsidyKind::of_measure(int(row, "measure")?);
    Ok(SubsidyMonth {
        worker_id: worker_id(row)?,
        claimed: ClaimedMonth {
            kind: kind.ok_or_else(|| corrupt("measure"))?,
            month: month(int(row, "month")?)?,
            employer_code: employer_code(row)?,
            amount_fen: Fen::new(get(row, "amount_fen")?),
        },
        claim_id: get(row, "claim_id")?,
    })
}

async fn put(db: &mut Db<'_>, months: &[SubsidyMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let binds = [
        Bind::blobs(months.iter().map(|held| held.worker_id.bytes())),
        Bind::ints(months.iter().map(|held| held.claimed.kind.measure())),
        Bind::ints(months.iter().map(|held| held.claimed.month.index())),
        codes(months.iter().map(|held| &held.claimed.employer_code)),
        Bind::texts(months.iter().map(|held| held.claim_id.as_str())),
        Bind::ints(months.iter().map(|held| held.claimed.amount_fen.get())),
    ];
    db.write(sql::PUT, binds).await?;
    Ok(())
}

async fn release(db: &mut Db<'_>, months: &[SubsidyMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let binds = [
        Bind::blobs(months.iter().map(|held| held.worker_id.bytes())),
        Bind::ints(months.iter().map(|held| held.claimed.kind.measure())),
        Bind::ints(months.iter().map(|held| held.claimed.month.index())),
        Bind::texts(months.iter().map(|held| held.claim_id.as_str())),
    ];
    let released = db.write(sql::RELEASE, binds).await?;
    if usize::try_from(released) == Ok(months.len()) {
        return Ok(());
    }
    let context = "the claim does not hold the month";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}

#[async_trait]
impl SubsidyReads for PostgresStore {
    async fn subsidy_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        let mut reader = self.reader().await?;
        list_of(&mut self.db(&mut reader), workers).await
    }
}

#[async_trait]
impl SubsidyWrites for PostgresUnit {
    async fn subsidy_months(
        &mut self,
        workers: &[WorkerId],
    ) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        let result = list_of(&mut self.reading(), workers).await;
        self.note(result)
    }

    async fn put_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        let result = put(&mut self.writing(), months).await;
        self.note(result)
    }

    async fn release_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        let result = release(&mut self.writing(), months).await;
        self.note(result)
    }
}
