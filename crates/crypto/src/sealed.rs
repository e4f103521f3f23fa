//! Sealed bytes: what stands in an encrypted column.
//!
//! `version (1) ‖ cipher (1) ‖ key id (4, big-endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`.
//! The first six bytes, the column and the row are authenticated with the ciphertext.
//!
//! Nonces are random. A person's key seals a handful of columns; a wrapping key may seal 2³²
//! times at most (NIST SP 800-38D, 8.3), far above the persons of any city.

use zeroize::Zeroizing;

use crate::algorithm::{CipherAlgorithm, NONCE_BYTES, TAG_BYTES};
use crate::entropy::{Entropy, EntropyError};
use crate::fields::fields;
use crate::secret::Secret;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 6;
/// Sealed bytes are longer than their plaintext by this.
const OVERHEAD_BYTES: usize = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
/// Separates these authenticated bytes from those of any other use.
const LABEL: &[u8] = b"mamagang/sealed";

/// Bytes of a plaintext at most: 1 MiB.
pub const PLAIN_BYTES_MAX: usize = 1 << 20;

/// Why bytes could not be sealed or opened. Never holds a secret or the plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Too short, too long or not of the shape of what was asked for.
    #[error("the sealed bytes are malformed")]
    Malformed,
    /// Written in a version that this program does not know.
    #[error("the sealed bytes have the unknown version {version}")]
    UnknownVersion {
        /// The version found.
        version: u8,
    },
    /// Written with a cipher that this program does not know.
    #[error("the sealed bytes have the unknown cipher {number}")]
    UnknownCipher {
        /// The number found.
        number: u8,
    },
    /// Written under a key that is not at hand.
    #[error("the sealed bytes need key {key_id}, which is not in the key file")]
    UnknownKey {
        /// The key's id.
        key_id: u32,
    },
    /// Changed, moved from another row or column, or sealed by another key.
    #[error("the sealed bytes are not authentic here")]
    NotAuthentic,
    /// The plaintext is longer than [`PLAIN_BYTES_MAX`].
    #[error("the bytes to seal are too long")]
    TooLong,
    /// No nonce or key could be drawn.
    #[error("no random bytes could be drawn")]
    Entropy(#[from] EntropyError),
}

/// Where sealed bytes stand.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// `table.column`.
    pub(crate) column: &'a str,
    /// The row's key.
    pub(crate) row: &'a [u8],
}

/// A key and the id under which sealed bytes name it.
#[derive(Clone, Copy)]
pub(crate) struct SealingKey<'a> {
    pub(crate) id: u32,
    pub(crate) cipher: CipherAlgorithm,
    pub(crate) secret: &'a Secret,
}

/// The cipher and the key that sealed bytes name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) cipher: CipherAlgorithm,
    pub(crate) key_id: u32,
}

impl Header {
    fn bytes(self) -> [u8; HEADER_BYTES] {
        let [a, b, c, d] = self.key_id.to_be_bytes();
        [VERSION, self.cipher.number(), a, b, c, d]
    }

    /// The header of sealed bytes; nothing in it is authentic before they are opened.
    pub(crate) fn read(sealed: &[u8]) -> Result<Self, CryptoError> {
        let &[version, number, a, b, c, d] = sealed
            .first_chunk::<HEADER_BYTES>()
            .ok_or(CryptoError::Malformed)?;
        if version != VERSION {
            return Err(CryptoError::UnknownVersion { version });
        }
        let cipher =
            CipherAlgorithm::from_number(number).ok_or(CryptoError::UnknownCipher { number })?;
        let key_id = u32::from_be_bytes([a, b, c, d]);
        Ok(Self { cipher, key_id })
    }
}

/// Seals a plaintext for one place.
pub(crate) fn seal(
    key: SealingKey<'_>,
    place: Place<'_>,
    plain: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, CryptoError> {
    if plain.len() > PLAIN_BYTES_MAX {
        return Err(CryptoError::TooLong);
    }
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce)?;
    let header = Header {
        cipher: key.cipher,
        key_id: key.id,
    };
    let ciphertext = key
        .cipher
        .seal(key.secret, &nonce, &authenticated(header, place), plain)
        .ok_or(CryptoError::Malformed)?;
    Ok([&header.bytes()[..], &nonce, &ciphertext].concat())
}

/// Opens sealed bytes at their place with the key that their header names.
pub(crate) fn open(
    key: SealingKey<'_>,
    place: Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let header = Header::read(sealed)?;
    if header.key_id != key.id {
        return Err(CryptoError::UnknownKey {
            key_id: header.key_id,
        });
    }
    // A key belongs to one cipher; a header that claims another was changed.
    if header.cipher != key.cipher {
        return Err(CryptoError::NotAuthentic);
    }
    if sealed.len() < OVERHEAD_BYTES || sealed.len() > OVERHEAD_BYTES + PLAIN_BYTES_MAX {
        return Err(CryptoError::Malformed);
    }
    let (nonce, ciphertext) = sealed[HEADER_BYTES..]
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(CryptoError::Malformed)?;
    key.cipher
        .open(key.secret, nonce, &authenticated(header, place), ciphertext)
        .ok_or(CryptoError::NotAuthentic)
}

fn authenticated(header: Header, place: Place<'_>) -> Zeroizing<Vec<u8>> {
    fields(&[LABEL, &header.bytes(), place.column.as_bytes(), place.row])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::tests::{Counting, Dry};

    const PLACE: Place<'static> = Place {
        column: "table.column",
        row: b"row",
    };

    fn secret(cipher: CipherAlgorithm) -> Secret {
        Secret::random(cipher.key_bytes(), &mut Counting(9)).expect("bytes")
    }

    fn key(cipher: CipherAlgorithm, secret: &Secret) -> SealingKey<'_> {
        SealingKey {
            id: 5,
            cipher,
            secret,
        }
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        for cipher in CipherAlgorithm::ALL {
            let secret = secret(cipher);
            let key = key(cipher, &secret);
            let sealed = seal(key, PLACE, b"plain", &mut Counting(0)).expect("seals");
            assert_eq!(sealed[..6], [1, cipher.number(), 0, 0, 0, 5]);
            assert_eq!(sealed.len(), OVERHEAD_BYTES + 5);
            assert_eq!(*open(key, PLACE, &sealed).expect("opens"), b"plain");
            for (column, row) in [
                ("table.colum", &b"row"[..]),
                ("table.column", b"rox"),
                ("table.columnr", b"ow"),
            ] {
                let moved = open(key, Place { column, row }, &sealed);
                assert_eq!(moved, Err(CryptoError::NotAuthentic));
            }
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let secret = secret(CipherAlgorithm::Aes256Gcm);
        let key = key(CipherAlgorithm::Aes256Gcm, &secret);
        let sealed = seal(key, PLACE, b"plain", &mut Counting(0)).expect("seals");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(key, PLACE, &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(key, PLACE, &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn each_wrong_header_has_its_own_error() {
        let secret = secret(CipherAlgorithm::Sm4Gcm);
        let key = key(CipherAlgorithm::Sm4Gcm, &secret);
        let sealed = seal(key, PLACE, b"plain", &mut Counting(0)).expect("seals");
        let with = |index: usize, byte: u8| {
            let mut changed = sealed.clone();
            changed[index] = byte;
            open(key, PLACE, &changed)
        };
        assert_eq!(with(0, 2), Err(CryptoError::UnknownVersion { version: 2 }));
        assert_eq!(with(1, 9), Err(CryptoError::UnknownCipher { number: 9 }));
        assert_eq!(with(1, 1), Err(CryptoError::NotAuthentic));
        assert_eq!(with(5, 6), Err(CryptoError::UnknownKey { key_id: 6 }));
        assert_eq!(open(key, PLACE, b""), Err(CryptoError::Malformed));
        assert_eq!(
            open(key, PLACE, &sealed[..OVERHEAD_BYTES - 1]),
            Err(CryptoError::Malformed)
        );
    }

    #[test]
    fn the_same_plaintext_seals_differently_each_time() {
        let secret = secret(CipherAlgorithm::Aes256Gcm);
        let key = key(CipherAlgorithm::Aes256Gcm, &secret);
        let mut entropy = Counting(0);
        let first = seal(key, PLACE, b"plain", &mut entropy).expect("seals");
        let second = seal(key, PLACE, b"plain", &mut entropy).expect("seals");
        assert_ne!(first, second);
    }

    #[test]
    fn a_plaintext_is_sealed_up_to_its_limit_and_not_without_randomness() {
        let secret = secret(CipherAlgorithm::Aes256Gcm);
        let key = key(CipherAlgorithm::Aes256Gcm, &secret);
        let longest = vec![0; PLAIN_BYTES_MAX];
        let sealed = seal(key, PLACE, &longest, &mut Counting(0)).expect("seals");
        assert_eq!(*open(key, PLACE, &sealed).expect("opens"), longest);
        assert_eq!(
            seal(key, PLACE, &[longest, vec![0]].concat(), &mut Counting(0)),
            Err(CryptoError::TooLong)
        );
        assert_eq!(
            seal(key, PLACE, b"", &mut Dry),
            Err(CryptoError::Entropy(EntropyError))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_opening_panic_or_succeed(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let secret = secret(CipherAlgorithm::Aes256Gcm);
            let key = key(CipherAlgorithm::Aes256Gcm, &secret);
            prop_assert!(open(key, PLACE, &bytes).is_err());
            let with_header = [&[1, 1, 0, 0, 0, 5][..], &bytes].concat();
            prop_assert!(open(key, PLACE, &with_header).is_err());
        }
    }
}
