//! Keys and erasures.

use async_trait::async_trait;
use mamagang_domain::fact::CertificateKey;
use mamagang_domain::ids::WorkerId;

use crate::keys::{CertificateAlias, IdentityUnderKey, KeyReads, KeyWrites};
use crate::{StoreError, StoreErrorKind, StoreResult};

use super::MemoryStore;
use super::unit::MemoryUnit;

#[async_trait]
impl KeyReads for MemoryStore {
    async fn is_mac_key_named(&self, mac_key_id: u32) -> StoreResult<bool> {
        let state = self.shared.read();
        let mut identities = state.identities.keys();
        let mut aliases = state.certificate_aliases.keys();
        Ok(identities.any(|(_, key, _)| *key == mac_key_id)
            || aliases.any(|(key, _)| *key == mac_key_id))
    }

    async fn erasures(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<i64>>> {
        let state = self.shared.read();
        let erased = workers.iter().map(|id| state.erasures.get(id).copied());
        Ok(erased.collect())
    }
}

#[async_trait]
impl KeyWrites for MemoryUnit {
    async fn identity_keys(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<(WorkerId, u32)>> {
        let known = self.state().identities.iter();
        let known = known.filter(|(_, (worker, _))| workers.contains(worker));
        let mut pairs: Vec<_> = known.map(|((_, key, _), (id, _))| (*id, *key)).collect();
        pairs.sort_unstable();
        Ok(pairs)
    }

    async fn add_identities(&mut self, identities: &[IdentityUnderKey]) -> StoreResult<()> {
        self.write(|state| {
            for identity in identities {
                let id = (
                    identity.document_type.number(),
                    identity.mac_key_id,
                    identity.number_mac,
                );
                let holder = (identity.worker_id, identity.name_mac);
                let erased = state.erasures.contains_key(&identity.worker_id);
                if erased || state.identities.insert(id, holder).is_some() {
                    let context = "the identity is known already, or its person erased";
                    return Err(StoreError::new(StoreErrorKind::Conflict, context));
                }
            }
            Ok(())
        })
    }

    async fn put_data_keys(&mut self, keys: &[(WorkerId, Vec<u8>)]) -> StoreResult<()> {
        self.write(|state| {
            for (worker, key) in keys {
                if let Some(secret) = state.secrets.get_mut(worker) {
                    secret.data_key.clone_from(key);
                }
            }
            Ok(())
        })
    }

    async fn certificate_aliases(
        &mut self,
        macs: &[(u32, CertificateKey)],
    ) -> StoreResult<Vec<Option<CertificateKey>>> {
        let aliases = &self.state().certificate_aliases;
        Ok(macs.iter().map(|mac| aliases.get(mac).copied()).collect())
    }

    async fn put_certificate_aliases(&mut self, aliases: &[CertificateAlias]) -> StoreResult<()> {
        self.write(|state| {
            for alias in aliases {
                let place = state
                    .certificate_aliases
                    .entry((alias.mac_key_id, alias.mac));
                place.or_insert(alias.recorded);
            }
            Ok(())
        })
    }

    async fn remove_under_key(&mut self, mac_key_id: u32, limit: u32) -> StoreResult<u64> {
        let mut removed = 0;
        self.write(|state| {
            let identities = state.identities.keys();
            let identities = identities.filter(|(_, key, _)| *key == mac_key_id);
            let identities: Vec<_> = identities.take(limit as usize).copied().collect();
            let aliases = state.certificate_aliases.keys();
            let aliases = aliases.filter(|(key, _)| *key == mac_key_id);
            let aliases: Vec<_> = aliases.take(limit as usize).copied().collect();
            removed = (identities.len() + aliases.len()) as u64;
            for id in identities {
                state.identities.remove(&id);
            }
            for id in aliases {
                state.certificate_aliases.remove(&id);
            }
            Ok(())
        })?;
        Ok(removed)
    }

    async fn erase_workers(&mut self, workers: &[WorkerId]) -> StoreResult<()> {
        let erased_at = crate::UnitOfWork::recorded_at(self);
        self.write(|state| {
            for worker in workers {
                if !state.workers.contains_key(worker)
                    || state.erasures.insert(*worker, erased_at).is_some()
                {
                    let context = "the worker is unknown, or erased already";
                    return Err(StoreError::new(StoreErrorKind::Conflict, context));
                }
                state.secrets.remove(worker);
                state.identities.retain(|_, (holder, _)| holder != worker);
            }
            Ok(())
        })
    }
}
