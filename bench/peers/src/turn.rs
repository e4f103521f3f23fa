//! Closed-loop load, as the service's client makes it: so many callers, each followed by its next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Peer;

/// Numbers of postings go on from turn to turn.
#[derive(Default)]
pub(crate) struct Turns {
    next: Arc<AtomicU64>,
}

#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    failed: BTreeMap<String, u64>,
}

impl Turns {
    /// What a turn has shown.
    pub(crate) async fn run(&mut self, peer: &Arc<Peer>, callers: u64, length: Duration) -> Value {
        let started = Instant::now();
        let until = started + length;
        let tasks: Vec<_> = (0..callers)
            .map(|_| tokio::spawn(call(Arc::clone(peer), Arc::clone(&self.next), until)))
            .collect();
        let mut seen = Seen::default();
        for task in tasks {
            let one = task.await.unwrap_or_default();
            seen.micros.extend(one.micros);
            for (why, count) in one.failed {
                *seen.failed.entry(why).or_default() += count;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        seen.micros.sort_unstable();
        let at = |share: f64| {
            let place = (seen.micros.len() as f64 * share) as usize;
            let last = seen.micros.len().saturating_sub(1);
            seen.micros
                .get(place.min(last))
                .map_or(0.0, |micros| *micros as f64 / 1_000.0)
        };
        json!({
            "done": seen.micros.len(),
            "failed": seen.failed,
            "seconds": seconds,
            "rate": seen.micros.len() as f64 / seconds,
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
        })
    }
}

async fn call(peer: Arc<Peer>, next: Arc<AtomicU64>, until: Instant) -> Seen {
    let mut seen = Seen::default();
    while Instant::now() < until {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        match peer.post(number).await {
            Ok(()) => seen
                .micros
                .push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX)),
            Err(error) => *seen.failed.entry(format!("{error:#}")).or_default() += 1,
        }
    }
    seen
}
