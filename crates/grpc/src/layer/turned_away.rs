//! Calls turned away in numbers: strangers beyond those that are recorded one by one, callers beyond their rate, calls
//! beyond what is worked on at once.
//!
//! Each is in a row of the audit trail, and a flood cannot fill the disk: they are counted by caller and reason, and
//! once a second one durable row tells of each. A stranger is answered when its row is durable, which also slows him
//! down; he holds no place among the calls that are worked on. What is refused for load or rate is answered at once.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mamagang_app::audit::TurnedAway;
use mamagang_app::{AppError, AppResult, Caller, ErrorReason};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep};

use crate::call::Trail;
use crate::limits::{
    TURNED_AWAY_CALLERS_MAX, TURNED_AWAY_EVERY, TURNED_AWAY_NETWORKS_MAX, TURNED_AWAY_WAITING_MAX,
};

/// By organisation, subject and reason.
type Key = (String, String, ErrorReason);

/// Whether the rows of a moment are durable; `None` until then.
pub(super) type Told = watch::Receiver<Option<bool>>;

/// Counts calls until a row tells of them.
pub(super) struct Turned {
    trail: Arc<dyn Trail>,
    state: Mutex<State>,
    waiting: Semaphore,
}

#[derive(Default)]
struct State {
    tallies: HashMap<Key, Tally>,
    /// For those who wait for the rows of this moment.
    done: Option<watch::Sender<Option<bool>>>,
    is_writing: bool,
}

struct Tally {
    caller: Caller,
    reason: ErrorReason,
    count: u64,
    first: Instant,
    last: Instant,
    peers: BTreeMap<String, u64>,
}

impl Turned {
    pub(super) fn new(trail: Arc<dyn Trail>) -> Arc<Self> {
        Arc::new(Self {
            trail,
            state: Mutex::default(),
            waiting: Semaphore::new(TURNED_AWAY_WAITING_MAX),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call. The answer tells when its row is durable.
    pub(super) fn note(
        self: &Arc<Self>,
        caller: &Caller,
        reason: ErrorReason,
        peer: Option<IpAddr>,
    ) -> Told {
        let now = Instant::now();
        let mut state = self.state();
        let mut key = (caller.organisation.clone(), caller.subject.clone(), reason);
        let mut caller = caller.clone();
        if state.tallies.len() >= TURNED_AWAY_CALLERS_MAX && !state.tallies.contains_key(&key) {
            caller = Caller::nobody();
            key = (caller.organisation.clone(), caller.subject.clone(), reason);
        }
        let tally = state.tallies.entry(key).or_insert_with(|| Tally {
            caller,
            reason,
            count: 0,
            first: now,
            last: now,
            peers: BTreeMap::new(),
        });
        tally.count += 1;
        tally.last = now;
        tally.add_peer(network(peer), 1);
        let told = state
            .done
            .get_or_insert_with(|| watch::channel(None).0)
            .subscribe();
        if !state.is_writing {
            state.is_writing = true;
            let turned = Arc::clone(self);
            tokio::spawn(async move { turned.write_on().await });
        }
        told
    }

    /// Writes a row for each caller and reason, a second after the first call, for as long as there are any.
    async fn write_on(&self) {
        loop {
            sleep(TURNED_AWAY_EVERY).await;
            self.flush().await;
            let mut state = self.state();
            if state.tallies.is_empty() {
                state.is_writing = false;
                return;
            }
        }
    }

    /// Writes what is counted now. What cannot be written stays counted.
    pub(super) async fn flush(&self) {
        let (tallies, done) = {
            let mut state = self.state();
            (std::mem::take(&mut state.tallies), state.done.take())
        };
        let mut all_durable = true;
        for (key, tally) in tallies {
            if let Err(error) = self.trail.record_turned_away(&tally.told()).await {
                all_durable = false;
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "Calls that were turned away could not be recorded yet"
                );
                self.put_back(key, tally);
            }
        }
        if let Some(done) = done {
            done.send_replace(Some(all_durable));
        }
    }

    /// Waits until a call's row is durable. Where too many wait already, it does not: a row follows within a second.
    pub(super) async fn durable(&self, mut told: Told) -> AppResult<()> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Ok(());
        };
        match told.wait_for(Option::is_some).await.map(|told| *told) {
            Ok(Some(true)) => Ok(()),
            _ => Err(AppError::new(ErrorReason::StoreUnavailable)),
        }
    }

    fn put_back(&self, key: Key, before: Tally) {
        let mut state = self.state();
        match state.tallies.entry(key) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(before);
            }
            std::collections::hash_map::Entry::Occupied(mut since) => {
                let since = since.get_mut();
                since.count += before.count;
                since.first = before.first;
                for (network, count) in before.peers {
                    since.add_peer(network, count);
                }
            }
        }
    }
}

impl Tally {
    fn add_peer(&mut self, network: String, count: u64) {
        let is_known = self.peers.contains_key(&network);
        let is_room = self.peers.len() < TURNED_AWAY_NETWORKS_MAX;
        let name = match is_known || is_room {
            true => network,
            false => "other".to_owned(),
        };
        *self.peers.entry(name).or_insert(0) += count;
    }

    fn told(&self) -> TurnedAway {
        let now = Instant::now();
        TurnedAway {
            caller: self.caller.clone(),
            reason: self.reason,
            count: self.count,
            first_ago: now.saturating_duration_since(self.first),
            last_ago: now.saturating_duration_since(self.last),
            peers: self.peers.clone(),
        }
    }
}

/// The network of an address: which household or office it is need not be known.
fn network(peer: Option<IpAddr>) -> String {
    match peer.map(|peer| peer.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[derive(Default)]
    struct Rows {
        rows: Mutex<Vec<TurnedAway>>,
        is_down: AtomicBool,
    }

    #[tonic::async_trait]
    impl Trail for Rows {
        async fn record(&self, _: &str, _: &Caller, _: &str) -> AppResult<()> {
            Ok(())
        }

        async fn record_turned_away(&self, calls: &TurnedAway) -> AppResult<()> {
            if self.is_down.load(Ordering::Relaxed) {
                return Err(AppError::new(ErrorReason::StoreUnavailable));
            }
            self.rows.lock().expect("a lock").push(calls.clone());
            Ok(())
        }
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test(start_paused = true)]
    async fn every_call_is_in_one_row_a_second() {
        let rows = Arc::new(Rows::default());
        let turned = Turned::new(rows.clone());
        let nobody = Caller::nobody();
        let begun = Instant::now();
        for second in 0..3_u8 {
            let mut told = Vec::new();
            for call in 0..100 {
                told.push(turned.note(&nobody, ErrorReason::Unauthenticated, address(call)));
            }
            for told in told {
                turned.durable(told).await.expect("recorded");
            }
            assert_eq!(begun.elapsed().as_secs(), u64::from(second) + 1);
        }
        let rows = rows.rows.lock().expect("a lock");
        let counts: Vec<u64> = rows.iter().map(|row| row.count).collect();
        assert_eq!(counts, [100, 100, 100]);
        let peers = [("192.0.2.0/24".to_owned(), 100)];
        assert_eq!(rows[0].peers, BTreeMap::from(peers));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_written_is_told_and_stays_counted() {
        let rows = Arc::new(Rows::default());
        rows.is_down.store(true, Ordering::Relaxed);
        let turned = Turned::new(rows.clone());
        let nobody = Caller::nobody();
        let told = turned.note(&nobody, ErrorReason::Unauthenticated, None);
        let error = turned.durable(told).await.expect_err("the store is down");
        assert_eq!(error.reason, ErrorReason::StoreUnavailable);
        rows.is_down.store(false, Ordering::Relaxed);
        let told = turned.note(&nobody, ErrorReason::Unauthenticated, None);
        turned.durable(told).await.expect("recorded");
        let rows = rows.rows.lock().expect("a lock");
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_many_callers_nor_many_networks_make_many_rows() {
        let rows = Arc::new(Rows::default());
        let turned = Turned::new(rows.clone());
        let most = u32::try_from(TURNED_AWAY_CALLERS_MAX).expect("few");
        for number in 0..most + 50 {
            let caller = Caller {
                subject: number.to_string(),
                ..Caller::nobody()
            };
            let peer = Some(IpAddr::from((number << 8).to_be_bytes()));
            turned.note(&caller, ErrorReason::RateExceeded, peer);
            turned.note(&Caller::nobody(), ErrorReason::Overloaded, peer);
        }
        turned.flush().await;
        let rows = rows.rows.lock().expect("a lock");
        assert!(rows.len() <= TURNED_AWAY_CALLERS_MAX + 2, "{}", rows.len());
        let all: u64 = rows.iter().map(|row| row.count).sum();
        assert_eq!(all, 2 * u64::from(most + 50));
        assert!(
            rows.iter()
                .all(|row| row.peers.len() <= TURNED_AWAY_NETWORKS_MAX + 1)
        );
    }

    #[test]
    fn an_address_is_told_by_its_network() {
        assert_eq!(network(address(7)), "192.0.2.0/24");
        let six = "2001:db8:1:2::3".parse().ok();
        assert_eq!(network(six), "2001:db8:1::/48");
        let mapped = "::ffff:192.0.2.9".parse().ok();
        assert_eq!(network(mapped), "192.0.2.0/24");
        assert_eq!(network(None), "unknown");
    }
}
