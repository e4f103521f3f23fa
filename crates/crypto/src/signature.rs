//! Signatures over what leaves the service: checkpoints, exports, certificates.
//!
//! What is signed names its kind, so that a signature over one kind of document never passes for
//! one over another: [`signed_bytes`].

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::fields::fields;
use crate::key_ring::{Key, KeyRing};

/// Bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

const LABEL: &[u8] = b"mamagang/signature";

/// A key that verifies. Not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// The signing key's id in the key file.
    pub key_id: u32,
    /// Its algorithm.
    pub algorithm: SignatureAlgorithm,
    /// The key: a point in the encoding of RFC 8032.
    pub bytes: [u8; PUBLIC_KEY_BYTES],
}

/// A signature with the key that verifies it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The key that made it.
    pub key: PublicKey,
    /// The signature in the encoding of RFC 8032.
    pub bytes: [u8; SIGNATURE_BYTES],
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("key_id", &self.key.key_id)
            .field("bytes", &hex::encode(self.bytes))
            .finish_non_exhaustive()
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key file is of before there were signing keys.
    #[error("the key file has no signing key")]
    NoKey,
}

impl KeyRing {
    /// Signs a document of a kind by the current signing key. Deterministic: the same document has
    /// the same signature.
    ///
    /// # Errors
    /// [`SignatureError::NoKey`].
    pub fn sign(&self, kind: &str, document: &[u8]) -> Result<Signature, SignatureError> {
        let key = self
            .signing
            .as_ref()
            .ok_or(SignatureError::NoKey)?
            .current();
        let signing = signing_key(key);
        Ok(Signature {
            key: public_key(key),
            bytes: signing.sign(&signed_bytes(kind, document)).to_bytes(),
        })
    }

    /// The keys that verify what this ring signs or has signed, the current one first. To be
    /// published.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let keys = self.signing.iter().flat_map(|keys| keys.iter());
        keys.map(public_key).collect()
    }
}

/// The bytes that are signed: `mamagang/signature`, the kind and the document, each behind its
/// length as four bytes, big-endian.
pub fn signed_bytes(kind: &str, document: &[u8]) -> Zeroizing<Vec<u8>> {
    fields(&[LABEL, kind.as_bytes(), document])
}

/// Whether a signature is that of a document of a kind by the holder of a public key. Keys of small
/// order are refused (`verify_strict`).
pub fn verify(
    public_key: &[u8; PUBLIC_KEY_BYTES],
    kind: &str,
    document: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    VerifyingKey::from_bytes(public_key).is_ok_and(|key| {
        key.verify_strict(&signed_bytes(kind, document), &signature)
            .is_ok()
    })
}

fn signing_key(key: &Key<SignatureAlgorithm>) -> SigningKey {
    let mut secret = Zeroizing::new([0; 32]);
    // A key file's secrets have their algorithm's length.
    for (byte, known) in secret.iter_mut().zip(key.secret.expose()) {
        *byte = *known;
    }
    SigningKey::from_bytes(&secret)
}

fn public_key(key: &Key<SignatureAlgorithm>) -> PublicKey {
    PublicKey {
        key_id: key.id,
        algorithm: key.algorithm,
        bytes: signing_key(key).verifying_key().to_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Suite;
    use crate::entropy::tests::Counting;
    use crate::key_ring::tests::ring_of;

    #[test]
    fn a_signature_holds_for_its_own_key_kind_and_document_only() {
        let ring = ring_of(&[("signing", 3, "current", 9), ("signing", 2, "retired", 8)]);
        let signed = ring.sign("checkpoint", b"heads").expect("a key");
        assert_eq!(signed.key.key_id, 3);
        let [current, retired] = ring.public_keys()[..] else {
            panic!("two keys");
        };
        assert_eq!(current, signed.key);
        let holds = |key: &PublicKey, kind: &str, document: &[u8]| {
            verify(&key.bytes, kind, document, &signed.bytes)
        };
        assert!(holds(&current, "checkpoint", b"heads"));
        assert!(!holds(&retired, "checkpoint", b"heads"));
        assert!(!holds(&current, "export", b"heads"));
        assert!(!holds(&current, "checkpointh", b"eads"));
        assert!(!holds(&current, "checkpoint", b"head"));
        for bit in [0, 100, 511] {
            let mut bytes = signed.bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&current.bytes, "checkpoint", b"heads", &bytes));
        }
    }

    #[test]
    fn the_vector_of_rfc_8032_holds() {
        let secret =
            hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                .expect("hexadecimal");
        let key = SigningKey::from_bytes(&secret.try_into().expect("32 bytes"));
        assert_eq!(
            hex::encode(key.verifying_key().to_bytes()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(
            hex::encode(key.sign(b"").to_bytes()),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901\
             555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
    }

    #[test]
    fn the_signed_bytes_are_the_documented_ones() {
        let expected = [
            &[0, 0, 0, 18][..],
            b"mamagang/signature",
            &[0, 0, 0, 4],
            b"kind",
            &[0, 0, 0, 1],
            b"d",
        ]
        .concat();
        assert_eq!(*signed_bytes("kind", b"d"), expected);
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let neutral = {
            let mut point = [0; 32];
            point[0] = 1;
            point
        };
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&neutral, "kind", b"any", &signature));
    }

    #[test]
    fn new_rings_sign_and_show_no_secret() {
        let ring = KeyRing::generate(Suite::NATIONAL, &mut Counting(0)).expect("keys");
        let signed = ring.sign("kind", b"document").expect("a key");
        assert_eq!(signed, ring.sign("kind", b"document").expect("a key"));
        assert!(!format!("{ring:?}").contains("secret: Secret"));
    }
}
