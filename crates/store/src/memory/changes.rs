//! What is written, and what is refused.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;

use crate::rows::{
    AuditRow, EmployerRow, EntryRow, FactRow, IdempotencyKey, IdempotencyRecord, NewWorker,
    OwnedFact, PersonMonth, WorkerRow, YearRow,
};
use crate::{StoreError, StoreErrorKind, StoreResult};

use super::state::State;

/// Most months of a person over all employers, as the engines' guards know it (财税〔2019〕22号
/// art. 2; the policy is `key_group.person_months_max`).
const PERSON_MONTHS_MAX: usize = 36;

pub(super) fn conflict<T>(what: &str) -> StoreResult<T> {
    Err(StoreError::new(StoreErrorKind::Conflict, what))
}

impl State {
    pub(super) fn require_worker(&self, id: WorkerId) -> StoreResult<()> {
        if self.workers.contains_key(&id) {
            return Ok(());
        }
        conflict("the worker is unknown")
    }

    pub(super) fn insert_workers(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        for new in workers {
            let zero = WorkerRow {
                worker_id: new.worker_id,
                region_code: String::new(),
                timeline: Default::default(),
            };
            if self.workers.insert(new.worker_id, zero).is_some() {
                return conflict("the worker exists");
            }
            self.add_identity(new)?;
        }
        Ok(())
    }

    pub(super) fn put_identities(&mut self, workers: &[NewWorker]) -> StoreResult<()> {
        for new in workers {
            self.require_worker(new.worker_id)?;
            self.identities
                .retain(|_, (worker, _)| *worker != new.worker_id);
        }
        workers.iter().try_for_each(|new| self.add_identity(new))
    }

    fn add_identity(&mut self, new: &NewWorker) -> StoreResult<()> {
        for (number, name) in new.number_macs.iter().zip(&new.name_macs) {
            let id = (new.document_type.number(), number.key_id, number.mac);
            let holder = (new.worker_id, name.mac);
            if self.identities.insert(id, holder).is_some() {
                return conflict("the identity is known already");
            }
        }
        self.secrets.insert(new.worker_id, new.secret.clone());
        Ok(())
    }

    pub(super) fn append_facts(&mut self, facts: &[FactRow]) -> StoreResult<()> {
        for fact in facts {
            let rows = self.facts.entry(fact.subject).or_default();
            let last = rows.last().map_or(0, |row| row.revision);
            if fact.revision != last + 1 {
                return conflict("the revision exists or leaves a gap");
            }
            rows.push(fact.clone());
        }
        Ok(())
    }

    pub(super) fn put_workers(&mut self, workers: &[WorkerRow]) -> StoreResult<()> {
        for row in workers {
            self.require_worker(row.worker_id)?;
            self.workers.insert(row.worker_id, row.clone());
        }
        Ok(())
    }

    pub(super) fn put_employers(&mut self, employers: &[EmployerRow]) -> StoreResult<()> {
        for row in employers {
            self.employers.insert(row.employer_code, row.clone());
        }
        Ok(())
    }

    pub(super) fn link_workers(&mut self, links: &[(EmployerCode, WorkerId)]) -> StoreResult<()> {
        for link in links {
            self.require_worker(link.1)?;
            self.links.insert(*link);
        }
        Ok(())
    }

    pub(super) fn put_fact_owners(&mut self, owners: &[OwnedFact]) -> StoreResult<()> {
        for owned in owners {
            match owned.worker_id {
                Some(worker) => {
                    self.require_worker(worker)?;
                    self.owners.insert(owned.key, worker);
                }
                None => {
                    self.owners.remove(&owned.key);
                }
            }
        }
        Ok(())
    }

    pub(super) fn append_entries(&mut self, entries: &[EntryRow]) -> StoreResult<()> {
        for entry in entries {
            let head = self.head(&entry.employer_code);
            if entry.sequence != head.sequence + 1 || entry.previous_hash != head.hash {
                return conflict("the entry does not continue the chain");
            }
            let chain = self.entries.entry(entry.employer_code).or_default();
            chain.push(entry.clone());
            let end = self.feed.last_key_value().map_or(0, |(end, _)| *end);
            self.feed
                .insert(end + 1, (entry.employer_code, entry.sequence));
        }
        Ok(())
    }

    pub(super) fn put_years(&mut self, years: &[YearRow]) -> StoreResult<()> {
        for row in years {
            let key = (row.employer_code, row.tax_year);
            self.years.insert(key, row.state.clone());
        }
        Ok(())
    }

    pub(super) fn release_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        for month in months {
            let booked = self.months.remove(&(month.worker_id, month.month));
            if booked.is_none_or(|booked| booked.employer_code != month.employer_code) {
                return conflict("the month is not booked for the employer");
            }
        }
        Ok(())
    }

    pub(super) fn book_months(&mut self, months: &[PersonMonth]) -> StoreResult<()> {
        for month in months {
            self.require_worker(month.worker_id)?;
            if self.months_of(month.worker_id).count() >= PERSON_MONTHS_MAX {
                return conflict("the person has 36 booked months");
            }
            let key = (month.worker_id, month.month);
            if self.months.insert(key, *month).is_some() {
                return conflict("the month is booked already");
            }
        }
        Ok(())
    }

    pub(super) fn put_idempotency(
        &mut self,
        records: &[(IdempotencyKey, IdempotencyRecord)],
    ) -> StoreResult<()> {
        for (key, record) in records {
            let known = self.answers.insert(key.clone(), record.clone());
            if known.is_some() {
                return conflict("the request is answered already");
            }
        }
        Ok(())
    }

    pub(super) fn append_audit(&mut self, rows: &[AuditRow]) -> StoreResult<()> {
        for row in rows {
            let last = self.last_audit_place(row.writer_id);
            let next = last.map_or(1, |(position, _)| position + 1);
            let is_linked = last.is_none_or(|(_, hash)| row.previous_hash == hash);
            if row.position != next || !is_linked || self.audit.contains_key(&row.audit_id) {
                return conflict("the audit row does not continue the chain");
            }
            let chain = self.audit_chains.entry(row.writer_id).or_default();
            chain.push(row.audit_id);
            self.audit.insert(row.audit_id, row.clone());
        }
        Ok(())
    }
}
