//! What is known of one call's audit, shared by everything that works on the call.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;

use crate::caller::AccessContext;

/// Whether a call is recorded, and what it said of itself. The caller carries it, since whoever
/// records a call knows the caller; the layer around the call then records what nobody else did.
#[derive(Clone, Default)]
pub struct CallTrail(Arc<Shared>);

struct Shared {
    is_recorded: AtomicBool,
    asks_primary: AtomicBool,
    /// The earliest moment that a replica was read as of; the last one there is while none was.
    seen_at: AtomicI64,
    noted: Mutex<Noted>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            is_recorded: AtomicBool::new(false),
            asks_primary: AtomicBool::new(false),
            seen_at: AtomicI64::new(i64::MAX),
            noted: Mutex::default(),
        }
    }
}

/// What a call said of itself before it was refused or answered.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Why it reads a person's data.
    pub context: Option<AccessContext>,
    /// The employer it concerns, where it is one.
    pub employer_code: Option<EmployerCode>,
    /// The person it concerns, where it is one.
    pub worker_id: Option<WorkerId>,
    /// Persons it asked about who are out of the caller's reach, and are answered like ones whom
    /// nobody knows.
    pub out_of_reach: BTreeSet<WorkerId>,
}

impl CallTrail {
    /// Whether a durable row tells of the call.
    pub fn is_recorded(&self) -> bool {
        self.0.is_recorded.load(Ordering::Acquire)
    }

    /// Notes that a durable row tells of the call.
    pub(crate) fn set_recorded(&self) {
        self.0.is_recorded.store(true, Ordering::Release);
    }

    /// Asks for an answer from the database itself, and from no replica.
    pub fn ask_primary(&self) {
        self.0.asks_primary.store(true, Ordering::Release);
    }

    pub(crate) fn asks_primary(&self) -> bool {
        self.0.asks_primary.load(Ordering::Acquire)
    }

    /// Notes as of when a replica was read (microseconds).
    pub(crate) fn note_seen(&self, at: i64) {
        self.0.seen_at.fetch_min(at, Ordering::AcqRel);
    }

    /// The earliest moment that the answer was read as of from a replica (microseconds); `None` where
    /// the database itself was read.
    pub fn seen_at(&self) -> Option<i64> {
        let at = self.0.seen_at.load(Ordering::Acquire);
        (at != i64::MAX).then_some(at)
    }

    /// What was noted so far.
    pub fn noted(&self) -> Noted {
        let noted = self.0.noted.lock();
        noted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes whom the call noted as out of reach: whoever records them does so once.
    pub(crate) fn take_out_of_reach(&self) -> BTreeSet<WorkerId> {
        let noted = self.0.noted.lock();
        let mut noted = noted.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut noted.out_of_reach)
    }

    /// Notes something of the call.
    pub fn note(&self, change: impl FnOnce(&mut Noted)) {
        let noted = self.0.noted.lock();
        change(&mut noted.unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for CallTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTrail")
            .field("is_recorded", &self.is_recorded())
            .finish_non_exhaustive()
    }
}

/// Two callers are the same whatever calls they make.
impl PartialEq for CallTrail {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for CallTrail {}
