//! Answers that their callers have not taken yet.
//!
//! HTTP/2 lets a caller keep the window shut: nothing fails then, the answer waits for ever and its memory with it. So
//! each answer notes when it was last ready to go on, and a connection on which one has waited too long is cut off.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::time::{Instant, interval};

use crate::limits as own;
use crate::listener::Cut;

/// How often the answers are looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// All answers that are under way.
#[derive(Debug)]
pub(super) struct Answers {
    started: Instant,
    next: AtomicU64,
    bytes: AtomicU64,
    open: Mutex<HashMap<u64, Open>>,
}

#[derive(Debug)]
struct Open {
    waiting_since: Arc<AtomicU64>,
    cut: Cut,
}

impl Answers {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            next: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            open: Mutex::default(),
        })
    }

    /// Whether so much waits for being taken that no more is begun.
    pub(super) fn are_too_many(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > own::ANSWER_BYTES_MAX
    }

    /// An answer that is worked on; nothing waits for its caller yet.
    pub(super) fn begin(self: &Arc<Self>, cut: &Cut) -> Ticket {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let waiting_since = Arc::new(AtomicU64::new(NOT_WAITING));
        let open = Open {
            waiting_since: Arc::clone(&waiting_since),
            cut: cut.clone(),
        };
        self.lock().insert(number, open);
        Ticket {
            answers: Arc::clone(self),
            number,
            waiting_since,
            bytes: 0,
        }
    }

    /// Looks through the answers until nobody holds them any longer.
    pub(super) async fn sweep(answers: Weak<Self>) {
        let mut ticks = interval(SWEEP_INTERVAL);
        loop {
            ticks.tick().await;
            let Some(answers) = answers.upgrade() else {
                return;
            };
            answers.cut_stalled();
        }
    }

    fn cut_stalled(&self) {
        let most = if self.are_too_many() {
            own::ANSWER_STALL_MAX / 4
        } else {
            own::ANSWER_STALL_MAX
        };
        let now = self.now_ms();
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let open = self.lock();
        gauge!("mamagang_answers_open").set(open.len() as u32);
        for answer in open.values() {
            let since = answer.waiting_since.load(Ordering::Relaxed);
            if since != NOT_WAITING && now.saturating_sub(since) > most {
                counter!("mamagang_answers_not_taken_total").increment(1);
                answer.cut.now();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the start, from 1.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).map_or(u64::MAX, |now| now + 1)
    }
}

/// The answer waits for the service, not for its caller.
const NOT_WAITING: u64 = 0;

/// An answer's place among them; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    answers: Arc<Answers>,
    number: u64,
    waiting_since: Arc<AtomicU64>,
    bytes: u64,
}

impl Ticket {
    /// The caller has room for more, or the service has nothing for it yet.
    pub(super) fn goes_on(&self) {
        self.waiting_since.store(NOT_WAITING, Ordering::Relaxed);
    }

    /// Something was handed over; until the next is asked for, the caller is waited for.
    pub(super) fn hands_over(&self) {
        self.waiting_since
            .store(self.answers.now_ms(), Ordering::Relaxed);
    }

    /// So many bytes wait for being taken.
    pub(super) fn holds(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        self.answers.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.answers.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.answers.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.answers.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures::task::noop_waker_ref;
    use tokio::time::advance;

    use super::*;

    fn is_cut(cut: &Cut) -> bool {
        cut.poll(&std::task::Context::from_waker(noop_waker_ref()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_cut_when_an_answer_is_not_taken_for_too_long() {
        let answers = Answers::new();
        let (reader, sleeper, worker) = (Cut::default(), Cut::default(), Cut::default());
        let reading = answers.begin(&reader);
        let sleeping = answers.begin(&sleeper);
        let working = answers.begin(&worker);
        let began = answers.begin(&worker);
        sleeping.hands_over();
        working.hands_over();
        working.goes_on();
        advance(own::ANSWER_STALL_MAX).await;
        reading.hands_over();
        answers.cut_stalled();
        assert!(!is_cut(&sleeper));
        advance(Duration::from_millis(2)).await;
        answers.cut_stalled();
        assert!(is_cut(&sleeper) && !is_cut(&reader) && !is_cut(&worker));
        drop((reading, sleeping, working, began));
        assert!(answers.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_are_counted_while_they_are_held() {
        let answers = Answers::new();
        let mut held = answers.begin(&Cut::default());
        held.holds(usize::try_from(own::ANSWER_BYTES_MAX).expect("64 bits"));
        assert!(!answers.are_too_many());
        held.holds(usize::try_from(own::ANSWER_BYTES_MAX + 1).expect("64 bits"));
        assert!(answers.are_too_many());
        drop(held);
        assert!(!answers.are_too_many());
    }
}
