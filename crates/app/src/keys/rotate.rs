//! Identities, data keys and certificates under new keys, while the service runs.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_crypto::{IdentityPlain, KeyRing, PersonKey};
use mamagang_domain::fact::CertificateKey;
use mamagang_domain::fact::FactKind;
use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::CertificateNumber;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_store::UnitOfWork;
use mamagang_store::keys::{CertificateAlias, IdentityUnderKey};
use mamagang_store::rows::{FactChange, FactQuery, WorkerRow, WorkerSecret};

use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::facts::{FACT_SECRET, IDENTITY_SECRET, fact_secret_row};
use crate::limits::{KEY_ROWS_REMOVED, KEY_WORKERS_CHUNK, PAGE_ROWS_MAX};

/// Whoever runs the service does it; it is no method of the contract.
const METHOD_ROTATE: &str = "mamagang.admin/RotateKeys";
const METHOD_RETIRE: &str = "mamagang.admin/RetireKeys";

/// What was brought under the keys of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RotationReport {
    /// Workers looked at.
    pub workers: u64,
    /// Identities added under further MAC keys.
    pub identities: u64,
    /// Data keys wrapped anew.
    pub data_keys: u64,
    /// Certificates added under further MAC keys.
    pub certificates: u64,
}

impl RotationReport {
    /// Whether everything stood under the keys of now already.
    pub const fn changed_nothing(&self) -> bool {
        self.identities == 0 && self.data_keys == 0 && self.certificates == 0
    }

    const fn add(&mut self, other: &Self) {
        self.workers += other.workers;
        self.identities += other.identities;
        self.data_keys += other.data_keys;
        self.certificates += other.certificates;
    }
}

/// What one unit of work writes.
#[derive(Default)]
struct Changes {
    identities: Vec<IdentityUnderKey>,
    data_keys: Vec<(WorkerId, Vec<u8>)>,
    aliases: Vec<CertificateAlias>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.identities.is_empty() && self.data_keys.is_empty() && self.aliases.is_empty()
    }
}

impl App {
    /// Brings every person under the keys of now, in parts of one unit of work each. It may be stopped and run again:
    /// what stands already is left as it is.
    pub async fn reencrypt(&self, caller: &Caller) -> AppResult<RotationReport> {
        let mut report = RotationReport::default();
        let mut after = None;
        loop {
            let rows = self.store.list_workers(after, KEY_WORKERS_CHUNK).await?;
            let Some(last) = rows.last() else {
                return Ok(report);
            };
            after = Some(last.worker_id);
            report.add(&until_not_overtaken(|| self.reencrypt_once(caller, &rows)).await?);
        }
    }

    async fn reencrypt_once(
        &self,
        caller: &Caller,
        rows: &[WorkerRow],
    ) -> Result<RotationReport, Attempt> {
        let keys = self.keys();
        let ids: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
        let mut unit = self.store.begin(self.clock.clone()).await?;
        // Locked, so that nobody is renamed or erased in between.
        unit.workers(&ids).await?;
        let secrets = unit.worker_secrets(&ids).await?;
        let mut known: BTreeMap<WorkerId, BTreeSet<u32>> = BTreeMap::new();
        for (worker, key) in unit.identity_keys(&ids).await? {
            known.entry(worker).or_default().insert(key);
        }
        let mut changes = Changes::default();
        for (row, secret) in rows.iter().zip(&secrets) {
            // An erased person has no key, and nothing to bring under another.
            let Some(secret) = secret else {
                continue;
            };
            let under = known.remove(&row.worker_id).unwrap_or_default();
            let person_key = keys
                .unwrap(&secret.data_key, row.worker_id)
                .map_err(AppError::internal)?;
            self.rewrap(&keys, row.worker_id, secret, &person_key, &mut changes)?;
            self.remac(
                &keys,
                row.worker_id,
                secret,
                &person_key,
                &under,
                &mut changes,
            )?;
            self.alias(&keys, row, &person_key, &mut *unit, &mut changes)
                .await?;
        }
        if !changes.is_empty() {
            unit.add_identities(&changes.identities).await?;
            unit.put_data_keys(&changes.data_keys).await?;
            unit.put_certificate_aliases(&changes.aliases).await?;
            let question = format!(
                "workers={}\nidentities={}\ndata_keys={}\ncertificates={}",
                rows.len(),
                changes.identities.len(),
                changes.data_keys.len(),
                changes.aliases.len()
            );
            let answer = digest(question.as_bytes());
            let item = DecisionItem::Other { question, answer };
            let draft = self.audit_draft(METHOD_ROTATE, caller, None, vec![item]);
            self.writes.commit(unit, vec![draft]).await?;
        }
        Ok(RotationReport {
            workers: rows.len() as u64,
            identities: changes.identities.len() as u64,
            data_keys: changes.data_keys.len() as u64,
            certificates: changes.aliases.len() as u64,
        })
    }

    fn rewrap(
        &self,
        keys: &KeyRing,
        worker_id: WorkerId,
        secret: &WorkerSecret,
        person_key: &PersonKey,
        changes: &mut Changes,
    ) -> AppResult<()> {
        let is_old = keys.needs_rewrap(&secret.data_key);
        if is_old.map_err(AppError::internal)? {
            let mut entropy = (self.entropy)();
            let wrapped = keys.wrap(person_key, worker_id, &mut *entropy);
            let wrapped = wrapped.map_err(AppError::internal)?;
            changes.data_keys.push((worker_id, wrapped));
        }
        Ok(())
    }

    fn remac(
        &self,
        keys: &KeyRing,
        worker_id: WorkerId,
        secret: &WorkerSecret,
        person_key: &PersonKey,
        under: &BTreeSet<u32>,
        changes: &mut Changes,
    ) -> AppResult<()> {
        if keys.mac_key_ids().iter().all(|id| under.contains(id)) {
            return Ok(());
        }
        let plain = person_key
            .decrypt(IDENTITY_SECRET, worker_id.bytes(), &secret.identity)
            .map_err(AppError::internal)?;
        let plain = IdentityPlain::decode(&plain, self.today()).map_err(AppError::internal)?;
        let numbers = keys.mac_number(plain.document_type, &plain.number);
        let names = keys.mac_name(&plain.number, &plain.name);
        let added = numbers.into_iter().zip(names);
        let added = added.filter(|((key, _), _)| !under.contains(key));
        changes
            .identities
            .extend(added.map(
                |((mac_key_id, number_mac), (_, name_mac))| IdentityUnderKey {
                    worker_id,
                    document_type: plain.document_type,
                    mac_key_id,
                    number_mac,
                    name_mac,
                },
            ));
        Ok(())
    }

    /// A certificate is found by its number under every key, also when the one that it was recorded under is gone.
    async fn alias(
        &self,
        keys: &KeyRing,
        row: &WorkerRow,
        person_key: &PersonKey,
        unit: &mut dyn UnitOfWork,
        changes: &mut Changes,
    ) -> Result<(), Attempt> {
        if row.timeline.certificates.is_empty() {
            return Ok(());
        }
        let held: BTreeMap<u32, CertificateKey> = row
            .timeline
            .certificates
            .iter()
            .map(|held| (held.revision, held.body.key))
            .collect();
        let query = FactQuery {
            subject: Subject::Worker(row.worker_id),
            kinds: vec![FactKind::EmploymentCertificate],
            after: 0,
            through: None,
            as_of: None,
            limit: PAGE_ROWS_MAX,
        };
        for fact in self.store.list_facts(&query).await?.rows {
            let FactChange::Record { secret, .. } = &fact.change else {
                continue;
            };
            let Some(recorded) = held.get(&fact.revision).filter(|_| !secret.is_empty()) else {
                continue;
            };
            let place = fact_secret_row(row.worker_id, fact.revision);
            let plain = person_key
                .decrypt(FACT_SECRET, &place, secret)
                .map_err(AppError::internal)?;
            let number = std::str::from_utf8(&plain).map_err(AppError::internal)?;
            let number = CertificateNumber::parse(number).map_err(AppError::internal)?;
            let macs: Vec<_> = keys.certificate_keys(&number);
            let macs: Vec<_> = macs
                .into_iter()
                .filter(|(_, mac)| mac != recorded)
                .collect();
            let noted = unit.certificate_aliases(&macs).await?;
            let missing = macs
                .into_iter()
                .zip(noted)
                .filter(|(_, noted)| noted.is_none());
            changes
                .aliases
                .extend(missing.map(|((mac_key_id, mac), _)| CertificateAlias {
                    mac_key_id,
                    mac,
                    recorded: *recorded,
                }));
        }
        Ok(())
    }

    /// Removes what stands under MAC keys that are no longer used, so that they can be destroyed; the number of rows.
    /// Everybody has to stand under the keys of now before: [`App::reencrypt`].
    pub async fn remove_under_keys(&self, caller: &Caller, old: &[u32]) -> AppResult<u64> {
        let mut all = 0;
        for mac_key_id in old {
            loop {
                let mut unit = self.store.begin(self.clock.clone()).await?;
                let removed = unit.remove_under_key(*mac_key_id, KEY_ROWS_REMOVED).await?;
                if removed == 0 {
                    break;
                }
                all += removed;
                let question = format!("mac_key_id={mac_key_id}\nrows={removed}");
                let answer = digest(question.as_bytes());
                let item = DecisionItem::Other { question, answer };
                let draft = self.audit_draft(METHOD_RETIRE, caller, None, vec![item]);
                self.writes.commit(unit, vec![draft]).await?;
            }
        }
        Ok(all)
    }

    /// Whether a row still stands under a MAC key.
    pub async fn is_mac_key_named(&self, mac_key_id: u32) -> AppResult<bool> {
        Ok(self.store.is_mac_key_named(mac_key_id).await?)
    }
}
