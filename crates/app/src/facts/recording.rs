//! Applies the facts of a call in memory: what was read, what changed, and the rows to write.

mod certificates;
mod identity;
mod keys;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_crypto::{KeyRing, PersonKey};
use mamagang_domain::fact::{
    CertificateKey, EmployerProfile, EmploymentCertificate, FactKind, Source, WorkerFact,
};
use mamagang_domain::identifier::{CertificateNumber, EmployerCode};
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_domain::timeline::{Applied, Timeline, pack};
use mamagang_store::UnitOfWork;
use mamagang_store::keys::CertificateAlias;
use mamagang_store::rows::{
    EmployerRow, FactChange, FactRow, IdentityKey, KeyedMac, NewWorker, OwnedFact, OwnerKey,
    WorkerKey, WorkerRow,
};

use super::input::{FactInput, FactItem, WorkerFactInput};
use super::reach::Reach;
use super::record::{FactOutcome, RecordedFact};
use crate::app::App;
use crate::attempt::Attempt;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::workers::{Identity, Who, identity_key, name_matches};

use identity::identity_plain;
pub(crate) use keys::{certificate_owner_key, contract_owner_key, fact_secret_row, region_of};

struct KnownName {
    worker_id: WorkerId,
    name: Vec<KeyedMac>,
}

/// Everything that the items touch, in memory.
pub(super) struct Recording<'a> {
    app: &'a App,
    /// One ring for all of it, whatever keys are in use before it ends.
    keys: Arc<KeyRing>,
    /// The keys of certificates that were recorded before, by number.
    certificates: HashMap<CertificateNumber, CertificateKey>,
    new_aliases: Vec<CertificateAlias>,
    caller: &'a Caller,
    reach: Reach<'a>,
    recorded_at: i64,
    names: HashMap<IdentityKey, KnownName>,
    workers: BTreeMap<WorkerId, WorkerRow>,
    /// Ids that were asked for and are read as another worker's.
    merged: HashMap<WorkerId, WorkerId>,
    person_keys: HashMap<WorkerId, PersonKey>,
    /// Documents and names as they are kept, under those keys.
    sealed: HashMap<WorkerId, Vec<u8>>,
    employers: BTreeMap<EmployerCode, EmployerRow>,
    owners: HashMap<OwnerKey, Option<WorkerId>>,
    changed_workers: BTreeSet<WorkerId>,
    changed_employers: BTreeSet<EmployerCode>,
    changed_owners: BTreeSet<OwnerKey>,
    new_workers: Vec<NewWorker>,
    renamed: Vec<NewWorker>,
    links: BTreeSet<(EmployerCode, WorkerId)>,
    facts: Vec<FactRow>,
}

fn refused(reason: ErrorReason, violations: Vec<Violation>) -> FactOutcome {
    FactOutcome::Refused { reason, violations }
}

fn identity_of(item: &FactItem) -> Option<&Identity> {
    match &item.fact {
        FactInput::WorkerProfile(identity, _) | FactInput::Worker(Who::Identity(identity), _) => {
            Some(identity)
        }
        _ => None,
    }
}

impl<'a> Recording<'a> {
    pub(super) async fn read(
        app: &'a App,
        reach: Reach<'a>,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<Self, Attempt> {
        let mut recording = Self {
            app,
            keys: app.keys(),
            certificates: HashMap::new(),
            new_aliases: Vec::new(),
            caller: reach.permit.caller,
            reach,
            recorded_at: unit.recorded_at(),
            names: HashMap::new(),
            workers: BTreeMap::new(),
            merged: HashMap::new(),
            person_keys: HashMap::new(),
            sealed: HashMap::new(),
            employers: BTreeMap::new(),
            owners: HashMap::new(),
            changed_workers: BTreeSet::new(),
            changed_employers: BTreeSet::new(),
            changed_owners: BTreeSet::new(),
            new_workers: Vec::new(),
            renamed: Vec::new(),
            links: BTreeSet::new(),
            facts: Vec::new(),
        };
        recording.read_identities(unit, items).await?;
        recording.read_certificates(unit, items).await?;
        recording.read_owners(unit, items).await?;
        // Employers before workers: the order in which postings lock.
        recording.read_employers(unit, items).await?;
        recording.read_workers(unit, items).await?;
        // A unit's instant is final once its locks are held.
        recording.recorded_at = unit.recorded_at();
        Ok(recording)
    }

    async fn read_identities(
        &mut self,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<(), Attempt> {
        let mut keys: Vec<IdentityKey> = Vec::new();
        let mut seen = BTreeSet::new();
        for identity in items.iter().filter_map(identity_of) {
            if seen.insert((identity.document_type.number(), identity.number.expose())) {
                keys.push(identity_key(&self.keys, identity));
            }
        }
        for (key, known) in keys.iter().zip(unit.identities(&keys).await?) {
            if let Some(known) = known {
                let entry = KnownName {
                    worker_id: known.worker_id,
                    name: vec![known.name],
                };
                self.names.insert(key.clone(), entry);
            }
        }
        Ok(())
    }

    async fn read_owners(
        &mut self,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<(), Attempt> {
        let keys: BTreeSet<OwnerKey> = items
            .iter()
            .filter_map(|item| self.owner_key(item))
            .collect();
        let keys: Vec<OwnerKey> = keys.into_iter().collect();
        let owners = unit.fact_owners(&keys).await?;
        self.owners = keys.into_iter().zip(owners).collect();
        Ok(())
    }

    async fn read_workers(
        &mut self,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<(), Attempt> {
        let mut ids: BTreeSet<WorkerId> =
            self.names.values().map(|known| known.worker_id).collect();
        ids.extend(self.owners.values().flatten());
        ids.extend(items.iter().filter_map(|item| self.named_id(item)));
        let ids: Vec<WorkerId> = ids.into_iter().collect();
        let rows = unit.workers(&ids).await?;
        for (asked, row) in ids.iter().zip(rows) {
            let Some(row) = row else {
                continue;
            };
            if row.worker_id != *asked {
                self.merged.insert(*asked, row.worker_id);
            }
            self.workers.insert(row.worker_id, row);
        }
        let ids: Vec<WorkerId> = self.workers.keys().copied().collect();
        let needs_key = items.iter().any(|item| {
            matches!(
                item.fact,
                FactInput::WorkerProfile(..)
                    | FactInput::Worker(_, WorkerFactInput::Certificate { .. })
            )
        });
        if needs_key {
            for (id, secret) in ids.iter().zip(unit.worker_secrets(&ids).await?) {
                if let Some(secret) = secret {
                    let key = self
                        .keys
                        .unwrap(&secret.data_key, *id)
                        .map_err(AppError::internal)?;
                    self.person_keys.insert(*id, key);
                    self.sealed.insert(*id, secret.identity);
                }
            }
        }
        Ok(())
    }

    async fn read_employers(
        &mut self,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<(), Attempt> {
        let codes: BTreeSet<EmployerCode> = items
            .iter()
            .filter_map(|item| match &item.fact {
                FactInput::Employer(code, _) => Some(*code),
                // Its postings are told of a new contract.
                FactInput::Worker(_, WorkerFactInput::Contract(contract)) => {
                    Some(contract.employer_code)
                }
                _ => None,
            })
            .collect();
        let codes: Vec<EmployerCode> = codes.into_iter().collect();
        for row in unit.employers(&codes).await?.into_iter().flatten() {
            self.employers.insert(row.employer_code, row);
        }
        Ok(())
    }

    fn named_id(&self, item: &FactItem) -> Option<WorkerId> {
        let FactInput::Worker(who, _) = &item.fact else {
            return None;
        };
        match self.app.worker_key(self.caller, who).ok()? {
            WorkerKey::Id(id) => Some(self.stands_for(id)),
            WorkerKey::Identity(_) => None,
        }
    }

    /// The worker that an id is read as.
    fn stands_for(&self, id: WorkerId) -> WorkerId {
        self.merged.get(&id).copied().unwrap_or(id)
    }

    /// The key of a fact whose natural key does not name its worker.
    fn owner_key(&self, item: &FactItem) -> Option<OwnerKey> {
        match &item.fact {
            FactInput::Worker(_, WorkerFactInput::Contract(contract)) => Some(contract_owner_key(
                &contract.employer_code,
                &contract.contract_id,
            )),
            FactInput::Worker(_, WorkerFactInput::Certificate { number, .. }) => {
                Some(certificate_owner_key(self.certificate_key(number)))
            }
            _ => None,
        }
    }

    pub(super) fn apply(&mut self, item: &FactItem) -> AppResult<FactOutcome> {
        if !self.is_within_reach(item) {
            return Ok(refused(ErrorReason::PermissionDenied, Vec::new()));
        }
        match &item.fact {
            FactInput::Employer(code, profile) => {
                Ok(self.apply_employer(*code, profile.clone(), &item.source))
            }
            FactInput::WorkerProfile(identity, profile) => {
                let worker_id = match self.person_of_profile(identity)? {
                    Ok(worker_id) => worker_id,
                    Err(outcome) => return Ok(outcome),
                };
                let fact = WorkerFact::Profile(profile.clone());
                let secret = identity_plain(identity);
                let outcome = self.apply_worker(worker_id, fact, item, Some(&secret))?;
                if let Some(row) = self.workers.get_mut(&worker_id) {
                    // A change of the profile has noted the worker as changed.
                    row.region_code = region_of(&row.timeline);
                }
                Ok(outcome)
            }
            FactInput::Worker(who, input) => match self.person_of(who)? {
                Err(outcome) => Ok(outcome),
                Ok(worker_id) => {
                    let (fact, secret) = self.worker_fact(input);
                    self.apply_worker(worker_id, fact, item, secret.as_deref())
                }
            },
        }
    }

    /// Whether the caller may record a fact: about its regions' employers and persons. A person whom nobody knows yet is
    /// within reach where the fact puts him there, by his town or by an employer.
    fn is_within_reach(&self, item: &FactItem) -> bool {
        if self.reach.is_everything() {
            return true;
        }
        match &item.fact {
            FactInput::Employer(code, profile) => {
                let known = self.employers.get(code).map(|row| &row.record);
                self.reach.employer(code, known, profile)
            }
            FactInput::WorkerProfile(identity, profile) => {
                let known = self.names.get(&identity_key(&self.keys, identity));
                let known = known.and_then(|known| self.workers.get(&known.worker_id));
                self.reach.profile(known, profile)
            }
            FactInput::Worker(who, fact) => {
                let known = match who {
                    Who::Identity(identity) => self
                        .names
                        .get(&identity_key(&self.keys, identity))
                        .map(|known| known.worker_id),
                    _ => self.named_id(item),
                };
                self.reach
                    .worker(known.and_then(|id| self.workers.get(&id)), fact)
            }
        }
    }

    fn worker_fact(&self, input: &WorkerFactInput) -> (WorkerFact, Option<Vec<u8>>) {
        let fact = match input {
            WorkerFactInput::Certificate {
                number,
                enterprise_absorption_note,
                noted_on,
                office_code,
            } => {
                let certificate = EmploymentCertificate {
                    key: self.certificate_key(number),
                    enterprise_absorption_note: *enterprise_absorption_note,
                    noted_on: *noted_on,
                    office_code: office_code.clone(),
                };
                return (
                    WorkerFact::Certificate(certificate),
                    Some(number.expose().as_bytes().to_vec()),
                );
            }
            WorkerFactInput::Spell(fact) => WorkerFact::Spell(fact.clone()),
            WorkerFactInput::Poverty(fact) => WorkerFact::Poverty(fact.clone()),
            WorkerFactInput::Contract(fact) => WorkerFact::Contract(fact.clone()),
            WorkerFactInput::Contribution(fact) => WorkerFact::Contribution(fact.clone()),
            WorkerFactInput::Flexible(fact) => WorkerFact::Flexible(fact.clone()),
            WorkerFactInput::Child(fact) => WorkerFact::Child(fact.clone()),
            WorkerFactInput::Relief(fact) => WorkerFact::Relief(fact.clone()),
            WorkerFactInput::PriorUse(fact) => WorkerFact::PriorUse(fact.clone()),
            WorkerFactInput::Training(fact) => WorkerFact::Training(fact.clone()),
        };
        (fact, None)
    }

    /// The worker that an item means; an unknown identity becomes a new worker.
    fn person_of(&mut self, who: &Who) -> AppResult<Result<WorkerId, FactOutcome>> {
        match who {
            Who::Identity(identity) => {
                let key = identity_key(&self.keys, identity);
                let Some(known) = self.names.get(&key) else {
                    return self.create(identity, key).map(Ok);
                };
                if name_matches(&self.keys, identity, &known.name) {
                    return Ok(Ok(known.worker_id));
                }
                let violation = Violation::new(
                    "worker.identity",
                    "姓名与证件号码不一致",
                    "name and number do not match",
                );
                Ok(Err(refused(
                    ErrorReason::InvalidArgumentFields,
                    vec![violation],
                )))
            }
            Who::WorkerId(id) if self.workers.contains_key(&self.stands_for(*id)) => {
                Ok(Ok(self.stands_for(*id)))
            }
            Who::WorkerId(_) => {
                let violation = Violation::new("worker.worker_id", "没有该人员", "no such worker");
                Ok(Err(refused(
                    ErrorReason::InvalidArgumentFields,
                    vec![violation],
                )))
            }
            Who::MatchId(_) => match self.app.worker_key(self.caller, who) {
                Ok(WorkerKey::Id(id)) if self.workers.contains_key(&self.stands_for(id)) => {
                    Ok(Ok(self.stands_for(id)))
                }
                _ => {
                    let text = (
                        "匹配编号无效或已过期",
                        "the match id is not valid or has expired",
                    );
                    let violation = Violation::new("worker.match_id", text.0, text.1);
                    Ok(Err(refused(
                        ErrorReason::InvalidArgumentFields,
                        vec![violation],
                    )))
                }
            },
        }
    }

    /// The worker of a profile; another name than the recorded one renames the worker.
    fn person_of_profile(
        &mut self,
        identity: &Identity,
    ) -> AppResult<Result<WorkerId, FactOutcome>> {
        let key = identity_key(&self.keys, identity);
        let Some(known) = self.names.get(&key) else {
            return self.create(identity, key).map(Ok);
        };
        let worker_id = known.worker_id;
        if name_matches(&self.keys, identity, &known.name) {
            return Ok(Ok(worker_id));
        }
        if !self.is_present_number(worker_id, identity)? {
            let violation = Violation::new(
                "worker_profile.identity",
                "该号码是此人员已更正的号码，请用现用号码更名",
                "the number is one that was corrected: rename under the present one",
            );
            let reason = ErrorReason::InvalidArgumentFields;
            return Ok(Err(refused(reason, vec![violation])));
        }
        let worker = self.new_worker(worker_id, identity)?;
        self.names.insert(
            key,
            KnownName {
                worker_id,
                name: worker.name_macs.clone(),
            },
        );
        self.renamed
            .retain(|renamed| renamed.worker_id != worker_id);
        self.renamed.push(worker);
        Ok(Ok(worker_id))
    }

    fn create(&mut self, identity: &Identity, key: IdentityKey) -> AppResult<WorkerId> {
        let worker_id = WorkerId(self.app.ids.new_id());
        let worker = self.new_worker(worker_id, identity)?;
        self.names.insert(
            key,
            KnownName {
                worker_id,
                name: worker.name_macs.clone(),
            },
        );
        self.new_workers.push(worker);
        let row = WorkerRow {
            worker_id,
            region_code: String::new(),
            timeline: Timeline::default(),
        };
        self.workers.insert(worker_id, row);
        self.changed_workers.insert(worker_id);
        Ok(worker_id)
    }

    fn apply_employer(
        &mut self,
        employer_code: EmployerCode,
        profile: EmployerProfile,
        source: &Source,
    ) -> FactOutcome {
        let body = pack(&profile);
        let row = self
            .employers
            .entry(employer_code)
            .or_insert_with(|| EmployerRow {
                employer_code,
                record: Default::default(),
            });
        let recorded = RecordedFact {
            worker_id: None,
            employer_code: Some(employer_code),
            revision: 0,
            supersedes: None,
            unchanged: true,
        };
        match row.record.apply(profile, source) {
            Applied::Unchanged { revision } => FactOutcome::Recorded(RecordedFact {
                revision,
                ..recorded
            }),
            Applied::Stored {
                revision,
                supersedes,
            } => {
                self.changed_employers.insert(employer_code);
                self.facts.push(FactRow {
                    subject: Subject::Employer(employer_code),
                    revision,
                    kind: FactKind::EmployerProfile,
                    change: FactChange::Record {
                        body,
                        secret: Vec::new(),
                    },
                    supersedes,
                    source: source.clone(),
                    recorded_at: self.recorded_at,
                    actor: self.caller.subject.clone(),
                    reason: String::new(),
                });
                FactOutcome::Recorded(RecordedFact {
                    revision,
                    supersedes,
                    unchanged: false,
                    ..recorded
                })
            }
        }
    }

    fn apply_worker(
        &mut self,
        worker_id: WorkerId,
        fact: WorkerFact,
        item: &FactItem,
        secret: Option<&[u8]>,
    ) -> AppResult<FactOutcome> {
        if let Some(key) = self.owner_key(item) {
            self.take_over(key, worker_id, &fact);
        }
        if let WorkerFact::Contract(contract) = &fact {
            self.links.insert((contract.employer_code, worker_id));
        }
        let (kind, body) = (fact.kind(), pack(&fact));
        let row = self
            .workers
            .get_mut(&worker_id)
            .ok_or_else(|| AppError::new(ErrorReason::Internal))?;
        let recorded = RecordedFact {
            worker_id: Some(worker_id),
            employer_code: None,
            revision: 0,
            supersedes: None,
            unchanged: true,
        };
        match row.timeline.apply(fact, &item.source) {
            Applied::Unchanged { revision } => Ok(FactOutcome::Recorded(RecordedFact {
                revision,
                ..recorded
            })),
            Applied::Stored {
                revision,
                supersedes,
            } => {
                self.changed_workers.insert(worker_id);
                let secret = self.seal(worker_id, revision, secret)?;
                self.facts.push(FactRow {
                    subject: Subject::Worker(worker_id),
                    revision,
                    kind,
                    change: FactChange::Record { body, secret },
                    supersedes,
                    source: item.source.clone(),
                    recorded_at: self.recorded_at,
                    actor: self.caller.subject.clone(),
                    reason: String::new(),
                });
                Ok(FactOutcome::Recorded(RecordedFact {
                    revision,
                    supersedes,
                    unchanged: false,
                    ..recorded
                }))
            }
        }
    }

    /// A contract or certificate that was recorded for somebody else is taken out of force there:
    /// its natural key does not name the worker, so the new fact takes its place.
    fn take_over(&mut self, key: OwnerKey, worker_id: WorkerId, fact: &WorkerFact) {
        let before = self.owners.insert(key, Some(worker_id)).flatten();
        if before != Some(worker_id) {
            self.changed_owners.insert(key);
        }
        let Some(row) = before
            .filter(|owner| *owner != worker_id)
            .and_then(|owner| self.workers.get_mut(&owner))
        else {
            return;
        };
        let held = match fact {
            WorkerFact::Contract(contract) => row
                .timeline
                .contract_revision(&contract.employer_code, &contract.contract_id),
            WorkerFact::Certificate(certificate) => {
                row.timeline.certificate_revision(&certificate.key)
            }
            _ => None,
        };
        let Some((taken, revision)) =
            held.and_then(|held| Some((held, row.timeline.retract(held).ok()?)))
        else {
            return;
        };
        self.changed_workers.insert(row.worker_id);
        self.facts.push(FactRow {
            subject: Subject::Worker(row.worker_id),
            revision,
            kind: fact.kind(),
            change: FactChange::Retract { revision: taken },
            supersedes: Some(taken),
            source: Source {
                name: String::new(),
                drawn_on: None,
            },
            recorded_at: self.recorded_at,
            actor: self.caller.subject.clone(),
            reason: "recorded for another worker".to_owned(),
        });
    }

    pub(super) async fn write(&self, unit: &mut dyn UnitOfWork) -> Result<(), Attempt> {
        unit.insert_workers(&self.new_workers).await?;
        unit.put_identities(&self.renamed).await?;
        unit.append_facts(&self.facts).await?;
        let workers: Vec<WorkerRow> = self
            .changed_workers
            .iter()
            .filter_map(|id| self.workers.get(id))
            .cloned()
            .collect();
        unit.put_workers(&workers).await?;
        let employers: Vec<EmployerRow> = self
            .changed_employers
            .iter()
            .filter_map(|code| self.employers.get(code))
            .cloned()
            .collect();
        unit.put_employers(&employers).await?;
        let links: Vec<(EmployerCode, WorkerId)> = self.links.iter().copied().collect();
        unit.link_workers(&links).await?;
        let owners: Vec<OwnedFact> = self
            .changed_owners
            .iter()
            .map(|key| OwnedFact {
                key: *key,
                worker_id: self.owners.get(key).copied().flatten(),
            })
            .collect();
        unit.put_fact_owners(&owners).await?;
        unit.put_certificate_aliases(&self.new_aliases).await?;
        Ok(())
    }
}
