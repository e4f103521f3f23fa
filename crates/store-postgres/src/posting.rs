//! A batch of postings: its locks, one statement that reads and one that writes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use mamagang_domain::filing::Filing;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::rows::{
    AuditRow, IdempotencyKey, IdempotencyRecord, LedgerInputs, WorkerRow, WorkerSnapshot,
};
use mamagang_store::{PostingBatch, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{employer_code, get, int, narrow, optional_int, place, place_of, worker_id};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::filing::filing_row;
use crate::ledger::{Linked, add_heads, cannot_lock, placed, year_keys};
use crate::request::{key_columns, record_at};
use crate::snapshot::{booked, worker_row};
use crate::sql::posting as sql;
use crate::{audit, ledger, month, request};

/// How often locks are asked for again while workers are being linked to the employers.
const LOCKS_MAX: u32 = 4;

/// What was read for a batch.
pub(crate) struct Inputs {
    /// One element a year, in order.
    pub(crate) years: Vec<LedgerInputs>,
    /// One element a request, in order.
    pub(crate) answered: Vec<Option<IdempotencyRecord>>,
    /// The instant of the employers' latest entry.
    pub(crate) last: Option<i64>,
}

/// A worker as its lock found it.
struct Locked {
    row: WorkerRow,
    filing_ids: Vec<String>,
    /// Employers that are still to be given it.
    uses: usize,
}

/// Which workers an employer has or had, merged ones as those that they were merged into.
#[derive(Default)]
struct Locks {
    workers: HashMap<WorkerId, Locked>,
    linked: BTreeMap<EmployerCode, BTreeSet<WorkerId>>,
    /// Links of each employer, merged workers counted too.
    links: BTreeMap<EmployerCode, i64>,
}

/// Has employers and their workers to the unit alone, and reads what a batch of postings needs.
pub(crate) async fn locked_inputs(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
) -> StoreResult<Inputs> {
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    for _ in 0..LOCKS_MAX {
        let Some(locks) = lock(db, &employers).await? else {
            continue;
        };
        // A worker may have been linked after the lock's statement began and before it had the
        // employer: that one is not locked yet.
        if let Some(inputs) = read(db, years, requests, locks).await? {
            return Ok(inputs);
        }
    }
    Err(cannot_lock())
}

/// `None`: a head was missing, or a worker was merged meanwhile; to be tried again.
async fn lock(db: &mut Db<'_>, employers: &BTreeSet<EmployerCode>) -> StoreResult<Option<Locks>> {
    let mut locks = Locks::default();
    if employers.is_empty() {
        return Ok(Some(locks));
    }
    let rows = db.rows(sql::LOCK, [codes(employers)]).await?;
    let first = rows.first().ok_or_else(cannot_lock)?;
    if narrow::<usize>(first, "heads")? < employers.len() {
        add_heads(db, employers).await?;
        return Ok(None);
    }
    let mut merged: BTreeSet<WorkerId> = BTreeSet::new();
    for row in &rows {
        let found: Option<&[u8]> = get(row, "worker_id")?;
        if found.is_none() {
            continue;
        }
        let employer = employer_code(row)?;
        *locks.links.entry(employer).or_default() += 1;
        let id = match merged_into(row)? {
            None => locks.keep(row)?,
            Some(last) => {
                merged.insert(last);
                last
            }
        };
        locks.linked.entry(employer).or_default().insert(id);
    }
    merged.retain(|id| !locks.workers.contains_key(id));
    if merged.is_empty() {
        return Ok(Some(locks));
    }
    let ids = Bind::blobs(merged.iter().map(WorkerId::bytes));
    for row in &db.rows(sql::LOCK_MERGED, [ids]).await? {
        if merged_into(row)?.is_some() {
            return Ok(None);
        }
        locks.keep(row)?;
    }
    Ok(Some(locks))
}

impl Locks {
    fn keep(&mut self, row: &PgRow) -> StoreResult<WorkerId> {
        let id = worker_id(row)?;
        if let Entry::Vacant(place) = self.workers.entry(id) {
            place.insert(Locked {
                row: worker_row(row)?,
                filing_ids: get(row, "filing_ids")?,
                uses: 0,
            });
        }
        Ok(id)
    }

    /// The workers of each employer, booked months still to come.
    fn snapshots(mut self, filings: &BTreeMap<String, Filing>) -> Linked {
        for id in self.linked.values().flatten() {
            if let Some(locked) = self.workers.get_mut(id) {
                locked.uses += 1;
            }
        }
        let workers = &mut self.workers;
        let mut snapshot = |id: WorkerId| {
            let locked = workers.get_mut(&id)?;
            let named = locked.filing_ids.iter();
            let mut filings: Vec<Filing> =
                named.filter_map(|id| filings.get(id).cloned()).collect();
            filings.sort_by(|one, other| one.filing_id.cmp(&other.filing_id));
            locked.uses -= 1;
            // Most workers have one employer, which takes the row as it is.
            let worker = match locked.uses {
                0 => workers.remove(&id)?.row,
                _ => locked.row.clone(),
            };
            Some(WorkerSnapshot {
                worker,
                name_macs: Vec::new(),
                booked: Vec::new(),
                filings,
            })
        };
        let mut of_employer =
            |ids: BTreeSet<WorkerId>| ids.into_iter().filter_map(&mut snapshot).collect();
        let linked = self.linked.into_iter();
        linked
            .map(|(employer, ids)| (employer, of_employer(ids)))
            .collect()
    }

    /// An asked employer-year of each worker: its months are read with the year.
    fn asked_years(
        &self,
        years: &[(EmployerCode, TaxYear)],
    ) -> Vec<(WorkerId, EmployerCode, TaxYear)> {
        let mut asked: BTreeMap<WorkerId, (EmployerCode, TaxYear)> = BTreeMap::new();
        for (employer, year) in years {
            for worker in self.linked.get(employer).into_iter().flatten() {
                asked.entry(*worker).or_insert((*employer, *year));
            }
        }
        let asked = asked.into_iter();
        asked
            .map(|(worker, (employer, year))| (worker, employer, year))
            .collect()
    }
}

fn merged_into(row: &PgRow) -> StoreResult<Option<WorkerId>> {
    let last: Option<&[u8]> = get(row, "merged_into")?;
    let last = last.map(|bytes| WorkerId::from_slice(bytes).ok_or_else(|| corrupt("merged_into")));
    last.transpose()
}

/// `None`: another worker was linked meanwhile.
async fn read(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
    locks: Locks,
) -> StoreResult<Option<Inputs>> {
    let asked = locks.asked_years(years);
    let filing_ids: BTreeSet<&str> = locks
        .workers
        .values()
        .flat_map(|worker| worker.filing_ids.iter().map(String::as_str))
        .collect();
    let [codes_of, numbers, firsts, lasts] = year_keys(years);
    let [organisations, methods, request_ids] = key_columns(requests.iter());
    let months =
        |month: fn(&TaxYear) -> i64| Bind::ints(asked.iter().map(|(_, _, year)| month(year)));
    let binds = [
        codes_of,
        numbers,
        firsts,
        lasts,
        Bind::blobs(asked.iter().map(|(worker, _, _)| worker.bytes())),
        codes(asked.iter().map(|(_, employer, _)| employer)),
        months(|year| year.first_month().index().into()),
        months(|year| year.last_month().index().into()),
        organisations,
        methods,
        request_ids,
        Bind::texts(filing_ids),
    ];
    let rows = db.rows(sql::READ, binds).await?;
    let (mut of_years, mut answers) = (Vec::new(), Vec::new());
    let mut months: HashMap<WorkerId, Vec<BookedMonth>> = HashMap::new();
    let mut filings: BTreeMap<String, Filing> = BTreeMap::new();
    let mut last = None;
    for row in &rows {
        match int(row, "part")? {
            0 => {
                let links = locks.links.get(&employer_code(row)?).copied();
                if int(row, "linked")? != links.unwrap_or_default() {
                    return Ok(None);
                }
                last = last.max(optional_int(row, "last_recorded_at")?);
                of_years.push(row);
            }
            1 => months
                .entry(worker_id(row)?)
                .or_default()
                .extend(booked(row)?),
            2 => answers.push(Ok((place_of(row)?, record_at(row, "answered_at")?))),
            _ => {
                let filing = filing_row(row)?;
                filings.insert(filing.filing_id.clone(), filing);
            }
        }
    }
    let mut read = placed(years, of_years, locks.snapshots(&filings))?;
    add_months(&mut read, months);
    Ok(Some(Inputs {
        years: read,
        answered: place(requests.len(), answers)?,
        last,
    }))
}

/// Gives each worker its booked months: those of the asked years, and `others`. A month may be told
/// by both.
fn add_months(years: &mut [LedgerInputs], mut others: HashMap<WorkerId, Vec<BookedMonth>>) {
    for booked in years.iter().flat_map(|year| &year.months) {
        let month = BookedMonth {
            month: booked.month,
            employer_code: booked.employer_code,
        };
        others.entry(booked.worker_id).or_default().push(month);
    }
    for months in others.values_mut() {
        months.sort_unstable();
        months.dedup();
    }
    for worker in years.iter_mut().flat_map(|year| &mut year.workers) {
        if let Some(months) = others.get(&worker.worker.worker_id) {
            worker.booked.clone_from(months);
        }
    }
}

/// Writes everything; the parts' own constraints and guards refuse what they refuse alone.
pub(crate) async fn write(
    db: &mut Db<'_>,
    batch: &PostingBatch,
    rows: &[AuditRow],
) -> StoreResult<()> {
    ledger::check_starts(&batch.entries)?;
    month::release(db, &batch.released).await?;
    let columns: Vec<Bind> = ledger::entry_columns(&batch.entries)
        .into_iter()
        .chain(ledger::head_columns(&batch.entries))
        .chain(ledger::year_columns(&batch.years))
        .chain(month::columns(&batch.booked))
        .chain(request::columns(&batch.answers)?)
        .chain(audit::columns(rows)?)
        .collect();
    let written = sets(&columns, rows.len());
    db.write_sets(sql::WRITE, columns, written).await
}

/// Rows that the statement writes: PostgreSQL tells those of its last part alone. Heads and years
/// stand in columns 8 and 11, each once.
fn sets(columns: &[Bind], audit: usize) -> u64 {
    let firsts = [0, 7, 10, 13, 19].iter();
    let lengths = firsts.filter_map(|index| columns.get(*index));
    let written: usize = lengths.map(Bind::len).sum();
    (written + audit) as u64
}
