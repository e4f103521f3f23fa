//! Certificates are known by their number, whatever MAC key it was recorded under.

use std::collections::HashSet;

use mamagang_domain::fact::CertificateKey;
use mamagang_domain::identifier::CertificateNumber;
use mamagang_store::UnitOfWork;
use mamagang_store::keys::CertificateAlias;

use super::{Recording, certificate_owner_key};
use crate::attempt::Attempt;
use crate::facts::input::{FactInput, FactItem, WorkerFactInput};

impl Recording<'_> {
    /// Finds the keys under which the items' certificates were recorded first, whatever the MAC key is now, and notes
    /// them under the keys that they are not noted under yet.
    pub(super) async fn read_certificates(
        &mut self,
        unit: &mut dyn UnitOfWork,
        items: &[FactItem],
    ) -> Result<(), Attempt> {
        let numbers: HashSet<&CertificateNumber> = items
            .iter()
            .filter_map(|item| match &item.fact {
                FactInput::Worker(_, WorkerFactInput::Certificate { number, .. }) => Some(number),
                _ => None,
            })
            .collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let macs: Vec<(&CertificateNumber, u32, CertificateKey)> = numbers
            .iter()
            .flat_map(|number| {
                let keys = self.keys.certificate_keys(number).into_iter();
                keys.map(|(key_id, mac)| (*number, key_id, mac))
            })
            .collect();
        let asked: Vec<_> = macs
            .iter()
            .map(|(_, key_id, mac)| (*key_id, *mac))
            .collect();
        let noted = unit.certificate_aliases(&asked).await?;
        let owners: Vec<_> = macs
            .iter()
            .map(|(.., mac)| certificate_owner_key(*mac))
            .collect();
        let held = unit.fact_owners(&owners).await?;
        for ((number, _, mac), (noted, held)) in macs.iter().zip(noted.iter().zip(&held)) {
            let recorded = noted.or(held.map(|_| *mac));
            if let Some(recorded) = recorded {
                let number = (*number).clone();
                self.certificates.entry(number).or_insert(recorded);
            }
        }
        for ((number, key_id, mac), noted) in macs.iter().zip(noted) {
            let recorded = self.certificate_key(number);
            if noted.is_none() && *mac != recorded {
                self.new_aliases.push(CertificateAlias {
                    mac_key_id: *key_id,
                    mac: *mac,
                    recorded,
                });
            }
        }
        Ok(())
    }

    /// The key of a certificate: the one it was recorded under first, or one by the MAC key of now.
    pub(super) fn certificate_key(&self, number: &CertificateNumber) -> CertificateKey {
        let known = self.certificates.get(number).copied();
        known.unwrap_or_else(|| self.keys.certificate_key(number))
    }
}
