//! Instants that never go back and never repeat, as far as one process can tell.

use std::sync::atomic::{AtomicI64, Ordering};

/// The latest instant given to a unit of this process.
#[derive(Debug, Default)]
pub(crate) struct LastInstant(AtomicI64);

impl LastInstant {
    pub(crate) fn new(micros: i64) -> Self {
        Self(AtomicI64::new(micros))
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// An instant after every earlier one, whatever the clock says.
    pub(crate) fn next(&self, now: i64) -> i64 {
        let mut last = self.get();
        loop {
            let next = now.max(last + 1);
            match self
                .0
                .compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return next,
                Err(other) => last = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_rise_when_the_clock_stands_or_goes_back() {
        let last = LastInstant::new(10);
        let given = [5, 20, 20, 19, 30].map(|now| last.next(now));
        assert_eq!(given, [11, 20, 21, 22, 30]);
        assert_eq!(last.get(), 30);
    }
}
