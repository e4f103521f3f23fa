//! Recorded answers.

use mamagang_store::StoreResult;
use mamagang_store::rows::{IdempotencyKey, IdempotencyRecord};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{get, hex, place, position, rows_of};
use crate::db::Db;
use crate::error::corrupt;
use crate::sql::request as sql;

pub(crate) async fn read(
    db: &mut Db<'_>,
    keys: &[IdempotencyKey],
) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let asked = keys
        .iter()
        .map(|key| json!([key.organisation, key.method, hex(key.request_id.bytes())]));
    let rows = db.rows(sql::READ, [rows_of(asked)]).await?;
    let found = rows.iter().map(|row| Ok((position(row)?, record(row)?)));
    place(keys.len(), found)
}

fn record(row: &SqliteRow) -> StoreResult<IdempotencyRecord> {
    let content = serde_json::from_str(get(row, "content")?);
    Ok(IdempotencyRecord {
        content: content.map_err(|error| corrupt("content").with_source(error))?,
        response: get(row, "response")?,
        recorded_at: get(row, "recorded_at")?,
    })
}

pub(crate) async fn put(
    db: &mut Db<'_>,
    records: &[(IdempotencyKey, IdempotencyRecord)],
) -> StoreResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    let rows = records.iter().map(|(key, record)| {
        json!([
            key.organisation,
            key.method,
            hex(key.request_id.bytes()),
            record.content,
            hex(&record.response),
            record.recorded_at,
        ])
    });
    db.write(sql::PUT, [rows_of(rows)]).await?;
    Ok(())
}
