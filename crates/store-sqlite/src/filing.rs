//! Filings as checks read them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_domain::filing::Filing;
use mamagang_store::StoreResult;
use mamagang_store::filings::{FilingReads, FilingWrites};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::column::{date, employer_code, filing_kind, get, place, position, rows_of};
use crate::sql::filing as sql;
use crate::unit::SqliteUnit;

fn filing_row(row: &SqliteRow) -> StoreResult<Filing> {
    let day = |column: &str| get::<Option<i64>>(row, column)?.map(date).transpose();
    let kind = filing_kind(get(row, "kind")?);
    Ok(Filing {
        filing_id: get(row, "filing_id")?,
        employer_code: employer_code(row)?,
        kind: kind?,
        submitted_on: day("submitted_on")?,
        accepted_on: day("accepted_on")?,
        revoked_on: day("revoked_on")?,
    })
}

#[async_trait]
impl FilingReads for SqliteStore {
    async fn filings(&self, ids: &[String]) -> StoreResult<Vec<Option<Filing>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.reader().await?;
        let binds = [rows_of(ids.iter().map(|id| json!(id)))];
        let rows = self.db(&mut reader).rows(sql::READ, binds).await?;
        let found = rows.iter();
        place(
            ids.len(),
            found.map(|row| Ok((position(row)?, filing_row(row)?))),
        )
    }
}

#[async_trait]
impl FilingWrites for SqliteUnit {
    async fn put_filings(&mut self, filings: &[Filing]) -> StoreResult<()> {
        let last: BTreeMap<_, _> = filings.iter().map(|row| (&row.filing_id, row)).collect();
        if last.is_empty() {
            return Ok(());
        }
        let rows = last.into_values().map(|row| {
            json!([
                row.filing_id,
                row.employer_code.as_str(),
                row.kind as i64,
                row.submitted_on.map(|day| day.epoch_day()),
                row.accepted_on.map(|day| day.epoch_day()),
                row.revoked_on.map(|day| day.epoch_day()),
            ])
        });
        let result = self.db().write(sql::PUT, [rows_of(rows)]).await;
        self.note(result.map(drop))
    }
}
