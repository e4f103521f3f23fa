//! The keys of a deployment.

mod disk;
mod error;
mod rotate;
mod text;

use std::fmt;

use crate::algorithm::{CipherAlgorithm, MacAlgorithm, SignatureAlgorithm, Suite};
use crate::entropy::{Entropy, EntropyError};
use crate::secret::Secret;

pub use disk::KEY_FILE_BYTES_MAX;
pub use error::KeyRingError;
pub use rotate::RotationState;
pub use text::KEYS_MAX;

/// The keys of a deployment, by purpose. `Debug` shows ids and algorithms only.
///
/// A key file is TOML of mode 0600. Each key has a positive id, unique within its purpose, and a
/// secret in hexadecimal: 32 bytes, or 16 for `sm4-gcm`. Each purpose has exactly one `current` key;
/// signing keys may be absent, as in files of before there were any, and then nothing is signed.
///
/// ```toml
/// version = 1
///
/// [[wrapping]]
/// id = 1
/// cipher = "aes-256-gcm"  # or "sm4-gcm"
/// status = "current"      # or "retired": no longer writes, still reads
/// secret = "…"
///
/// [[mac]]
/// id = 1
/// mac = "hmac-sha256"     # or "hmac-sm3"
/// status = "current"
/// secret = "…"
///
/// [[token]]
/// id = 1
/// mac = "hmac-sha256"
/// status = "current"
/// secret = "…"
///
/// [[signing]]
/// id = 1
/// signature = "ed25519"
/// status = "current"
/// secret = "…"
/// ```
///
/// To rotate a key, add the new one as `retired` on every instance, then swap the two, and remove
/// the old one once no row or living token names it: [`KeyRing::staged`], [`KeyRing::promoted`],
/// [`KeyRing::without_retired`].
#[derive(Clone, Debug)]
pub struct KeyRing {
    pub(crate) wrapping: KeySet<CipherAlgorithm>,
    pub(crate) mac: KeySet<MacAlgorithm>,
    pub(crate) token: KeySet<MacAlgorithm>,
    pub(crate) signing: Option<KeySet<SignatureAlgorithm>>,
}

impl KeyRing {
    /// A ring of new keys, one for each purpose, with the id 1. [`KeyRing::create`] keeps it.
    pub fn generate(suite: Suite, entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let mac_key = suite.mac.key_bytes();
        Ok(Self {
            wrapping: KeySet::new(
                suite.cipher,
                Secret::random(suite.cipher.key_bytes(), entropy)?,
            ),
            mac: KeySet::new(suite.mac, Secret::random(mac_key, entropy)?),
            token: KeySet::new(suite.mac, Secret::random(mac_key, entropy)?),
            signing: Some(KeySet::new(
                SignatureAlgorithm::Ed25519,
                Secret::random(SignatureAlgorithm::Ed25519.key_bytes(), entropy)?,
            )),
        })
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Encrypts the data keys of persons.
    Wrapping,
    /// Makes the MACs by which persons and certificates are found.
    Mac,
    /// Protects tokens.
    Token,
    /// Signs what is verified outside.
    Signing,
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrapping => "wrapping",
            Self::Mac => "mac",
            Self::Token => "token",
            Self::Signing => "signing",
        })
    }
}

/// A key with its algorithm and the id by which stored bytes name it.
#[derive(Clone, Debug)]
pub(crate) struct Key<A> {
    pub(crate) id: u32,
    pub(crate) algorithm: A,
    pub(crate) secret: Secret,
}

/// The keys of one purpose.
#[derive(Clone, Debug)]
pub(crate) struct KeySet<A> {
    current: Key<A>,
    retired: Vec<Key<A>>,
}

impl<A> KeySet<A> {
    fn new(algorithm: A, secret: Secret) -> Self {
        let current = Key {
            id: 1,
            algorithm,
            secret,
        };
        Self {
            current,
            retired: Vec::new(),
        }
    }

    /// The key that writes.
    pub(crate) fn current(&self) -> &Key<A> {
        &self.current
    }

    /// All keys, the current one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key<A>> {
        std::iter::once(&self.current).chain(&self.retired)
    }

    /// The key with an id.
    pub(crate) fn get(&self, id: u32) -> Option<&Key<A>> {
        self.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::entropy::tests::Counting;

    /// A ring of the given keys (purpose, id, status, seed of the secret); a purpose without any
    /// has a current key 1.
    pub(crate) fn ring_of(keys: &[(&str, u32, &str, u8)]) -> KeyRing {
        let mut text = "version = 1\n".to_owned();
        let absent = ["wrapping", "mac", "token"]
            .into_iter()
            .filter(|purpose| keys.iter().all(|(listed, ..)| listed != purpose))
            .zip(200..)
            .map(|(purpose, seed)| (purpose, 1, "current", seed));
        for (purpose, id, status, seed) in keys.iter().copied().chain(absent) {
            let algorithm = match purpose {
                "wrapping" => "cipher = \"aes-256-gcm\"",
                "signing" => "signature = \"ed25519\"",
                _ => "mac = \"hmac-sha256\"",
            };
            let secret = hex::encode(
                [&[seed; 31][..], purpose.as_bytes()]
                    .concat()
                    .split_at(32)
                    .0,
            );
            text += &format!(
                "[[{purpose}]]\nid = {id}\n{algorithm}\nstatus = \"{status}\"\nsecret = \"{secret}\"\n"
            );
        }
        KeyRing::from_text(&text).expect("a valid key file")
    }

    #[test]
    fn new_rings_have_one_distinct_key_a_purpose() {
        for suite in [Suite::INTERNATIONAL, Suite::NATIONAL] {
            let ring = KeyRing::generate(suite, &mut Counting(0)).expect("keys");
            let secrets = [
                ring.wrapping.current().secret.expose(),
                ring.mac.current().secret.expose(),
                ring.token.current().secret.expose(),
            ];
            assert_eq!(secrets[0].len(), suite.cipher.key_bytes());
            assert_eq!(secrets[1].len(), 32);
            assert_ne!(secrets[1], secrets[2]);
            assert_eq!(ring.mac.iter().count(), 1);
        }
    }

    #[test]
    fn debug_shows_ids_and_algorithms_only() {
        let ring = ring_of(&[("mac", 77, "current", 0xab)]);
        let shown = format!("{ring:?}");
        assert!(shown.contains("id: 77") && shown.contains("HmacSha256"));
        assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
    }
}
