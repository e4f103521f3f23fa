//! A person's data key destroyed: number, name and certificates can no longer be read by anybody, and nobody finds the
//! person by document. Facts, entries and decisions stay under our id, whole and verifiable.

use mamagang_domain::frozen::digest;
use mamagang_domain::ids::WorkerId;

use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

const METHOD: &str = "mamagang.admin/EraseWorker";

/// Whom to erase, and why.
#[derive(Clone, Debug)]
pub struct EraseWorker {
    /// Our id: whoever is erased has been found before.
    pub worker_id: WorkerId,
    /// Why (PIPL art. 47), in the words of whoever decided it.
    pub reason: String,
}

/// An erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// When (microseconds).
    pub erased_at: i64,
    /// Whether the person was erased before.
    pub was_erased: bool,
}

impl App {
    /// Erases a person, with every record that was merged into the one told.
    ///
    /// Errors: `WORKER_NOT_FOUND`.
    pub async fn erase_worker(&self, caller: &Caller, erase: &EraseWorker) -> AppResult<Erased> {
        let worker_id = erase.worker_id;
        let erased = self.store.erasures(&[worker_id]).await?;
        if let Some(erased_at) = erased.into_iter().next().flatten() {
            return Ok(Erased {
                erased_at,
                was_erased: true,
            });
        }
        let erased = until_not_overtaken(|| self.erase_once(caller, erase));
        Ok(erased.await?)
    }

    async fn erase_once(&self, caller: &Caller, erase: &EraseWorker) -> Result<Erased, Attempt> {
        let worker_id = erase.worker_id;
        let mut ids = self.store.merged_into(worker_id).await?;
        ids.push(worker_id);
        let mut unit = self.store.begin(self.clock.clone()).await?;
        // Locked, so that nobody is renamed or merged in between.
        let known = unit.workers(&ids).await?;
        let is_whole = known
            .iter()
            .all(|row| row.as_ref().is_some_and(|row| row.worker_id == worker_id));
        if !is_whole {
            return Err(AppError::new(ErrorReason::WorkerNotFound).into());
        }
        unit.erase_workers(&ids).await?;
        let erased_at = unit.recorded_at();
        let question = format!("reason={}", erase.reason);
        let answer = digest(worker_id.bytes());
        let item = DecisionItem::Other { question, answer };
        let mut draft = self.audit_draft(METHOD, caller, None, vec![item]);
        draft.worker_id = Some(worker_id);
        ids.pop();
        draft.subjects = ids;
        self.writes.commit(unit, vec![draft]).await?;
        Ok(Erased {
            erased_at,
            was_erased: false,
        })
    }
}
