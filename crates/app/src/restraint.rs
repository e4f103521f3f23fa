//! Doing without a cheaper way for a while after it has failed.

use std::sync::atomic::{AtomicU32, Ordering};

/// A way that is cheaper where nobody comes in between, and costs double where somebody does. Whoever
/// did is likely to go on: after a failure so many turns are taken without it, and twice as many each
/// time that the next try fails too, up to a bound.
#[derive(Debug)]
pub(crate) struct Restraint {
    /// Turns that are still to be taken without it.
    left: AtomicU32,
    /// How many were after the last failure; 0 since it last went well.
    last: AtomicU32,
    least: u32,
    most: u32,
}

impl Restraint {
    /// None yet. `least`, `most`: how many turns are taken without it after a failure.
    pub(crate) const fn new(least: u32, most: u32) -> Self {
        Self {
            left: AtomicU32::new(0),
            last: AtomicU32::new(0),
            least,
            most,
        }
    }

    /// Takes a turn, and tells whether it is one without the cheaper way.
    pub(crate) fn holds_back(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        let (set, seen) = (Ordering::Relaxed, Ordering::Relaxed);
        self.left.fetch_update(set, seen, one_less).is_ok()
    }

    /// It failed.
    pub(crate) fn note_refused(&self) {
        let next = self.last.load(Ordering::Relaxed).saturating_mul(2);
        let next = next.clamp(self.least, self.most);
        self.last.store(next, Ordering::Relaxed);
        self.left.store(next, Ordering::Relaxed);
    }

    /// It went well.
    pub(crate) fn note_done(&self) {
        self.last.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken_without_it_after_a_failure_and_more_after_another() {
        let restraint = Restraint::new(8, 1_024);
        let held_back = || {
            let mut turns = 0;
            while restraint.holds_back() {
                turns += 1;
            }
            turns
        };
        assert_eq!(held_back(), 0);
        restraint.note_refused();
        assert_eq!(held_back(), 8);
        // It fails again: for longer, up to a bound.
        restraint.note_refused();
        assert_eq!(held_back(), 16);
        for _ in 0..20 {
            restraint.note_refused();
        }
        assert_eq!(held_back(), 1_024);
        restraint.note_done();
        restraint.note_refused();
        assert_eq!(held_back(), 8);
    }
}
