//! Entries, heads, years and what postings read.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::ledger::{Genesis, YearState};
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{EmployerRecord, pack, unpack};
use mamagang_store::rows::{
    EmployerRow, EntryRow, IdempotencyKey, IdempotencyRecord, LedgerHead, LedgerInputs,
    WorkerSnapshot, YearRow,
};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{
    digest, employer_code, get, int, narrow, narrowed, no_later_than, optional_int, place,
    place_of, tax_year,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::month;
use crate::request::{key_columns, record_at};
use crate::snapshot::snapshot;
use crate::sql::ledger as sql;

/// An employer's workers, each once, in order of id: a merged worker is the one merged into.
type Linked = BTreeMap<EmployerCode, BTreeMap<WorkerId, WorkerSnapshot>>;

/// Has employers to the unit alone, also those that are not known yet.
pub(crate) async fn lock_heads(
    db: &mut Db<'_>,
    employers: &BTreeSet<EmployerCode>,
) -> StoreResult<()> {
    if employers.is_empty() {
        return Ok(());
    }
    let locked = db.rows(sql::LOCK_HEADS, [codes(employers)]).await?;
    if locked.len() == employers.len() {
        return Ok(());
    }
    add_heads(db, employers).await?;
    let locked = db.rows(sql::LOCK_HEADS, [codes(employers)]).await?;
    if locked.len() == employers.len() {
        return Ok(());
    }
    Err(cannot_lock())
}

async fn add_heads(db: &mut Db<'_>, employers: &BTreeSet<EmployerCode>) -> StoreResult<()> {
    let starts = Bind::blobs(employers.iter().map(Genesis::hash));
    db.write(sql::ADD_HEADS, [codes(employers), starts]).await?;
    Ok(())
}

fn cannot_lock() -> StoreError {
    let context = "an employer's head is there and cannot be locked";
    StoreError::new(StoreErrorKind::Contended, context)
}

/// How often locks are asked for again while workers are being linked to the employers.
const LOCKS_MAX: u32 = 4;

/// What was read for postings and balances.
pub(crate) struct Inputs {
    /// One element a year, in order.
    pub(crate) years: Vec<LedgerInputs>,
    /// One element a request, in order.
    pub(crate) answered: Vec<Option<IdempotencyRecord>>,
    /// The instant of the employers' latest entry.
    pub(crate) last: Option<i64>,
    /// Workers linked to any of the employers, each counted once.
    workers: usize,
}

/// Has employers and their workers to the unit alone, and reads what a batch of postings needs.
pub(crate) async fn locked_inputs(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
) -> StoreResult<Inputs> {
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    for _ in 0..LOCKS_MAX {
        let workers = lock_linked(db, &employers).await?;
        let read = inputs(db, years, requests).await?;
        // A worker may have been linked after the lock's statement began and before it had the
        // employer: that one is not locked yet.
        if read.workers == workers {
            return Ok(read);
        }
    }
    Err(cannot_lock())
}

async fn lock_linked(db: &mut Db<'_>, employers: &BTreeSet<EmployerCode>) -> StoreResult<usize> {
    if employers.is_empty() {
        return Ok(0);
    }
    for _ in 0..LOCKS_MAX {
        let rows = db.rows(sql::LOCK_LINKED, [codes(employers)]).await?;
        let row = rows.first().ok_or_else(cannot_lock)?;
        if narrow::<usize>(row, "heads")? == employers.len() {
            return narrow(row, "workers");
        }
        add_heads(db, employers).await?;
    }
    Err(cannot_lock())
}

/// What postings and balances read.
pub(crate) async fn inputs(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
) -> StoreResult<Inputs> {
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    let months = |month: fn(&TaxYear) -> i64| Bind::ints(years.iter().map(|(_, year)| month(year)));
    let [organisations, methods, request_ids] = key_columns(requests.iter());
    let binds = [
        codes(years.iter().map(|(employer, _)| employer)),
        Bind::ints(years.iter().map(|(_, year)| year.number())),
        months(|year| year.first_month().index().into()),
        months(|year| year.last_month().index().into()),
        codes(&employers),
        organisations,
        methods,
        request_ids,
    ];
    let rows = db.rows(sql::READ_INPUTS, binds).await?;
    let (mut of_years, mut linked, mut answers) = (Vec::new(), Linked::new(), Vec::new());
    let mut workers = BTreeSet::new();
    for row in &rows {
        match int(row, "part")? {
            0 => of_years.push(row),
            1 => {
                let worker = snapshot(row)?;
                let of_employer = linked.entry(employer_code(row)?).or_default();
                workers.insert(worker.worker.worker_id);
                of_employer.insert(worker.worker.worker_id, worker);
            }
            _ => answers.push(Ok((place_of(row)?, record_at(row, "answered_at")?))),
        }
    }
    let mut last = None;
    for row in &of_years {
        last = last.max(optional_int(row, "last_recorded_at")?);
    }
    let mut uses: BTreeMap<EmployerCode, usize> = BTreeMap::new();
    for (employer, _) in years {
        *uses.entry(*employer).or_default() += 1;
    }
    let found = of_years.into_iter();
    let found = found.map(|row| Ok((place_of(row)?, year_inputs(row, &mut linked, &mut uses)?)));
    let inputs: Option<Vec<_>> = place(years.len(), found)?.into_iter().collect();
    Ok(Inputs {
        years: inputs.ok_or_else(|| corrupt("place"))?,
        answered: place(requests.len(), answers)?,
        last,
        workers: workers.len(),
    })
}

/// `uses` counts the years that an employer's workers are still asked for: the last one takes them.
fn year_inputs(
    row: &PgRow,
    linked: &mut Linked,
    uses: &mut BTreeMap<EmployerCode, usize>,
) -> StoreResult<LedgerInputs> {
    let employer = employer_code(row)?;
    let record: Option<&[u8]> = get(row, "record")?;
    let record = record.map(EmployerRecord::unpack).transpose();
    let record = record.map_err(|error| corrupt("record").with_source(error))?;
    let left = uses.get_mut(&employer).ok_or_else(|| corrupt("place"))?;
    *left = left.saturating_sub(1);
    let workers = match *left {
        0 => linked.remove(&employer),
        _ => linked.get(&employer).cloned(),
    };
    Ok(LedgerInputs {
        employer: record.map(|record| EmployerRow {
            employer_code: employer,
            record,
        }),
        head: head(row, &employer)?,
        year: state(row)?.unwrap_or_default(),
        months: month::of_row(row, employer)?,
        workers: workers.map_or_else(Vec::new, |of| of.into_values().collect()),
    })
}

fn head(row: &PgRow, employer: &EmployerCode) -> StoreResult<LedgerHead> {
    match optional_int(row, "head_sequence")? {
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

fn state(row: &PgRow) -> StoreResult<Option<YearState>> {
    let packed: Option<&[u8]> = get(row, "state")?;
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
        Bind::OptionalInt(year.map(|year| i64::from(year.number()))),
        Bind::Int(i64::from(after)),
        no_later_than(as_of),
        Bind::Int(i64::from(limit)),
    ];
    let rows = db.rows(sql::LIST_ENTRIES, binds).await?;
    rows.iter().map(|row| entry_row(*employer, row)).collect()
}

pub(crate) fn entry_row(employer_code: EmployerCode, row: &PgRow) -> StoreResult<EntryRow> {
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
    employer: &EmployerCode,
) -> StoreResult<Vec<YearRow>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_YEARS, binds).await?;
    let years = rows.iter().map(|row| {
        Ok(YearRow {
            employer_code: *employer,
            tax_year: tax_year(row)?,
            state: state(row)?.ok_or_else(|| corrupt("year"))?,
        })
    });
    years.collect()
}

pub(crate) async fn append_entries(db: &mut Db<'_>, entries: &[EntryRow]) -> StoreResult<()> {
    check_starts(entries)?;
    if entries.is_empty() {
        return Ok(());
    }
    db.write(sql::APPEND_ENTRIES, entry_columns(entries))
        .await?;
    db.write(sql::PUT_HEADS, head_columns(entries)).await?;
    Ok(())
}

/// The database compares hashes along the chain; where it starts, only the service can tell.
pub(crate) fn check_starts(entries: &[EntryRow]) -> StoreResult<()> {
    let starts_elsewhere = |entry: &EntryRow| {
        entry.sequence == 1 && entry.previous_hash != Genesis::hash(&entry.employer_code)
    };
    if entries.iter().any(starts_elsewhere) {
        let context = "the entry does not continue the chain's start";
        return Err(StoreError::new(StoreErrorKind::Conflict, context));
    }
    Ok(())
}

/// The entries as columns.
pub(crate) fn entry_columns(entries: &[EntryRow]) -> [Bind; 7] {
    [
        codes(entries.iter().map(|entry| &entry.employer_code)),
        Bind::ints(entries.iter().map(|entry| entry.sequence)),
        Bind::ints(entries.iter().map(|entry| entry.tax_year.number())),
        Bind::ints(entries.iter().map(|entry| entry.recorded_at)),
        Bind::blobs(entries.iter().map(|entry| &entry.frozen)),
        Bind::blobs(entries.iter().map(|entry| entry.previous_hash)),
        Bind::blobs(entries.iter().map(|entry| entry.hash)),
    ]
}

/// The heads after the entries, as columns: an upsert takes one row an employer.
pub(crate) fn head_columns(entries: &[EntryRow]) -> [Bind; 3] {
    let heads = entries.iter();
    let heads: BTreeMap<_, _> = heads.map(|entry| (entry.employer_code, entry)).collect();
    [
        codes(heads.keys()),
        Bind::ints(heads.values().map(|last| last.sequence)),
        Bind::blobs(heads.values().map(|last| last.hash)),
    ]
}

pub(crate) async fn put_years(db: &mut Db<'_>, years: &[YearRow]) -> StoreResult<()> {
    if years.is_empty() {
        return Ok(());
    }
    db.write(sql::PUT_YEARS, year_columns(years)).await?;
    Ok(())
}

/// The years as columns, of several states of one the last.
pub(crate) fn year_columns(years: &[YearRow]) -> [Bind; 3] {
    let last: BTreeMap<_, _> = years
        .iter()
        .map(|row| ((row.employer_code, row.tax_year), &row.state))
        .collect();
    [
        codes(last.keys().map(|(employer, _)| employer)),
        Bind::ints(last.keys().map(|(_, year)| year.number())),
        Bind::blobs(last.values().map(|state| pack(*state))),
    ]
}
