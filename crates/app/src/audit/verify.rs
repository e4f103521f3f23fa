//! Every chain of the audit trail, verified row by row.

use std::iter::Peekable;

use mamagang_domain::frozen::{Digest32, chained, digest, hex};
use mamagang_store::audit::{AuditGap, ChainPlace};
use mamagang_store::rows::AuditRow;

use super::record::thaw_call;
use crate::app::App;
use crate::error::AppResult;
use crate::limits::PAGE_ROWS_MAX;

/// What was verified, and what does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Chains.
    pub writers: u64,
    /// Rows.
    pub rows: u64,
    /// Rows that were taken out and left their hashes.
    pub taken_out: u64,
    /// What does not fit, by writer and position.
    pub faults: Vec<String>,
}

/// Where the walk through a writer's chain stands.
struct Walk {
    writer_id: [u8; 16],
    position: u64,
    hash: Digest32,
}

impl Walk {
    fn start(writer_id: [u8; 16]) -> Self {
        Self {
            writer_id,
            position: 0,
            hash: digest(&writer_id),
        }
    }

    fn fault(&self, what: &str) -> String {
        format!(
            "writer {}: {what} after row {}",
            hex(&self.writer_id),
            self.position
        )
    }
}

impl App {
    /// Verifies every chain: places, hashes, and that the columns say what the frozen bytes say.
    pub async fn verify_audit(&self) -> AppResult<AuditReport> {
        let mut report = AuditReport::default();
        let mut gaps = self.all_gaps().await?.into_iter().peekable();
        let mut walk: Option<Walk> = None;
        let mut after: Option<ChainPlace> = None;
        loop {
            let rows = self.store.audit_chains(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = Some((last.writer_id, last.position));
            for row in rows {
                // Chains that were taken out whole stand before this row's.
                while gaps.peek().is_some_and(|gap| {
                    (gap.writer_id, gap.first_position) < (row.writer_id, row.position)
                }) {
                    if let Some(gap) = gaps.next() {
                        pass_gap(&mut walk, &gap, &mut report);
                    }
                }
                pass_row(&mut walk, &row, &mut report);
            }
        }
        for gap in gaps {
            pass_gap(&mut walk, &gap, &mut report);
        }
        Ok(report)
    }

    pub(super) async fn all_gaps(&self) -> AppResult<Vec<AuditGap>> {
        let mut gaps: Vec<AuditGap> = Vec::new();
        loop {
            let after = gaps.last().map(|gap| (gap.writer_id, gap.first_position));
            let page = self.store.audit_gaps(after, PAGE_ROWS_MAX).await?;
            let is_last = page.len() < PAGE_ROWS_MAX as usize;
            gaps.extend(page);
            if is_last {
                return Ok(gaps);
            }
        }
    }
}

/// The walk on the writer's chain; a new one where another writer's begins.
fn walk_of<'a>(
    walk: &'a mut Option<Walk>,
    writer_id: [u8; 16],
    report: &mut AuditReport,
) -> &'a mut Walk {
    if walk.as_ref().is_none_or(|walk| walk.writer_id != writer_id) {
        report.writers += 1;
        *walk = None;
    }
    walk.get_or_insert_with(|| Walk::start(writer_id))
}

fn pass_gap(walk: &mut Option<Walk>, gap: &AuditGap, report: &mut AuditReport) {
    let walk = walk_of(walk, gap.writer_id, report);
    let is_next = gap.first_position == walk.position + 1 && gap.previous_hash == walk.hash;
    if !is_next {
        report.faults.push(walk.fault("a gap that does not fit"));
    }
    report.taken_out += gap.last_position + 1 - gap.first_position;
    (walk.position, walk.hash) = (gap.last_position, gap.hash);
}

fn pass_row(walk: &mut Option<Walk>, row: &AuditRow, report: &mut AuditReport) {
    let walk = walk_of(walk, row.writer_id, report);
    report.rows += 1;
    if row.position != walk.position + 1 {
        report.faults.push(walk.fault("a row is missing"));
    } else if row.previous_hash != walk.hash || chained(&walk.hash, &row.frozen) != row.hash {
        report
            .faults
            .push(walk.fault("a row that breaks the chain"));
    }
    if !says_the_same(row) {
        report
            .faults
            .push(walk.fault("a row whose columns are not its bytes'"));
    }
    (walk.position, walk.hash) = (row.position, row.hash);
}

/// Whether the columns say what the frozen bytes say.
pub(super) fn says_the_same(row: &AuditRow) -> bool {
    thaw_call(&row.frozen).is_ok_and(|call| {
        call.writer_id == row.writer_id
            && call.position == row.position
            && call.recorded_at == row.recorded_at
            && call.audit_id == row.audit_id
            && call.method == row.method
            && call.caller == row.caller
            // Rows of version 1 were made before there was the column.
            && (row.organisation.is_empty() || call.organisation == row.organisation)
            && call.outcome == row.outcome
            && call.worker_id == row.worker_id
            && call.employer_code == row.employer_code
            && call.retention == row.retention
    })
}

/// Joins rows that stand next to each other in a chain, as gaps.
pub(super) fn runs_of(rows: &[AuditRow]) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut rest: Peekable<_> = (0..rows.len()).peekable();
    while let Some(first) = rest.next() {
        let mut last = first;
        while let Some(next) = rest.next_if(|next| {
            rows[*next].writer_id == rows[last].writer_id
                && rows[*next].position == rows[last].position + 1
        }) {
            last = next;
        }
        runs.push((first, last));
    }
    runs
}
