//! Entries, heads, years and what postings read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{Genesis, YearState};
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{EmployerRecord, unpack};
use mamagang_store::months::{MonthBook, MonthChanges, unpack_year};
use mamagang_store::rows::{
    EmployerRow, EntryRow, LedgerHead, LedgerInputs, WorkerSnapshot, YearRow,
};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{
    digest, employer_code, get, int, narrow, narrowed, no_later_than, optional_int, place,
    place_of, tax_year, worker_id,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::month::{self, Years};
use crate::snapshot::snapshot;
use crate::sql::ledger as sql;

/// Employers' workers.
#[derive(Default)]
pub(crate) struct Linked(pub(crate) HashMap<EmployerCode, Vec<WorkerSnapshot>>);

/// Has employers to the unit alone, also those that are not known yet. Returns the latest instant
/// that their heads tell.
pub(crate) async fn lock_heads(
    db: &mut Db<'_>,
    employers: &BTreeSet<EmployerCode>,
) -> StoreResult<Option<i64>> {
    let mut may_add = true;
    while !employers.is_empty() {
        let locked = db.rows(sql::LOCK_HEADS, [codes(employers)]).await?;
        if locked.len() == employers.len() {
            let instants = locked.iter().map(|row| int(row, "recorded_at"));
            let instants = instants.collect::<StoreResult<Vec<_>>>()?;
            return Ok(instants.into_iter().max());
        }
        if !std::mem::take(&mut may_add) {
            return Err(cannot_lock());
        }
        add_heads(db, employers).await?;
    }
    Ok(None)
}

pub(crate) async fn add_heads(
    db: &mut Db<'_>,
    employers: &BTreeSet<EmployerCode>,
) -> StoreResult<()> {
    let starts = Bind::blobs(employers.iter().map(Genesis::hash));
    db.write(sql::ADD_HEADS, [codes(employers), starts]).await?;
    Ok(())
}

pub(crate) fn cannot_lock() -> StoreError {
    let context = "an employer's head is there and cannot be locked";
    StoreError::new(StoreErrorKind::Contended, context)
}

/// What balances read, one element a year, in order.
pub(crate) async fn inputs(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
) -> StoreResult<Vec<LedgerInputs>> {
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    let [codes_of, numbers] = year_keys(years);
    let binds = [codes_of, numbers, codes(&employers)];
    let rows = db.rows(sql::READ_INPUTS, binds).await?;
    let (mut of_years, mut of_workers) = (Vec::new(), Vec::new());
    let (mut of_employers, mut book) = (Years::default(), MonthBook::default());
    for row in &rows {
        match int(row, "part")? {
            0 => of_years.push(row),
            1 => of_workers.push(row),
            _ => of_employers.add(row, &mut book)?,
        }
    }
    let mut linked = Linked::default();
    for row in of_workers {
        linked.push(row, &of_employers)?;
    }
    placed(years, of_years, &of_employers, linked.in_order())
}

impl Linked {
    /// Takes a row of `snapshot_columns!` with the employer's code; the employer's years are read.
    pub(crate) fn push(&mut self, row: &PgRow, years: &Years<'_>) -> StoreResult<()> {
        let employer = employer_code(row)?;
        let months = match month::kept_by(row)? {
            None => month::booked(row)?,
            Some(keeper) if keeper == employer => years.kept_of(employer, worker_id(row)?)?,
            Some(_) => return Err(corrupt("months_kept_by")),
        };
        let of_employer = self.0.entry(employer).or_default();
        of_employer.push(snapshot(row, months)?);
        Ok(())
    }

    /// Each employer's workers in order of id, each once: several that were merged into one are that
    /// one.
    pub(crate) fn in_order(mut self) -> Self {
        for workers in self.0.values_mut() {
            let id = |snapshot: &mut WorkerSnapshot| snapshot.worker.worker_id;
            workers.sort_unstable_by_key(|snapshot| snapshot.worker.worker_id);
            workers.dedup_by_key(id);
        }
        self
    }
}

/// The asked years as columns: employers, years.
pub(crate) fn year_keys(years: &[(EmployerCode, TaxYear)]) -> [Bind; 2] {
    [
        codes(years.iter().map(|(employer, _)| employer)),
        Bind::ints(years.iter().map(|(_, year)| year.number())),
    ]
}

/// Gives each asked year its row and its employer's workers, in order of the years.
pub(crate) fn placed(
    years: &[(EmployerCode, TaxYear)],
    rows: Vec<&PgRow>,
    of_employers: &Years<'_>,
    mut linked: Linked,
) -> StoreResult<Vec<LedgerInputs>> {
    let mut uses: HashMap<EmployerCode, usize> = HashMap::new();
    for (employer, _) in years {
        *uses.entry(*employer).or_default() += 1;
    }
    let found = rows.into_iter();
    let found = found.map(|row| {
        let inputs = year_inputs(row, of_employers, &mut linked, &mut uses)?;
        Ok((place_of(row)?, inputs))
    });
    let inputs: Option<Vec<_>> = place(years.len(), found)?.into_iter().collect();
    inputs.ok_or_else(|| corrupt("place"))
}

/// `uses` counts the years that an employer's workers are still asked for: the last one takes them.
fn year_inputs(
    row: &PgRow,
    of_employers: &Years<'_>,
    Linked(linked): &mut Linked,
    uses: &mut HashMap<EmployerCode, usize>,
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
    let key = (employer, tax_year(row)?);
    let year = of_employers.row(&key);
    let months = year.map(|row| unpack_year(month::packed_year(row)?, key));
    let known = |record| EmployerRow {
        employer_code: employer,
        record,
    };
    Ok(LedgerInputs {
        employer: record.map(known).map(Arc::new),
        head: head(row, &employer)?,
        year: year.map(state).transpose()?.flatten().unwrap_or_default(),
        months: months.transpose()?.unwrap_or_default(),
        workers: workers.unwrap_or_default(),
    })
}

pub(crate) fn head(row: &PgRow, employer: &EmployerCode) -> StoreResult<LedgerHead> {
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
    unpacked_state(packed_state(row)?)
}

pub(crate) fn packed_state(row: &PgRow) -> StoreResult<&[u8]> {
    get(row, "state")
}

pub(crate) fn unpacked_state(packed: &[u8]) -> StoreResult<Option<YearState>> {
    // A year of which months alone are known has no bytes.
    let state = (!packed.is_empty()).then(|| unpack(packed)).transpose();
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
pub(crate) fn head_columns(entries: &[EntryRow]) -> [Bind; 4] {
    let heads = entries.iter();
    let heads: BTreeMap<_, _> = heads.map(|entry| (entry.employer_code, entry)).collect();
    [
        codes(heads.keys()),
        Bind::ints(heads.values().map(|last| last.sequence)),
        Bind::blobs(heads.values().map(|last| last.hash)),
        Bind::ints(heads.values().map(|last| last.recorded_at)),
    ]
}

pub(crate) async fn put_years(db: &mut Db<'_>, years: &[YearRow]) -> StoreResult<()> {
    if years.is_empty() {
        return Ok(());
    }
    let [employers, numbers, states, _] = month::year_columns(years, &MonthChanges::default());
    db.write(sql::PUT_YEARS, [employers, numbers, states])
        .await?;
    Ok(())
}
