//! Who is read as whom, by the merges that were confirmed: what rebuilding compares with.

use std::collections::BTreeMap;

use mamagang_domain::case::CaseKind;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::ledger::EntryBody;
use mamagang_store::cases::CaseQuery;
use mamagang_store::rows::{PersonMonth, WorkerKey, WorkerRow};

use super::{CONFIRMED, Proposal};
use crate::app::App;
use crate::error::AppResult;
use crate::limits::PAGE_ROWS_MAX;
use crate::rebuild::{RebuildReport, apply_months};
use crate::step::body_of;

/// Records that go, each with the record that stands for its person now.
#[derive(Debug, Default)]
pub(crate) struct Merged(BTreeMap<WorkerId, WorkerId>);

impl Merged {
    /// Confirmations in any order: of A with B, and of B with C.
    fn of(confirmed: BTreeMap<WorkerId, WorkerId>) -> Self {
        let last = |mut id: WorkerId| {
            // No record goes twice, so that a walk ends.
            for _ in 0..confirmed.len() {
                match confirmed.get(&id) {
                    Some(next) => id = *next,
                    None => break,
                }
            }
            id
        };
        let ends = confirmed.keys().map(|from| (*from, last(*from)));
        Self(ends.collect())
    }

    /// The record that stands for a person now.
    pub(crate) fn stands_for(&self, id: WorkerId) -> WorkerId {
        self.0.get(&id).copied().unwrap_or(id)
    }

    /// Brings an employer's booked months up to an entry. One written after a merge takes a month back under the
    /// record that stays, though an earlier one had booked it under the record that goes.
    pub(crate) fn apply_months(&self, months: &mut Vec<PersonMonth>, body: &EntryBody) {
        if self.0.is_empty() {
            return apply_months(months, body);
        }
        let mut body = body.clone();
        for change in body.draft.accruals.iter_mut().filter(|it| !it.booked) {
            let is_here = |known: &&PersonMonth| known.month == change.month;
            let mut held = months.iter().filter(is_here);
            let as_named = held.clone().any(|it| it.worker_id == change.worker_id);
            let meant = self.stands_for(change.worker_id);
            if !as_named && let Some(known) = held.find(|it| self.stands_for(it.worker_id) == meant)
            {
                change.worker_id = known.worker_id;
            }
        }
        apply_months(months, &body);
    }

    /// Names every person's months by the record that stands for the person now, in order.
    pub(crate) fn name_alike(&self, months: &mut [PersonMonth]) {
        for month in months.iter_mut() {
            month.worker_id = self.stands_for(month.worker_id);
        }
        months.sort_unstable();
    }
}

impl App {
    /// Who was read as whom at a time (microseconds).
    pub(crate) async fn merges_confirmed_by(&self, time: i64) -> AppResult<Merged> {
        let mut confirmed = BTreeMap::new();
        let mut query = CaseQuery {
            states: vec![CONFIRMED],
            ..CaseQuery::of(CaseKind::Merge, PAGE_ROWS_MAX)
        };
        loop {
            let cases = self.store.list_cases(&query).await?;
            let Some(last) = cases.last() else {
                return Ok(Merged::of(confirmed));
            };
            query.after = Some((last.opened_at, last.case_id));
            for case in cases.iter().filter(|case| case.updated_at <= time) {
                let proposal: Proposal = body_of(case)?;
                confirmed.insert(proposal.from, proposal.into);
            }
        }
    }

    /// Whether workers are read as the confirmed merges say.
    pub(crate) async fn compare_merged(
        &self,
        rows: &[WorkerRow],
        merged: &Merged,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let keys: Vec<WorkerKey> = rows
            .iter()
            .map(|row| WorkerKey::Id(row.worker_id))
            .collect();
        let found = self.store.check_inputs(&keys, &[]).await?.workers;
        for (row, found) in rows.iter().zip(found) {
            let stored = found.map(|found| found.worker.worker_id);
            if stored != Some(merged.stands_for(row.worker_id)) {
                let named = format!("worker {}: merged into", row.worker_id);
                report.differences.push(named);
            }
        }
        Ok(())
    }
}
