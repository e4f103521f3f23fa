//! Audit rows.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::rows::AuditRow;
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{bytes, digest, get, hex, narrow, parse_employer, rows_of};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::audit as sql;

pub(crate) async fn read(db: &mut Db<'_>, id: AuditId) -> StoreResult<Option<AuditRow>> {
    let binds = [Bind::Blob(id.bytes().to_vec())];
    let rows = db.rows(sql::READ, binds).await?;
    rows.first().map(audit_row).transpose()
}

pub(crate) async fn read_last(
    db: &mut Db<'_>,
    writer_id: [u8; 16],
) -> StoreResult<Option<AuditRow>> {
    let binds = [Bind::Blob(writer_id.to_vec())];
    let rows = db.rows(sql::READ_LAST, binds).await?;
    rows.first().map(audit_row).transpose()
}

fn audit_row(row: &SqliteRow) -> StoreResult<AuditRow> {
    let worker: Option<&[u8]> = get(row, "worker_id")?;
    let worker = worker.map(|bytes| WorkerId::from_slice(bytes).ok_or(()));
    let employer: Option<&str> = get(row, "employer_code")?;
    let employer: Option<EmployerCode> = employer.map(parse_employer).transpose()?;
    Ok(AuditRow {
        audit_id: AuditId::from_slice(get(row, "audit_id")?).ok_or_else(|| corrupt("audit_id"))?,
        writer_id: bytes(row, "writer_id")?,
        position: narrow(row, "position")?,
        recorded_at: get(row, "recorded_at")?,
        method: get(row, "method")?,
        caller: get(row, "caller")?,
        outcome: get(row, "outcome")?,
        worker_id: worker.transpose().map_err(|()| corrupt("worker_id"))?,
        employer_code: employer,
        frozen: get(row, "frozen")?,
        previous_hash: digest(row, "previous_hash")?,
        hash: digest(row, "hash")?,
    })
}

pub(crate) async fn append(db: &mut Db<'_>, rows: &[AuditRow]) -> StoreResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.iter().map(|row| {
        json!([
            hex(row.audit_id.bytes()),
            hex(row.writer_id),
            row.position,
            row.recorded_at,
            row.method,
            row.caller,
            row.outcome,
            row.worker_id.map(|id| hex(id.bytes())),
            row.employer_code.map(|code| code.to_string()),
            hex(&row.frozen),
            hex(row.previous_hash),
            hex(row.hash),
        ])
    });
    db.write(sql::APPEND, [rows_of(rows)]).await?;
    Ok(())
}
