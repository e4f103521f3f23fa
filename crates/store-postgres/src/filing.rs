//! Filings as checks read them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::Filing;
use mamagang_store::StoreResult;
use mamagang_store::filings::{FilingReads, FilingWrites};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::column::{date, employer_code, filing_kind, get, int, optional_int, place, place_of};
use crate::db::Bind;
use crate::sql::filing as sql;
use crate::unit::PostgresUnit;

pub(crate) fn filing_row(row: &PgRow) -> StoreResult<Filing> {
    let day = |column: &str| optional_int(row, column)?.map(date).transpose();
    let kind = filing_kind(int(row, "kind")?);
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
impl FilingReads for PostgresStore {
    async fn filings(&self, ids: &[String]) -> StoreResult<Vec<Option<Filing>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.reader().await?;
        let binds = [Bind::texts(ids)];
        let rows = self.db(&mut reader).rows(sql::READ, binds).await?;
        let found = rows.iter();
        place(
            ids.len(),
            found.map(|row| Ok((place_of(row)?, filing_row(row)?))),
        )
    }
}

#[async_trait]
impl FilingWrites for PostgresUnit {
    async fn put_filings(&mut self, filings: &[Filing]) -> StoreResult<()> {
        let last: BTreeMap<_, _> = filings.iter().map(|row| (&row.filing_id, row)).collect();
        if last.is_empty() {
            return Ok(());
        }
        let rows = || last.values();
        let day = |day: Option<CivilDate>| day.map(CivilDate::epoch_day);
        let binds = [
            Bind::texts(rows().map(|row| &row.filing_id)),
            Bind::texts(rows().map(|row| row.employer_code.to_string())),
            Bind::ints(rows().map(|row| row.kind as i64)),
            Bind::optional_ints(rows().map(|row| day(row.submitted_on))),
            Bind::optional_ints(rows().map(|row| day(row.accepted_on))),
            Bind::optional_ints(rows().map(|row| day(row.revoked_on))),
        ];
        self.met.extend(last.values().map(|row| row.employer_code));
        let result = self.writing().write(sql::PUT, binds).await;
        self.note(result.map(drop))
    }
}
