//! Recorded answers.

use std::sync::Arc;

use mamagang_store::rows::{IdempotencyKey, IdempotencyRecord, RequestFields};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{get, place, place_of};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::request as sql;

pub(crate) fn key_columns<'a>(keys: impl Iterator<Item = &'a IdempotencyKey> + Clone) -> [Bind; 3] {
    [
        Bind::texts(keys.clone().map(|key| &key.organisation)),
        Bind::texts(keys.clone().map(|key| key.method)),
        Bind::blobs(keys.map(|key| key.request_id.bytes())),
    ]
}

pub(crate) async fn read(
    db: &mut Db<'_>,
    keys: &[IdempotencyKey],
) -> StoreResult<Vec<Option<IdempotencyRecord>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ, key_columns(keys.iter())).await?;
    let found = rows.iter().map(|row| Ok((place_of(row)?, record(row)?)));
    place(keys.len(), found)
}

fn record(row: &PgRow) -> StoreResult<IdempotencyRecord> {
    record_at(row, "recorded_at")
}

/// A recorded answer whose instant stands in the column `recorded_at`.
pub(crate) fn record_at(row: &PgRow, recorded_at: &str) -> StoreResult<IdempotencyRecord> {
    let content = serde_json::from_str(get(row, "content")?);
    let content: RequestFields = content.map_err(|error| corrupt("content").with_source(error))?;
    Ok(IdempotencyRecord {
        content: Arc::new(content),
        response: get(row, "response")?,
        recorded_at: get(row, recorded_at)?,
    })
}

pub(crate) async fn put(
    db: &mut Db<'_>,
    records: &[(IdempotencyKey, IdempotencyRecord)],
) -> StoreResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    db.write(sql::PUT, columns(records)?).await?;
    Ok(())
}

/// The records as columns, in order of request, so that the same requests sent twice at once wait for
/// each other and do not deadlock.
pub(crate) fn columns(records: &[(IdempotencyKey, IdempotencyRecord)]) -> StoreResult<[Bind; 6]> {
    let mut records: Vec<_> = records.iter().collect();
    records.sort_by_key(|(key, _)| key.request_id);
    let [organisations, methods, requests] = key_columns(records.iter().map(|(key, _)| key));
    let contents = records.iter();
    let contents = contents.map(|(_, record)| serde_json::to_string(record.content.as_slice()));
    let contents: Vec<_> = contents.collect::<Result<_, _>>().map_err(|error| {
        let context = "writing an answer's content";
        StoreError::new(StoreErrorKind::Internal, context).with_source(error)
    })?;
    Ok([
        organisations,
        methods,
        requests,
        Bind::texts(contents),
        Bind::blobs(records.iter().map(|(_, record)| &record.response)),
        Bind::ints(records.iter().map(|(_, record)| record.recorded_at)),
    ])
}
