//! The circuit breaker: a source that fails is left alone for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After so many failures in a row no more questions are sent for a while; then one is let through
/// to see.
#[derive(Debug)]
pub struct Breaker {
    failures_max: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when no question is sent.
    rests_until: Option<Instant>,
}

impl Breaker {
    /// A breaker that lets questions through.
    pub fn new(failures_max: u32, rest: Duration) -> Self {
        Self {
            failures_max: failures_max.max(1),
            rest,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a question may be sent now. The first after a rest is let through alone: others wait
    /// for another rest, or for its success.
    pub fn allows(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.rests_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.rests_until = Some(now + self.rest);
                true
            }
        }
    }

    /// Notes that nobody waited for what became of a question that was allowed at `sent_at`. It says
    /// nothing of the source; the one that was let through after a rest leaves its place to the next.
    pub fn abandoned(&self, sent_at: Instant, now: Instant) {
        let mut state = self.state();
        if state.rests_until == Some(sent_at + self.rest) {
            state.rests_until = Some(now);
        }
    }

    /// Notes a success: questions flow again.
    pub fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// Notes a failure.
    pub fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.failures_max {
            state.rests_until = Some(now + self.rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_failed_thrice_rests_and_is_tried_by_one_question() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let breaker = Breaker::new(3, Duration::from_millis(100));
        for _ in 0..2 {
            breaker.failed(at(0));
            assert!(breaker.allows(at(0)));
        }
        breaker.failed(at(0));
        assert!(!breaker.allows(at(99)));
        assert!(breaker.allows(at(100)));
        assert!(!breaker.allows(at(100)), "one question only");
        breaker.failed(at(150));
        assert!(!breaker.allows(at(249)));
        assert!(breaker.allows(at(250)));
        breaker.succeeded();
        assert!(breaker.allows(at(251)) && breaker.allows(at(251)));
    }

    #[test]
    fn a_question_that_nobody_waits_for_leaves_its_place_to_the_next() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let breaker = Breaker::new(1, Duration::from_millis(100));
        breaker.abandoned(at(0), at(1));
        assert!(breaker.allows(at(2)), "nothing had failed");
        breaker.failed(at(10));
        breaker.abandoned(at(2), at(20));
        assert!(!breaker.allows(at(109)), "sent before the rest began");
        assert!(breaker.allows(at(110)) && !breaker.allows(at(111)));
        breaker.abandoned(at(110), at(120));
        assert!(breaker.allows(at(120)) && !breaker.allows(at(121)));
    }
}
