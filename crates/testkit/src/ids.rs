//! Ids that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use mamagang_app::Ids;
use uuid::{Builder, Uuid};

/// Counts; the ids have the form of UUIDv7.
#[derive(Debug, Default)]
pub struct SteadyIds(AtomicU64);

impl SteadyIds {
    /// Ids that follow on the first `count`: those of a second instance.
    pub fn after(count: u64) -> Self {
        Self(AtomicU64::new(count))
    }
}

impl Ids for SteadyIds {
    fn new_id(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&count.to_be_bytes());
        Builder::from_unix_timestamp_millis(1_700_000_000_000 + count, &random).into_uuid()
    }
}
