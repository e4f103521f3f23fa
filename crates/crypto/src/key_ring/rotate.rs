//! Changing keys: staged, then current, then gone.
//!
//! A new key is *staged* first: retired by its status, newer by its id. Every instance reads by it
//! and writes MACs under it before any writes by it alone, so that instances need not read the key
//! file in the same moment. Then it takes the current key's place. When nothing names the older key
//! any longer it is left out, and what it had protected is protected by the newer one alone.

use std::path::Path;

use super::disk::write_over;
use super::{Key, KeyRing, KeyRingError, KeySet};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// How far a change of keys has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationState {
    /// One wrapping and one MAC key: nothing is being changed.
    Settled,
    /// New keys are there and are not current yet.
    Staged,
    /// New keys are current, and old ones still there.
    Promoted,
}

impl KeyRing {
    /// How far the change of wrapping and MAC keys has come.
    pub fn rotation_state(&self) -> RotationState {
        let is_staged = self.wrapping.newest() != self.wrapping.current.id
            || self.mac.newest() != self.mac.current.id;
        let is_alone = self.wrapping.retired.is_empty() && self.mac.retired.is_empty();
        match (is_staged, is_alone) {
            (true, _) => RotationState::Staged,
            (false, true) => RotationState::Settled,
            (false, false) => RotationState::Promoted,
        }
    }

    /// The ring with a new wrapping and a new MAC key beside the current ones, of the same
    /// algorithms.
    ///
    /// # Errors
    /// [`KeyRingError::TooManyKeys`], [`KeyRingError::Entropy`].
    pub fn staged(&self, entropy: &mut dyn Entropy) -> Result<Self, KeyRingError> {
        let mut ring = self.clone();
        let wrapping_bytes = ring.wrapping.current.algorithm.key_bytes();
        ring.wrapping
            .stage(Secret::random(wrapping_bytes, entropy)?);
        let mac_bytes = ring.mac.current.algorithm.key_bytes();
        ring.mac.stage(Secret::random(mac_bytes, entropy)?);
        // Read again, so that a ring that could not be loaded is never written.
        Self::from_text(&ring.to_text())
    }

    /// The ring with its newest wrapping and MAC keys current.
    pub fn promoted(&self) -> Self {
        let mut ring = self.clone();
        ring.wrapping.promote();
        ring.mac.promote();
        ring
    }

    /// The ring without retired wrapping and MAC keys. Token and signing keys stay: tokens outlive a
    /// change of keys, and signatures are verified for years.
    pub fn without_retired(&self) -> Self {
        let mut ring = self.clone();
        ring.wrapping.retired.clear();
        ring.mac.retired.clear();
        ring
    }

    /// The ids of the MAC keys, the current one first.
    pub fn mac_key_ids(&self) -> Vec<u32> {
        self.mac.iter().map(|key| key.id).collect()
    }

    /// Writes the ring in the place of the key file at a path: whole, of mode 0600 and flushed to
    /// the disk, or not at all.
    ///
    /// # Errors
    /// [`KeyRingError::Io`].
    pub fn replace(&self, path: &Path) -> Result<(), KeyRingError> {
        write_over(path, self.to_text().as_bytes())
    }
}

impl<A: Copy> KeySet<A> {
    fn newest(&self) -> u32 {
        self.iter().map(|key| key.id).max().unwrap_or(0)
    }

    fn stage(&mut self, secret: Secret) {
        let id = self.newest().saturating_add(1);
        let algorithm = self.current.algorithm;
        self.retired.push(Key {
            id,
            algorithm,
            secret,
        });
    }

    fn promote(&mut self) {
        let newest = self.newest();
        if let Some(key) = self.retired.iter_mut().find(|key| key.id == newest) {
            std::mem::swap(key, &mut self.current);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Suite;
    use crate::entropy::tests::Counting;
    use mamagang_domain::ids::WorkerId;
    use uuid::Uuid;

    #[test]
    fn keys_are_staged_then_current_then_alone() {
        let first = KeyRing::generate(Suite::NATIONAL, &mut Counting(0)).expect("keys");
        assert_eq!(first.rotation_state(), RotationState::Settled);
        let staged = first.staged(&mut Counting(100)).expect("keys");
        assert_eq!(staged.rotation_state(), RotationState::Staged);
        assert_eq!(staged.mac_key_ids(), [1, 2]);
        let promoted = staged.promoted();
        assert_eq!(promoted.rotation_state(), RotationState::Promoted);
        assert_eq!(promoted.mac_key_ids(), [2, 1]);
        let last = promoted.without_retired();
        assert_eq!(last.rotation_state(), RotationState::Settled);
        assert_eq!(last.mac_key_ids(), [2]);
        assert_eq!(last.token.current().id, first.token.current().id);
        assert_eq!(last.public_keys(), first.public_keys());
        let again = last.staged(&mut Counting(200)).expect("keys");
        assert_eq!(again.mac_key_ids(), [2, 3]);
    }

    #[test]
    fn each_step_reads_what_the_step_before_wrote_and_no_further() {
        let worker = WorkerId(Uuid::from_u128(1));
        let mut entropy = Counting(1_000);
        let first = KeyRing::generate(Suite::INTERNATIONAL, &mut Counting(0)).expect("keys");
        let staged = first.staged(&mut Counting(100)).expect("keys");
        let promoted = staged.promoted();
        let last = promoted.without_retired();
        let key = first.new_person_key(&mut entropy).expect("a key");
        let old = first.wrap(&key, worker, &mut entropy).expect("wrapped");
        let new = promoted.wrap(&key, worker, &mut entropy).expect("wrapped");
        assert!(staged.unwrap(&old, worker).is_ok() && promoted.unwrap(&old, worker).is_ok());
        assert!(staged.unwrap(&new, worker).is_ok() && last.unwrap(&new, worker).is_ok());
        assert!(last.unwrap(&old, worker).is_err());
        assert!(!staged.needs_rewrap(&old).expect("a header"));
        assert!(promoted.needs_rewrap(&old).expect("a header"));
    }

    #[test]
    fn a_key_file_is_replaced_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.keys");
        let ring = KeyRing::create(&path, &mut Counting(0)).expect("keys");
        let staged = ring.staged(&mut Counting(100)).expect("keys");
        staged.replace(&path).expect("written");
        let read = KeyRing::load(&path).expect("a key file of mode 0600");
        assert_eq!(read.mac_key_ids(), [1, 2]);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1
        );
    }
}
