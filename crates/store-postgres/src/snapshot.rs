//! A worker as checks and postings read it: one row with its lists.

use std::sync::Arc;

use mamagang_domain::filing::Filing;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::timeline::Timeline;
use mamagang_store::StoreResult;
use mamagang_store::rows::{WorkerRow, WorkerSnapshot};
use sqlx::postgres::PgRow;

use crate::column::{date, filing_kind, get, parse_employer, worker_id};
use crate::error::corrupt;

pub(crate) fn worker_row(row: &PgRow) -> StoreResult<WorkerRow> {
    let packed: &[u8] = get(row, "timeline")?;
    Ok(WorkerRow {
        worker_id: worker_id(row)?,
        region_code: get(row, "region_code")?,
        timeline: Timeline::unpack(packed)
            .map_err(|error| corrupt("timeline").with_source(error))?,
    })
}

/// Reads the columns of `snapshot_columns!`, with the worker's months from wherever they are kept.
pub(crate) fn snapshot(row: &PgRow, booked: Vec<BookedMonth>) -> StoreResult<WorkerSnapshot> {
    Ok(WorkerSnapshot {
        worker: Arc::new(worker_row(row)?),
        name_macs: Vec::new(),
        booked,
        filings: filings(row)?.into(),
    })
}

/// Id, employer, kind, submitted, accepted, revoked.
type Filed = (String, String, i64, Option<i64>, Option<i64>, Option<i64>);

pub(crate) fn filings(row: &PgRow) -> StoreResult<Vec<Filing>> {
    let text: Option<&str> = get(row, "filings")?;
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let listed: Vec<Filed> =
        serde_json::from_str(text).map_err(|error| corrupt("filings").with_source(error))?;
    let filings = listed
        .into_iter()
        .map(|(id, employer, kind, submitted, accepted, revoked)| {
            Ok(Filing {
                filing_id: id,
                employer_code: parse_employer(&employer)?,
                kind: filing_kind(kind)?,
                submitted_on: submitted.map(date).transpose()?,
                accepted_on: accepted.map(date).transpose()?,
                revoked_on: revoked.map(date).transpose()?,
            })
        });
    let mut filings: Vec<_> = filings.collect::<StoreResult<_>>()?;
    filings.sort_by(|one, other| one.filing_id.cmp(&other.filing_id));
    Ok(filings)
}
