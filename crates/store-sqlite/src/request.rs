//! Recorded answers.

use std::sync::Arc;

use mamagang_store::rows::{IdempotencyKey, IdempotencyRecord, RequestFields};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{get, hex, place, position, rows_of};
use crate::db::Db;
use crate::error::corrupt;
use crate::rows::Rows;
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
        .map(|key| json!([&*key.organisation, key.method, hex(key.request_id.bytes())]));
    let rows = db.rows(sql::READ, [rows_of(asked)]).await?;
    let found = rows.iter().map(|row| Ok((position(row)?, record(row)?)));
    place(keys.len(), found)
}

fn record(row: &SqliteRow) -> StoreResult<IdempotencyRecord> {
    let content = serde_json::from_str(get(row, "content")?);
    let content: RequestFields = content.map_err(|error| corrupt("content").with_source(error))?;
    Ok(IdempotencyRecord {
        content: Arc::new(content),
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
    let mut rows = Rows::new();
    for (key, record) in records {
        let content = serde_json::to_string(record.content.as_slice()).map_err(|error| {
            let context = "writing an answer's content";
            StoreError::new(StoreErrorKind::Internal, context).with_source(error)
        })?;
        rows.row()
            .text(&key.organisation)
            .text(key.method)
            .bytes(key.request_id.bytes())
            .json(&content)
            .bytes(&record.response)
            .int(record.recorded_at)
            .end();
    }
    db.write(sql::PUT, rows.binds()).await?;
    Ok(())
}
