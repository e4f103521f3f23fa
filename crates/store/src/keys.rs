//! What key rotation and erasure change: identities under a further MAC key, data keys under a new
//! wrapping key, certificates' numbers under a further MAC key, and persons whose key is destroyed.

use async_trait::async_trait;
use mamagang_domain::fact::CertificateKey;
use mamagang_domain::identifier::DocumentType;
use mamagang_domain::ids::WorkerId;

use crate::StoreResult;
use crate::rows::Mac;

/// An identity under one MAC key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityUnderKey {
    /// Whose.
    pub worker_id: WorkerId,
    /// The document's type.
    pub document_type: DocumentType,
    /// The MAC key.
    pub mac_key_id: u32,
    /// The number's MAC.
    pub number_mac: Mac,
    /// The name's MAC.
    pub name_mac: Mac,
}

/// A certificate's number under a MAC key other than the one it was recorded under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateAlias {
    /// The MAC key.
    pub mac_key_id: u32,
    /// The number's MAC under it.
    pub mac: CertificateKey,
    /// The key that the certificate's facts have.
    pub recorded: CertificateKey,
}

/// Reading what keys are still named.
#[async_trait]
pub trait KeyReads {
    /// Whether an identity or a certificate stands under a MAC key.
    async fn is_mac_key_named(&self, mac_key_id: u32) -> StoreResult<bool>;

    /// When persons were erased (microseconds), one element a worker, in order.
    async fn erasures(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<i64>>>;
}

/// Changing it.
#[async_trait]
pub trait KeyWrites {
    /// The MAC keys under which workers are found: pairs, in order of worker and key.
    async fn identity_keys(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<(WorkerId, u32)>>;

    /// Adds identities under further MAC keys. One that is another worker's is a conflict.
    async fn add_identities(&mut self, identities: &[IdentityUnderKey]) -> StoreResult<()>;

    /// Replaces the wrapped data keys of persons.
    async fn put_data_keys(&mut self, keys: &[(WorkerId, Vec<u8>)]) -> StoreResult<()>;

    /// The keys that certificates' facts have, for numbers under MAC keys; one element a number, in
    /// order.
    async fn certificate_aliases(
        &mut self,
        macs: &[(u32, CertificateKey)],
    ) -> StoreResult<Vec<Option<CertificateKey>>>;

    /// Notes certificates under further MAC keys; known ones stay.
    async fn put_certificate_aliases(&mut self, aliases: &[CertificateAlias]) -> StoreResult<()>;

    /// Removes what stands under a MAC key, at most so many rows of each kind; the number of rows.
    async fn remove_under_key(&mut self, mac_key_id: u32, limit: u32) -> StoreResult<u64>;

    /// Destroys the data keys and the identities of persons. Facts, entries and decisions stay.
    async fn erase_workers(&mut self, workers: &[WorkerId]) -> StoreResult<()>;
}
