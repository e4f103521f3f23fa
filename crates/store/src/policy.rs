//! Policy sets: the editions that decisions were made under, by the hash of their canonical text.

use async_trait::async_trait;

use crate::StoreResult;

/// An edition as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySetRow {
    /// SHA-256 of the content, in lower-case hexadecimal.
    pub version: String,
    /// The canonical text.
    pub content: String,
    /// When it was first applied (microseconds).
    pub recorded_at: i64,
}

/// An edition without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySetName {
    /// SHA-256 of the content, in lower-case hexadecimal.
    pub version: String,
    /// When it was first applied (microseconds).
    pub recorded_at: i64,
}

/// Reads of policy sets.
#[async_trait]
pub trait PolicyReads: Send + Sync {
    /// The edition of a version.
    async fn policy_set(&self, version: &str) -> StoreResult<Option<PolicySetRow>>;

    /// Editions in order of version, after `after`, at most `limit`.
    async fn list_policy_sets(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<PolicySetName>>;
}
