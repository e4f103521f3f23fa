//! Jobs and their parts.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{JobPart, JobReads, JobRow, JobWrites, StoreResult, UnitOfWork as _};

use super::MemoryStore;
use super::changes::conflict;
use super::state::State;
use super::unit::MemoryUnit;

impl State {
    fn job_parts(&self, job_id: Uuid) -> Vec<JobPart> {
        let own = (job_id, 0)..=(job_id, u32::MAX);
        let parts = self.job_parts.range(own).map(|(_, (part, _))| part.clone());
        parts.collect()
    }

    fn take_job_part(&mut self, job_id: Uuid, now: i64, until: i64) -> Option<JobPart> {
        let own = (job_id, 0)..=(job_id, u32::MAX);
        let mut parts = self.job_parts.range_mut(own).map(|(_, held)| held);
        let (part, held_until) = parts.find(|(part, held)| !part.is_finished && *held < now)?;
        part.fence += 1;
        *held_until = until;
        Some(part.clone())
    }

    fn advance_job_part(&mut self, part: &JobPart, until: i64) -> StoreResult<()> {
        match self.job_parts.get_mut(&(part.job_id, part.part)) {
            Some((known, held_until)) if known.fence == part.fence && !known.is_finished => {
                known.clone_from(part);
                *held_until = until;
                Ok(())
            }
            _ => conflict("somebody else has taken the part of the job"),
        }
    }
}

#[async_trait]
impl JobReads for MemoryStore {
    async fn job(&self, job_id: Uuid) -> StoreResult<Option<JobRow>> {
        Ok(self.shared.read().jobs.get(&job_id).cloned())
    }

    async fn job_parts(&self, job_id: Uuid) -> StoreResult<Vec<JobPart>> {
        Ok(self.shared.read().job_parts(job_id))
    }
}

#[async_trait]
impl JobWrites for MemoryUnit {
    async fn add_job(&mut self, job: &JobRow, parts: &[JobPart]) -> StoreResult<()> {
        self.write(|state| {
            if state.jobs.contains_key(&job.job_id) {
                return Ok(());
            }
            state.jobs.insert(job.job_id, job.clone());
            let parts = parts.iter().map(|part| {
                let key = (part.job_id, part.part);
                (key, (part.clone(), 0))
            });
            state.job_parts.extend(parts);
            Ok(())
        })
    }

    async fn take_job_part(&mut self, job_id: Uuid, until: i64) -> StoreResult<Option<JobPart>> {
        let now = self.recorded_at();
        let mut taken = None;
        self.write(|state| {
            taken = state.take_job_part(job_id, now, until);
            Ok(())
        })?;
        Ok(taken)
    }

    async fn advance_job_part(&mut self, part: &JobPart, until: i64) -> StoreResult<()> {
        self.write(|state| state.advance_job_part(part, until))
    }
}
