//! Audit rows.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::audit::Retention;
use mamagang_store::rows::AuditRow;
use sqlx::sqlite::SqliteRow;

use crate::column::{bytes, digest, get, narrow, parse_employer};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::rows::Rows;
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

pub(crate) fn audit_row(row: &SqliteRow) -> StoreResult<AuditRow> {
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
        organisation: get(row, "organisation")?,
        retention: Retention::from_number(get(row, "retention")?)
            .ok_or_else(|| corrupt("retention"))?,
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
    let mut set = Rows::new();
    for row in rows {
        let worker = row.worker_id.as_ref().map(|id| &id.bytes()[..]);
        set.row()
            .bytes(row.audit_id.bytes())
            .bytes(&row.writer_id)
            .json(&row.position.to_string())
            .int(row.recorded_at)
            .text(&row.method)
            .text(&row.caller)
            .text(&row.organisation)
            .int(row.retention.number())
            .text(&row.outcome)
            .optional_bytes(worker)
            .optional_code(row.employer_code.as_ref().map(EmployerCode::as_str))
            .bytes(&row.frozen)
            .bytes(&row.previous_hash)
            .bytes(&row.hash)
            .end();
    }
    db.write(sql::APPEND, set.binds()).await?;
    Ok(())
}
