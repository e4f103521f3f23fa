//! The writer of the ledger: concurrent postings share a commit.
//!
//! One task gathers what is queued. While no batch runs, whatever is there is begun at once; while
//! one runs, a second one is begun beside it where the engine can do both and enough has gathered
//! to be worth a commit of its own. So a lone posting never waits, few share one commit, and many
//! keep planning and the disk busy at the same time.

use std::sync::Arc;
use std::time::Duration;

use mamagang_domain::policy::PolicyBook;
use mamagang_store::{Clock, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::batch::run_batch;
use super::command::{Command, LedgerReply};
use crate::audit::AuditChain;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::{LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX, UNIT_RETRIES_MAX};

type Reply = oneshot::Sender<AppResult<LedgerReply>>;
type Answer = oneshot::Receiver<AppResult<LedgerReply>>;
type Queued = (Command, Reply);

/// Batches that run at the same time, where the engine can.
const BATCHES_AT_ONCE: usize = 2;
/// A second batch is begun beside a running one from so many postings on.
const SECOND_BATCH_FROM: usize = 48;
/// How long a batch is held for callers that have just been answered: they come back together,
/// the first of them a moment before the others.
const LINGER: Duration = Duration::from_micros(300);

/// What a batch needs.
pub(crate) struct LedgerContext {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) book: Arc<PolicyBook>,
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
            context: Arc::new(LedgerContext { store, clock, book }),
            waiting,
            gathered: Vec::with_capacity(LEDGER_BATCH_MAX),
            free: (0..lanes).map(|_| Arc::new(chain())).collect(),
            chain: Box::new(chain),
            running: JoinSet::new(),
            last_answered: 0,
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

/// Gathers commands into batches.
struct Gatherer {
    context: Arc<LedgerContext>,
    waiting: mpsc::Receiver<Queued>,
    gathered: Vec<Queued>,
    /// Audit chains that no batch uses: one a batch, so that batches do not wait for each other's
    /// commits.
    free: Vec<Arc<AuditChain>>,
    chain: Box<dyn Fn() -> AuditChain + Send>,
    running: JoinSet<(Arc<AuditChain>, usize)>,
    /// Commands of the batch that has ended last.
    last_answered: usize,
}

impl Gatherer {
    async fn run(mut self) {
        while self.gather().await {
            let Some(chain) = self.free.pop() else {
                continue;
            };
            let batch = std::mem::replace(&mut self.gathered, Vec::with_capacity(LEDGER_BATCH_MAX));
            let context = Arc::clone(&self.context);
            self.running.spawn(async move {
                let count = batch.len();
                run_and_answer(&context, &chain, batch).await;
                (chain, count)
            });
        }
        while let Some(ended) = self.running.join_next().await {
            self.note(ended);
        }
    }

    /// Waits until a batch is worth beginning. False: nobody is left to ask.
    async fn gather(&mut self) -> bool {
        if self.gathered.is_empty() && !self.receive().await {
            return false;
        }
        // What has arrived by now costs no wait.
        while self.gathered.len() < LEDGER_BATCH_MAX {
            match self.waiting.try_recv() {
                Ok(queued) => self.gathered.push(queued),
                Err(_) => break,
            }
        }
        while let Some(ended) = self.running.try_join_next() {
            self.note(ended);
        }
        while !self.may_begin() {
            let room = LEDGER_BATCH_MAX - self.gathered.len();
            tokio::select! {
                Some(ended) = self.running.join_next() => self.note(ended),
                count = self.waiting.recv_many(&mut self.gathered, room.max(1)), if room > 0 => {
                    if count == 0 && self.running.is_empty() {
                        break;
                    }
                    if count == 0 {
                        // No further command comes; what is gathered waits for its turn.
                        if let Some(ended) = self.running.join_next().await {
                            self.note(ended);
                        }
                    }
                }
            }
        }
        if self.running.is_empty() {
            self.linger().await;
        }
        true
    }

    async fn receive(&mut self) -> bool {
        self.waiting
            .recv_many(&mut self.gathered, LEDGER_BATCH_MAX)
            .await
            > 0
    }

    fn may_begin(&self) -> bool {
        let is_worth_it = self.running.is_empty() || self.gathered.len() >= SECOND_BATCH_FROM;
        is_worth_it && !self.free.is_empty()
    }

    /// The callers of the batch before are likely to ask again at once; a batch of one was nobody's
    /// company.
    async fn linger(&mut self) {
        let until = Instant::now() + LINGER;
        let expected = self.last_answered.min(LEDGER_BATCH_MAX);
        while self.gathered.len() < expected {
            let room = LEDGER_BATCH_MAX - self.gathered.len();
            let more = self.waiting.recv_many(&mut self.gathered, room);
            match timeout_at(until, more).await {
                Ok(count) if count > 0 => {}
                _ => break,
            }
        }
    }

    fn note(&mut self, ended: Result<(Arc<AuditChain>, usize), tokio::task::JoinError>) {
        match ended {
            Ok((chain, count)) => {
                self.free.push(chain);
                self.last_answered = count;
            }
            // Its callers are told that the store does not answer; its chain is not used again.
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a ledger batch ended early"
                );
                self.free.push(Arc::new((self.chain)()));
            }
        }
    }
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

async fn run_with_retries(
    context: &LedgerContext,
    chain: &Arc<AuditChain>,
    commands: &[Command],
) -> Result<Vec<AppResult<LedgerReply>>, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match run_batch(context, chain, commands, None).await {
            Err(error) if error.may_retry() && attempt < UNIT_RETRIES_MAX => {}
            result => return result.map(|(results, _)| results),
        }
    }
}
