//! Months of the subsidies that claims hold.

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::money::Fen;
use mamagang_domain::subsidy::{ClaimedMonth, SubsidyKind};
use mamagang_store::rows::SubsidyMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult, SubsidyReads, SubsidyWrites};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{employer_code, get, hex, month, position, rows_of, worker_id};
use crate::db::Db;
use crate::error::corrupt;
use crate::sql::subsidy as sql;
use crate::store::SqliteStore;
use crate::unit::SqliteUnit;

async fn list_of(db: &mut Db<'_>, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
    let mut lists = vec![Vec::new(); workers.len()];
    if workers.is_empty() {
        return Ok(lists);
    }
    let asked = workers.iter().map(|id| hex(id.bytes()));
    let rows = db.rows(sql::LIST_OF_WORKERS, [rows_of(asked)]).await?;
    for row in &rows {
        let list = lists.get_mut(position(row)?);
        list.ok_or_else(|| corrupt("position"))?.push(of_row(row)?);
    }
    Ok(lists)
}

fn of_row(row: &SqliteRow) -> StoreResult<SubsidyMonth> {
    let kind = SubsidyKind::of_measure(get(row, "measure")?);
    Ok(SubsidyMonth {
        worker_id: worker_id(row)?,
        claimed: ClaimedMonth {
            kind: kind.ok_or_else(|| corrupt("measure"))?,
            month: month(get(row, "month")?)?,
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
    let rows = months.iter().map(|held| {
        let claimed = &held.claimed;
        json!([
            hex(held.worker_id.bytes()),
            claimed.kind.measure(),
            claimed.month.index(),
            claimed.employer_code.as_str(),
            held.claim_id,
            claimed.amount_fen.get(),
        ])
    });
    db.write(sql::PUT, [rows_of(rows)]).await?;
    Ok(())
}

async fn release(db: &mut Db<'_>, months: &[SubsidyMonth]) -> StoreResult<()> {
    if months.is_empty() {
        return Ok(());
    }
    let rows = months.iter().map(|held| {
        json!([
            hex(held.worker_id.bytes()),
            held.claimed.kind.measure(),
            held.claimed.month.index(),
            held.claim_id,
        ])
    });
    let released = db.write(sql::RELEASE, [rows_of(rows)]).await?;
    if usize::try_from(released) == Ok(months.len()) {
        return Ok(());
    }
    let context = "the claim does not hold the month";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}

#[async_trait]
impl SubsidyReads for SqliteStore {
    async fn subsidy_months(&self, workers: &[WorkerId]) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        let mut reader = self.reader().await?;
        list_of(&mut self.db(&mut reader), workers).await
    }
}

#[async_trait]
impl SubsidyWrites for SqliteUnit {
    async fn subsidy_months(
        &mut self,
        workers: &[WorkerId],
    ) -> StoreResult<Vec<Vec<SubsidyMonth>>> {
        let result = list_of(&mut self.db(), workers).await;
        self.note(result)
    }

    async fn put_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        let result = put(&mut self.db(), months).await;
        self.note(result)
    }

    async fn release_subsidy_months(&mut self, months: &[SubsidyMonth]) -> StoreResult<()> {
        let result = release(&mut self.db(), months).await;
        self.note(result)
    }
}
