//! A batch of postings in two statements: one reads without locks, one locks, compares and writes.
//!
//! Nothing is held in between. What a unit of work would have to itself by its locks is compared
//! instead, once it is locked for the write: the employers' heads, which change with every entry
//! and with the employer's record, and the workers' rows. What a unit of work does not have to itself
//! either (what was decided about filings, new links) is as of the moment of the read, as it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::TaxYear;
use mamagang_store::months::{ChangedWorker, MonthBook};
use mamagang_store::rows::{AuditRow, EntryRow, IdempotencyKey, LedgerHead};
use mamagang_store::{
    PostingBatch, PostingInputs, SeenPostings, StoreError, StoreErrorKind, StoreResult,
};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

use crate::column::{employer_code, get, int, optional_int, place, place_of, worker_id};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::ledger::{Linked, check_starts, entry_columns, head, placed};
use crate::month::Years;
use crate::posting::asked;
use crate::request::{columns as answer_columns, record_at};
use crate::sql::posting as sql;
use crate::unit::Shared;
use crate::{audit, month};

/// What was read for a batch.
pub(crate) struct Sight {
    inputs: PostingInputs,
    /// The instant of the employers' latest entry.
    last: Option<i64>,
    seen: Seen,
}

/// What has to be as it was read.
struct Seen {
    heads: BTreeMap<EmployerCode, Head>,
    /// Revisions of the workers whose own rows tell their months.
    workers: BTreeMap<WorkerId, i64>,
    months: MonthBook,
    fence: i64,
    /// The database's clock (microseconds).
    seen_at: i64,
}

#[derive(Clone, Copy)]
struct Head {
    sequence: u32,
    hash: Digest32,
    recorded_at: i64,
    record_revision: i64,
    basis: i64,
}

/// Reads a batch in one statement. `None`: a head is not there yet, does not tell the record's
/// revision, or a worker was merged into another; all are rare, and a unit of work knows what to do.
pub(crate) async fn see(
    db: &mut Db<'_>,
    years: &[(EmployerCode, TaxYear)],
    requests: &[IdempotencyKey],
) -> StoreResult<Option<Sight>> {
    let employers: BTreeSet<_> = years.iter().map(|(employer, _)| employer).collect();
    let binds = asked(years, requests, codes(employers));
    let rows = db.rows(sql::SEE, binds).await?;
    let (mut of_years, mut answers, mut of_workers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_employers, mut linked) = (Years::default(), Linked::default());
    let mut last = None;
    let mut seen = Seen {
        heads: BTreeMap::new(),
        workers: BTreeMap::new(),
        months: MonthBook::default(),
        fence: 0,
        seen_at: 0,
    };
    for row in &rows {
        match int(row, "part")? {
            0 => {
                let Some(record_revision) = optional_int(row, "record_revision")? else {
                    return Ok(None);
                };
                let employer = employer_code(row)?;
                let LedgerHead { sequence, hash } = head(row, &employer)?;
                let head = Head {
                    sequence,
                    hash,
                    recorded_at: int(row, "last_recorded_at")?,
                    record_revision,
                    basis: int(row, "basis")?,
                };
                seen.heads.insert(employer, head);
                (seen.fence, seen.seen_at) = (int(row, "fence")?, int(row, "seen_at")?);
                if get(row, "is_standby")? {
                    // A unit of work is refused there as soon as it begins.
                    let context = "a standby in the primary's place";
                    return Err(StoreError::new(StoreErrorKind::Unavailable, context));
                }
                last = last.max(Some(head.recorded_at));
                of_years.push(row);
            }
            1 => answers.push(Ok((place_of(row)?, record_at(row, "answered_at")?))),
            2 => of_workers.push(row),
            _ => of_employers.add(row, &mut seen.months)?,
        }
    }
    for row in of_workers {
        let merged_into: Option<&[u8]> = get(row, "merged_into")?;
        if merged_into.is_some() {
            return Ok(None);
        }
        let id = worker_id(row)?;
        match month::kept_by(row)? {
            // Its employer's head tells of it.
            Some(keeper) => seen.months.add_kept_worker(id, keeper),
            None => {
                seen.workers.insert(id, int(row, "revision")?);
                seen.months.add_worker(id, month::worker_months(row)?);
            }
        }
        linked.push(row, &of_employers)?;
    }
    month::add_empty_years(&mut seen.months, years);
    let inputs = placed(years, of_years, &of_employers, linked.in_order())?;
    for ((employer, _), read) in years.iter().zip(&inputs) {
        let revision = read.employer.as_ref().map_or(0, |it| it.record.revision);
        let head = seen.heads.get(employer);
        if head.is_some_and(|head| head.record_revision != i64::from(revision)) {
            return Ok(None);
        }
    }
    Ok(Some(Sight {
        inputs: PostingInputs {
            answered: place(requests.len(), answers)?,
            years: inputs,
        },
        last,
        seen,
    }))
}

/// A batch that was read, and the connection that did.
struct PostgresSeen {
    connection: PoolConnection<Postgres>,
    shared: Shared,
    recorded_at: i64,
    /// The write begins no later (microseconds by the database's clock), so that it ends within the
    /// time of a unit.
    written_by: i64,
    seen: Seen,
}

impl Sight {
    /// The clock is read after the fence was: whoever moves the fence later finds the batch refused
    /// or waits for it, whoever moved it before wanted nothing of now.
    pub(crate) fn plan(
        self,
        connection: PoolConnection<Postgres>,
        shared: Shared,
        plans_for: Duration,
    ) -> (Box<dyn SeenPostings>, PostingInputs) {
        let now = shared.last_instant.next(shared.clock.now_micros());
        let after_last = self.last.map_or(now, |last| last + 1);
        let plans_for = i64::try_from(plans_for.as_micros()).unwrap_or(i64::MAX);
        let planned = PostgresSeen {
            connection,
            shared,
            recorded_at: now.max(after_last),
            written_by: self.seen.seen_at.saturating_add(plans_for),
            seen: self.seen,
        };
        (Box::new(planned), self.inputs)
    }
}

#[async_trait]
impl SeenPostings for PostgresSeen {
    fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    async fn commit(
        mut self: Box<Self>,
        batch: &PostingBatch,
        audit: &[AuditRow],
    ) -> StoreResult<()> {
        let columns = self.seen.columns(batch, audit, self.written_by);
        let (columns, rows) = columns.map_err(to_be_held)?;
        let mut db = Db {
            connection: &mut self.connection,
            counters: &self.shared.counters,
        };
        let written = db.write_and_commit(sql::WRITE_SEEN, columns, rows).await;
        written.map_err(to_be_held)
    }
}

/// Another's entry, month or answer may have come first; what is refused with locks is refused.
fn to_be_held(error: StoreError) -> StoreError {
    match error.kind() {
        StoreErrorKind::Conflict => contended("the batch meets another").with_source(error),
        _ => error,
    }
}

impl Seen {
    /// What is written and compared, and how many rows are written.
    fn columns(
        &mut self,
        batch: &PostingBatch,
        audit: &[AuditRow],
        written_by: i64,
    ) -> StoreResult<(Vec<Bind>, usize)> {
        check_starts(&batch.entries)?;
        for months in [&batch.released, &batch.booked] {
            let (workers, years) = self.months.missing(months);
            if !workers.is_empty() || !years.is_empty() {
                return Err(contended("the batch changes more than it read"));
            }
        }
        let released = self.months.release(&batch.released)?;
        let changes = released.then(self.months.book(&batch.booked)?);
        let entries = entry_columns(&batch.entries);
        let heads = self.head_columns(&batch.entries);
        let workers = month::worker_columns(&changes.workers);
        let years = month::year_columns(&batch.years, &changes);
        let answers = answer_columns(&batch.answers)?;
        let sets: [&[Bind]; 5] = [&entries, &heads[..3], &workers, &years, &answers];
        let firsts = sets.iter().filter_map(|set| set.first());
        let rows = firsts.map(Bind::len).sum::<usize>() + audit.len();
        let [employers, sequences, hashes, instants, read @ ..] = heads;
        let columns = entries
            .into_iter()
            .chain([employers, sequences, hashes])
            .chain(workers)
            .chain(years)
            .chain(answers)
            .chain(audit::columns(audit)?)
            .chain([instants])
            .chain(read)
            .chain(self.compared(&changes.workers)?)
            .chain([Bind::Int(self.fence), Bind::Int(written_by)]);
        Ok((columns.collect(), rows))
    }

    /// Every head of the batch, those without a new entry as they are: codes, sequences, hashes,
    /// instants; and sequences, records' revisions and bases as they were read.
    fn head_columns(&self, entries: &[EntryRow]) -> [Bind; 7] {
        let mut after = self.heads.clone();
        for entry in entries {
            if let Some(head) = after.get_mut(&entry.employer_code) {
                (head.sequence, head.hash) = (entry.sequence, entry.hash);
                head.recorded_at = entry.recorded_at;
            }
        }
        [
            codes(after.keys()),
            Bind::ints(after.values().map(|head| head.sequence)),
            Bind::blobs(after.values().map(|head| head.hash)),
            Bind::ints(after.values().map(|head| head.recorded_at)),
            Bind::ints(self.heads.values().map(|head| head.sequence)),
            Bind::ints(self.heads.values().map(|head| head.record_revision)),
            Bind::ints(self.heads.values().map(|head| head.basis)),
        ]
    }

    /// The revisions of changed workers; then all workers as they were read, unless each is changed:
    /// a row that is changed is compared by that. Of two kinds the locks would not be in order.
    fn compared(&self, changed: &[ChangedWorker]) -> StoreResult<[Bind; 6]> {
        let unread = || contended("the batch changes more than it read");
        let revisions = changed.iter().map(|change| {
            let revision = self.workers.get(&change.worker_id).copied();
            revision.ok_or_else(unread)
        });
        let revisions: Vec<i64> = revisions.collect::<StoreResult<_>>()?;
        let before: BTreeMap<_, _> = changed
            .iter()
            .map(|it| (it.worker_id, &it.before))
            .collect();
        let (mut ids, mut read) = (Vec::new(), Vec::new());
        if changed.len() < self.workers.len() {
            for (id, revision) in &self.workers {
                let row = before.get(id).copied();
                let row = row.or_else(|| self.months.row_of(id)).ok_or_else(unread)?;
                ids.push(id);
                read.push((*revision, row));
            }
        }
        let rows = || read.iter().map(|(_, row)| row);
        Ok([
            Bind::Ints(revisions),
            Bind::blobs(ids.iter().map(|id| id.bytes())),
            Bind::ints(read.iter().map(|(revision, _)| *revision)),
            Bind::ints(rows().map(|row| row.from)),
            Bind::texts(rows().map(|row| &row.months)),
            Bind::texts(rows().map(|row| &row.employers)),
        ])
    }
}

fn contended(context: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Contended, context)
}
