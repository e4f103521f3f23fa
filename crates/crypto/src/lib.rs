//! Keys and what is done with them: keyed MACs, encrypted columns, tokens, signatures.
//!
//! A [`KeyRing`] holds four sets of keys, each with one current key and any number of retired
//! ones: *wrapping* keys encrypt the data keys of persons, *mac* keys find persons without
//! telling who they are, *token* keys protect what a caller keeps and brings back, *signing* keys
//! sign what leaves the service and is verified elsewhere.
//!
//! - A person is found by the MAC of the document number ([`KeyRing::mac_number`]), never by a
//!   plain hash: the numbers in use are few enough to be tried one after the other.
//! - A person's columns are encrypted by that person's own [`PersonKey`], which is stored only
//!   wrapped. Destroying the wrapped key erases the person, whatever append-only rows remain.
//! - Ciphertexts are bound to their table, column and row, so that one cannot be moved.
//! - Algorithms are chosen by the key file: HMAC-SHA-256 and AES-256-GCM, or HMAC-SM3 and
//!   SM4-GCM. The libraries of the SM algorithms are unaudited; no conformity with the
//!   commercial cryptography assessment (密评) is claimed.
//!
//! No type here shows a secret in its `Debug` or in an error. Randomness is an argument
//! ([`Entropy`]), and so is time. Bytes from outside are never trusted: every decoder answers
//! arbitrary bytes with an error.

mod algorithm;
mod entropy;
mod fields;
mod identity;
mod key_ring;
mod mac;
mod person;
mod sealed;
mod secret;
mod signature;
mod token;

pub use algorithm::{CipherAlgorithm, MacAlgorithm, SignatureAlgorithm, Suite};
pub use entropy::{Entropy, EntropyError, OsEntropy};
pub use identity::{IdentityError, IdentityPlain};
pub use key_ring::{
    KEY_FILE_BYTES_MAX, KEYS_MAX, KeyPurpose, KeyRing, KeyRingError, RotationState,
};
pub use mac::MAC_BYTES;
pub use person::PersonKey;
pub use sealed::{CryptoError, PLAIN_BYTES_MAX};
pub use signature::{
    PUBLIC_KEY_BYTES, PublicKey, SIGNATURE_BYTES, Signature, SignatureError, signed_bytes, verify,
};
pub use token::{TOKEN_CHARACTERS_MAX, TokenError, TokenKind};
