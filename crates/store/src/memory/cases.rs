//! Cases.

use std::ops::Bound::{Excluded, Unbounded};

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::ids::CaseId;

use crate::StoreResult;
use crate::cases::{CaseEvent, CaseFile, CaseQuery, CaseReads, CaseWrites};

use super::MemoryStore;
use super::changes::conflict;
use super::state::State;
use super::unit::MemoryUnit;

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn is_asked_for(file: &CaseFile, query: &CaseQuery) -> bool {
    file.kind == query.kind
        && (query.states.is_empty() || query.states.contains(&file.state))
        && (query.employer_code.is_none() || query.employer_code == file.employer_code)
        && (query.worker_id.is_none() || query.worker_id == file.worker_id)
        && (query.parent_id.is_none() || query.parent_id == file.parent_id)
        && file.region_code.starts_with(&query.region_prefix)
        && query
            .due_before
            .is_none_or(|day| file.due_on.is_some_and(|due| due < day))
        && query.opened_from.is_none_or(|from| file.opened_at >= from)
        && query.opened_before.is_none_or(|end| file.opened_at < end)
        && query
            .after
            .is_none_or(|after| (file.opened_at, file.case_id) > after)
}

impl State {
    fn files(&self) -> impl Iterator<Item = &CaseFile> {
        let last = self.cases.values().filter_map(|events| events.last());
        last.map(|event| &event.file)
    }

    fn case_files(&self, ids: &[CaseId]) -> Vec<Option<CaseFile>> {
        let last = ids.iter().map(|id| self.cases.get(id)?.last());
        last.map(|event| event.map(|event| event.file.clone()))
            .collect()
    }

    fn case_files_by_key(&self, kind: CaseKind, keys: &[Digest32]) -> Vec<Option<CaseFile>> {
        let found = keys.iter().map(|key| {
            let mut files = self.files();
            files.find(|file| file.kind == kind && file.key.as_ref() == Some(key))
        });
        found.map(Option::<&CaseFile>::cloned).collect()
    }

    fn list_case_files(&self, query: &CaseQuery) -> Vec<CaseFile> {
        let mut found: Vec<_> = self
            .files()
            .filter(|file| is_asked_for(file, query))
            .cloned()
            .collect();
        found.sort_by_key(|file| (file.opened_at, file.case_id));
        found.truncate(count(query.limit));
        found
    }

    fn append_cases(&mut self, events: &[CaseEvent]) -> StoreResult<()> {
        for event in events {
            let file = &event.file;
            let last = self.cases.get(&file.case_id).and_then(|them| them.last());
            let is_next = match last {
                None => file.revision == 1 && event.previous_state.is_none(),
                Some(CaseEvent { file: before, .. }) => {
                    file.revision == before.revision + 1
                        && event.previous_state == Some(before.state)
                        && (file.kind, file.key, file.opened_at)
                            == (before.kind, before.key, before.opened_at)
                }
            };
            if !is_next {
                return conflict("the event does not continue its case");
            }
            let has_key = |other: &CaseFile| {
                file.key.is_some()
                    && (other.kind, other.key) == (file.kind, file.key)
                    && other.case_id != file.case_id
            };
            if self.files().any(has_key) {
                return conflict("another case has the key");
            }
            let of_case = self.cases.entry(file.case_id).or_default();
            of_case.push(event.clone());
        }
        Ok(())
    }
}

#[async_trait]
impl CaseReads for MemoryStore {
    async fn cases(&self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
        Ok(self.shared.read().case_files(ids))
    }

    async fn cases_by_key(
        &self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        Ok(self.shared.read().case_files_by_key(kind, keys))
    }

    async fn list_cases(&self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
        Ok(self.shared.read().list_case_files(query))
    }

    async fn cases_as_of(&self, ids: &[CaseId], as_of: i64) -> StoreResult<Vec<Option<CaseFile>>> {
        let state = self.shared.read();
        let found = ids.iter().map(|id| {
            let mut events = state.cases.get(id)?.iter().rev();
            let last = events.find(|event| event.file.updated_at <= as_of)?;
            Some(last.file.clone())
        });
        Ok(found.collect())
    }

    async fn list_case_events(
        &self,
        case_id: CaseId,
        after: u32,
        limit: u32,
    ) -> StoreResult<Vec<CaseEvent>> {
        let state = self.shared.read();
        let events = state.cases.get(&case_id).into_iter().flatten();
        let asked_for = events.filter(|event| event.file.revision > after);
        Ok(asked_for.take(count(limit)).cloned().collect())
    }

    async fn list_case_ids(&self, after: Option<CaseId>, limit: u32) -> StoreResult<Vec<CaseId>> {
        let state = self.shared.read();
        let from = after.map_or(Unbounded, Excluded);
        let ids = state.cases.range((from, Unbounded));
        Ok(ids.map(|(id, _)| *id).take(count(limit)).collect())
    }
}

#[async_trait]
impl CaseWrites for MemoryUnit {
    async fn cases(&mut self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
        Ok(self.state.case_files(ids))
    }

    async fn cases_by_key(
        &mut self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        Ok(self.state.case_files_by_key(kind, keys))
    }

    async fn list_cases(&mut self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
        Ok(self.state.list_case_files(query))
    }

    async fn append_cases(&mut self, events: &[CaseEvent]) -> StoreResult<()> {
        self.write(|state| state.append_cases(events))
    }
}
