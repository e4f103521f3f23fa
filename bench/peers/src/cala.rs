//! The crate cala-ledger on PostgreSQL.

use anyhow::Context;
use cala_ledger::account::NewAccount;
use cala_ledger::job::{JobSvcConfig, Jobs};
use cala_ledger::journal::NewJournal;
use cala_ledger::tx_template::{
    NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType,
    Params,
};
use cala_ledger::{AccountId, CalaLedger, CalaLedgerConfig, JournalId, TransactionId};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::{CONNECTIONS, CREDIT, DEBITS, EMPLOYERS, accounts, employer_of};

const TEMPLATE: &str = "POSTING";

/// A journal with the accounts of every employer. Its balance roll-up, which follows account sets,
/// is registered and not run: there are no sets.
pub(crate) struct Cala {
    ledger: CalaLedger,
    _jobs: Jobs,
    employers: Vec<Vec<AccountId>>,
}

fn entry(account: &str, direction: &str, units: i64) -> anyhow::Result<NewTxTemplateEntry> {
    Ok(NewTxTemplateEntry::builder()
        .entry_type(format!("'{}'", account.to_uppercase()))
        .account_id(format!("params.{account}"))
        .layer("SETTLED")
        .direction(direction)
        .units(format!("decimal('{units}')"))
        .currency("'CNY'")
        .build()?)
}

impl Cala {
    pub(crate) async fn start(url: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = pool.connect(url).await?;
        let migrated = CalaLedgerConfig::builder()
            .pool(pool.clone())
            .exec_migrations(true)
            .build()?;
        let jobs = JobSvcConfig::builder().pool(pool.clone()).build();
        let jobs = jobs.map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut jobs = Jobs::init(jobs).await?;
        let ledger = CalaLedger::init(migrated, &mut jobs).await?;
        let journal_id = JournalId::new();
        let journal = NewJournal::builder()
            .id(journal_id)
            .name("Postings")
            .build();
        ledger.journals().create(journal).await?;
        let mut employers = Vec::with_capacity(EMPLOYERS);
        for number in 0..EMPLOYERS {
            let mut ids = Vec::new();
            let mut new = Vec::new();
            for account in accounts() {
                let id = AccountId::new();
                let code = format!("{account}-{number}");
                new.push(
                    NewAccount::builder()
                        .id(id)
                        .name(code.clone())
                        .code(code)
                        .build(),
                );
                ids.push(id);
            }
            ledger.accounts().create_all(new).await?;
            employers.push(ids);
        }
        let mut params = Vec::new();
        for account in accounts() {
            let param = NewParamDefinition::builder().name(account);
            params.push(param.r#type(ParamDataType::Uuid).build()?);
        }
        let mut entries = Vec::new();
        for (account, units) in DEBITS {
            entries.push(entry(account, "DEBIT", units)?);
        }
        entries.push(entry(CREDIT.0, "CREDIT", CREDIT.1)?);
        let transaction = NewTxTemplateTransaction::builder()
            .effective("date()")
            .journal_id(format!("uuid('{journal_id}')"))
            .build()?;
        let template = NewTxTemplate::builder()
            .id(Uuid::now_v7())
            .code(TEMPLATE)
            .params(params)
            .transaction(transaction)
            .entries(entries)
            .build();
        ledger.tx_templates().create(template).await?;
        Ok(Self {
            ledger,
            _jobs: jobs,
            employers,
        })
    }

    pub(crate) async fn post(&self, number: u64) -> anyhow::Result<()> {
        let mut params = Params::new();
        for (account, id) in accounts().zip(&self.employers[employer_of(number)]) {
            params.insert(account, *id);
        }
        let posted = self
            .ledger
            .post_transaction(TransactionId::new(), TEMPLATE, params);
        posted.await.map(drop).context("cala-ledger posts")
    }
}
