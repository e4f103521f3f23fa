//! Verifies an exported audit bundle, without the service, its database or its keys: it needs the
//! bundle and the public key that the service published.
//!
//! The rules of a chain are those of `mamagang_domain::ledger`; here are reading, signatures and
//! what is told. The format is specified in `docs/frozen-bytes.md`.

mod read;
mod signature;
mod verify;

pub use read::{BundleError, read_record};
pub use verify::{Finding, Subject, Verified, verify};
