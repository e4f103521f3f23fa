//! A clock that tests move.

use std::sync::atomic::{AtomicI64, Ordering};

use mamagang_domain::date::CivilDate;
use mamagang_store::Clock;

const DAY_MICROS: i64 = 86_400_000_000;
const NOON_IN_SHANGHAI_MICROS: i64 = 4 * 3_600_000_000;

/// A clock that moves on by a millisecond at each look, and otherwise only when told.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows noon in Shanghai of a day.
    pub fn at(day: CivilDate) -> Self {
        Self(AtomicI64::new(noon(day)))
    }

    /// Moves to noon in Shanghai of a later day.
    pub fn move_to(&self, day: CivilDate) {
        self.0.fetch_max(noon(day), Ordering::SeqCst);
    }

    /// Moves on by whole days.
    pub fn advance_days(&self, days: i64) {
        self.0.fetch_add(days * DAY_MICROS, Ordering::SeqCst);
    }
}

fn noon(day: CivilDate) -> i64 {
    i64::from(day.epoch_day()) * DAY_MICROS + NOON_IN_SHANGHAI_MICROS
}

impl Clock for ManualClock {
    fn now_micros(&self) -> i64 {
        self.0.fetch_add(1_000, Ordering::SeqCst)
    }
}
