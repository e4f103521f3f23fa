//! The audit trail: read back, and taken out by class.

use async_trait::async_trait;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::audit::{
    AuditCut, AuditGap, AuditQuery, AuditReads, AuditSubject, AuditWrites, ChainPlace,
};
use mamagang_store::rows::AuditRow;
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::audit::audit_row;
use crate::column::{bytes, digest, get, hex, narrow, rows_of, worker_id};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::audit as sql;
use crate::store::SqliteStore;
use crate::unit::SqliteUnit;

fn binds(query: &AuditQuery) -> [Bind; 5] {
    [
        Bind::Int(query.after.recorded_at),
        Bind::Blob(query.after.audit_id.bytes().to_vec()),
        Bind::Int(query.until),
        Bind::from(query.retention.map(|class| class.number())),
        Bind::Int(i64::from(query.limit)),
    ]
}

fn place_binds(after: Option<ChainPlace>, limit: u32) -> [Bind; 3] {
    let (writer, position) = after.map_or((Vec::new(), 0), |(writer, position)| {
        (writer.to_vec(), position)
    });
    [
        Bind::Blob(writer),
        Bind::Int(i64::try_from(position).unwrap_or(i64::MAX)),
        Bind::Int(i64::from(limit)),
    ]
}

fn gap(row: &SqliteRow) -> StoreResult<AuditGap> {
    Ok(AuditGap {
        writer_id: bytes(row, "writer_id")?,
        first_position: narrow(row, "first_position")?,
        last_position: narrow(row, "last_position")?,
        previous_hash: digest(row, "previous_hash")?,
        hash: digest(row, "hash")?,
        cut_id: AuditId::from_slice(get(row, "cut_id")?).ok_or_else(|| corrupt("cut_id"))?,
    })
}

fn gap_rows(gaps: &[AuditGap]) -> Bind {
    rows_of(gaps.iter().map(|gap| {
        json!([
            hex(gap.writer_id),
            gap.first_position,
            gap.last_position,
            hex(gap.previous_hash),
            hex(gap.hash),
        ])
    }))
}

async fn cut(db: &mut Db<'_>, cut: &AuditCut, gaps: &[AuditGap]) -> StoreResult<u64> {
    let id = Bind::Blob(cut.cut_id.bytes().to_vec());
    let noted = [
        id.clone(),
        Bind::Int(cut.retention.number()),
        Bind::Int(cut.before),
        Bind::Int(cut.cut_at),
    ];
    db.write(sql::APPEND_CUT, noted).await?;
    db.write(sql::APPEND_GAPS, [gap_rows(gaps), id]).await?;
    db.write(sql::REMOVE_SUBJECTS, [gap_rows(gaps)]).await?;
    db.write(sql::REMOVE, [gap_rows(gaps)]).await
}

#[async_trait]
impl AuditReads for SqliteStore {
    async fn audit_rows(&self, query: &AuditQuery) -> StoreResult<Vec<AuditRow>> {
        let mut reader = self.reader().await?;
        let rows = self.db(&mut reader).rows(sql::LIST, binds(query)).await?;
        rows.iter().map(audit_row).collect()
    }

    async fn audit_rows_of(
        &self,
        workers: &[WorkerId],
        query: &AuditQuery,
    ) -> StoreResult<Vec<AuditRow>> {
        let [time, id, until, class, limit] = binds(query);
        let workers = rows_of(workers.iter().map(|id| hex(id.bytes())));
        let binds = [time, id, until, class, limit, workers];
        let mut reader = self.reader().await?;
        let rows = self
            .db(&mut reader)
            .rows(sql::LIST_OF_WORKERS, binds)
            .await?;
        rows.iter().map(audit_row).collect()
    }

    async fn merged_into(&self, worker: WorkerId) -> StoreResult<Vec<WorkerId>> {
        let mut reader = self.reader().await?;
        let binds = [Bind::Blob(worker.bytes().to_vec())];
        let rows = self.db(&mut reader).rows(sql::LIST_MERGED, binds).await?;
        rows.iter().map(worker_id).collect()
    }

    async fn audit_chains(
        &self,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> StoreResult<Vec<AuditRow>> {
        let mut reader = self.reader().await?;
        let binds = place_binds(after, limit);
        let rows = self.db(&mut reader).rows(sql::LIST_CHAINS, binds).await?;
        rows.iter().map(audit_row).collect()
    }

    async fn audit_gaps(
        &self,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> StoreResult<Vec<AuditGap>> {
        let mut reader = self.reader().await?;
        let binds = place_binds(after, limit);
        let rows = self.db(&mut reader).rows(sql::LIST_GAPS, binds).await?;
        rows.iter().map(gap).collect()
    }
}

#[async_trait]
impl AuditWrites for SqliteUnit {
    async fn put_audit_subjects(&mut self, subjects: &[AuditSubject]) -> StoreResult<()> {
        if subjects.is_empty() {
            return Ok(());
        }
        let rows = rows_of(subjects.iter().map(|subject| {
            json!([
                hex(subject.worker_id.bytes()),
                subject.recorded_at,
                hex(subject.audit_id.bytes()),
            ])
        }));
        let result = self.db().write(sql::PUT_SUBJECTS, [rows]).await;
        self.note(result).map(drop)
    }

    async fn cut_audit(&mut self, of: &AuditCut, gaps: &[AuditGap]) -> StoreResult<u64> {
        let result = cut(&mut self.db(), of, gaps).await;
        self.note(result)
    }
}
