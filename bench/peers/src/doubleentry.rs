//! The crate doubleentry: one ledger, one Merkle log, one writer at a time, on PostgreSQL or on
//! SQLite, which it opens in WAL mode with every commit synced.

use std::time::Duration;

use ::doubleentry::store::{Postgres, SqlOptions, SqlStore, Sqlite, Store};
use ::doubleentry::{AccountKind, Amount, Currency, Date, Entry, Ledger, LedgerId, date};
use anyhow::Context;

use crate::{CONNECTIONS, CREDIT, DEBITS, EMPLOYERS, employer_of};

const START: Date = date!("2026-01-01");
const DAY: Date = date!("2026-06-15");

/// A busy file or a lost race is tried again; the same key writes nothing twice.
const TRIES_MAX: u32 = 1_000;
const PAUSE: Duration = Duration::from_micros(200);

/// A ledger in a store.
pub(crate) struct Books<S> {
    ledger: Ledger<S>,
    currency: Currency,
}

pub(crate) type OnPostgres = Books<SqlStore<Postgres>>;
pub(crate) type OnSqlite = Books<SqlStore<Sqlite>>;

fn options() -> SqlOptions {
    SqlOptions {
        max_connections: CONNECTIONS,
        ..SqlOptions::default()
    }
}

pub(crate) async fn on_postgres(url: &str) -> anyhow::Result<OnPostgres> {
    let store = SqlStore::postgres_with(url, options()).await?;
    Books::open(store).await
}

pub(crate) async fn on_sqlite(path: &str) -> anyhow::Result<OnSqlite> {
    let url = format!("sqlite://{path}?mode=rwc");
    let store = SqlStore::sqlite_with(&url, options()).await?;
    Books::open(store).await
}

fn path(account: &str, employer: usize) -> String {
    let kind = if account == CREDIT.0 {
        "Income"
    } else {
        "Assets"
    };
    format!("{kind}:{account}:e{employer}")
}

fn yuan(units: i64) -> anyhow::Result<Amount> {
    Amount::from_minor((units * 100).into()).context("an amount")
}

impl<S: Store<2> + Clone + Send + Sync + 'static> Books<S> {
    async fn open(store: S) -> anyhow::Result<Self> {
        let ledger = Ledger::new(store, LedgerId::new("example.com/postings")?).await?;
        let currency = Currency::new("CNY")?;
        ledger.declare_currency(currency, 2, START).await?;
        ledger.define_months(2026, 1..=12).await?;
        for employer in 0..EMPLOYERS {
            for (account, _) in DEBITS {
                let path = path(account, employer);
                ledger
                    .open(path.as_str(), AccountKind::Asset, START)
                    .await?;
            }
            let path = path(CREDIT.0, employer);
            ledger
                .open(path.as_str(), AccountKind::Income, START)
                .await?;
        }
        Ok(Self { ledger, currency })
    }

    pub(crate) async fn post(&self, number: u64) -> anyhow::Result<()> {
        let employer = employer_of(number);
        let mut entry = Entry::new(format!("posting-{number}"), DAY);
        for (account, units) in DEBITS {
            entry = entry.debit(
                path(account, employer).as_str(),
                yuan(units)?,
                self.currency,
            );
        }
        let credit = path(CREDIT.0, employer);
        let entry = entry.credit(credit.as_str(), yuan(CREDIT.1)?, self.currency);
        let mut tries = 0;
        loop {
            match self.ledger.record(entry.clone()).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_transient() && tries < TRIES_MAX => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error).context("doubleentry posts"),
            }
        }
    }
}
