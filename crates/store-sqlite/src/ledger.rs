//! Entries, heads, years and what postings read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::ledger::{Genesis, YearState};
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{EmployerRecord, unpack};
use mamagang_store::months::{MonthBook, unpack_year};
use mamagang_store::rows::{
    EmployerRow, EntryRow, LedgerHead, LedgerInputs, WorkerSnapshot, YearRow,
};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::column::{
    digest, employer_code, get, narrow, narrowed, no_later_than, place, position, rows_of, tax_year,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::month;
use crate::rows::Rows;
use crate::snapshot::snapshot;
use crate::sql::ledger as sql;
use crate::worker::split;

/// An employer's workers, each once, in order of id: a merged worker is the one merged into.
type Linked = BTreeMap<EmployerCode, BTreeMap<WorkerId, WorkerSnapshot>>;

/// What balances and postings read, one element a year, in order; and the booked months as they are
/// kept, for a unit that may change them.
pub(crate) async fn inputs(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
) -> StoreResult<(Vec<LedgerInputs>, MonthBook)> {
    let mut book = MonthBook::default();
    if years.is_empty() {
        return Ok((Vec::new(), book));
    }
    let mut employers: Vec<_> = years.iter().map(|(employer, _)| *employer).collect();
    employers.sort_unstable();
    employers.dedup();
    let asked = years.iter();
    let asked = asked.map(|(employer, year)| json!([employer.as_str(), year.number()]));
    let binds = [rows_of(asked), codes(&employers)];
    let rows = db.rows(sql::READ_INPUTS, binds).await?;
    let (of_years, of_workers) = split(&rows)?;
    let mut linked = Linked::new();
    for row in of_workers {
        let worker = snapshot(row)?;
        book.add_worker(worker.worker.worker_id, month::worker_months(row)?);
        let of_employer = linked.entry(employer_code(row)?).or_default();
        of_employer.insert(worker.worker.worker_id, worker);
    }
    for row in &of_years {
        let key = (employer_code(row)?, tax_year(row)?);
        book.add_year(key, month::packed_year(row)?);
    }
    let mut uses: BTreeMap<EmployerCode, usize> = BTreeMap::new();
    for (employer, _) in years {
        *uses.entry(*employer).or_default() += 1;
    }
    let found = of_years.into_iter();
    let found = found.map(|row| Ok((position(row)?, year_inputs(row, &mut linked, &mut uses)?)));
    let inputs: Option<Vec<_>> = place(years.len(), found)?.into_iter().collect();
    Ok((inputs.ok_or_else(|| corrupt("position"))?, book))
}

/// `uses` counts the years that an employer's workers are still asked for: the last one takes them.
fn year_inputs(
    row: &SqliteRow,
    linked: &mut Linked,
    uses: &mut BTreeMap<EmployerCode, usize>,
) -> StoreResult<LedgerInputs> {
    let employer = employer_code(row)?;
    let record: Option<&[u8]> = get(row, "record")?;
    let record = record.map(EmployerRecord::unpack).transpose();
    let record = record.map_err(|error| corrupt("record").with_source(error))?;
    let left = uses.get_mut(&employer).ok_or_else(|| corrupt("position"))?;
    *left = left.saturating_sub(1);
    let workers = match *left {
        0 => linked.remove(&employer),
        _ => linked.get(&employer).cloned(),
    };
    let known = |record| EmployerRow {
        employer_code: employer,
        record,
    };
    Ok(LedgerInputs {
        employer: record.map(known).map(Arc::new),
        head: head(row, &employer)?,
        year: state(row)?.unwrap_or_default(),
        months: unpack_year(month::packed_year(row)?, (employer, tax_year(row)?))?,
        workers: workers.map_or_else(Vec::new, |of| of.into_values().collect()),
    })
}

fn head(row: &SqliteRow, employer: &EmployerCode) -> StoreResult<LedgerHead> {
    let sequence: Option<i64> = get(row, "head_sequence")?;
    match sequence {
        None => Ok(LedgerHead {
            sequence: 0,
            hash: Genesis::hash(employer),
        }),
        Some(sequence) => Ok(LedgerHead {
            sequence: narrowed(sequence, "head_sequence")?,
            hash: digest(row, "head_hash")?,
        }),
    }
}

fn state(row: &SqliteRow) -> StoreResult<Option<YearState>> {
    let packed: Option<&[u8]> = get(row, "state")?;
    // A year of which months alone are known has no bytes.
    let packed = packed.filter(|bytes| !bytes.is_empty());
    let state = packed.map(unpack).transpose();
    state.map_err(|error| corrupt("year").with_source(error))
}

pub(crate) async fn list_entries(
    db: &mut Db<'_>,
    employer: &EmployerCode,
    year: Option<TaxYear>,
    after: u32,
    limit: u32,
    as_of: Option<i64>,
) -> StoreResult<Vec<EntryRow>> {
    let binds = [
        Bind::Text(employer.to_string()),
        Bind::from(year.map(|year| i64::from(year.number()))),
        Bind::Int(i64::from(after)),
        no_later_than(as_of),
        Bind::Int(i64::from(limit)),
    ];
    let rows = db.rows(sql::LIST_ENTRIES, binds).await?;
    rows.iter().map(|row| entry_row(*employer, row)).collect()
}

pub(crate) fn entry_row(employer_code: EmployerCode, row: &SqliteRow) -> StoreResult<EntryRow> {
    Ok(EntryRow {
        employer_code,
        sequence: narrow(row, "sequence")?,
        tax_year: tax_year(row)?,
        recorded_at: get(row, "recorded_at")?,
        frozen: get(row, "frozen")?,
        previous_hash: digest(row, "previous_hash")?,
        hash: digest(row, "hash")?,
    })
}

pub(crate) async fn list_years(
    db: &mut Db<'_>,
    employers: &[EmployerCode],
) -> StoreResult<Vec<YearRow>> {
    if employers.is_empty() {
        return Ok(Vec::new());
    }
    let asked: BTreeSet<_> = employers.iter().collect();
    let rows = db.rows(sql::LIST_YEARS, [codes(asked)]).await?;
    let years = rows.iter().map(|row| {
        Ok(YearRow {
            employer_code: employer_code(row)?,
            tax_year: tax_year(row)?,
            state: state(row)?.ok_or_else(|| corrupt("year"))?,
        })
    });
    years.collect()
}

pub(crate) async fn append_entries(db: &mut Db<'_>, entries: &[EntryRow]) -> StoreResult<()> {
    // The database compares hashes along the chain; where it starts, only the service can tell.
    let starts_elsewhere = |entry: &&EntryRow| {
        entry.sequence == 1 && entry.previous_hash != Genesis::hash(&entry.employer_code)
    };
    if entries.iter().any(|entry| starts_elsewhere(&entry)) {
        let context = "the entry does not continue the chain's start";
        return Err(StoreError::new(StoreErrorKind::Conflict, context));
    }
    if entries.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for entry in entries {
        rows.row()
            .code(entry.employer_code.as_str())
            .int(entry.sequence.into())
            .int(entry.tax_year.number().into())
            .int(entry.recorded_at)
            .bytes(&entry.frozen)
            .bytes(&entry.previous_hash)
            .bytes(&entry.hash)
            .end();
    }
    db.write(sql::APPEND_ENTRIES, rows.binds()).await?;
    let heads = entries.iter();
    let heads: BTreeMap<_, _> = heads.map(|entry| (entry.employer_code, entry)).collect();
    let mut rows = Rows::new();
    for last in heads.values() {
        rows.row()
            .code(last.employer_code.as_str())
            .int(last.sequence.into())
            .bytes(&last.hash)
            .end();
    }
    db.write(sql::PUT_HEADS, rows.binds()).await?;
    Ok(())
}
