//! Audit rows.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::audit::Retention;
use mamagang_store::rows::AuditRow;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::sqlite::SqliteRow;

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

/// Appends rows, many in one statement: the smallest that holds them, or the largest again and again.
pub(crate) async fn append(db: &mut Db<'_>, rows: &[AuditRow]) -> StoreResult<()> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (most, statement) = sql::APPEND
            .into_iter()
            .find(|(most, _)| *most >= rest.len())
            .unwrap_or(sql::APPEND[sql::APPEND.len() - 1]);
        let (now, later) = rest.split_at(rest.len().min(most));
        let binds = now.iter().map(columns).collect::<StoreResult<Vec<_>>>()?;
        db.write(statement, binds.into_iter().flatten()).await?;
        rest = later;
    }
    Ok(())
}

/// A row's columns in order.
fn columns(row: &AuditRow) -> StoreResult<[Bind; 14]> {
    let position = i64::try_from(row.position).map_err(|_| {
        let context = "the audit row does not continue the chain";
        StoreError::new(StoreErrorKind::Conflict, context)
    })?;
    let optional = |found: Option<Bind>| found.unwrap_or(Bind::Null);
    Ok([
        Bind::Blob(row.audit_id.bytes().to_vec()),
        Bind::Blob(row.writer_id.to_vec()),
        Bind::Int(position),
        Bind::Int(row.recorded_at),
        Bind::Text(row.method.clone()),
        Bind::Text(row.caller.clone()),
        Bind::Text(row.organisation.clone()),
        Bind::Int(row.retention.number()),
        Bind::Text(row.outcome.clone()),
        optional(row.worker_id.map(|id| Bind::Blob(id.bytes().to_vec()))),
        optional(row.employer_code.map(|code| Bind::Text(code.to_string()))),
        Bind::Blob(row.frozen.clone()),
        Bind::Blob(row.previous_hash.to_vec()),
        Bind::Blob(row.hash.to_vec()),
    ])
}
