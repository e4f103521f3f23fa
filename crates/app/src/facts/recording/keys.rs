//! What facts are known by over all workers, and where their secrets belong.

use mamagang_domain::fact::{CertificateKey, FactKind};
use mamagang_domain::frozen::{Writer, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::OwnerKey;

/// The town of a worker's profile in force; empty without one.
pub(crate) fn region_of(timeline: &Timeline) -> String {
    timeline
        .profile
        .as_ref()
        .map_or_else(String::new, |held| held.body.town_code.clone())
}

/// The key of a contract over all workers.
pub(crate) fn contract_owner_key(employer_code: &EmployerCode, contract_id: &str) -> OwnerKey {
    let mut writer = Writer::new(1);
    writer.text(employer_code.as_str()).text(contract_id);
    OwnerKey {
        kind: FactKind::Contract,
        key: digest(&writer.finish()),
    }
}

/// The key of a certificate over all workers.
pub(crate) fn certificate_owner_key(key: CertificateKey) -> OwnerKey {
    let mut padded = [0; 32];
    padded[..16].copy_from_slice(&key.0);
    OwnerKey {
        kind: FactKind::EmploymentCertificate,
        key: padded,
    }
}

/// The row that a fact's secret is bound to.
pub(crate) fn fact_secret_row(worker_id: WorkerId, revision: u32) -> Vec<u8> {
    let mut row = worker_id.bytes().to_vec();
    row.extend_from_slice(&revision.to_be_bytes());
    row
}
