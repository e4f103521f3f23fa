//! A person's own data key, wrapped by the key ring; the person's columns, encrypted by it.

use std::fmt;

use mamagang_domain::ids::WorkerId;
use zeroize::Zeroizing;

use crate::algorithm::CipherAlgorithm;
use crate::entropy::{Entropy, EntropyError};
use crate::key_ring::KeyRing;
use crate::sealed::{self, CryptoError, Header, Place, SealingKey};
use crate::secret::Secret;

/// Where wrapped keys stand.
const WRAPPED_COLUMN: &str = "worker_secret.data_key";
/// A person has one data key, which has no id.
const PERSON_KEY_ID: u32 = 0;

/// The key of one person's columns. Lives in memory while it is used, and is stored only wrapped.
#[derive(Clone)]
pub struct PersonKey {
    cipher: CipherAlgorithm,
    secret: Secret,
}

impl PersonKey {
    /// The cipher that the key belongs to.
    pub fn cipher(&self) -> CipherAlgorithm {
        self.cipher
    }

    /// Encrypts a value for one column (`table.column`) of one row; [`PersonKey::decrypt`] needs
    /// the same two.
    ///
    /// # Errors
    /// [`CryptoError::TooLong`] above 1 MiB; [`CryptoError::Entropy`].
    pub fn encrypt(
        &self,
        column: &str,
        row: &[u8],
        plain: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, CryptoError> {
        sealed::seal(self.sealing(), Place { column, row }, plain, entropy)
    }

    /// Decrypts what [`PersonKey::encrypt`] made for the same column and row.
    ///
    /// # Errors
    /// Every one of [`CryptoError`] but `TooLong` and `Entropy`.
    pub fn decrypt(
        &self,
        column: &str,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        sealed::open(self.sealing(), Place { column, row }, sealed)
    }

    fn sealing(&self) -> SealingKey<'_> {
        SealingKey {
            id: PERSON_KEY_ID,
            cipher: self.cipher,
            secret: &self.secret,
        }
    }

    fn to_plain(&self) -> Zeroizing<Vec<u8>> {
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + self.secret.expose().len()));
        plain.push(self.cipher.number());
        plain.extend_from_slice(self.secret.expose());
        plain
    }

    fn from_plain(plain: &[u8]) -> Option<Self> {
        let (number, secret) = plain.split_first()?;
        let cipher = CipherAlgorithm::from_number(*number)?;
        (secret.len() == cipher.key_bytes()).then(|| Self {
            cipher,
            secret: Secret::new(Zeroizing::new(secret.to_vec())),
        })
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKey")
            .field("cipher", &self.cipher)
            .finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Draws a key for a new person, of the current wrapping key's cipher.
    pub fn new_person_key(&self, entropy: &mut dyn Entropy) -> Result<PersonKey, EntropyError> {
        let cipher = self.wrapping.current().algorithm;
        let secret = Secret::random(cipher.key_bytes(), entropy)?;
        Ok(PersonKey { cipher, secret })
    }

    /// Wraps a person's key by the current wrapping key, for this worker's row only.
    ///
    /// # Errors
    /// [`CryptoError::Entropy`].
    pub fn wrap(
        &self,
        key: &PersonKey,
        worker_id: WorkerId,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, CryptoError> {
        let current = self.wrapping.current();
        let wrapping = SealingKey {
            id: current.id,
            cipher: current.algorithm,
            secret: &current.secret,
        };
        sealed::seal(wrapping, place(&worker_id), &key.to_plain(), entropy)
    }

    /// Unwraps the key of a worker's row, by the current wrapping key or a retired one.
    ///
    /// # Errors
    /// Every one of [`CryptoError`] but `TooLong` and `Entropy`.
    pub fn unwrap(&self, wrapped: &[u8], worker_id: WorkerId) -> Result<PersonKey, CryptoError> {
        let key_id = Header::read(wrapped)?.key_id;
        let key = self
            .wrapping
            .get(key_id)
            .ok_or(CryptoError::UnknownKey { key_id })?;
        let wrapping = SealingKey {
            id: key.id,
            cipher: key.algorithm,
            secret: &key.secret,
        };
        let plain = sealed::open(wrapping, place(&worker_id), wrapped)?;
        PersonKey::from_plain(&plain).ok_or(CryptoError::Malformed)
    }

    /// Whether a wrapped key names a retired wrapping key, so that it must be unwrapped and
    /// wrapped anew before that key leaves the key file.
    ///
    /// # Errors
    /// Those of a header: `Malformed`, `UnknownVersion`, `UnknownCipher`. Nothing else is tested.
    pub fn needs_rewrap(&self, wrapped: &[u8]) -> Result<bool, CryptoError> {
        Ok(Header::read(wrapped)?.key_id != self.wrapping.current().id)
    }
}

fn place(worker_id: &WorkerId) -> Place<'_> {
    Place {
        column: WRAPPED_COLUMN,
        row: worker_id.bytes(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::algorithm::Suite;
    use crate::entropy::tests::{Counting, Dry};
    use crate::key_ring::tests::ring_of;

    fn worker(number: u128) -> WorkerId {
        WorkerId(Uuid::from_u128(number))
    }

    fn ring(suite: Suite) -> KeyRing {
        KeyRing::generate(suite, &mut Counting(0)).expect("keys")
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed_for_its_own_worker_only() {
        for suite in [Suite::INTERNATIONAL, Suite::NATIONAL] {
            let ring = ring(suite);
            let mut entropy = Counting(1_000);
            let key = ring.new_person_key(&mut entropy).expect("a key");
            assert_eq!(key.cipher(), suite.cipher);
            let wrapped = ring.wrap(&key, worker(1), &mut entropy).expect("wraps");
            let sealed = key
                .encrypt("worker_secret.identity", b"row", b"plain", &mut entropy)
                .expect("encrypts");

            let unwrapped = ring.unwrap(&wrapped, worker(1)).expect("unwraps");
            let plain = unwrapped
                .decrypt("worker_secret.identity", b"row", &sealed)
                .expect("decrypts");
            assert_eq!(*plain, b"plain");
            assert_eq!(
                ring.unwrap(&wrapped, worker(2)).expect_err("another row"),
                CryptoError::NotAuthentic
            );
        }
    }

    #[test]
    fn a_value_does_not_open_in_another_row_or_column_or_by_another_person() {
        let ring = ring(Suite::INTERNATIONAL);
        let mut entropy = Counting(1_000);
        let key = ring.new_person_key(&mut entropy).expect("a key");
        let other = ring.new_person_key(&mut entropy).expect("a key");
        let sealed = key
            .encrypt("fact.secret", b"1", b"plain", &mut entropy)
            .expect("encrypts");
        assert!(key.decrypt("fact.secret", b"1", &sealed).is_ok());
        for opened in [
            key.decrypt("fact.body", b"1", &sealed),
            key.decrypt("fact.secret", b"2", &sealed),
            other.decrypt("fact.secret", b"1", &sealed),
        ] {
            assert_eq!(opened, Err(CryptoError::NotAuthentic));
        }
    }

    #[test]
    fn a_wrapped_key_is_no_value_of_the_person_and_a_value_no_wrapped_key() {
        let ring = ring(Suite::INTERNATIONAL);
        let mut entropy = Counting(1_000);
        let key = ring.new_person_key(&mut entropy).expect("a key");
        let wrapped = ring.wrap(&key, worker(1), &mut entropy).expect("wraps");
        let opened = key.decrypt(WRAPPED_COLUMN, worker(1).bytes(), &wrapped);
        assert_eq!(opened, Err(CryptoError::UnknownKey { key_id: 1 }));
        let sealed = key
            .encrypt(
                WRAPPED_COLUMN,
                worker(1).bytes(),
                &key.to_plain(),
                &mut entropy,
            )
            .expect("encrypts");
        assert_eq!(
            ring.unwrap(&sealed, worker(1)).expect_err("no such key"),
            CryptoError::UnknownKey { key_id: 0 }
        );
    }

    #[test]
    fn a_retired_wrapping_key_still_unwraps_and_a_removed_one_does_not() {
        let before = ring_of(&[("wrapping", 1, "current", 1)]);
        let during = ring_of(&[("wrapping", 2, "current", 2), ("wrapping", 1, "retired", 1)]);
        let after = ring_of(&[("wrapping", 2, "current", 2)]);
        let mut entropy = Counting(1_000);
        let key = before.new_person_key(&mut entropy).expect("a key");
        let old = before.wrap(&key, worker(1), &mut entropy).expect("wraps");

        assert_eq!(before.needs_rewrap(&old), Ok(false));
        assert_eq!(during.needs_rewrap(&old), Ok(true));
        let unwrapped = during.unwrap(&old, worker(1)).expect("unwraps");
        let new = during
            .wrap(&unwrapped, worker(1), &mut entropy)
            .expect("wraps");
        assert_eq!(during.needs_rewrap(&new), Ok(false));
        assert!(after.unwrap(&new, worker(1)).is_ok());
        assert_eq!(
            after.unwrap(&old, worker(1)).expect_err("removed"),
            CryptoError::UnknownKey { key_id: 1 }
        );
    }

    #[test]
    fn a_key_of_one_cipher_may_be_wrapped_by_the_other() {
        let mut entropy = Counting(1_000);
        let key = ring(Suite::NATIONAL)
            .new_person_key(&mut entropy)
            .expect("a key");
        let international = ring(Suite::INTERNATIONAL);
        let wrapped = international
            .wrap(&key, worker(1), &mut entropy)
            .expect("wraps");
        let unwrapped = international.unwrap(&wrapped, worker(1)).expect("unwraps");
        assert_eq!(unwrapped.cipher(), CipherAlgorithm::Sm4Gcm);
        assert_eq!(unwrapped.secret.expose(), key.secret.expose());
    }

    #[test]
    fn nothing_is_made_without_randomness() {
        let ring = ring(Suite::INTERNATIONAL);
        let key = ring.new_person_key(&mut Counting(0)).expect("a key");
        assert!(ring.new_person_key(&mut Dry).is_err());
        assert!(ring.wrap(&key, worker(1), &mut Dry).is_err());
        assert!(key.encrypt("a.b", b"", b"", &mut Dry).is_err());
    }

    #[test]
    fn debug_shows_the_cipher_only() {
        let key = ring(Suite::INTERNATIONAL)
            .new_person_key(&mut Counting(0))
            .expect("a key");
        assert_eq!(format!("{key:?}"), "PersonKey { cipher: Aes256Gcm, .. }");
    }

    proptest! {
        #[test]
        fn no_bytes_make_unwrapping_panic(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
            let ring = ring(Suite::INTERNATIONAL);
            prop_assert!(ring.unwrap(&bytes, worker(1)).is_err());
            let _ = ring.needs_rewrap(&bytes);
            let with_header = [&[1, 1, 0, 0, 0, 1][..], &bytes].concat();
            prop_assert!(ring.unwrap(&with_header, worker(1)).is_err());
            prop_assert!(PersonKey::from_plain(&bytes).is_none_or(|key| key.to_plain()[..] == bytes));
        }

        #[test]
        fn every_value_comes_back(plain in prop::collection::vec(any::<u8>(), 0..300), seed in 0u64..1_000_000) {
            let ring = ring(Suite::NATIONAL);
            let mut entropy = Counting(seed);
            let key = ring.new_person_key(&mut entropy).expect("a key");
            let sealed = key.encrypt("a.b", b"row", &plain, &mut entropy).expect("encrypts");
            prop_assert_eq!(&*key.decrypt("a.b", b"row", &sealed).expect("decrypts"), &plain);
        }
    }
}
