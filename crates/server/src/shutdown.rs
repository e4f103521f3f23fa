//! The end of the process, in two steps: softly, then hard.
//!
//! The first SIGTERM or SIGINT begins the drain: nothing new is taken, what is open is finished. The drain ends by
//! itself, or hard at a second signal or after the drain time. Nothing acknowledged is lost by a hard end; callers whose
//! answer was cut off ask again with the same `request_id`.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// An order to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM, from a supervisor.
    Terminate,
    /// SIGINT, from a terminal.
    Interrupt,
}

impl StopSignal {
    /// The signal's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }
}

/// The process was told to end at once, or its drain took too long. What was awaited has been dropped unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped hard before everything was finished")]
pub struct HardStop;

/// How far the end has come. Clones share it.
#[derive(Clone, Debug)]
pub struct Shutdown {
    draining: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    /// Watches `signals` from now on, in a task of its own. `drain` is how long the soft step may last.
    ///
    /// A closed channel is no order to stop. Must be called inside a tokio runtime.
    pub fn watch(signals: mpsc::Receiver<StopSignal>, drain: Duration) -> Self {
        let shutdown = Self {
            draining: CancellationToken::new(),
            hard: CancellationToken::new(),
        };
        tokio::spawn(shutdown.clone().follow(signals, drain));
        shutdown
    }

    async fn follow(self, mut signals: mpsc::Receiver<StopSignal>, drain: Duration) {
        tokio::select! {
            signal = next(&mut signals) => {
                tracing::info!(signal = signal.name(), "Stopping: open requests are finished, new ones refused");
            }
            () = self.draining.cancelled() => tracing::info!("Stopping on the service's own account"),
        }
        self.draining.cancel();
        tokio::select! {
            signal = next(&mut signals) => {
                tracing::warn!(signal = signal.name(), "Stopping at once: told so twice");
            }
            () = tokio::time::sleep(drain) => {
                tracing::warn!(drain_seconds = drain.as_secs(), "Stopping at once: open requests took too long");
            }
        }
        self.hard.cancel();
    }

    /// Begins the drain without a signal, as when a listener has failed.
    pub fn begin(&self) {
        self.draining.cancel();
    }

    /// Whether the drain has begun; then the service is not ready.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Completes when the drain begins.
    pub fn drained_from(&self) -> impl Future<Output = ()> + Send + use<> {
        self.draining.clone().cancelled_owned()
    }

    /// Cancelled when the drain begins; for tasks that pass it on to their own.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Waits for `work`, and drops it where the hard end comes first.
    pub async fn finish<T>(&self, work: impl Future<Output = T>) -> Result<T, HardStop> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.hard.cancelled() => Err(HardStop),
        }
    }
}

/// The next signal. Where nobody can send one any more it never comes.
async fn next(signals: &mut mpsc::Receiver<StopSignal>) -> StopSignal {
    match signals.recv().await {
        Some(signal) => signal,
        None => std::future::pending().await,
    }
}

/// SIGTERM and SIGINT of this process, which no longer end it by themselves.
///
/// Must be called inside a tokio runtime. Errors: the system refuses the handlers.
pub fn process_signals() -> io::Result<mpsc::Receiver<StopSignal>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The first and the second signal matter; more change nothing.
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                Some(()) = terminate.recv() => StopSignal::Terminate,
                Some(()) = interrupt.recv() => StopSignal::Interrupt,
                else => return,
            };
            if sender.send(signal).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const DRAIN: Duration = Duration::from_secs(20);

    fn watched() -> (mpsc::Sender<StopSignal>, Shutdown) {
        let (sender, signals) = mpsc::channel(2);
        (sender, Shutdown::watch(signals, DRAIN))
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_ends_without_a_signal_even_when_none_can_come() {
        let (sender, shutdown) = watched();
        drop(sender);
        tokio::time::timeout(DRAIN * 100, shutdown.drained_from())
            .await
            .unwrap_err();
        assert!(!shutdown.is_draining());
        assert_eq!(shutdown.finish(ready(1)).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_signal_drains_and_lets_work_finish() {
        let (sender, shutdown) = watched();
        sender.send(StopSignal::Terminate).await.unwrap();
        shutdown.drained_from().await;
        assert!(shutdown.is_draining() && shutdown.draining().is_cancelled());
        let work = tokio::time::sleep(DRAIN - Duration::from_millis(10));
        assert_eq!(shutdown.finish(work).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn work_longer_than_the_drain_is_dropped() {
        let (sender, shutdown) = watched();
        let begun = tokio::time::Instant::now();
        sender.send(StopSignal::Interrupt).await.unwrap();
        assert_eq!(shutdown.finish(pending::<()>()).await, Err(HardStop));
        // tokio's timer counts whole milliseconds.
        assert!((DRAIN..DRAIN + Duration::from_millis(10)).contains(&begun.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_at_once() {
        let (sender, shutdown) = watched();
        let begun = tokio::time::Instant::now();
        sender.send(StopSignal::Terminate).await.unwrap();
        sender.send(StopSignal::Terminate).await.unwrap();
        assert_eq!(shutdown.finish(pending::<()>()).await, Err(HardStop));
        assert!(begun.elapsed() < Duration::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_without_a_signal_is_limited_too() {
        let (_sender, shutdown) = watched();
        shutdown.begin();
        assert!(shutdown.is_draining());
        assert_eq!(shutdown.finish(pending::<()>()).await, Err(HardStop));
    }

    #[tokio::test]
    async fn signals_of_the_process_arrive_by_name_and_do_not_kill_it() {
        let mut signals = process_signals().unwrap();
        for (option, expected) in [
            ("-TERM", StopSignal::Terminate),
            ("-INT", StopSignal::Interrupt),
        ] {
            let me = std::process::id().to_string();
            let sent = tokio::process::Command::new("kill")
                .args([option, &me])
                .status()
                .await
                .unwrap();
            assert!(sent.success());
            assert_eq!(signals.recv().await, Some(expected));
        }
    }
}
