//! Shared commits for the audit rows of reads.

use std::sync::Arc;

use mamagang_store::{Clock, Store, StoreErrorKind, StoreResult};
use tokio::sync::{mpsc, oneshot};

use super::chain::AuditChain;
use super::class::only_reads;
use super::record::AuditDraft;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::gather::recv_gathered;
use crate::limits::{AUDIT_BATCH_MAX, AUDIT_QUEUE_MAX, AUDIT_QUEUE_RESERVE, UNIT_RETRIES_MAX};

type Reply = oneshot::Sender<Result<(), StoreErrorKind>>;
type Answer = oneshot::Receiver<Result<(), StoreErrorKind>>;

/// Queues audit rows; a task commits whatever is queued together.
#[derive(Clone, Debug)]
pub(crate) struct AuditWriter {
    queue: mpsc::Sender<(AuditDraft, Reply)>,
}

impl AuditWriter {
    /// Starts the task. It ends when every handle is dropped and the queue is empty.
    pub(crate) fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, writer_id: [u8; 16]) -> Self {
        let (queue, waiting) = mpsc::channel(AUDIT_QUEUE_MAX);
        tokio::spawn(run(
            store,
            clock,
            Arc::new(AuditChain::new(writer_id)),
            waiting,
        ));
        Self { queue }
    }

    /// Returns once the row is durable. A call whose row cannot be written fails. The last places of
    /// the queue are kept for the refusals of calls that write.
    pub(crate) async fn write(&self, draft: AuditDraft) -> AppResult<()> {
        kept(self.enqueue(draft)?).await
    }

    /// As [`AuditWriter::write`], of several rows: all are queued before the first is waited for.
    pub(crate) async fn write_all(&self, drafts: Vec<AuditDraft>) -> AppResult<()> {
        let queued: Vec<_> = drafts
            .into_iter()
            .map(|draft| self.enqueue(draft))
            .collect();
        for waiting in queued {
            kept(waiting?).await?;
        }
        Ok(())
    }

    fn enqueue(&self, draft: AuditDraft) -> AppResult<Answer> {
        if only_reads(draft.method) && self.queue.capacity() <= AUDIT_QUEUE_RESERVE {
            return Err(AppError::overloaded());
        }
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send((draft, reply))
            .map_err(|_| AppError::overloaded())?;
        Ok(answer)
    }
}

async fn kept(answer: Answer) -> AppResult<()> {
    match answer.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(StoreErrorKind::Corrupt | StoreErrorKind::Internal)) => {
            Err(AppError::new(ErrorReason::Internal))
        }
        Ok(Err(_)) | Err(_) => Err(AppError::new(ErrorReason::StoreUnavailable)),
    }
}

async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    chain: Arc<AuditChain>,
    mut waiting: mpsc::Receiver<(AuditDraft, Reply)>,
) {
    let mut batch = Vec::with_capacity(AUDIT_BATCH_MAX);
    while recv_gathered(&mut waiting, &mut batch, AUDIT_BATCH_MAX).await > 0 {
        let (drafts, replies): (Vec<AuditDraft>, Vec<Reply>) = batch.drain(..).unzip();
        metrics::histogram!("mamagang_audit_batch_rows").record(drafts.len() as u32);
        let result = commit(&store, &clock, &chain, drafts.into()).await;
        let told = result.map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "audit rows could not be written"
            );
            error.kind()
        });
        for reply in replies {
            // A caller that has gone away needs no answer; its row stays.
            let _ = reply.send(told);
        }
    }
}

async fn commit(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    chain: &Arc<AuditChain>,
    drafts: Arc<[AuditDraft]>,
) -> StoreResult<()> {
    let mut attempt = 0;
    loop {
        let result = match store.begin(clock.clone()).await {
            Ok(unit) => chain.commit_again(unit, Arc::clone(&drafts)).await,
            Err(error) => Err(error),
        };
        attempt += 1;
        match result {
            Err(error) if error.may_retry() && attempt < UNIT_RETRIES_MAX => {}
            result => return result,
        }
    }
}
