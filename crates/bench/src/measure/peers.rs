//! Other ledgers, which post in turn with the service: `bench/peers`, a workspace of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::load::Run;
use crate::report::{Figure, median, spread};

/// The peers that post on PostgreSQL.
pub(super) const ON_POSTGRES: [&str; 3] = ["cala-ledger", "sqlx-ledger", "doubleentry-postgres"];
/// The peer that posts on SQLite.
pub(super) const ON_SQLITE: &str = "doubleentry-sqlite";

/// A peer makes its accounts in less.
const START_MAX: Duration = Duration::from_secs(180);
/// A turn's last postings take no longer.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What a peer's turn has shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PeerRun {
    done: u64,
    failed: serde_json::Map<String, serde_json::Value>,
    seconds: f64,
    pub(super) rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// A peer that waits for its turns.
pub(super) struct Peer {
    name: &'static str,
    process: Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _database: Option<PostgresDatabase>,
}

impl Peer {
    async fn start(
        program: &Path,
        name: &'static str,
        url: &str,
        database: Option<PostgresDatabase>,
    ) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args([name, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("a peer cannot be started")?;
        let asks = process.stdin.take().context("no input")?;
        let output = process.stdout.take().context("no output")?;
        let mut answers = BufReader::new(output).lines();
        let told = timeout(START_MAX, answers.next_line()).await;
        let told = told.with_context(|| format!("{name} does not get ready"))??;
        ensure!(told.as_deref() == Some("ready"), "{name} told {told:?}");
        Ok(Self {
            name,
            process,
            asks,
            answers,
            _database: database,
        })
    }

    /// Starts the peer of SQLite on a new file.
    pub(super) async fn on_sqlite(program: &Path, file: &Path) -> anyhow::Result<Self> {
        Self::start(program, ON_SQLITE, &file.display().to_string(), None).await
    }

    /// A turn of so many callers.
    pub(super) async fn turn(
        &mut self,
        callers: usize,
        duration: Duration,
    ) -> anyhow::Result<PeerRun> {
        let asked = format!("{callers} {}\n", duration.as_millis());
        self.asks.write_all(asked.as_bytes()).await?;
        let told = timeout(duration + ANSWER_MAX, self.answers.next_line()).await;
        let told = told.with_context(|| format!("{} does not answer", self.name))??;
        let told = told.with_context(|| format!("{} has ended", self.name))?;
        Ok(serde_json::from_str(&told)?)
    }

    /// Ends it and gives its database back.
    pub(super) async fn end(mut self) {
        // One that has ended already is ended.
        let _ = self.process.kill().await;
    }
}

/// The turns of a measure: those of the service and of each peer, in the same minutes.
pub(super) struct PeerTurns {
    measure: &'static str,
    callers: usize,
    peers: Vec<(Peer, Vec<PeerRun>)>,
    absent: Vec<Figure>,
}

impl PeerTurns {
    /// Starts every peer on a database of its own; none where no program was given. One that does not
    /// start is told of and keeps no other out.
    pub(super) async fn start(
        program: Option<&PathBuf>,
        cluster: &'static PostgresCluster,
        measure: &'static str,
        callers: usize,
    ) -> Self {
        let mut turns = Self {
            measure,
            callers,
            peers: Vec::new(),
            absent: Vec::new(),
        };
        let Some(program) = program else {
            return turns;
        };
        for name in ON_POSTGRES {
            let database = cluster.database();
            let url = database.url();
            match Peer::start(program, name, &url, Some(database)).await {
                Ok(peer) => turns.peers.push((peer, Vec::new())),
                Err(error) => turns.absent.push(absent(measure, name, &error)),
            }
        }
        turns
    }

    /// One turn of each.
    pub(super) async fn take(&mut self, duration: Duration) {
        for (peer, runs) in &mut self.peers {
            match peer.turn(self.callers, duration).await {
                Ok(run) => runs.push(run),
                Err(error) => self.absent.push(absent(self.measure, peer.name, &error)),
            }
        }
    }

    /// The service's rate beside that of each peer, turn by turn.
    pub(super) async fn figures(self, own: &[Run]) -> Vec<Figure> {
        let mut figures = self.absent;
        for (peer, runs) in self.peers {
            if let Some(figure) = beside(self.measure, self.callers, peer.name, own, &runs) {
                figures.push(figure);
            }
            peer.end().await;
        }
        figures
    }
}

fn absent(measure: &'static str, name: &str, error: &anyhow::Error) -> Figure {
    let mut figure = Figure::new(measure, format!("beside {name}: {error:#}"), 0.0);
    figure.verdict = "FAILED";
    figure
}

/// `None` where no turn was taken.
pub(super) fn beside(
    measure: &'static str,
    callers: usize,
    peer: &str,
    own: &[Run],
    runs: &[PeerRun],
) -> Option<Figure> {
    if runs.is_empty() || own.is_empty() {
        return None;
    }
    let rates: Vec<f64> = runs.iter().map(|run| run.rate).collect();
    let own_rates: Vec<f64> = own.iter().map(|run| run.rate).collect();
    let pairs = own_rates.iter().zip(&rates);
    let ratios: Vec<f64> = pairs.map(|(own, peer)| own / peer.max(1e-9)).collect();
    let what = format!(
        "PostDeduction, {callers} in flight, beside a posting of 6 lines by {peer} with as many \
         callers: no person-months, no recorded answer, no audit row, no law and no gRPC there"
    );
    let mut figure = Figure::new(measure, what, median(&ratios)).own(median(&own_rates), "/s");
    figure.spread = spread(&ratios);
    peer.clone_into(&mut figure.to);
    figure.yardstick = Some(median(&rates));
    let of = |value: fn(&PeerRun) -> f64| median(&runs.iter().map(value).collect::<Vec<_>>());
    Some(figure.seen(serde_json::json!({
        "peer_p50_ms": of(|run| run.p50_ms),
        "peer_p99_ms": of(|run| run.p99_ms),
        "peer_runs": runs,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer_run(rate: f64) -> PeerRun {
        PeerRun {
            done: 1,
            failed: serde_json::Map::new(),
            seconds: 1.0,
            rate,
            p50_ms: 1.0,
            p99_ms: 2.0,
        }
    }

    fn own_run(rate: f64) -> Run {
        Run {
            rate,
            ..Run::default()
        }
    }

    #[test]
    fn a_figure_beside_a_peer_is_the_median_of_the_turns_ratios() {
        let own = [1_000.0, 900.0, 1_200.0].map(own_run);
        let runs = [500.0, 300.0, 300.0].map(peer_run);
        let figure = beside("P4", 8, "another", &own, &runs).expect("turns");
        assert_eq!(figure.value, 3.0);
        assert_eq!(figure.spread, (2.0, 4.0));
        assert_eq!((figure.own, figure.yardstick), (1_000.0, Some(300.0)));
        assert!(beside("P4", 8, "another", &own, &[]).is_none());
        assert!(beside("P4", 8, "another", &[], &runs).is_none());
    }
}
