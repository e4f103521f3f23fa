//! Closed-loop load: so many calls in flight, each followed by the next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::Instant;

use crate::wire::{Call, Line};

/// What a run has shown.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Run {
    /// Calls answered with OK.
    pub(crate) done: u64,
    /// Calls refused, by status.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Seconds from the first call to the last answer.
    pub(crate) seconds: f64,
    /// Calls answered in a second.
    pub(crate) rate: f64,
    /// Milliseconds of the median call.
    pub(crate) p50_ms: f64,
    /// Milliseconds that one call in a hundred exceeds.
    pub(crate) p99_ms: f64,
    /// Bytes of an answer, on average.
    pub(crate) answer_bytes: u64,
}

/// What is asked, and what of the answers is looked at.
pub(crate) trait Work: Send + Sync + 'static {
    /// The call of a number; `None` ends the run.
    fn call(&self, number: u64) -> Option<Call>;

    /// Whether every answer is looked at, or some.
    fn looks_at_every_answer(&self) -> bool {
        false
    }

    /// Looks at some of the answers.
    fn look(&self, _number: u64, _answer: Bytes) -> Result<(), String> {
        Ok(())
    }
}

impl<F> Work for F
where
    F: Fn(u64) -> Option<Call> + Send + Sync + 'static,
{
    fn call(&self, number: u64) -> Option<Call> {
        self(number)
    }
}

/// One answer in so many is looked at.
const LOOK_EVERY: u64 = 16;

/// Drives `work` over `lines` with `in_flight` calls altogether for `duration`. Numbers are taken
/// from `next`, so that a later run goes on where an earlier one has stopped.
pub(crate) async fn drive(
    lines: &[Line],
    in_flight: usize,
    duration: Duration,
    next: Arc<AtomicU64>,
    work: Arc<dyn Work>,
) -> Run {
    let started = Instant::now();
    let until = started + duration;
    let tasks: Vec<_> = (0..in_flight)
        .map(|index| {
            let line = lines[index % lines.len()].clone();
            tokio::spawn(caller(line, until, Arc::clone(&next), Arc::clone(&work)))
        })
        .collect();
    let mut seen = Seen::default();
    for task in tasks {
        if let Ok(one) = task.await {
            seen.add(one);
        }
    }
    seen.sum(started.elapsed())
}

#[derive(Default)]
struct Seen {
    micros: Vec<u32>,
    bytes: u64,
    refused: BTreeMap<String, u64>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.bytes += other.bytes;
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
    }

    fn sum(mut self, elapsed: Duration) -> Run {
        self.micros.sort_unstable();
        let done = self.micros.len() as u64;
        let at = |share: f64| {
            let index = (self.micros.len() as f64 * share) as usize;
            let micros = self
                .micros
                .get(index.min(self.micros.len().saturating_sub(1)));
            f64::from(micros.copied().unwrap_or(0)) / 1_000.0
        };
        let seconds = elapsed.as_secs_f64();
        Run {
            done,
            seconds,
            rate: done as f64 / seconds,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            answer_bytes: self.bytes.checked_div(done).unwrap_or(0),
            refused: self.refused,
        }
    }
}

async fn caller(mut line: Line, until: Instant, next: Arc<AtomicU64>, work: Arc<dyn Work>) -> Seen {
    let mut seen = Seen::default();
    while Instant::now() < until {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(call) = work.call(number) else {
            break;
        };
        let asked = Instant::now();
        match line.ask(call).await {
            Ok(answer) => {
                let micros = asked.elapsed().as_micros();
                seen.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
                seen.bytes += answer.len() as u64;
                if (number.is_multiple_of(LOOK_EVERY) || work.looks_at_every_answer())
                    && let Err(found) = work.look(number, answer)
                {
                    *seen.refused.entry(found).or_default() += 1;
                }
            }
            Err(status) => {
                let told = format!("{:?}: {}", status.code(), status.message());
                *seen.refused.entry(told).or_default() += 1;
            }
        }
    }
    seen
}
