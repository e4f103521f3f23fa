//! What the use cases need of the world beside the store: new ids and randomness.

use uuid::Uuid;

pub use mamagang_crypto::Entropy;

/// Makes time-ordered ids (UUIDv7).
pub trait Ids: Send + Sync + std::fmt::Debug {
    /// A new id.
    fn new_id(&self) -> Uuid;
}
