//! What is sealed of a person: document, number and name, and what facts keep of them.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use mamagang_domain::ids::WorkerId;
use mamagang_store::rows::{NewWorker, WorkerSecret};
use zeroize::Zeroizing;

use super::{Recording, fact_secret_row};
use crate::error::{AppError, AppResult};
use crate::facts::record::{FACT_SECRET, IDENTITY_SECRET};
use crate::workers::{Identity, identity_key, name_macs};

impl Recording<'_> {
    /// Whether a number is the one that the person's record has now, and not one of a record that was merged into it.
    pub(super) fn is_present_number(
        &self,
        worker_id: WorkerId,
        identity: &Identity,
    ) -> AppResult<bool> {
        let (Some(key), Some(sealed)) = (
            self.person_keys.get(&worker_id),
            self.sealed.get(&worker_id),
        ) else {
            // Made in this call.
            return Ok(true);
        };
        let plain = key.decrypt(IDENTITY_SECRET, worker_id.bytes(), sealed);
        let plain = plain.map_err(AppError::internal)?;
        let today = crate::app::civil_date(self.recorded_at);
        let known = mamagang_crypto::IdentityPlain::decode(&plain, today);
        let known = known.map_err(AppError::internal)?;
        Ok(known.document_type == identity.document_type && known.number == identity.number)
    }

    pub(super) fn new_worker(
        &mut self,
        worker_id: WorkerId,
        identity: &Identity,
    ) -> AppResult<NewWorker> {
        let mut entropy = (self.app.entropy)();
        let keys = Arc::clone(&self.keys);
        let person_key = match self.person_keys.entry(worker_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(
                keys.new_person_key(&mut *entropy)
                    .map_err(AppError::internal)?,
            ),
        };
        let plain = identity_plain(identity);
        let secret = WorkerSecret {
            data_key: keys
                .wrap(person_key, worker_id, &mut *entropy)
                .map_err(AppError::internal)?,
            identity: person_key
                .encrypt(IDENTITY_SECRET, worker_id.bytes(), &plain, &mut *entropy)
                .map_err(AppError::internal)?,
        };
        Ok(NewWorker {
            worker_id,
            document_type: identity.document_type,
            number_macs: identity_key(&self.keys, identity).macs,
            name_macs: name_macs(&self.keys, identity),
            secret,
        })
    }

    pub(super) fn seal(
        &self,
        worker_id: WorkerId,
        revision: u32,
        plain: Option<&[u8]>,
    ) -> AppResult<Vec<u8>> {
        let (Some(plain), Some(key)) = (plain, self.person_keys.get(&worker_id)) else {
            return Ok(Vec::new());
        };
        let mut entropy = (self.app.entropy)();
        let row = fact_secret_row(worker_id, revision);
        key.encrypt(FACT_SECRET, &row, plain, &mut *entropy)
            .map_err(AppError::internal)
    }
}

/// Document type, number and name as one text, before encryption.
pub(super) fn identity_plain(identity: &Identity) -> Zeroizing<Vec<u8>> {
    mamagang_crypto::IdentityPlain {
        document_type: identity.document_type,
        number: identity.number.clone(),
        name: identity.name.clone(),
    }
    .encode()
}
