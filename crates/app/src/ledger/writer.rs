//! The writer of the ledger: concurrent postings share a commit.
//!
//! One task gathers what is queued. While no batch runs, whatever is there is begun at once; while
//! one runs, another one is begun beside it where the engine can do both and enough has gathered
//! to be worth a commit of its own. A batch leaves half of what is there to the next, where that is
//! worth it: callers who were answered together come back together, and one batch after the other
//! would leave the database idle while postings are planned, and the service while they are written.
//! So a lone posting never waits, few share two commits in turn, and many keep planning and the disk
//! busy at the same time. An employer's commands are never in two
//! batches at a time: they are run in the order in which they came, and no batch waits for
//! another's locks.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::policy::PolicyBook;
use mamagang_store::{Clock, Store, StoreError, StoreErrorKind};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::batch::{Ground, Ran, run_batch};
use super::command::{Command, LedgerReply};
use crate::audit::AuditChain;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::{LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX, UNIT_RETRIES_MAX};
use crate::restraint::Restraint;

type Reply = oneshot::Sender<AppResult<LedgerReply>>;
type Answer = oneshot::Receiver<AppResult<LedgerReply>>;
type Queued = (Command, Reply);

/// Batches that run at the same time, where the engine can.
const BATCHES_AT_ONCE: usize = 3;
/// Commands that are gathered before they are run; more wait in the queue.
const GATHERED_MAX: usize = 4 * LEDGER_BATCH_MAX;
/// Another batch is begun beside running ones from so many postings on, or from its share of all
/// that are there. What a batch costs by itself is shared by too few otherwise.
const NEXT_BATCH_FROM: usize = 48;
/// A batch has that part of all postings that are there, the running ones counted.
const SHARES: usize = 2;
/// So few are not shared out.
const SHARE_MIN: usize = 4;
/// How long a batch is held for callers that have just been answered: they come back together,
/// the first of them a moment before the others.
const LINGER: Duration = Duration::from_millis(1);

/// So many batches do without what has just failed, at first and at most.
const AFTER_REFUSALS: (u32, u32) = (8, 1_024);

/// After batches with refusals that have to be read for, so many are read for at most.
const UNSURE_MAX: u32 = 64;

/// What a batch needs.
pub(crate) struct LedgerContext {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) book: Arc<PolicyBook>,
    /// Of batches that do not lock what they read.
    unlocked: Restraint,
    /// Of batches that are planned on what is kept: where others have changed it, and where some are
    /// refused for what a caller asks.
    unread: Restraint,
    unsure: Restraint,
}

impl LedgerContext {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, book: Arc<PolicyBook>) -> Self {
        let (least, most) = AFTER_REFUSALS;
        Self {
            store,
            clock,
            book,
            unlocked: Restraint::new(least, most),
            unread: Restraint::new(least, most),
            unsure: Restraint::new(1, UNSURE_MAX),
        }
    }

    fn ground(&self) -> Ground {
        if self.unlocked.holds_back() {
            return Ground::Locked;
        }
        match self.unread.holds_back() || self.unsure.holds_back() {
            true => Ground::Read,
            false => Ground::Kept,
        }
    }

    fn note_written(&self, ground: Ground, was_read: bool) {
        if !was_read {
            metrics::counter!("mamagang_ledger_batches_unread_total").increment(1);
            self.unread.note_done();
            self.unsure.note_done();
        }
        if ground != Ground::Locked {
            self.unlocked.note_done();
        }
    }

    /// What a batch is planned on that could not be written as it was.
    fn next_ground(&self, ground: Ground, why: StoreErrorKind) -> Ground {
        match (why, ground) {
            (StoreErrorKind::Outdated, Ground::Kept) => {
                self.unread.note_refused();
                metrics::counter!("mamagang_ledger_batches_outdated_total").increment(1);
                return Ground::Read;
            }
            (StoreErrorKind::Contended, _) => {
                self.unlocked.note_refused();
                metrics::counter!("mamagang_ledger_batches_run_again").increment(1);
            }
            _ => {}
        }
        Ground::Locked
    }
}

/// Queues commands; a task plans and commits whatever is queued together.
#[derive(Clone, Debug)]
pub(crate) struct LedgerWriter {
    queue: mpsc::Sender<Queued>,
}

impl LedgerWriter {
    /// Starts the task. It ends when every handle is dropped and the queue is empty. `chain` makes
    /// a new audit chain.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        book: Arc<PolicyBook>,
        chain: impl Fn() -> AuditChain + Send + 'static,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(LEDGER_QUEUE_MAX);
        let lanes = BATCHES_AT_ONCE.min(store.units_at_once()).max(1);
        let gatherer = Gatherer {
            context: Arc::new(LedgerContext::new(store, clock, book)),
            waiting,
            is_closed: false,
            gathered: Vec::with_capacity(LEDGER_BATCH_MAX),
            lanes,
            free: (0..lanes).map(|_| Arc::new(chain())).collect(),
            chain: Box::new(chain),
            running: JoinSet::new(),
            employers: HashMap::new(),
            busy: HashSet::new(),
            expected: 0,
        };
        tokio::spawn(gatherer.run());
        Self { queue }
    }

    /// Returns once the command is durable or refused. A caller that goes away afterwards does not
    /// withdraw it.
    pub(crate) async fn submit(&self, command: Command) -> AppResult<LedgerReply> {
        answer(self.enqueue(command)).await
    }

    /// As [`LedgerWriter::submit`], of several commands: all are queued, in order, before the first
    /// is waited for, so that they share commits.
    pub(crate) async fn submit_all(&self, commands: Vec<Command>) -> Vec<AppResult<LedgerReply>> {
        let queued: Vec<_> = commands
            .into_iter()
            .map(|command| self.enqueue(command))
            .collect();
        let mut results = Vec::with_capacity(queued.len());
        for waiting in queued {
            results.push(answer(waiting).await);
        }
        results
    }

    fn enqueue(&self, command: Command) -> AppResult<Answer> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send((command, reply))
            .map_err(|_| AppError::overloaded())?;
        Ok(answer)
    }
}

async fn answer(queued: AppResult<Answer>) -> AppResult<LedgerReply> {
    queued?
        .await
        .unwrap_or_else(|_| Err(AppError::new(ErrorReason::StoreUnavailable)))
}

/// The end of a batch: its task, and its audit chain unless the task was cut short.
type Ended = Result<(Id, (Arc<AuditChain>, usize)), JoinError>;

/// Gathers commands into batches.
struct Gatherer {
    context: Arc<LedgerContext>,
    waiting: mpsc::Receiver<Queued>,
    is_closed: bool,
    /// In the order in which they came.
    gathered: Vec<Queued>,
    /// Batches that can run at the same time.
    lanes: usize,
    /// Audit chains that no batch uses: one a batch, so that batches do not wait for each other's
    /// commits.
    free: Vec<Arc<AuditChain>>,
    chain: Box<dyn Fn() -> AuditChain + Send>,
    running: JoinSet<(Arc<AuditChain>, usize)>,
    /// The employers of each running batch.
    employers: HashMap<Id, Vec<EmployerCode>>,
    /// All of them.
    busy: HashSet<EmployerCode>,
    /// Callers who were answered and have not come back.
    expected: usize,
}

impl Gatherer {
    async fn run(mut self) {
        while let Some(batch) = self.next().await {
            self.begin(batch);
        }
    }

    /// The next batch that may be begun. `None`: nobody is left to ask, and nothing runs.
    async fn next(&mut self) -> Option<Vec<Queued>> {
        loop {
            self.collect();
            if self.running.is_empty() && !self.gathered.is_empty() {
                self.linger().await;
            }
            if let Some(batch) = self.batch() {
                return Some(batch);
            }
            // Nobody is asked while no batch can be begun: to be woken for each posting costs more than
            // to find all of them in the queue.
            let room = match self.free.is_empty() {
                true => 0,
                false => GATHERED_MAX.saturating_sub(self.gathered.len()),
            };
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.note(ended),
                count = self.waiting.recv_many(&mut self.gathered, room), if room > 0 && !self.is_closed => {
                    self.arrived(count);
                }
                else => return None,
            }
        }
    }

    /// What has arrived or ended by now costs no wait.
    fn collect(&mut self) {
        while self.gathered.len() < GATHERED_MAX {
            match self.waiting.try_recv() {
                Ok(queued) => {
                    self.gathered.push(queued);
                    self.arrived(1);
                }
                Err(_) => break,
            }
        }
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.note(ended);
        }
    }

    /// `count` commands have come; none where no further one can.
    fn arrived(&mut self, count: usize) {
        self.is_closed |= count == 0;
        self.expected = self.expected.saturating_sub(count);
    }

    /// The callers of the batches before are likely to ask again at once. As many of them are waited
    /// for as this batch would have if all came.
    async fn linger(&mut self) {
        let until = Instant::now() + LINGER;
        while self.expected > 0 {
            let all = self.gathered.len() + self.expected;
            if self.gathered.len() >= share(all, self.lanes).min(LEDGER_BATCH_MAX) {
                return;
            }
            let more = self.waiting.recv_many(&mut self.gathered, LEDGER_BATCH_MAX);
            match timeout_at(until, more).await {
                Ok(count) if count > 0 => self.arrived(count),
                _ => break,
            }
        }
        self.expected = 0;
    }

    /// Takes what a batch that is begun now would run.
    fn batch(&mut self) -> Option<Vec<Queued>> {
        if self.free.is_empty() {
            return None;
        }
        let is_free = |(command, _): &&Queued| !self.busy.contains(&command.employer_code);
        let ready = self.gathered.iter().filter(is_free).count();
        let running = self.employers.values().map(Vec::len).sum();
        // Who may come back is counted as [`Gatherer::linger`] does.
        let coming = if running == 0 { self.expected } else { 0 };
        let count = next_count(ready, running, coming, self.lanes)?;
        Some(self.take(count))
    }

    /// The first commands whose employers no batch has.
    fn take(&mut self, most: usize) -> Vec<Queued> {
        let mut batch = Vec::with_capacity(most);
        let mut rest = Vec::with_capacity(self.gathered.len().saturating_sub(most));
        for queued in self.gathered.drain(..) {
            if batch.len() < most && !self.busy.contains(&queued.0.employer_code) {
                batch.push(queued);
            } else {
                rest.push(queued);
            }
        }
        self.gathered = rest;
        batch
    }

    fn begin(&mut self, batch: Vec<Queued>) {
        let chain = self.free.pop().unwrap_or_else(|| Arc::new((self.chain)()));
        let employers: Vec<EmployerCode> = batch
            .iter()
            .map(|(command, _)| command.employer_code)
            .collect();
        self.busy.extend(&employers);
        let context = Arc::clone(&self.context);
        let task = self.running.spawn(async move {
            let count = batch.len();
            run_and_answer(&context, &chain, batch).await;
            (chain, count)
        });
        self.employers.insert(task.id(), employers);
    }

    fn note(&mut self, ended: Ended) {
        let id = match ended {
            Ok((id, (chain, count))) => {
                self.free.push(chain);
                self.expected += count;
                id
            }
            // Its callers are told that the store does not answer; its chain is not used again.
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a ledger batch ended early"
                );
                self.free.push(Arc::new((self.chain)()));
                error.id()
            }
        };
        for employer in self.employers.remove(&id).unwrap_or_default() {
            self.busy.remove(&employer);
        }
    }
}

/// How many a batch has of all that are there.
fn share(all: usize, lanes: usize) -> usize {
    all.div_ceil(SHARES.min(lanes)).max(SHARE_MIN)
}

/// How many of the postings that are ready are begun now, beside those that run and before those that
/// may come. `lanes`: batches that can run at the same time.
fn next_count(ready: usize, running: usize, coming: usize, lanes: usize) -> Option<usize> {
    let share = share(ready + running + coming, lanes);
    let is_worth_it = running == 0 || ready >= share.min(NEXT_BATCH_FROM);
    (ready > 0 && is_worth_it).then(|| ready.min(share).min(LEDGER_BATCH_MAX))
}

async fn run_and_answer(context: &LedgerContext, chain: &Arc<AuditChain>, batch: Vec<Queued>) {
    let (commands, replies): (Vec<Command>, Vec<Reply>) = batch.into_iter().unzip();
    metrics::histogram!("mamagang_ledger_batch_commands").record(commands.len() as u32);
    let results = run_all(context, chain, &commands).await;
    for (reply, result) in replies.into_iter().zip(results) {
        // A caller that has gone away needs no answer; its entry stays.
        let _ = reply.send(result);
    }
}

/// Runs a batch; one that fails as a whole is run item by item, so that one item's trouble stays
/// its own.
async fn run_all(
    context: &LedgerContext,
    chain: &Arc<AuditChain>,
    commands: &[Command],
) -> Vec<AppResult<LedgerReply>> {
    match run_with_retries(context, chain, commands).await {
        Ok(results) => results,
        Err(error) if commands.len() == 1 || !error.surely_not_done() => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a ledger batch could not be written"
            );
            let kind = error.kind();
            commands
                .iter()
                .map(|_| Err(StoreError::new(kind, "a ledger batch could not be written").into()))
                .collect()
        }
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a ledger batch is run item by item"
            );
            let mut results = Vec::with_capacity(commands.len());
            for command in commands {
                let single = std::slice::from_ref(command);
                let single = run_with_retries(context, chain, single).await;
                results.push(single.map_err(AppError::from).and_then(|mut single| {
                    single
                        .pop()
                        .unwrap_or_else(|| Err(AppError::new(ErrorReason::Internal)))
                }));
            }
            results
        }
    }
}

/// The first attempt is planned on what is kept, where that has not just failed; the next on what is
/// read, where comparing has not just failed; all others lock.
async fn run_with_retries(
    context: &LedgerContext,
    chain: &Arc<AuditChain>,
    commands: &[Command],
) -> Result<Vec<AppResult<LedgerReply>>, StoreError> {
    let mut ground = context.ground();
    let mut attempt = 0;
    loop {
        attempt += 1;
        match run_batch(context, chain, commands, ground, None).await {
            Ok(Ran::Done {
                results, was_read, ..
            }) => {
                context.note_written(ground, was_read);
                return Ok(results);
            }
            Ok(Ran::Unsure) => {
                context.unsure.note_refused();
                (ground, attempt) = (Ground::Read, 0);
            }
            Err(error) if error.may_retry() && ground != Ground::Locked => {
                ground = context.next_ground(ground, error.kind());
                attempt = 0;
            }
            Err(error) if error.may_retry() && attempt < UNIT_RETRIES_MAX => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_leaves_half_to_the_next_where_it_can_run_beside_it() {
        assert_eq!(next_count(0, 0, 0, 3), None);
        // One after the other: all that is there.
        assert_eq!(next_count(8, 0, 0, 1), Some(8));
        assert_eq!(next_count(1_000, 0, 0, 1), Some(LEDGER_BATCH_MAX));
        // Few are not shared out, more are.
        assert_eq!(next_count(1, 0, 0, 3), Some(1));
        assert_eq!(next_count(4, 0, 0, 3), Some(4));
        assert_eq!(next_count(8, 0, 0, 3), Some(4));
        assert_eq!(next_count(4, 4, 0, 3), Some(4));
        assert_eq!(next_count(3, 4, 0, 3), None);
        // Many begin another batch before their share has come.
        assert_eq!(next_count(NEXT_BATCH_FROM - 1, 200, 0, 3), None);
        assert_eq!(
            next_count(NEXT_BATCH_FROM, 200, 0, 3),
            Some(NEXT_BATCH_FROM)
        );
        assert_eq!(next_count(3_000, 256, 0, 3), Some(LEDGER_BATCH_MAX));
        // So many are waited for: half of those who may come, or all where nothing runs beside.
        assert_eq!((share(8, 3), share(9, 3), share(8, 1)), (4, 5, 8));
        assert_eq!((share(2, 3), share(2, 1)), (SHARE_MIN, SHARE_MIN));
        assert_eq!(next_count(50, 0, 50, 3), Some(50));
        assert_eq!(next_count(4, 0, 4, 3), Some(4));
        assert_eq!(next_count(1, 0, 9, 3), Some(1));
    }
}
