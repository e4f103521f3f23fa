//! The writer of the ledger: concurrent postings share a commit.

use std::sync::Arc;

use mamagang_domain::policy::PolicyBook;
use mamagang_store::{Clock, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::batch::run_batch;
use super::command::{Command, LedgerReply};
use crate::audit::AuditChain;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::{LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX, UNIT_RETRIES_MAX};

type Reply = oneshot::Sender<AppResult<LedgerReply>>;
type Answer = oneshot::Receiver<AppResult<LedgerReply>>;

/// What a batch needs.
pub(crate) struct LedgerContext {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) book: Arc<PolicyBook>,
    pub(crate) chain: Arc<AuditChain>,
}

/// Queues commands; a task plans and commits whatever is queued together.
#[derive(Clone, Debug)]
pub(crate) struct LedgerWriter {
    queue: mpsc::Sender<(Command, Reply)>,
}

impl LedgerWriter {
    /// Starts the task. It ends when every handle is dropped and the queue is empty.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        book: Arc<PolicyBook>,
        chain: Arc<AuditChain>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(LEDGER_QUEUE_MAX);
        tokio::spawn(run(
            LedgerContext {
                store,
                clock,
                book,
                chain,
            },
            waiting,
        ));
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

async fn run(context: LedgerContext, mut waiting: mpsc::Receiver<(Command, Reply)>) {
    let mut batch = Vec::with_capacity(LEDGER_BATCH_MAX);
    while waiting.recv_many(&mut batch, LEDGER_BATCH_MAX).await > 0 {
        let (commands, replies): (Vec<Command>, Vec<Reply>) = batch.drain(..).unzip();
        metrics::histogram!("mamagang_ledger_batch_commands").record(commands.len() as u32);
        let results = run_all(&context, &commands).await;
        for (reply, result) in replies.into_iter().zip(results) {
            // A caller that has gone away needs no answer; its entry stays.
            let _ = reply.send(result);
        }
    }
}

/// Runs a batch; one that fails as a whole is run item by item, so that one item's trouble stays
/// its own.
async fn run_all(context: &LedgerContext, commands: &[Command]) -> Vec<AppResult<LedgerReply>> {
    match run_with_retries(context, commands).await {
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
                let single = run_with_retries(context, std::slice::from_ref(command)).await;
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
    commands: &[Command],
) -> Result<Vec<AppResult<LedgerReply>>, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match run_batch(context, commands).await {
            Err(error) if error.may_retry() && attempt < UNIT_RETRIES_MAX => {}
            result => return result,
        }
    }
}
