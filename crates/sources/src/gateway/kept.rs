//! Answers that may be given again for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mamagang_domain::date::CivilDate;
use tokio::time::Instant;

use super::wire::Told;
use crate::source::PersonKey;

/// Answers that are kept at most.
const KEPT_ANSWERS_MAX: usize = 100_000;

/// A person on a day.
type Key = (PersonKey, CivilDate);

/// An answer.
pub(super) type Kept = Arc<Told>;

/// The answers of one source.
#[derive(Debug)]
pub(super) struct KeptAnswers {
    lifetime: Duration,
    answers: Mutex<HashMap<Key, (Kept, Instant)>>,
}

impl KeptAnswers {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            answers: Mutex::default(),
        }
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<Key, (Kept, Instant)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer and its age, as long as it may be given.
    pub(super) fn get(&self, key: &Key) -> Option<(Kept, Duration)> {
        let (kept, at) = self.answers().get(key).cloned()?;
        let age = at.elapsed();
        (age < self.lifetime).then_some((kept, age))
    }

    /// Keeps an answer, as long as there is room.
    pub(super) fn put(&self, key: Key, kept: Kept) {
        if self.lifetime.is_zero() {
            return;
        }
        let mut answers = self.answers();
        if answers.len() >= KEPT_ANSWERS_MAX {
            answers.retain(|_, (_, at)| at.elapsed() < self.lifetime);
        }
        if answers.len() < KEPT_ANSWERS_MAX {
            answers.insert(key, (kept, Instant::now()));
        }
    }
}
