//! Audit rows.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::audit::Retention;
use mamagang_store::rows::AuditRow;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{bytes, digest, get, narrow, parse_employer};
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

pub(crate) fn audit_row(row: &PgRow) -> StoreResult<AuditRow> {
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
    db.write(sql::APPEND, columns(rows)?).await?;
    Ok(())
}

/// The rows as columns.
pub(crate) fn columns(rows: &[AuditRow]) -> StoreResult<[Bind; 14]> {
    let positions = rows.iter().map(|row| i64::try_from(row.position));
    let positions: Result<Vec<_>, _> = positions.collect();
    let positions = positions.map_err(|_| {
        let context = "the audit row does not continue the chain";
        StoreError::new(StoreErrorKind::Conflict, context)
    })?;
    let employers = rows.iter().map(|row| row.employer_code.as_ref());
    let employers = employers.map(|code| code.map(EmployerCode::as_str));
    Ok([
        Bind::blobs(rows.iter().map(|row| row.audit_id.bytes())),
        Bind::blobs(rows.iter().map(|row| row.writer_id)),
        Bind::ints(positions),
        Bind::ints(rows.iter().map(|row| row.recorded_at)),
        Bind::texts(rows.iter().map(|row| &row.method)),
        Bind::texts(rows.iter().map(|row| &row.caller)),
        Bind::texts(rows.iter().map(|row| &row.organisation)),
        Bind::ints(rows.iter().map(|row| row.retention.number())),
        Bind::texts(rows.iter().map(|row| &row.outcome)),
        Bind::optional_blobs(rows.iter().map(|row| row.worker_id.map(|id| *id.bytes()))),
        Bind::optional_texts(employers),
        Bind::blobs(rows.iter().map(|row| &row.frozen)),
        Bind::blobs(rows.iter().map(|row| row.previous_hash)),
        Bind::blobs(rows.iter().map(|row| row.hash)),
    ])
}
