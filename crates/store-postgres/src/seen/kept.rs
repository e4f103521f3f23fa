//! What was read of employers, kept for their next postings.
//!
//! Nothing here is true by itself: the head is compared with what is kept, by the statement that
//! reads or by the one that writes, and whatever a posting rests on moves the head. So what others
//! do, other instances too, costs a statement and never a wrong entry. Employers are kept within a
//! bound of memory; those that were asked for again stay longest.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mamagang_domain::identifier::EmployerCode;
use mamagang_store::months::YearKey;
use mamagang_store::rows::IdempotencyKey;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::employer::SeenEmployer;

/// A first guess at how many employers there is room for; it decides how the room is divided.
const EMPLOYERS_EXPECTED: usize = 4_096;

/// So many of the last recorded answers are known: who asks again does so soon.
const ANSWERS_KNOWN: usize = 32_768;

/// A moment by the database's clock, and what the fence was then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) fence: i64,
    /// Microseconds.
    pub(super) seen_at: i64,
}

/// A moment is used for so long: the process's clock and the database's run apart.
const MOMENT_LASTS: Duration = Duration::from_secs(30);

/// The employers that are kept, and what spares a batch of them its read.
pub(crate) struct Kept {
    /// With the bytes that each takes up.
    employers: Cache<EmployerCode, (u64, Arc<SeenEmployer>), Bytes>,
    /// Hashes of requests that were answered.
    answered: Cache<u64, ()>,
    hashes: RandomState,
    /// The last moment that was read, and when by the process's clock.
    last: Mutex<Option<(Moment, Instant)>>,
}

impl Kept {
    /// Room for so many bytes, or nearly so.
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            employers: Cache::with_weighter(EMPLOYERS_EXPECTED, bytes, Bytes),
            answered: Cache::new(if bytes == 0 { 0 } else { ANSWERS_KNOWN }),
            hashes: RandomState::new(),
            last: Mutex::new(None),
        }
    }

    /// What is kept of these employers, and tells of all of their asked years.
    pub(super) fn of(
        &self,
        employers: &BTreeSet<EmployerCode>,
        years: &[YearKey],
    ) -> BTreeMap<EmployerCode, Arc<SeenEmployer>> {
        let kept = employers.iter();
        let kept = kept.filter_map(|code| Some((*code, self.employers.get(code)?.1)));
        let mut kept: BTreeMap<_, _> = kept.collect();
        for (employer, year) in years {
            if kept.get(employer).is_some_and(|kept| !kept.tells(*year)) {
                kept.remove(employer);
            }
        }
        kept
    }

    /// The moment of a batch that may do without a read, since all of its employers are kept: unless
    /// one of its requests is known to be answered, or nobody has read for long.
    pub(super) fn unread_moment(&self, requests: &[IdempotencyKey]) -> Option<Moment> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (moment, at) = last?;
        let is_answered = |key| self.answered.get(&self.hashes.hash_one(key)).is_some();
        if requests.iter().any(is_answered) {
            return None;
        }
        let passed = at.elapsed();
        // The fence stays as it was then: where it has moved since, the batch is refused.
        let seen_at = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        (passed < MOMENT_LASTS).then_some(Moment {
            seen_at: moment.seen_at.saturating_add(seen_at),
            ..moment
        })
    }

    pub(super) fn note_read(&self, moment: Moment) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((moment, Instant::now()));
    }

    /// Has the next batch read for: one without a read was refused, or the database could not be
    /// asked and may be another by now. The read tells what has changed.
    pub(crate) fn forget_moment(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps employers as they are now, those that may be.
    pub(super) fn put(&self, employers: BTreeMap<EmployerCode, SeenEmployer>) {
        for (code, employer) in employers {
            match employer.may_be_kept {
                true => {
                    let bytes = u64::try_from(employer.bytes()).unwrap_or(u64::MAX);
                    self.employers.insert(code, (bytes, Arc::new(employer)));
                }
                false => self.forget(&code),
            }
        }
    }

    pub(super) fn note_answered<'a>(&self, requests: impl Iterator<Item = &'a IdempotencyKey>) {
        for key in requests {
            self.answered.insert(self.hashes.hash_one(key), ());
        }
    }

    /// An employer that has changed.
    pub(crate) fn forget(&self, employer: &EmployerCode) {
        self.employers.remove(employer);
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<EmployerCode, (u64, Arc<SeenEmployer>)> for Bytes {
    fn weight(&self, _: &EmployerCode, (bytes, _): &(u64, Arc<SeenEmployer>)) -> u64 {
        *bytes
    }
}
