//! Why keys could not be loaded or made.

use std::io;

use super::KeyPurpose;
use crate::entropy::EntropyError;

/// Why a key file was not loaded or made. Never holds a secret or a piece of the file.
///
/// No error leaves a half-written file in the place asked for.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file system refused.
    #[error("the key file could not be {action}")]
    Io {
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A directory, pipe or device.
    #[error("the key file is not a regular file")]
    NotAFile,
    /// Others than the owner may use the file, or its mode is unusual.
    #[error("the key file has mode {mode:04o} but must have 0600")]
    Mode {
        /// The mode found, with the set-id and sticky bits.
        mode: u32,
    },
    /// A file is there already; keys are never overwritten, since what they sealed would be lost.
    #[error("a file is there already, and a key file is never overwritten")]
    Exists,
    /// More than [`KEY_FILE_BYTES_MAX`](super::KEY_FILE_BYTES_MAX) bytes.
    #[error("the key file is too long")]
    TooLong,
    /// Not UTF-8, not TOML, or a field that is missing, unknown or of the wrong type.
    #[error("the key file is not understood at line {line}")]
    Syntax {
        /// Counted from 1.
        line: usize,
    },
    /// Written in a version that this program does not know.
    #[error("the key file has the unknown version {version}")]
    UnknownVersion {
        /// The version found.
        version: i64,
    },
    /// A purpose without a current key, or with several.
    #[error("the key file has {count} current {purpose} keys but must have one")]
    CurrentKey {
        /// Which purpose.
        purpose: KeyPurpose,
        /// Keys found with the status `current`.
        count: usize,
    },
    /// More keys of one purpose than [`KEYS_MAX`](super::KEYS_MAX).
    #[error("the key file has too many {purpose} keys")]
    TooManyKeys {
        /// Which purpose.
        purpose: KeyPurpose,
    },
    /// An id that is zero or was given before.
    #[error("the key file has a zero or repeated id {key_id} among its {purpose} keys")]
    KeyId {
        /// Which purpose.
        purpose: KeyPurpose,
        /// The id.
        key_id: u32,
    },
    /// An algorithm that this program does not know.
    #[error("{purpose} key {key_id} has an unknown algorithm")]
    UnknownAlgorithm {
        /// Which purpose.
        purpose: KeyPurpose,
        /// The key's id.
        key_id: u32,
    },
    /// A status other than `current` and `retired`.
    #[error("{purpose} key {key_id} has an unknown status")]
    UnknownStatus {
        /// Which purpose.
        purpose: KeyPurpose,
        /// The key's id.
        key_id: u32,
    },
    /// Not hexadecimal, or of another length than the algorithm's.
    #[error("the secret of {purpose} key {key_id} must be {expected} bytes in hexadecimal")]
    SecretForm {
        /// Which purpose.
        purpose: KeyPurpose,
        /// The key's id.
        key_id: u32,
        /// Bytes that the algorithm needs.
        expected: usize,
    },
    /// One byte repeated, or the secret of another key.
    #[error("the secret of {purpose} key {key_id} is a placeholder or another key's")]
    SecretReused {
        /// Which purpose.
        purpose: KeyPurpose,
        /// The key's id.
        key_id: u32,
    },
    /// No key could be drawn.
    #[error("no random bytes could be drawn")]
    Entropy(#[from] EntropyError),
}
