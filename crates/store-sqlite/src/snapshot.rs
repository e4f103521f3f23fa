//! A worker as checks and postings read it: one row with its lists.

use std::sync::Arc;

use mamagang_domain::filing::Filing;
use mamagang_domain::timeline::Timeline;
use mamagang_store::StoreResult;
use mamagang_store::rows::{WorkerRow, WorkerSnapshot};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use crate::column::{
    date, filing_kind, get, item_int, item_optional_int, item_text, list, parse_employer, worker_id,
};
use crate::error::corrupt;
use crate::month::booked;

pub(crate) fn worker_row(row: &SqliteRow) -> StoreResult<WorkerRow> {
    let packed: &[u8] = get(row, "timeline")?;
    Ok(WorkerRow {
        worker_id: worker_id(row)?,
        region_code: get(row, "region_code")?,
        timeline: Timeline::unpack(packed)
            .map_err(|error| corrupt("timeline").with_source(error))?,
    })
}

/// Reads the columns of `snapshot_columns!`.
pub(crate) fn snapshot(row: &SqliteRow) -> StoreResult<WorkerSnapshot> {
    let filings = list(row, "filings")?;
    let mut filings: Vec<_> = filings
        .iter()
        .map(|item| filing(item))
        .collect::<Result<_, _>>()?;
    filings.sort_by(|one, other| one.filing_id.cmp(&other.filing_id));
    Ok(WorkerSnapshot {
        worker: Arc::new(worker_row(row)?),
        name_macs: Vec::new(),
        booked: booked(row)?,
        filings: filings.into(),
    })
}

fn filing(item: &[Value]) -> StoreResult<Filing> {
    Ok(Filing {
        filing_id: item_text(item, 0)?.to_owned(),
        employer_code: parse_employer(item_text(item, 1)?)?,
        kind: filing_kind(item_int(item, 2)?)?,
        submitted_on: item_optional_int(item, 3)?.map(date).transpose()?,
        accepted_on: item_optional_int(item, 4)?.map(date).transpose()?,
        revoked_on: item_optional_int(item, 5)?.map(date).transpose()?,
    })
}
