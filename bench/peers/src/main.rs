//! Postings of other ledgers in Rust, on the same database and by the same loop as the service's:
//! `cargo xtask bench --peers` starts one of these for each peer and lets it take its turns.
//!
//! A posting is what each of them has that is nearest to the service's: one double-entry
//! transaction of six lines, of an employer of its own, durable before it is answered. They write
//! no person-months, no recorded answer, no audit row, and no law is asked; nothing is called over
//! gRPC.
//!
//! One argument names the peer, one its database. Once it is ready it says so; then each line of
//! its input is a turn, the callers and the milliseconds, answered by one line of JSON.

mod cala;
mod doubleentry;
mod sqlx_ledger;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

use turn::Turns;

/// Employers whose postings take turns: as many as callers at most, so that none waits for another.
const EMPLOYERS: usize = 512;

/// Connections to PostgreSQL, as many as the service has for its units of work and a half more.
const CONNECTIONS: u32 = 12;

/// The money of a posting: what is accrued and not used, and what each of four taxes took, in
/// yuan. Debits; what they sum to is accrued, the only credit.
const DEBITS: [(&str, i64); 5] = [
    ("available", 2_130),
    ("vat", 1_000),
    ("umct", 70),
    ("edu", 30),
    ("ledu", 20),
];
const CREDIT: (&str, i64) = ("accrued", 3_250);

/// The accounts of every employer.
fn accounts() -> impl Iterator<Item = &'static str> {
    DEBITS
        .into_iter()
        .chain([CREDIT])
        .map(|(account, _)| account)
}

/// A ledger that posts.
enum Peer {
    Cala(cala::Cala),
    SqlxLedger(sqlx_ledger::Ledger),
    OnPostgres(doubleentry::OnPostgres),
    OnSqlite(doubleentry::OnSqlite),
}

impl Peer {
    async fn start(name: &str, url: &str) -> anyhow::Result<Self> {
        match name {
            "cala-ledger" => Ok(Self::Cala(cala::Cala::start(url).await?)),
            "sqlx-ledger" => Ok(Self::SqlxLedger(sqlx_ledger::Ledger::start(url).await?)),
            "doubleentry-postgres" => Ok(Self::OnPostgres(doubleentry::on_postgres(url).await?)),
            "doubleentry-sqlite" => Ok(Self::OnSqlite(doubleentry::on_sqlite(url).await?)),
            other => bail!("no peer is called {other}"),
        }
    }

    /// Posts once; durable when it returns.
    async fn post(&self, number: u64) -> anyhow::Result<()> {
        match self {
            Self::Cala(peer) => peer.post(number).await,
            Self::SqlxLedger(peer) => peer.post(number).await,
            Self::OnPostgres(peer) => peer.post(number).await,
            Self::OnSqlite(peer) => peer.post(number).await,
        }
    }
}

/// The employer of a posting.
fn employer_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX) % EMPLOYERS
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let (name, url) = (next("the peer's name")?, next("its database")?);
    let peer = Arc::new(Peer::start(&name, &url).await?);
    println!("ready");
    let mut turns = Turns::default();
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let callers = number().context("the callers of a turn")?;
        let millis = number().context("the milliseconds of a turn")?;
        let turn = turns.run(&peer, callers, Duration::from_millis(millis));
        println!("{}", turn.await);
    }
    Ok(())
}
