//! How often, and how much at once, one caller may call.
//!
//! Own code rather than `governor`: the rate and the calls under way stand under one look-up, and time is tokio's, which
//! tests can stop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mamagang_app::{AppError, Caller, ErrorReason};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Callers that are remembered; beyond it those at rest are forgotten.
const CALLERS_MAX: usize = 10_000;

/// What one caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerLimits {
    /// Calls a second, over time.
    pub calls_per_second: u32,
    /// Calls at once beyond that rate.
    pub calls_burst: u32,
    /// Calls that are under way.
    pub calls_open_max: usize,
}

/// The callers seen lately.
#[derive(Debug)]
pub(super) struct Quota {
    limits: CallerLimits,
    callers: Mutex<HashMap<(String, String), Seen>>,
}

#[derive(Debug)]
struct Seen {
    /// When the caller will have made up for its calls (the generic cell rate algorithm's theoretical arrival time).
    even_at: Instant,
    open: Arc<Semaphore>,
}

impl Quota {
    pub(super) fn new(limits: CallerLimits) -> Self {
        Self {
            limits,
            callers: Mutex::default(),
        }
    }

    /// Counts a call. The permit is held until it has ended.
    pub(super) fn take(
        &self,
        caller: &Caller,
        now: Instant,
    ) -> Result<OwnedSemaphorePermit, AppError> {
        let interval = Duration::from_secs(1) / self.limits.calls_per_second.max(1);
        let burst = interval * self.limits.calls_burst.max(1);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX {
            let most = self.limits.calls_open_max;
            callers.retain(|_, seen| seen.even_at > now || seen.open.available_permits() < most);
        }
        let key = (caller.organisation.clone(), caller.subject.clone());
        let seen = callers.entry(key).or_insert_with(|| Seen {
            even_at: now,
            open: Arc::new(Semaphore::new(self.limits.calls_open_max)),
        });
        let even_at = seen.even_at.max(now) + interval;
        if even_at > now + burst {
            let wait = even_at - now - burst;
            return Err(refused("caller_calls_per_second", wait));
        }
        let permit = Arc::clone(&seen.open)
            .try_acquire_owned()
            .map_err(|_| refused("caller_calls_open_max", interval))?;
        seen.even_at = even_at;
        Ok(permit)
    }
}

fn refused(limit: &'static str, wait: Duration) -> AppError {
    let mut error = AppError::new(ErrorReason::RateExceeded).with("limit", limit);
    error.retry_after = Some(wait.max(Duration::from_millis(1)));
    error
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn caller(subject: &str) -> Caller {
        Caller {
            subject: subject.to_owned(),
            ..Caller::developer()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_calls_too_often_is_told_when_to_come_back() {
        let quota = Quota::new(CallerLimits {
            calls_per_second: 10,
            calls_burst: 3,
            calls_open_max: 100,
        });
        let take = |subject: &str| quota.take(&caller(subject), Instant::now());
        for _ in 0..3 {
            assert!(take("a").is_ok());
        }
        let error = take("a").expect_err("the fourth");
        assert_eq!(error.reason, ErrorReason::RateExceeded);
        let wait = error.retry_after.expect("a time");
        assert_eq!(wait, Duration::from_millis(100));
        assert!(take("b").is_ok(), "another caller has a rate of its own");
        advance(wait).await;
        assert!(take("a").is_ok());
        assert!(take("a").is_err());
        advance(Duration::from_secs(60)).await;
        for _ in 0..3 {
            assert!(take("a").is_ok());
        }
        assert!(take("a").is_err(), "rest is not saved up beyond the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_holds_so_many_calls_at_once() {
        let quota = Quota::new(CallerLimits {
            calls_per_second: 1_000,
            calls_burst: 1_000,
            calls_open_max: 2,
        });
        let first = quota.take(&caller("a"), Instant::now()).expect("a permit");
        let _second = quota.take(&caller("a"), Instant::now()).expect("a permit");
        let error = quota
            .take(&caller("a"), Instant::now())
            .expect_err("a third");
        assert_eq!(
            error.metadata,
            [("limit", "caller_calls_open_max".to_owned())]
        );
        drop(first);
        assert!(quota.take(&caller("a"), Instant::now()).is_ok());
    }
}
