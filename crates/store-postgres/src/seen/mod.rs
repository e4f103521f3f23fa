//! A batch of postings in two statements: one reads without locks, one locks, compares and writes.
//!
//! Nothing is held in between. What a unit of work would have to itself by its locks is compared
//! instead, once it is locked for the write: the employers' heads, which change with every entry
//! and with the employer's record, and the workers' rows. What was read of an employer is kept for its
//! next batch, which then need not be read for (`kept`).

mod employer;
mod kept;
mod months;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::months::{ChangedWorker, YearKey};
use mamagang_store::rows::{AuditRow, EmployerRow, IdempotencyKey, IdempotencyRecord, LedgerHead};
use mamagang_store::{
    PostingBatch, PostingInputs, SeenPostings, StoreError, StoreErrorKind, StoreResult,
};
use sqlx::postgres::PgRow;

use self::employer::{Head, SeenEmployer, SeenMonths, SeenWorker, SeenYear, advance};
pub(crate) use self::kept::Kept;
use self::kept::Moment;
use crate::at_hand::{Lent, Units};
use crate::column::{employer_code, get, int, optional_int, place, place_of, tax_year};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::ledger::{check_starts, entry_columns, head, packed_state};
use crate::request::{columns as answer_columns, key_columns, record_at};
use crate::snapshot::{filings, worker_row};
use crate::sql::posting as sql;
use crate::unit::Shared;
use crate::{audit, month};

type Employers = BTreeMap<EmployerCode, SeenEmployer>;

/// What was read for a batch.
pub(crate) struct Sight {
    inputs: PostingInputs,
    seen: Seen,
}

/// What has to be as it was read.
struct Seen {
    employers: Employers,
    /// In order.
    years: Vec<YearKey>,
    moment: Moment,
    /// Whether anything was read for this batch, and not all kept from before.
    was_read: bool,
}

/// A batch whose employers are all kept from before needs no read.
pub(crate) fn unread(
    kept: &Kept,
    years: &[YearKey],
    requests: &[IdempotencyKey],
) -> StoreResult<Option<Sight>> {
    let codes: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    let known = kept.of(&codes, years);
    if known.len() < codes.len() {
        return Ok(None);
    }
    let Some(moment) = kept.unread_moment(requests) else {
        return Ok(None);
    };
    let employers = known.into_iter();
    let employers = employers.map(|(code, seen)| (code, Arc::unwrap_or_clone(seen)));
    let answered = vec![None; requests.len()];
    sight(employers.collect(), years, answered, moment, false).map(Some)
}

/// Reads a batch in one statement, of employers that are kept only whether they still are as they were.
/// `None`: a head is not there yet, does not tell the record's revision, or a worker was merged into
/// another; all are rare, and a unit of work knows what to do.
pub(crate) async fn see(
    db: &mut Db<'_>,
    kept: &Kept,
    years: &[YearKey],
    requests: &[IdempotencyKey],
) -> StoreResult<Option<Sight>> {
    let asked: BTreeSet<_> = years.iter().map(|(employer, _)| *employer).collect();
    let mut known = kept.of(&asked, years);
    let heads = || {
        asked
            .iter()
            .map(|code| known.get(code).map(|kept| kept.head))
    };
    let of_head = |told: fn(Head) -> i64| Bind::ints(heads().map(|head| head.map_or(-1, told)));
    let numbers: BTreeSet<_> = years.iter().map(|(_, year)| *year).collect();
    let [organisations, methods, request_ids] = key_columns(requests.iter());
    let binds = [
        codes(&asked),
        Bind::blobs(heads().map(|head| head.map_or(Vec::new(), |head| head.hash.to_vec()))),
        of_head(|head| head.record_revision),
        of_head(|head| head.basis),
        Bind::ints(numbers.iter().map(|year| year.number())),
        organisations,
        methods,
        request_ids,
    ];
    let rows = db.rows(sql::SEE, binds).await?;
    let (mut employers, mut changed) = (Employers::new(), Employers::new());
    let (mut answers, mut moment) = (Vec::new(), None);
    let (mut of_years, mut of_workers) = (Vec::new(), Vec::new());
    for row in &rows {
        match int(row, "part")? {
            0 => moment = Some(moment_of(row)?),
            1 => {
                let Some((code, head)) = head_of(row)? else {
                    return Ok(None);
                };
                match known.remove(&code) {
                    Some(kept) if head.is_as(&kept.head) => {
                        employers.insert(code, Arc::unwrap_or_clone(kept));
                    }
                    outdated => {
                        if outdated.is_some() {
                            kept.forget(&code);
                        }
                        changed.insert(code, employer_of(row, code, head)?);
                    }
                }
            }
            2 => answers.push(Ok((place_of(row)?, record_at(row, "answered_at")?))),
            3 => of_years.push(row),
            _ => of_workers.push(row),
        }
    }
    if employers.len() + changed.len() < asked.len() {
        return Ok(None);
    }
    for row in of_years {
        let (employer, year) = (of(&mut changed, row)?, tax_year(row)?);
        employer
            .years
            .insert(year, year_of(row, numbers.contains(&year))?);
    }
    for row in of_workers {
        let Some(worker) = worker_of(row)? else {
            return Ok(None);
        };
        of(&mut changed, row)?.workers.push(worker);
    }
    for (code, employer) in &mut changed {
        let in_order = |worker: &SeenWorker| worker.row.worker_id;
        employer.workers.sort_unstable_by_key(in_order);
        employer.may_be_kept = employer.is_told_by_head(code);
        let record = employer.record.as_ref();
        let revision = record.map_or(0, |row| row.record.revision);
        if employer.head.record_revision != i64::from(revision) {
            return Ok(None);
        }
    }
    employers.append(&mut changed);
    let moment = moment.ok_or_else(|| corrupt("part"))?;
    kept.note_read(moment);
    let answered = place(requests.len(), answers)?;
    sight(employers, years, answered, moment, true).map(Some)
}

fn of<'a>(employers: &'a mut Employers, row: &PgRow) -> StoreResult<&'a mut SeenEmployer> {
    let employer = employers.get_mut(&employer_code(row)?);
    employer.ok_or_else(|| corrupt("employer_code"))
}

fn moment_of(row: &PgRow) -> StoreResult<Moment> {
    if get(row, "is_standby")? {
        // A unit of work is refused there as soon as it begins.
        let context = "a standby in the primary's place";
        return Err(StoreError::new(StoreErrorKind::Unavailable, context));
    }
    Ok(Moment {
        fence: int(row, "fence")?,
        seen_at: int(row, "seen_at")?,
    })
}

fn head_of(row: &PgRow) -> StoreResult<Option<(EmployerCode, Head)>> {
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
    Ok(Some((employer, head)))
}

/// An employer without its years and workers.
fn employer_of(row: &PgRow, employer_code: EmployerCode, head: Head) -> StoreResult<SeenEmployer> {
    let record: Option<&[u8]> = get(row, "record")?;
    let record = record.map(EmployerRecord::unpack).transpose();
    let record = record.map_err(|error| corrupt("record").with_source(error))?;
    let row = record.map(|record| EmployerRow {
        employer_code,
        record,
    });
    Ok(SeenEmployer {
        head,
        record: row.map(Arc::new),
        years: BTreeMap::new(),
        workers: Vec::new(),
        may_be_kept: false,
    })
}

fn year_of(row: &PgRow, is_asked: bool) -> StoreResult<SeenYear> {
    let state = is_asked.then(|| packed_state(row)).transpose()?;
    Ok(SeenYear {
        state: state.map(Into::into),
        months: month::packed_year(row)?.into(),
    })
}

/// `None`: merged into another.
fn worker_of(row: &PgRow) -> StoreResult<Option<SeenWorker>> {
    let merged_into: Option<&[u8]> = get(row, "merged_into")?;
    if merged_into.is_some() {
        return Ok(None);
    }
    let months = match month::kept_by(row)? {
        // Its employer's head tells of it.
        Some(keeper) if keeper == employer_code(row)? => SeenMonths::Kept,
        Some(_) => return Err(corrupt("months_kept_by")),
        None => SeenMonths::Own {
            revision: int(row, "revision")?,
            row: month::worker_months(row)?,
            booked: month::booked(row)?,
        },
    };
    Ok(Some(SeenWorker {
        row: Arc::new(worker_row(row)?),
        filings: filings(row)?.into(),
        months,
    }))
}

fn sight(
    employers: Employers,
    years: &[YearKey],
    answered: Vec<Option<IdempotencyRecord>>,
    moment: Moment,
    was_read: bool,
) -> StoreResult<Sight> {
    let of_year = |key: &YearKey| {
        let employer = employers.get(&key.0);
        employer.ok_or_else(|| corrupt("place"))?.inputs(*key)
    };
    let inputs = years.iter().map(of_year).collect::<StoreResult<_>>()?;
    Ok(Sight {
        inputs: PostingInputs {
            answered,
            years: inputs,
        },
        seen: Seen {
            employers,
            years: in_order(years),
            moment,
            was_read,
        },
    })
}

fn in_order(years: &[YearKey]) -> Vec<YearKey> {
    let mut years = years.to_vec();
    years.sort_unstable();
    years
}

/// A batch that was read, and the connection that did.
struct PostgresSeen {
    lent: Lent,
    units: Arc<Units>,
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
        lent: Lent,
        units: &Arc<Units>,
        shared: Shared,
        plans_for: Duration,
    ) -> (Box<dyn SeenPostings>, PostingInputs) {
        let now = shared.last_instant.next(shared.clock.now_micros());
        let heads = self.seen.employers.values();
        let last = heads.map(|employer| employer.head.recorded_at).max();
        let after_last = last.map_or(now, |last| last + 1);
        let plans_for = i64::try_from(plans_for.as_micros()).unwrap_or(i64::MAX);
        let planned = PostgresSeen {
            lent,
            units: Arc::clone(units),
            shared,
            recorded_at: now.max(after_last),
            written_by: self.seen.moment.seen_at.saturating_add(plans_for),
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

    fn was_read(&self) -> bool {
        self.seen.was_read
    }

    async fn commit(
        mut self: Box<Self>,
        batch: &PostingBatch,
        audit: &[AuditRow],
    ) -> StoreResult<()> {
        let written = self.write(batch, audit).await;
        let refused = written.map_err(|error| match error.kind() {
            _ if !self.seen.was_read && has_changed(&error) => {
                self.shared.kept.forget_moment();
                let context = "the batch was planned on what was kept from before";
                StoreError::new(StoreErrorKind::Outdated, context).with_source(error)
            }
            // Another's entry, month or answer may have come first; what is refused with locks is
            // refused.
            StoreErrorKind::Conflict => contended("the batch meets another").with_source(error),
            // Perhaps another server is there by now: batches are read for until one has been.
            StoreErrorKind::Unavailable | StoreErrorKind::CommitUnknown => {
                self.shared.kept.forget_moment();
                error
            }
            _ => error,
        });
        refused?;
        let Self {
            lent,
            units,
            shared,
            seen,
            ..
        } = *self;
        let answered = batch.answers.iter().map(|(key, _)| key);
        shared.kept.note_answered(answered);
        shared.kept.put(seen.employers);
        // Last: whoever takes it may post for the same employers.
        units.keep(lent);
        Ok(())
    }
}

impl PostgresSeen {
    async fn write(&mut self, batch: &PostingBatch, audit: &[AuditRow]) -> StoreResult<()> {
        let (columns, rows) = self.seen.columns(batch, audit, self.written_by)?;
        let mut db = Db {
            connection: &mut self.lent.connection,
            counters: &self.shared.counters,
        };
        db.write_and_commit(sql::WRITE_SEEN, columns, rows).await
    }
}

impl Seen {
    /// What is written and compared, and how many rows are written. The employers are then as they
    /// will be.
    fn columns(
        &mut self,
        batch: &PostingBatch,
        audit: &[AuditRow],
        written_by: i64,
    ) -> StoreResult<(Vec<Bind>, usize)> {
        check_starts(&batch.entries)?;
        let changes = months::changes(&self.employers, &self.years, batch)?;
        let compared = self.compared(&changes.workers)?;
        let entries = entry_columns(&batch.entries);
        let read = self.compared_heads();
        let changed = changes.years_with(&batch.years);
        advance(&mut self.employers, &batch.entries, &changed);
        let heads = self.head_columns();
        let workers = month::worker_columns(&changes.workers);
        let years = month::columns_of_years(&changed);
        let answers = answer_columns(&batch.answers)?;
        let sets: [&[Bind]; 5] = [&entries, &heads[..3], &workers, &years, &answers];
        let firsts = sets.iter().filter_map(|set| set.first());
        let rows = firsts.map(Bind::len).sum::<usize>() + audit.len();
        let [employers, sequences, hashes, instants] = heads;
        let columns = entries
            .into_iter()
            .chain([employers, sequences, hashes])
            .chain(workers)
            .chain(years)
            .chain(answers)
            .chain(audit::columns(audit)?)
            .chain([instants])
            .chain(read)
            .chain(compared)
            .chain([Bind::Int(self.moment.fence), Bind::Int(written_by)]);
        Ok((columns.collect(), rows))
    }

    fn heads(&self) -> impl Iterator<Item = &Head> {
        self.employers.values().map(|employer| &employer.head)
    }

    /// Every head of the batch, those without a new entry as they are: codes, sequences, hashes,
    /// instants.
    fn head_columns(&self) -> [Bind; 4] {
        [
            codes(self.employers.keys()),
            Bind::ints(self.heads().map(|head| head.sequence)),
            Bind::blobs(self.heads().map(|head| head.hash)),
            Bind::ints(self.heads().map(|head| head.recorded_at)),
        ]
    }

    /// What the heads told when they were read: hashes, records' revisions and bases.
    fn compared_heads(&self) -> [Bind; 3] {
        [
            Bind::blobs(self.heads().map(|head| head.hash)),
            Bind::ints(self.heads().map(|head| head.record_revision)),
            Bind::ints(self.heads().map(|head| head.basis)),
        ]
    }

    /// The revisions of changed workers; then all workers as they were read, unless each is changed:
    /// a row that is changed is compared by that. Of two kinds the locks would not be in order.
    fn compared(&self, changed: &[ChangedWorker]) -> StoreResult<[Bind; 6]> {
        let own = months::own_rows(&self.employers);
        let revisions = changed.iter().map(|change| {
            let known = own.get(&change.worker_id);
            known
                .map(|(revision, _)| *revision)
                .ok_or_else(months::changes_more)
        });
        let revisions: Vec<i64> = revisions.collect::<StoreResult<_>>()?;
        let read = if changed.len() < own.len() {
            own
        } else {
            BTreeMap::new()
        };
        let rows = || read.values().map(|(_, row)| row);
        Ok([
            Bind::ints(revisions),
            Bind::blobs(read.keys().map(|id| id.bytes())),
            Bind::ints(read.values().map(|(revision, _)| *revision)),
            Bind::ints(rows().map(|row| row.from)),
            Bind::texts(rows().map(|row| &row.months)),
            Bind::texts(rows().map(|row| &row.employers)),
        ])
    }
}

/// Whether a batch is refused for what it was planned on, and not since it waited for somebody.
fn has_changed(error: &StoreError) -> bool {
    let source = error
        .source()
        .and_then(|it| it.downcast_ref::<sqlx::Error>());
    let database = source.and_then(sqlx::Error::as_database_error);
    let is_serialization = database.is_some_and(|it| it.code().as_deref() == Some("40001"));
    is_serialization || error.kind() == StoreErrorKind::Conflict
}

fn contended(context: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Contended, context)
}
