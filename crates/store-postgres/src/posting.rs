//! A batch of postings: its locks, one statement that reads and one that writes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_domain::filing::Filing;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::months::MonthBook;
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
use crate::month::Years;
use crate::request::{key_columns, record_at};
use crate::snapshot::worker_row;
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
    /// Booked months of the locked workers and of the years.
    pub(crate) months: MonthBook,
}

/// A worker as its lock found it.
struct Locked {
    row: Arc<WorkerRow>,
    /// None yet where an employer keeps them.
    booked: Vec<BookedMonth>,
    kept_by: Option<EmployerCode>,
    filing_ids: Vec<String>,
}

/// Which workers an employer has or had, merged ones as those that they were merged into.
#[derive(Default)]
struct Locks {
    workers: HashMap<WorkerId, Locked>,
    linked: BTreeMap<EmployerCode, BTreeSet<WorkerId>>,
    /// Links of each employer, merged workers counted too.
    links: BTreeMap<EmployerCode, i64>,
    /// Months of all of them, merged ones too.
    months: MonthBook,
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
                // What was booked under a record that has gone is taken back under it.
                locks
                    .months
                    .add_worker(worker_id(row)?, month::worker_months(row)?);
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
            let kept_by = month::kept_by(row)?;
            match kept_by {
                None => self.months.add_worker(id, month::worker_months(row)?),
                Some(keeper) => self.months.add_kept_worker(id, keeper),
            }
            place.insert(Locked {
                row: Arc::new(worker_row(row)?),
                booked: month::booked(row)?,
                kept_by,
                filing_ids: get(row, "filing_ids")?,
            });
        }
        Ok(id)
    }

    /// Gives workers the months that their employers keep.
    fn take_kept(&mut self, years: &Years<'_>) -> StoreResult<()> {
        for (employer, workers) in &self.linked {
            for id in workers {
                let locked = self.workers.get_mut(id);
                let kept = locked.filter(|locked| locked.kept_by.is_some());
                match kept {
                    Some(locked) if locked.kept_by == Some(*employer) => {
                        locked.booked = years.kept_of(*employer, *id)?;
                    }
                    Some(_) => return Err(corrupt("months_kept_by")),
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// The workers of each employer.
    fn snapshots(self, filings: &BTreeMap<String, Filing>) -> Linked {
        let snapshot = |id: WorkerId| {
            let locked = self.workers.get(&id)?;
            let named = locked.filing_ids.iter();
            let mut filings: Vec<Filing> =
                named.filter_map(|id| filings.get(id).cloned()).collect();
            filings.sort_by(|one, other| one.filing_id.cmp(&other.filing_id));
            Some(WorkerSnapshot {
                worker: Arc::clone(&locked.row),
                name_macs: Vec::new(),
                booked: locked.booked.clone(),
                filings: filings.into(),
            })
        };
        let of_employer = |ids: BTreeSet<WorkerId>| ids.into_iter().filter_map(snapshot).collect();
        let linked = self.linked.into_iter();
        Linked(
            linked
                .map(|(employer, ids)| (employer, of_employer(ids)))
                .collect(),
        )
    }
}

fn merged_into(row: &PgRow) -> StoreResult<Option<WorkerId>> {
    let last: Option<&[u8]> = get(row, "merged_into")?;
    let last = last.map(|bytes| WorkerId::from_slice(bytes).ok_or_else(|| corrupt("merged_into")));
    last.transpose()
}

/// What both ways of reading a batch ask: years, requests, and what else.
pub(crate) fn asked(
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
    further: Bind,
) -> [Bind; 6] {
    let [codes_of, numbers] = year_keys(years);
    let [organisations, methods, request_ids] = key_columns(requests.iter());
    [
        codes_of,
        numbers,
        organisations,
        methods,
        request_ids,
        further,
    ]
}

/// `None`: another worker was linked meanwhile.
async fn read(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
    mut locks: Locks,
) -> StoreResult<Option<Inputs>> {
    let filing_ids: BTreeSet<&str> = locks
        .workers
        .values()
        .flat_map(|worker| worker.filing_ids.iter().map(String::as_str))
        .collect();
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| employer).collect();
    let [a, b, c, d, e, filings] = asked(years, requests, Bind::texts(filing_ids));
    let binds = [a, b, c, d, e, filings, codes(employers)];
    let rows = db.rows(sql::READ, binds).await?;
    let mut of_employers = Years::default();
    let (mut of_years, mut answers) = (Vec::new(), Vec::new());
    let mut filings: BTreeMap<String, Filing> = BTreeMap::new();
    let mut last = None;
    for row in &rows {
        match int(row, "part")? {
            0 => {
                let employer = employer_code(row)?;
                let links = locks.links.get(&employer).copied();
                if int(row, "linked")? != links.unwrap_or_default() {
                    return Ok(None);
                }
                last = last.max(optional_int(row, "last_recorded_at")?);
                of_years.push(row);
            }
            1 => answers.push(Ok((place_of(row)?, record_at(row, "answered_at")?))),
            3 => of_employers.add(row, &mut locks.months)?,
            _ => {
                let filing = filing_row(row)?;
                filings.insert(filing.filing_id.clone(), filing);
            }
        }
    }
    month::add_empty_years(&mut locks.months, years);
    locks.take_kept(&of_employers)?;
    let months = std::mem::take(&mut locks.months);
    let linked = locks.snapshots(&filings);
    Ok(Some(Inputs {
        years: placed(years, of_years, &of_employers, linked)?,
        answered: place(requests.len(), answers)?,
        last,
        months,
    }))
}

/// Writes everything; the parts' own constraints and guards refuse what they refuse alone.
pub(crate) async fn write(
    db: &mut Db<'_>,
    months: &mut MonthBook,
    batch: &PostingBatch,
    rows: &[AuditRow],
) -> StoreResult<()> {
    ledger::check_starts(&batch.entries)?;
    month::fetch(db, months, &batch.released).await?;
    month::write(db, &months.release(&batch.released)?).await?;
    month::fetch(db, months, &batch.booked).await?;
    let changes = months.book(&batch.booked)?;
    let entries = ledger::entry_columns(&batch.entries);
    let heads = ledger::head_columns(&batch.entries);
    let workers = month::worker_columns(&changes.workers);
    let years = month::year_columns(&batch.years, &changes);
    let answers = request::columns(&batch.answers)?;
    let sets: [&[Bind]; 5] = [&entries, &heads, &workers, &years, &answers];
    let firsts = sets.iter().filter_map(|set| set.first());
    let written = firsts.map(Bind::len).sum::<usize>() + rows.len();
    let [employers, sequences, hashes, instants] = heads;
    let columns = entries.into_iter().chain([employers, sequences, hashes]);
    let columns = columns.chain(workers).chain(years).chain(answers);
    let columns = columns.chain(audit::columns(rows)?).chain([instants]);
    let columns = columns.collect();
    let matched = db.write_sets(sql::WRITE, columns, written).await?;
    changes.require_matched(matched)
}
