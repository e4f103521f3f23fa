//! Cases: an event for each step, and the file that the last event left.
//!
//! `case_event` is truth: every event holds the whole case as it stood after it, so that a case as
//! it was at an instant is its last event by then. `case_file` is the projection that queues and
//! desks read. What a kind keeps in `body` is the kind's own affair.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};

use crate::StoreResult;

/// A case as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFile {
    /// Its id.
    pub case_id: CaseId,
    /// Its kind; never changes.
    pub kind: CaseKind,
    /// What makes it the only one of its kind, hashed (a number, a check code, a question), where
    /// there is such a thing; never changes.
    pub key: Option<Digest32>,
    /// When it was opened (microseconds); never changes. Queues are in this order.
    pub opened_at: i64,
    /// Number of its last event, from 1, without gaps.
    pub revision: u32,
    /// State, in the numbers of its kind.
    pub state: u8,
    /// The case that it belongs to, such as a hire's filing.
    pub parent_id: Option<CaseId>,
    /// The employer it concerns.
    pub employer_code: Option<EmployerCode>,
    /// The worker it concerns.
    pub worker_id: Option<WorkerId>,
    /// Town, 9 digits, or empty. The prefix that authorisation compares.
    pub region_code: String,
    /// The day by which something has to be done.
    pub due_on: Option<CivilDate>,
    /// When its last event was recorded (microseconds).
    pub updated_at: i64,
    /// Everything else, packed by the kind.
    pub body: Vec<u8>,
}

/// A step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// The case after it.
    pub file: CaseFile,
    /// The state before it; `None` for the first.
    pub previous_state: Option<u8>,
    /// Who took it.
    pub actor: String,
    /// Why, where the step needs a reason.
    pub reason: String,
}

/// Which cases to list. Everything given narrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseQuery {
    /// Of this kind.
    pub kind: CaseKind,
    /// In one of these states; empty = any.
    pub states: Vec<u8>,
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// Of this worker.
    pub worker_id: Option<WorkerId>,
    /// Of this case.
    pub parent_id: Option<CaseId>,
    /// In towns that begin so; empty = any.
    pub region_prefix: String,
    /// Due before this day.
    pub due_before: Option<CivilDate>,
    /// Opened at or after (microseconds).
    pub opened_from: Option<i64>,
    /// Opened before (microseconds).
    pub opened_before: Option<i64>,
    /// After this place in the order of opening.
    pub after: Option<(i64, CaseId)>,
    /// At most so many.
    pub limit: u32,
}

impl CaseQuery {
    /// The first cases of a kind.
    pub const fn of(kind: CaseKind, limit: u32) -> Self {
        Self {
            kind,
            states: Vec::new(),
            employer_code: None,
            worker_id: None,
            parent_id: None,
            region_prefix: String::new(),
            due_before: None,
            opened_from: None,
            opened_before: None,
            after: None,
            limit,
        }
    }
}

/// What is read of cases.
#[async_trait]
pub trait CaseReads {
    /// The cases, in order; `None` where there is none.
    async fn cases(&self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>>;

    /// The cases of a kind with the given keys, in order.
    async fn cases_by_key(
        &self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>>;

    /// Cases in order of opening, then of id.
    async fn list_cases(&self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>>;

    /// The cases as their events up to an instant (microseconds) left them, in order; `None` where
    /// there was none yet. Read from truth.
    async fn cases_as_of(&self, ids: &[CaseId], as_of: i64) -> StoreResult<Vec<Option<CaseFile>>>;

    /// Events of a case with a revision above `after`, in order, at most `limit`.
    async fn list_case_events(
        &self,
        case_id: CaseId,
        after: u32,
        limit: u32,
    ) -> StoreResult<Vec<CaseEvent>>;

    /// Ids of all cases that have an event, in order, after `after`, at most `limit`. For rebuilds.
    async fn list_case_ids(&self, after: Option<CaseId>, limit: u32) -> StoreResult<Vec<CaseId>>;
}

/// What a unit of work reads and writes of cases.
#[async_trait]
pub trait CaseWrites {
    /// The cases, locked until the unit ends; `None` where there is none.
    async fn cases(&mut self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>>;

    /// The cases of a kind with the given keys, locked until the unit ends.
    async fn cases_by_key(
        &mut self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>>;

    /// Cases in order of opening, then of id; not locked.
    async fn list_cases(&mut self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>>;

    /// Appends events and brings the files up to them. A revision that exists or leaves a gap, an
    /// event that does not start from the state before it or changes what never changes, and a key
    /// that another case has are conflicts.
    async fn append_cases(&mut self, events: &[CaseEvent]) -> StoreResult<()>;
}
