//! Keys in use: changed without standing still, and destroyed for one person.

mod erase;
mod rotate;

pub use erase::{EraseWorker, Erased};
pub use rotate::RotationReport;

use std::sync::Arc;

use mamagang_crypto::KeyRing;

use crate::app::App;

impl App {
    /// The keys of now. Taken once for each piece of work, so that the work sees one ring only.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        self.keys.load_full()
    }

    /// Works with other keys from now on: the key file was changed. What is under way ends with the
    /// keys that it began with.
    pub fn use_keys(&self, keys: Arc<KeyRing>) {
        self.keys.store(keys);
    }

    /// The ids of the MAC keys in use, the current one first.
    pub fn mac_key_ids(&self) -> Vec<u32> {
        self.keys().mac_key_ids()
    }
}
