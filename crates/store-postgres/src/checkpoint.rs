//! Checkpoints and the feed.

use async_trait::async_trait;
use mamagang_domain::ledger::{Checkpoint, CheckpointHead};
use mamagang_store::rows::{CheckpointRow, FeedRow};
use mamagang_store::{ChainReads, CheckpointWrites, StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{bytes, digest, employer_code, get, narrow};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::ledger::entry_row;
use crate::sql::checkpoint as sql;
use crate::store::PostgresStore;
use crate::unit::PostgresUnit;

fn of_row(row: &PgRow) -> StoreResult<CheckpointRow> {
    Ok(CheckpointRow {
        number: narrow(row, "number")?,
        recorded_at: get(row, "recorded_at")?,
        frozen: get(row, "frozen")?,
        previous_hash: digest(row, "previous_hash")?,
        hash: digest(row, "hash")?,
        key_id: narrow(row, "key_id")?,
        signature: bytes(row, "signature")?,
    })
}

fn head_of_row(row: &PgRow) -> StoreResult<CheckpointHead> {
    Ok(CheckpointHead {
        employer_code: employer_code(row)?,
        sequence: narrow(row, "sequence")?,
        hash: digest(row, "hash")?,
    })
}

async fn append(db: &mut Db<'_>, row: &CheckpointRow, heads: &[CheckpointHead]) -> StoreResult<()> {
    // The database compares hashes along the chain; where it starts, only the service can tell.
    if row.number == 1 && row.previous_hash != Checkpoint::start() {
        let context = "the checkpoint does not continue the chain's start";
        return Err(StoreError::new(StoreErrorKind::Conflict, context));
    }
    let binds = [
        Bind::Int(i64::from(row.number)),
        Bind::Int(row.recorded_at),
        Bind::Blob(row.frozen.clone()),
        Bind::Blob(row.previous_hash.to_vec()),
        Bind::Blob(row.hash.to_vec()),
        Bind::Int(i64::from(row.key_id)),
        Bind::Blob(row.signature.to_vec()),
    ];
    db.write(sql::APPEND, binds).await?;
    let binds = [
        codes(heads.iter().map(|head| &head.employer_code)),
        Bind::ints(heads.iter().map(|head| head.sequence)),
    ];
    db.write(sql::PUT_HEADS, binds).await?;
    Ok(())
}

#[async_trait]
impl ChainReads for PostgresStore {
    async fn list_checkpoints(&self, after: u32, limit: u32) -> StoreResult<Vec<CheckpointRow>> {
        let mut reader = self.reader().await?;
        let binds = [Bind::Int(i64::from(after)), Bind::Int(i64::from(limit))];
        let rows = self.db(&mut reader).rows(sql::LIST, binds).await?;
        rows.iter().map(of_row).collect()
    }

    async fn next_chain(&self, after: &str) -> StoreResult<Option<String>> {
        let mut reader = self.reader().await?;
        let binds = [Bind::Text(after.to_owned())];
        let rows = self.db(&mut reader).rows(sql::NEXT_CHAIN, binds).await?;
        rows.first()
            .map(|row| get(row, "employer_code"))
            .transpose()
    }

    async fn feed_end(&self) -> StoreResult<i64> {
        let mut reader = self.reader().await?;
        let rows = self.db(&mut reader).rows(sql::READ_FEED_END, []).await?;
        rows.first().map_or(Ok(0), |row| get(row, "feed_position"))
    }

    async fn list_feed(&self, after: i64, through: i64, limit: u32) -> StoreResult<Vec<FeedRow>> {
        let mut reader = self.reader().await?;
        let binds = [
            Bind::Int(after),
            Bind::Int(through),
            Bind::Int(i64::from(limit)),
        ];
        let rows = self.db(&mut reader).rows(sql::LIST_FEED, binds).await?;
        let rows = rows.iter().map(|row| {
            Ok(FeedRow {
                position: get(row, "feed_position")?,
                entry: entry_row(employer_code(row)?, row)?,
            })
        });
        rows.collect()
    }
}

#[async_trait]
impl CheckpointWrites for PostgresUnit {
    async fn last_checkpoint(&mut self) -> StoreResult<Option<CheckpointRow>> {
        let rows = self.reading().rows(sql::READ_LAST, []).await;
        let last = rows.and_then(|rows| rows.first().map(of_row).transpose());
        self.note(last)
    }

    async fn moved_heads(&mut self, limit: u32) -> StoreResult<Vec<CheckpointHead>> {
        let binds = [Bind::Int(i64::from(limit))];
        let rows = self.reading().rows(sql::LIST_MOVED_HEADS, binds).await;
        let heads = rows.and_then(|rows| rows.iter().map(head_of_row).collect());
        self.note(heads)
    }

    async fn append_checkpoint(
        &mut self,
        row: &CheckpointRow,
        heads: &[CheckpointHead],
    ) -> StoreResult<()> {
        let result = append(&mut self.writing(), row, heads).await;
        self.note(result)
    }
}
