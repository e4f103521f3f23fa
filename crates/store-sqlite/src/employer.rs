//! Employers and who works for them.

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::StoreResult;
use mamagang_store::rows::EmployerRow;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use crate::column::{employer_code, get, hex, place, position, rows_of};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::employer as sql;

pub(crate) fn codes<'a>(employers: impl IntoIterator<Item = &'a EmployerCode>) -> Bind {
    let codes = employers.into_iter().map(|code| Value::from(code.as_str()));
    rows_of(codes)
}

pub(crate) fn employer_row(row: &SqliteRow) -> StoreResult<EmployerRow> {
    let packed: &[u8] = get(row, "record")?;
    Ok(EmployerRow {
        employer_code: employer_code(row)?,
        record: EmployerRecord::unpack(packed)
            .map_err(|error| corrupt("record").with_source(error))?,
    })
}

pub(crate) async fn read(
    db: &mut Db<'_>,
    employers: &[EmployerCode],
) -> StoreResult<Vec<Option<EmployerRow>>> {
    if employers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ, [codes(employers)]).await?;
    let found = rows
        .iter()
        .map(|row| Ok((position(row)?, employer_row(row)?)));
    place(employers.len(), found)
}

pub(crate) async fn list(
    db: &mut Db<'_>,
    after: Option<EmployerCode>,
    limit: u32,
) -> StoreResult<Vec<EmployerRow>> {
    let after = after.map_or_else(String::new, |code| code.to_string());
    let binds = [Bind::Text(after), Bind::Int(i64::from(limit))];
    let rows = db.rows(sql::LIST, binds).await?;
    rows.iter().map(employer_row).collect()
}

pub(crate) async fn put(db: &mut Db<'_>, employers: &[EmployerRow]) -> StoreResult<()> {
    let last: BTreeMap<_, _> = employers
        .iter()
        .map(|row| (row.employer_code, row))
        .collect();
    if last.is_empty() {
        return Ok(());
    }
    let rows = last.values().map(|row| {
        let latest = row.record.profiles.last();
        let town = latest.map_or("", |held| held.body.town_code.as_str());
        json!([
            row.employer_code.as_str(),
            row.record.revision,
            town,
            hex(row.record.pack()),
        ])
    });
    db.write(sql::PUT, [rows_of(rows)]).await?;
    Ok(())
}

pub(crate) async fn link(db: &mut Db<'_>, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()> {
    if links.is_empty() {
        return Ok(());
    }
    let rows = links.iter();
    let rows = rows.map(|(employer, worker)| json!([employer.as_str(), hex(worker.bytes())]));
    db.write(sql::LINK, [rows_of(rows)]).await?;
    Ok(())
}
