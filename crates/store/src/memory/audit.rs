//! The audit trail.

use std::collections::BTreeSet;

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;

use crate::audit::{
    AuditCut, AuditGap, AuditQuery, AuditReads, AuditSubject, AuditWrites, ChainPlace,
};
use crate::rows::AuditRow;
use crate::{StoreError, StoreErrorKind, StoreResult};

use super::MemoryStore;
use super::state::State;
use super::unit::MemoryUnit;

fn conflict<T>(what: &str) -> StoreResult<T> {
    Err(StoreError::new(StoreErrorKind::Conflict, what))
}

impl State {
    fn audit_rows(&self, query: &AuditQuery, keeps: impl Fn(&AuditRow) -> bool) -> Vec<AuditRow> {
        let asked = self.audit.values().filter(|row| {
            row.place() > query.after
                && row.recorded_at < query.until
                && query.retention.is_none_or(|class| class == row.retention)
                && keeps(row)
        });
        let mut rows: Vec<AuditRow> = asked.cloned().collect();
        rows.sort_by_key(AuditRow::place);
        rows.truncate(query.limit as usize);
        rows
    }

    fn audit_rows_of(&self, workers: &[WorkerId], query: &AuditQuery) -> Vec<AuditRow> {
        let among = self.audit_subjects.iter();
        let among = among.filter(|subject| workers.contains(&subject.worker_id));
        let among: BTreeSet<_> = among.map(|subject| subject.audit_id).collect();
        self.audit_rows(query, |row| {
            let alone = row.worker_id.is_some_and(|id| workers.contains(&id));
            alone || among.contains(&row.audit_id)
        })
    }

    fn audit_chains(&self, after: Option<ChainPlace>, limit: u32) -> Vec<AuditRow> {
        let mut rows: Vec<AuditRow> = self
            .audit
            .values()
            .filter(|row| after.is_none_or(|after| (row.writer_id, row.position) > after))
            .cloned()
            .collect();
        rows.sort_by_key(|row| (row.writer_id, row.position));
        rows.truncate(limit as usize);
        rows
    }

    fn cut_audit(&mut self, cut: &AuditCut, gaps: &[AuditGap]) -> StoreResult<u64> {
        if cut.before > cut.retention.expired_before(cut.cut_at) {
            return conflict("the class has not been kept long enough");
        }
        let mut count = 0;
        for gap in gaps {
            let rows = self.audit.values().filter(|row| {
                row.writer_id == gap.writer_id
                    && (gap.first_position..=gap.last_position).contains(&row.position)
            });
            let rows: Vec<AuditRow> = rows.cloned().collect();
            let at = |position| rows.iter().find(|row| row.position == position);
            let fits = at(gap.first_position).map(|row| row.previous_hash)
                == Some(gap.previous_hash)
                && at(gap.last_position).map(|row| row.hash) == Some(gap.hash);
            let is_due =
                |row: &AuditRow| row.retention == cut.retention && row.recorded_at < cut.before;
            if !fits || !rows.iter().all(is_due) {
                return conflict("a row of the gap is not one to be taken out");
            }
            for row in rows {
                self.audit.remove(&row.audit_id);
                self.audit_subjects
                    .retain(|subject| subject.audit_id != row.audit_id);
                if let Some(chain) = self.audit_chains.get_mut(&row.writer_id) {
                    chain.retain(|id| *id != row.audit_id);
                }
                count += 1;
            }
            self.audit_gaps
                .insert((gap.writer_id, gap.first_position), *gap);
        }
        Ok(count)
    }
}

#[async_trait]
impl AuditReads for MemoryStore {
    async fn audit_rows(&self, query: &AuditQuery) -> StoreResult<Vec<AuditRow>> {
        Ok(self.shared.read().audit_rows(query, |_| true))
    }

    async fn audit_rows_of(
        &self,
        workers: &[WorkerId],
        query: &AuditQuery,
    ) -> StoreResult<Vec<AuditRow>> {
        Ok(self.shared.read().audit_rows_of(workers, query))
    }

    async fn merged_into(&self, worker: WorkerId) -> StoreResult<Vec<WorkerId>> {
        let state = self.shared.read();
        let merged = state.merged.iter().filter(|(_, into)| **into == worker);
        Ok(merged.map(|(from, _)| *from).collect())
    }

    async fn audit_chains(
        &self,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> StoreResult<Vec<AuditRow>> {
        Ok(self.shared.read().audit_chains(after, limit))
    }

    async fn audit_gaps(
        &self,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> StoreResult<Vec<AuditGap>> {
        let state = self.shared.read();
        let gaps = state.audit_gaps.iter();
        let gaps = gaps.filter(|(place, _)| after.is_none_or(|after| **place > after));
        Ok(gaps.map(|(_, gap)| *gap).take(limit as usize).collect())
    }
}

#[async_trait]
impl AuditWrites for MemoryUnit {
    async fn put_audit_subjects(&mut self, subjects: &[AuditSubject]) -> StoreResult<()> {
        self.write(|state| {
            state.audit_subjects.extend(subjects.iter().copied());
            Ok(())
        })
    }

    async fn cut_audit(&mut self, cut: &AuditCut, gaps: &[AuditGap]) -> StoreResult<u64> {
        let mut count = 0;
        self.write(|state| {
            count = state.cut_audit(cut, gaps)?;
            Ok(())
        })?;
        Ok(count)
    }
}
