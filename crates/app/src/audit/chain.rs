//! One writer's chain of audit rows.

use mamagang_domain::frozen::{Digest32, chained, digest};
use mamagang_store::rows::AuditRow;
use mamagang_store::{StoreResult, UnitOfWork};
use tokio::sync::Mutex;

use super::record::{AuditDraft, freeze};

#[derive(Clone, Copy, Debug)]
struct Head {
    position: u64,
    hash: Digest32,
}

/// A chain with its writer's id, new at each start, so that no two processes share one.
#[derive(Debug)]
pub(crate) struct AuditChain {
    writer_id: [u8; 16],
    head: Mutex<Head>,
}

impl AuditChain {
    pub(crate) fn new(writer_id: [u8; 16]) -> Self {
        Self {
            writer_id,
            head: Mutex::new(Head {
                position: 0,
                hash: digest(&writer_id),
            }),
        }
    }

    /// Appends the rows of calls to a unit of work and commits it. The chain moves on only when
    /// the commit is known to have succeeded; when its answer was lost, the chain is left where it
    /// was and the next row's conflict shows it.
    pub(crate) async fn commit(
        &self,
        mut unit: Box<dyn UnitOfWork>,
        drafts: &[AuditDraft],
    ) -> StoreResult<()> {
        let mut head = self.head.lock().await;
        let mut next = *head;
        let recorded_at = unit.recorded_at();
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts {
            next.position += 1;
            let frozen = freeze(draft, self.writer_id, next.position, recorded_at);
            let previous_hash = next.hash;
            next.hash = chained(&previous_hash, &frozen);
            rows.push(AuditRow {
                audit_id: draft.audit_id,
                writer_id: self.writer_id,
                position: next.position,
                recorded_at,
                method: draft.method.to_owned(),
                caller: draft.caller.subject.clone(),
                outcome: draft.outcome.clone(),
                worker_id: draft.worker_id,
                employer_code: draft.employer_code,
                frozen,
                previous_hash,
                hash: next.hash,
            });
        }
        unit.append_audit(&rows).await?;
        unit.commit().await?;
        *head = next;
        Ok(())
    }
}
