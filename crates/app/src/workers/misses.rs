//! Callers whose identities match nobody: whoever tries out numbers and names gets slower and slower at it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::{CALLER_MISS_INTERVAL, CALLER_MISSES_MAX};

/// Callers that are remembered; beyond it those who are forgiven are forgotten.
const CALLERS_MAX: usize = 10_000;

/// When each caller's misses will be forgiven (microseconds).
#[derive(Debug, Default)]
pub(crate) struct Misses(Mutex<HashMap<(String, String), i64>>);

impl Misses {
    /// Whether the caller may ask for another identity. Errors: `TOO_MANY_MISSES`.
    pub(crate) fn check(&self, caller: &Caller, now: i64) -> AppResult<()> {
        let callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.is_empty() {
            return Ok(());
        }
        let forgiven_at = callers.get(&key(caller)).copied().unwrap_or(now);
        let wait = forgiven_at - now - most();
        if wait <= 0 {
            return Ok(());
        }
        let mut error =
            AppError::new(ErrorReason::TooManyMisses).with("limit", "caller_misses_max");
        error.retry_after = u64::try_from(wait).ok().map(Duration::from_micros);
        Err(error)
    }

    /// Notes identities that matched nobody.
    pub(crate) fn note(&self, caller: &Caller, missed: u32, now: i64) {
        if missed == 0 {
            return;
        }
        metrics::counter!("mamagang_identity_misses_total").increment(u64::from(missed));
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, forgiven_at| *forgiven_at > now);
        }
        let before = callers.get(&key(caller)).copied().unwrap_or(now).max(now);
        let after = before.saturating_add(interval().saturating_mul(i64::from(missed)));
        callers.insert(key(caller), after);
        if before - now <= most() && after - now > most() {
            metrics::counter!("mamagang_identity_guards_total").increment(1);
            tracing::warn!(
                caller.subject = caller.subject,
                caller.organisation = caller.organisation,
                "a caller asks for many identities that match nobody, and is slowed down"
            );
        }
    }
}

fn key(caller: &Caller) -> (String, String) {
    (caller.organisation.clone(), caller.subject.clone())
}

fn interval() -> i64 {
    i64::try_from(CALLER_MISS_INTERVAL.as_micros()).unwrap_or(i64::MAX)
}

fn most() -> i64 {
    interval().saturating_mul(i64::from(CALLER_MISSES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_misses_too_often_waits_and_others_do_not() {
        let misses = Misses::default();
        let caller = Caller::developer();
        let other = Caller {
            subject: "another".to_owned(),
            ..Caller::developer()
        };
        misses.note(&caller, CALLER_MISSES_MAX, 0);
        assert!(misses.check(&caller, 0).is_ok());
        misses.note(&caller, 1, 0);
        let error = misses.check(&caller, 0).expect_err("one too many");
        assert_eq!(error.reason, ErrorReason::TooManyMisses);
        assert_eq!(error.retry_after, Some(CALLER_MISS_INTERVAL));
        assert!(misses.check(&other, 0).is_ok());
        assert!(misses.check(&caller, interval()).is_ok());
    }
}
