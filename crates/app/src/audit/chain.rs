//! One writer's chain of audit rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mamagang_domain::frozen::{Digest32, Writer, chained, digest};
use mamagang_store::audit::{AuditSubject, Retention};
use mamagang_store::rows::AuditRow;
use mamagang_store::{
    PostingBatch, SeenPostings, StoreError, StoreErrorKind, StoreResult, UnitOfWork,
};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::class::retention_of;
use super::record::{AuditDraft, freeze};

#[derive(Clone, Copy, Debug)]
struct Head {
    writer_id: [u8; 16],
    position: u64,
    hash: Digest32,
}

impl Head {
    fn start(writer_id: [u8; 16]) -> Self {
        Self {
            writer_id,
            position: 0,
            hash: digest(&writer_id),
        }
    }

    /// The start of a further chain of the same writer, when it is no longer known where the
    /// present one ends.
    fn restart(&self) -> Self {
        let mut writer = Writer::new(1);
        writer
            .bytes(&self.writer_id)
            .int(i64::try_from(self.position).unwrap_or(i64::MAX));
        let mut writer_id = [0; 16];
        writer_id.copy_from_slice(&digest(&writer.finish())[..16]);
        Self::start(writer_id)
    }
}

/// The chains of a writer, one for each retention class, so that what has expired is the beginning
/// of a chain. Their writer ids are new at each start: no two processes share a chain.
#[derive(Debug)]
pub(crate) struct AuditChain {
    heads: Mutex<[Head; Retention::ALL.len()]>,
}

/// Where a class's head stands.
fn place_of(class: Retention) -> usize {
    match class {
        Retention::TenYears => 0,
        Retention::ThreeYears => 1,
        Retention::SixMonths => 2,
    }
}

impl AuditChain {
    pub(crate) fn new(writer_id: [u8; 16]) -> Self {
        let longest = Head::start(writer_id);
        // The other two have ids that follow from the first, as a chain that was begun anew has.
        let further = longest.restart();
        Self {
            heads: Mutex::new([longest, further, further.restart()]),
        }
    }

    /// Appends the rows of calls to a unit of work and commits it. It runs as a task of its own: a
    /// caller that goes away in between must not leave the chain behind what was committed.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        unit: Box<dyn UnitOfWork>,
        drafts: Vec<AuditDraft>,
    ) -> StoreResult<()> {
        self.commit_postings(Works::Held(unit), PostingBatch::default(), drafts)
            .await
    }

    /// The same with rows that the caller keeps, to try again.
    pub(super) async fn commit_again(
        self: &Arc<Self>,
        unit: Box<dyn UnitOfWork>,
        drafts: Arc<[AuditDraft]>,
    ) -> StoreResult<()> {
        let chain = Arc::clone(self);
        let nothing = PostingBatch::default();
        ended(tokio::spawn(async move {
            chain.append(Works::Held(unit), &nothing, &drafts).await
        }))
        .await
    }

    /// The same with what a batch of postings writes beside the rows of its calls.
    pub(crate) async fn commit_postings(
        self: &Arc<Self>,
        works: Works,
        batch: PostingBatch,
        drafts: Vec<AuditDraft>,
    ) -> StoreResult<()> {
        let chain = Arc::clone(self);
        ended(tokio::spawn(async move {
            chain.append(works, &batch, &drafts).await
        }))
        .await
    }

    async fn append(
        &self,
        works: Works,
        batch: &PostingBatch,
        drafts: &[AuditDraft],
    ) -> StoreResult<()> {
        let mut heads = self.heads.lock().await;
        let mut nexts = *heads;
        let recorded_at = works.recorded_at();
        let mut rows = Vec::with_capacity(drafts.len());
        let mut subjects = Vec::new();
        for draft in drafts {
            let persons = draft.persons();
            // One person is named by the row itself.
            let alone = match draft.worker_id {
                None if persons.len() == 1 => persons.first().copied(),
                told => told,
            };
            if persons.len() > 1 {
                subjects.extend(persons.iter().map(|person| AuditSubject {
                    worker_id: *person,
                    recorded_at,
                    audit_id: draft.audit_id,
                }));
            }
            let retention = retention_of(draft.method);
            let next = &mut nexts[place_of(retention)];
            next.position += 1;
            let frozen = freeze(draft, alone, next.writer_id, next.position, recorded_at);
            let previous_hash = next.hash;
            next.hash = chained(&previous_hash, &frozen);
            rows.push(AuditRow {
                audit_id: draft.audit_id,
                writer_id: next.writer_id,
                position: next.position,
                recorded_at,
                method: draft.method.to_owned(),
                caller: draft.caller.subject.clone(),
                organisation: draft.caller.organisation.clone(),
                retention,
                outcome: draft.outcome.clone(),
                worker_id: alone,
                employer_code: draft.employer_code,
                frozen,
                previous_hash,
                hash: next.hash,
            });
        }
        let result = works.write(batch, &rows, &subjects).await;
        match &result {
            Ok(()) => {
                *heads = nexts;
                for draft in drafts {
                    draft.caller.trail.set_recorded();
                }
            }
            // Nothing was written, so the chains stand where they stood.
            Err(error) if error.may_retry() => {}
            Err(_) => *heads = heads.map(|head| head.restart()),
        }
        result
    }
}

async fn ended(task: JoinHandle<StoreResult<()>>) -> StoreResult<()> {
    task.await.unwrap_or_else(|error| {
        let context = "the task that commits ended early";
        Err(StoreError::new(StoreErrorKind::CommitUnknown, context).with_source(error))
    })
}

/// So many units with an audit row of their own commit at the same time.
const CHAINS: usize = 4;

/// Chains for the rows of writes: a unit takes one that nobody is committing with.
#[derive(Debug)]
pub(crate) struct AuditChains {
    chains: Vec<Arc<AuditChain>>,
    next: AtomicUsize,
}

impl AuditChains {
    pub(crate) fn new(chain: impl Fn() -> AuditChain) -> Self {
        Self {
            chains: (0..CHAINS).map(|_| Arc::new(chain())).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// As [`AuditChain::commit`].
    pub(crate) async fn commit(
        &self,
        unit: Box<dyn UnitOfWork>,
        drafts: Vec<AuditDraft>,
    ) -> StoreResult<()> {
        self.any().commit(unit, drafts).await
    }

    /// A chain that nobody is committing with, where there is one.
    pub(crate) fn any(&self) -> &Arc<AuditChain> {
        let is_free = |chain: &&Arc<AuditChain>| chain.heads.try_lock().is_ok();
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.chains.len();
        self.chains
            .iter()
            .find(is_free)
            .unwrap_or(&self.chains[turn])
    }
}

/// What rows are written with.
pub(crate) enum Works {
    /// A unit of work, which holds what it read.
    Held(Box<dyn UnitOfWork>),
    /// Postings planned on what was read without locks.
    Seen(Box<dyn SeenPostings>),
}

impl Works {
    /// Under which every row is recorded.
    pub(crate) fn recorded_at(&self) -> i64 {
        match self {
            Self::Held(unit) => unit.recorded_at(),
            Self::Seen(seen) => seen.recorded_at(),
        }
    }

    /// Whether all that was read was read for these rows.
    pub(crate) fn were_read(&self) -> bool {
        match self {
            Self::Held(_) => true,
            Self::Seen(seen) => seen.was_read(),
        }
    }

    async fn write(
        self,
        batch: &PostingBatch,
        rows: &[AuditRow],
        subjects: &[AuditSubject],
    ) -> StoreResult<()> {
        let mut unit = match self {
            Self::Held(unit) => unit,
            Self::Seen(seen) if subjects.is_empty() => return seen.commit(batch, rows).await,
            Self::Seen(_) => {
                let context = "persons are noted in a unit of work";
                return Err(StoreError::new(StoreErrorKind::Contended, context));
            }
        };
        match batch.is_empty() {
            true => unit.append_audit(rows).await?,
            false => unit.write_postings(batch, rows).await?,
        }
        if !subjects.is_empty() {
            unit.put_audit_subjects(subjects).await?;
        }
        unit.commit().await
    }
}

#[cfg(test)]
mod tests {
    use mamagang_store::memory::MemoryStore;
    use mamagang_store::{Clock, Store};

    use super::*;
    use crate::caller::Caller;

    #[derive(Debug)]
    struct Noon;

    impl Clock for Noon {
        fn now_micros(&self) -> i64 {
            1_700_000_000_000_000
        }
    }

    fn draft(number: u128) -> AuditDraft {
        AuditDraft {
            audit_id: mamagang_domain::ids::AuditId(uuid::Uuid::from_u128(number)),
            method: "M",
            caller: Caller::developer(),
            context: None,
            outcome: "OK".to_owned(),
            worker_id: None,
            employer_code: None,
            policy_version: "v".to_owned(),
            rules_version: 1,
            given: Vec::new(),
            subjects: Vec::new(),
            items: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_leaves_the_chain_whole() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let chain = Arc::new(AuditChain::new([7; 16]));
        for number in 0..20_u128 {
            let unit = store.begin(Arc::new(Noon)).await.expect("a unit");
            let mut commit = Box::pin(chain.commit(unit, vec![draft(number)]));
            // Polled once, then dropped: as when a call is cancelled.
            let _ = futures_poll_once(&mut commit).await;
        }
        let unit = store.begin(Arc::new(Noon)).await.expect("a unit");
        chain
            .commit(unit, vec![draft(99)])
            .await
            .expect("the chain goes on");
        let last = store
            .last_audit_row([7; 16])
            .await
            .expect("a read")
            .expect("a row");
        assert_eq!(last.position, 21);
    }

    async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(
            |context| match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
                std::task::Poll::Pending => std::task::Poll::Ready(None),
            },
        )
        .await
    }

    #[tokio::test]
    async fn after_a_conflict_a_further_chain_is_begun() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let chain = Arc::new(AuditChain::new([7; 16]));
        let unit = store.begin(Arc::new(Noon)).await.expect("a unit");
        chain.commit(unit, vec![draft(1)]).await.expect("committed");
        // The same row id again is refused, and what follows is not held up by it.
        let unit = store.begin(Arc::new(Noon)).await.expect("a unit");
        assert!(chain.commit(unit, vec![draft(1)]).await.is_err());
        let unit = store.begin(Arc::new(Noon)).await.expect("a unit");
        chain
            .commit(unit, vec![draft(2)])
            .await
            .expect("a further chain");
        let row = store
            .audit_row(draft(2).audit_id)
            .await
            .expect("a read")
            .expect("a row");
        assert_eq!(row.position, 1);
        assert_ne!(row.writer_id, [7; 16]);
    }
}
