//! The audit bundle: what an offline verifier needs.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::BundleRecord;

use super::checkpoint::CheckpointAnchors;
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::limits::PAGE_ROWS_MAX;

/// What a bundle holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BundleSummary {
    /// Chains.
    pub chain_count: u64,
    /// Entries.
    pub entry_count: u64,
    /// Checkpoints.
    pub checkpoint_count: u64,
}

impl App {
    /// Gives the records of an audit bundle to `write`, in order: of one employer, or of all. The
    /// checkpoints are always all: they are chained. What is read is copied as it is stored, also
    /// where it is wrong: finding that out is the verifier's.
    pub async fn export_bundle(
        &self,
        employer: Option<EmployerCode>,
        mut write: impl FnMut(&BundleRecord) -> std::io::Result<()> + Send,
    ) -> AppResult<BundleSummary> {
        let mut put = |record: &BundleRecord| write(record).map_err(AppError::internal);
        let mut summary = BundleSummary::default();
        put(&BundleRecord::Header {
            exported_at: self.clock.now_micros(),
        })?;
        for key in self.keys().public_keys() {
            put(&BundleRecord::PublicKey {
                key_id: key.key_id,
                key: key.bytes,
            })?;
        }
        // The checkpoints first: whatever is appended meanwhile lies behind them.
        let mut last = 0;
        loop {
            let rows = self.store.list_checkpoints(last, PAGE_ROWS_MAX).await?;
            let Some(end) = rows.last() else {
                break;
            };
            last = end.number;
            for row in rows {
                summary.checkpoint_count += 1;
                put(&BundleRecord::Checkpoint {
                    number: row.number,
                    frozen: row.frozen,
                    previous_hash: row.previous_hash,
                    hash: row.hash,
                    key_id: row.key_id,
                    signature: row.signature,
                })?;
            }
        }
        let anchors = CheckpointAnchors::default();
        let mut after = String::new();
        loop {
            let codes = match &employer {
                Some(code) if after.is_empty() => vec![code.to_string()],
                Some(_) => Vec::new(),
                None => {
                    self.chains_after(&anchors, &after, PAGE_ROWS_MAX as usize)
                        .await?
                }
            };
            let Some(end) = codes.last() else {
                break;
            };
            after.clone_from(end);
            for code in codes {
                // A code that no employer can have is found by the online verifier; its entry is
                // missing in the chain that it was taken from.
                if let Ok(code) = EmployerCode::parse(&code) {
                    summary.chain_count += 1;
                    summary.entry_count += self.export_chain(code, &mut put).await?;
                }
            }
        }
        put(&BundleRecord::End {
            entry_count: summary.entry_count,
            checkpoint_count: summary.checkpoint_count,
        })?;
        Ok(summary)
    }

    async fn export_chain(
        &self,
        code: EmployerCode,
        put: &mut (impl FnMut(&BundleRecord) -> AppResult<()> + Send),
    ) -> AppResult<u64> {
        let head = self.stored_head(code).await?;
        put(&BundleRecord::Head {
            employer_code: code.to_string(),
            sequence: head.sequence,
            hash: head.hash,
        })?;
        let mut count = 0;
        let mut after = 0;
        loop {
            let rows = self
                .store
                .list_entries(&code, None, after, PAGE_ROWS_MAX, None)
                .await?;
            let Some(end) = rows.last() else {
                return Ok(count);
            };
            after = end.sequence;
            for row in rows {
                count += 1;
                put(&BundleRecord::Entry {
                    employer_code: code.to_string(),
                    sequence: row.sequence,
                    tax_year: row.tax_year.number(),
                    recorded_at: row.recorded_at,
                    frozen: row.frozen,
                    previous_hash: row.previous_hash,
                    hash: row.hash,
                })?;
            }
        }
    }
}
