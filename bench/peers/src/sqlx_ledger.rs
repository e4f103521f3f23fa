//! The crate sqlx-ledger on PostgreSQL. It comes without its schema: the tables below are those
//! that its statements need. Its triggers, which write an event for each row and notify of it, are
//! not among them: it has less to do here than it would have with its own.

use anyhow::Context;
use sqlx::postgres::PgPoolOptions;
use sqlx_ledger::account::NewAccount;
use sqlx_ledger::journal::NewJournal;
use sqlx_ledger::tx_template::{
    EntryInput, NewTxTemplate, ParamDataType, ParamDefinition, TxInput, TxParams,
};
use sqlx_ledger::{AccountId, SqlxLedger, TransactionId};
use uuid::Uuid;

use crate::{CONNECTIONS, CREDIT, DEBITS, EMPLOYERS, accounts, employer_of};

const TEMPLATE: &str = "POSTING";

const SCHEMA: &str = include_str!("sqlx_ledger.sql");

/// A journal with the accounts of every employer.
pub(crate) struct Ledger {
    ledger: SqlxLedger,
    employers: Vec<Vec<AccountId>>,
}

fn entry(account: &str, direction: &str, units: i64) -> anyhow::Result<EntryInput> {
    Ok(EntryInput::builder()
        .entry_type(format!("'{}'", account.to_uppercase()))
        .account_id(format!("params.{account}"))
        .layer("SETTLED")
        .direction(direction)
        .units(format!("decimal('{units}')"))
        .currency("'CNY'")
        .build()?)
}

impl Ledger {
    pub(crate) async fn start(url: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = pool.connect(url).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        let ledger = SqlxLedger::new(&pool);
        let journal = NewJournal::builder().name("Postings").build()?;
        let journal_id = ledger.journals().create(journal).await?;
        let mut employers = Vec::with_capacity(EMPLOYERS);
        for number in 0..EMPLOYERS {
            let mut ids = Vec::new();
            for account in accounts() {
                let code = format!("{account}-{number}");
                let new = NewAccount::builder()
                    .id(Uuid::now_v7())
                    .name(&code)
                    .code(&code)
                    .build()?;
                ids.push(ledger.accounts().create(new).await?);
            }
            employers.push(ids);
        }
        let mut params = Vec::new();
        for account in accounts() {
            let param = ParamDefinition::builder()
                .name(account)
                .r#type(ParamDataType::UUID)
                .build()?;
            params.push(param);
        }
        let mut entries = Vec::new();
        for (account, units) in DEBITS {
            entries.push(entry(account, "DEBIT", units)?);
        }
        entries.push(entry(CREDIT.0, "CREDIT", CREDIT.1)?);
        let transaction = TxInput::builder()
            .effective("date()")
            .journal_id(format!("uuid('{journal_id}')"))
            .build()?;
        let template = NewTxTemplate::builder()
            .id(Uuid::now_v7())
            .code(TEMPLATE)
            .params(params)
            .tx_input(transaction)
            .entries(entries)
            .build()?;
        ledger.tx_templates().create(template).await?;
        Ok(Self { ledger, employers })
    }

    pub(crate) async fn post(&self, number: u64) -> anyhow::Result<()> {
        let mut params = TxParams::new();
        for (account, id) in accounts().zip(&self.employers[employer_of(number)]) {
            params.insert(account, *id);
        }
        let posted = self
            .ledger
            .post_transaction(TransactionId::new(), TEMPLATE, Some(params));
        posted.await.context("sqlx-ledger posts")
    }
}
