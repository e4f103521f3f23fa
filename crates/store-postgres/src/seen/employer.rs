//! An employer as its postings read it: once from rows, later from what was kept of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use mamagang_domain::filing::Filing;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::StoreResult;
use mamagang_store::months::{
    ChangedYear, MonthBook, WorkerMonths, YearKey, add_booked_of, unpack_year,
};
use mamagang_store::rows::{
    EmployerRow, EntryRow, LedgerHead, LedgerInputs, WorkerRow, WorkerSnapshot,
};

use crate::ledger::unpacked_state;

/// What stands for all that an employer's postings rest on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) sequence: u32,
    pub(super) hash: Digest32,
    pub(super) recorded_at: i64,
    pub(super) record_revision: i64,
    pub(super) basis: i64,
}

impl Head {
    /// Whether nothing has changed from the one to the other.
    pub(super) fn is_as(&self, known: &Self) -> bool {
        // The hash tells the sequence too, and which chain it is of.
        let told = |head: &Self| (head.hash, head.record_revision, head.basis);
        told(self) == told(known)
    }
}

/// An employer with its years and workers.
#[derive(Clone)]
pub(super) struct SeenEmployer {
    pub(super) head: Head,
    pub(super) record: Option<Arc<EmployerRow>>,
    pub(super) years: BTreeMap<TaxYear, SeenYear>,
    /// In order of id.
    pub(super) workers: Vec<SeenWorker>,
    /// Whether the head tells of everything here.
    pub(super) may_be_kept: bool,
}

/// A year that has a row.
#[derive(Clone)]
pub(super) struct SeenYear {
    /// As it is packed, no bytes where nothing was posted; `None` where the year was not asked for.
    pub(super) state: Option<Arc<[u8]>>,
    /// As they are packed; no bytes where none was ever booked.
    pub(super) months: Arc<[u8]>,
}

/// A worker linked to the employer.
#[derive(Clone)]
pub(super) struct SeenWorker {
    pub(super) row: Arc<WorkerRow>,
    pub(super) filings: Arc<[Filing]>,
    pub(super) months: SeenMonths,
}

/// Where a worker's months are.
#[derive(Clone)]
pub(super) enum SeenMonths {
    /// In the employer's years.
    Kept,
    /// In the worker's own row, of which this is the revision.
    Own {
        revision: i64,
        row: WorkerMonths,
        booked: Vec<BookedMonth>,
    },
}

impl SeenEmployer {
    /// Whether a year is known: of an employer who keeps months every year that has a row is, of
    /// which the state was read where it was asked for.
    pub(super) fn tells(&self, year: TaxYear) -> bool {
        self.years
            .get(&year)
            .is_none_or(|year| year.state.is_some())
    }

    /// Whether the head tells of everything here. That is so where the employer keeps the months of
    /// all its workers, and every filing that they name is known and its own: it moves the basis when
    /// one is decided.
    pub(super) fn is_told_by_head(&self, employer: &EmployerCode) -> bool {
        let is_told = |worker: &SeenWorker| {
            worker.row.timeline.filing_ids().len() == worker.filings.len()
                && worker
                    .filings
                    .iter()
                    .all(|filing| filing.employer_code == *employer)
        };
        !self.workers.is_empty() && self.keeps_all() && self.workers.iter().all(is_told)
    }

    /// Whether the employer keeps the months of all its workers.
    pub(super) fn keeps_all(&self) -> bool {
        let mut workers = self.workers.iter();
        workers.all(|worker| matches!(worker.months, SeenMonths::Kept))
    }

    /// Puts the employer's years and workers into the book of months.
    pub(super) fn note(&self, employer: EmployerCode, book: &mut MonthBook) {
        for (year, seen) in &self.years {
            book.add_year((employer, *year), Arc::clone(&seen.months));
        }
        for worker in &self.workers {
            let id = worker.row.worker_id;
            match &worker.months {
                SeenMonths::Kept => book.add_kept_worker(id, employer),
                SeenMonths::Own { row, .. } => book.add_worker(id, row.clone()),
            }
        }
    }

    /// What a posting of a year reads.
    pub(super) fn inputs(&self, key: YearKey) -> StoreResult<LedgerInputs> {
        let year = self.years.get(&key.1);
        let state = year
            .and_then(|year| year.state.as_deref())
            .map(unpacked_state);
        let months = year
            .map(|year| unpack_year(&year.months, key))
            .transpose()?;
        let workers = self.workers.iter();
        let workers = workers.map(|worker| self.snapshot(worker, key.0));
        Ok(LedgerInputs {
            employer: self.record.clone(),
            head: LedgerHead {
                sequence: self.head.sequence,
                hash: self.head.hash,
            },
            year: state.transpose()?.flatten().unwrap_or_default(),
            months: months.unwrap_or_default(),
            workers: workers.collect::<StoreResult<_>>()?,
        })
    }

    fn snapshot(&self, worker: &SeenWorker, employer: EmployerCode) -> StoreResult<WorkerSnapshot> {
        let booked = match &worker.months {
            SeenMonths::Own { booked, .. } => booked.clone(),
            SeenMonths::Kept => {
                let mut booked = Vec::with_capacity(12 * self.years.len());
                // In order of years, hence of months.
                for (year, seen) in &self.years {
                    let key = (employer, *year);
                    add_booked_of(worker.row.worker_id, &seen.months, key, &mut booked)?;
                }
                booked
            }
        };
        Ok(WorkerSnapshot {
            worker: Arc::clone(&worker.row),
            name_macs: Vec::new(),
            booked,
            filings: Arc::clone(&worker.filings),
        })
    }

    /// The head after an entry.
    pub(super) fn append(&mut self, entry: &EntryRow) {
        (self.head.sequence, self.head.hash) = (entry.sequence, entry.hash);
        self.head.recorded_at = entry.recorded_at;
    }

    /// A year as it was written: what has no bytes stays. One of which nothing was known has no row
    /// before, and begins with nothing.
    pub(super) fn put_year(&mut self, row: &ChangedYear) {
        let year = self.years.entry(row.key.1).or_insert_with(|| SeenYear {
            state: Some(Arc::default()),
            months: Arc::default(),
        });
        if !row.state.is_empty() {
            year.state = Some(Arc::clone(&row.state));
        }
        if !row.months.is_empty() {
            year.months = Arc::clone(&row.months);
        }
    }

    /// About how many bytes of memory it takes up.
    pub(super) fn bytes(&self) -> usize {
        let years = self.years.values().map(SeenYear::bytes);
        let workers = self.workers.iter().map(SeenWorker::bytes);
        let record = self.record.as_ref();
        let lists = record.map_or(0, |row| row.record.list_bytes());
        let record = size_of::<EmployerRow>() + lists;
        size_of::<Self>() + record + years.chain(workers).sum::<usize>()
    }
}

impl SeenYear {
    fn bytes(&self) -> usize {
        let state = self.state.as_ref().map_or(0, |state| state.len());
        size_of::<Self>() + state + self.months.len()
    }
}

impl SeenWorker {
    fn bytes(&self) -> usize {
        let lists = self.row.timeline.list_bytes() + size_of_val(&*self.filings);
        size_of::<Self>() + size_of::<WorkerRow>() + lists
    }
}

/// Brings employers up to what was written for them.
pub(super) fn advance(
    employers: &mut BTreeMap<EmployerCode, SeenEmployer>,
    entries: &[EntryRow],
    years: &[ChangedYear],
) {
    for entry in entries {
        if let Some(employer) = employers.get_mut(&entry.employer_code) {
            employer.append(entry);
        }
    }
    for row in years {
        if let Some(employer) = employers.get_mut(&row.key.0) {
            employer.put_year(row);
        }
    }
}
