//! Signed checkpoints over the ends of all chains, and verifying every chain against them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{
    CHECKPOINT_SIGNED_KIND, ChainAnchor, ChainFault, ChainFaultKind, Checkpoint,
};
use mamagang_store::rows::CheckpointRow;
use mamagang_store::{StoreError, StoreErrorKind};
use tokio::task::JoinSet;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::limits::{CHECKPOINT_HEADS_MAX, PAGE_ROWS_MAX, UNIT_RETRIES_MAX};

/// What is wrong with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerFault {
    /// An entry, or a run of them.
    Entry {
        /// Whose chain, as it is stored.
        employer_code: String,
        /// Which entries, and what is wrong.
        fault: ChainFault,
    },
    /// A checkpoint: it is missing, changed, or not signed by a key of the service.
    Checkpoint {
        /// Its number.
        number: u32,
        /// What is wrong.
        problem: CheckpointProblem,
    },
}

/// What can be wrong with a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckpointProblem {
    /// There is none with the number.
    Missing,
    /// Its hash does not follow from the one before and its bytes.
    Altered,
    /// Its signature is not that of a key of the service.
    NotSigned,
}

impl CheckpointProblem {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Altered => "ALTERED",
            Self::NotSigned => "NOT_SIGNED",
        }
    }
}

/// What checkpoints say of the chains.
#[derive(Clone, Debug, Default)]
pub struct CheckpointAnchors {
    /// The last checkpoint's number; 0 where there is none.
    pub last: u32,
    /// Places of chains that are known by them.
    anchors: BTreeMap<EmployerCode, Vec<ChainAnchor>>,
    /// What is wrong with the checkpoints themselves.
    pub faults: Vec<LedgerFault>,
}

/// One chain, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Whose chain, as it is stored.
    pub employer_code: String,
    /// Entries read.
    pub entry_count: u64,
    /// What is wrong.
    pub faults: Vec<LedgerFault>,
}

impl App {
    /// Makes a checkpoint over the chains' ends that moved since the last one; `None` where none
    /// has. Made by several instances at once, one is kept.
    ///
    /// # Errors
    /// `INTERNAL` where the key file has no signing key.
    pub async fn write_checkpoint(&self) -> AppResult<Option<CheckpointRow>> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.try_checkpoint().await {
                Err(Attempt::Store(error)) if error.may_retry() && attempt < UNIT_RETRIES_MAX => {}
                Err(Attempt::Store(error)) => return Err(error.into()),
                Err(Attempt::App(error)) => return Err(error),
                Ok(row) => return Ok(row),
            }
        }
    }

    async fn try_checkpoint(&self) -> Result<Option<CheckpointRow>, Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let heads = unit.moved_heads(CHECKPOINT_HEADS_MAX).await?;
        if heads.is_empty() {
            return Ok(None);
        }
        let last = unit.last_checkpoint().await?;
        let previous_hash = last
            .as_ref()
            .map_or_else(Checkpoint::start, |last| last.hash);
        let body = Checkpoint {
            number: last.map_or(1, |last| last.number + 1),
            recorded_at: unit.recorded_at(),
            heads,
        };
        let frozen = body.freeze();
        let hash = Checkpoint::hash(&previous_hash, &frozen);
        let signed = self.keys().sign(CHECKPOINT_SIGNED_KIND, &hash);
        let signed = signed.map_err(|error| Attempt::App(AppError::internal(error)))?;
        let row = CheckpointRow {
            number: body.number,
            recorded_at: body.recorded_at,
            frozen,
            previous_hash,
            hash,
            key_id: signed.key.key_id,
            signature: signed.bytes,
        };
        unit.append_checkpoint(&row, &body.heads).await?;
        unit.commit().await?;
        metrics::counter!("mamagang_checkpoints_total").increment(1);
        Ok(Some(row))
    }

    /// The public keys that checkpoints are verified by, the current one first. To be published.
    pub fn signing_keys(&self) -> Vec<(u32, [u8; 32])> {
        let keys = self.keys().public_keys().into_iter();
        keys.map(|key| (key.key_id, key.bytes)).collect()
    }

    /// Reads and verifies every checkpoint.
    pub async fn checkpoint_anchors(&self) -> AppResult<CheckpointAnchors> {
        let mut found = CheckpointAnchors::default();
        let mut hash = Checkpoint::start();
        loop {
            let rows = self
                .store
                .list_checkpoints(found.last, PAGE_ROWS_MAX)
                .await?;
            if rows.is_empty() {
                return Ok(found);
            }
            for row in rows {
                self.take_checkpoint(&mut found, &row, hash);
                (found.last, hash) = (row.number, row.hash);
            }
        }
    }

    fn take_checkpoint(
        &self,
        found: &mut CheckpointAnchors,
        row: &CheckpointRow,
        before: [u8; 32],
    ) {
        let mut note = |number: u32, problem: CheckpointProblem| {
            found
                .faults
                .push(LedgerFault::Checkpoint { number, problem });
        };
        let expected = found.last.saturating_add(1);
        if row.number != expected {
            note(expected, CheckpointProblem::Missing);
        }
        let is_linked = row.previous_hash == before || row.number != expected;
        let is_whole = Checkpoint::hash(&row.previous_hash, &row.frozen) == row.hash;
        let body = Checkpoint::thaw(&row.frozen).ok();
        let body =
            body.filter(|body| body.number == row.number && body.recorded_at == row.recorded_at);
        if !is_linked || !is_whole || body.is_none() {
            note(row.number, CheckpointProblem::Altered);
        }
        let keys = self.keys().public_keys();
        let is_signed = keys
            .iter()
            .filter(|key| key.key_id == row.key_id)
            .any(|key| {
                let kind = CHECKPOINT_SIGNED_KIND;
                mamagang_crypto::verify(&key.bytes, kind, &row.hash, &row.signature)
            });
        if !is_signed {
            note(row.number, CheckpointProblem::NotSigned);
        }
        // Only what a signature vouches for says how a chain was.
        let Some(body) = body.filter(|_| is_signed && is_whole) else {
            return;
        };
        for head in body.heads {
            found
                .anchors
                .entry(head.employer_code)
                .or_default()
                .push(ChainAnchor {
                    sequence: head.sequence,
                    hash: head.hash,
                });
        }
    }

    /// The codes of chains after `after`, at most `limit`, in order: those that have entries, and
    /// those that checkpoints know of.
    pub async fn chains_after(
        &self,
        anchors: &CheckpointAnchors,
        after: &str,
        limit: usize,
    ) -> AppResult<Vec<String>> {
        let mut codes = BTreeSet::new();
        let mut last = after.to_owned();
        for _ in 0..limit {
            let Some(next) = self.store.next_chain(&last).await? else {
                break;
            };
            last.clone_from(&next);
            codes.insert(next);
        }
        let known = anchors.anchors.keys().map(|code| code.as_str());
        codes.extend(
            known
                .filter(|code| *code > after)
                .take(limit)
                .map(str::to_owned),
        );
        Ok(codes.into_iter().take(limit).collect())
    }

    /// Verifies some chains side by side; the reports are in order of code.
    pub async fn verify_chains(
        self: &Arc<Self>,
        anchors: &CheckpointAnchors,
        codes: Vec<String>,
    ) -> AppResult<Vec<ChainReport>> {
        let mut running = JoinSet::new();
        for code in codes {
            let app = Arc::clone(self);
            let known = EmployerCode::parse(&code)
                .ok()
                .and_then(|parsed| anchors.anchors.get(&parsed).cloned());
            running.spawn(async move { app.chain_report(code, known.unwrap_or_default()).await });
        }
        let mut reports = Vec::new();
        while let Some(done) = running.join_next().await {
            reports.push(done.map_err(AppError::internal)??);
        }
        reports.sort_by(|a, b| a.employer_code.cmp(&b.employer_code));
        Ok(reports)
    }

    async fn chain_report(&self, code: String, known: Vec<ChainAnchor>) -> AppResult<ChainReport> {
        let entry = |fault: ChainFault| LedgerFault::Entry {
            employer_code: code.clone(),
            fault,
        };
        let Ok(parsed) = EmployerCode::parse(&code) else {
            // No employer is called so: the entry was another's.
            let fault = ChainFault {
                sequence: 1,
                through: 1,
                kind: ChainFaultKind::Misplaced,
            };
            return Ok(ChainReport {
                faults: vec![entry(fault)],
                employer_code: code,
                entry_count: 0,
            });
        };
        let verified = self.verified_chain(parsed, known).await?;
        Ok(ChainReport {
            faults: verified.faults.into_iter().map(entry).collect(),
            entry_count: verified.entry_count,
            employer_code: code,
        })
    }
}

/// Why a checkpoint was not made.
enum Attempt {
    Store(StoreError),
    App(AppError),
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        // Another instance made the same checkpoint first: read again, and make the next.
        match error.kind() {
            StoreErrorKind::Conflict => Self::Store(StoreError::new(
                StoreErrorKind::Contended,
                "another checkpoint came first",
            )),
            _ => Self::Store(error),
        }
    }
}
