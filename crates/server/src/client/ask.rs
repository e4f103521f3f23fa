//! One subcommand, one call.

use std::io::Write;

use mamagang_proto::v1::{
    CheckKeyGroupDeductionRequest, GetEmployerBalanceRequest, GetWorkerTermRequest,
    VerifyWorkerStatusRequest,
};
use prost::Message;

use super::args::{BalanceArgs, CheckArgs, ClientCommand, ClientFlags, TermArgs, VerifyArgs};
use super::certificate;
use super::claim;
use super::connection::Connection;
use super::explain;
use super::export;
use super::failure::Failure;
use super::import;
use super::json;
use super::measures;
use super::reconcile;
use super::register;
use super::render;
use super::reviews;
use super::simulate;
use super::view::View;

/// An answer, ready to print.
#[derive(Debug)]
pub(super) struct Answer {
    text: String,
    code: u8,
}

impl Answer {
    /// Prints it.
    pub(super) fn print(&self, out: &mut impl Write) -> Result<(), Failure> {
        out.write_all(self.text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// A text, and the exit code that it ends with.
    pub(super) const fn new(text: String, code: u8) -> Self {
        Self { text, code }
    }

    /// What the process ends with.
    pub(super) const fn code(&self) -> u8 {
        self.code
    }

    /// As JSON when that was asked for, else as a reader wants it.
    pub(super) fn of(
        flags: &ClientFlags,
        name: &str,
        message: &impl Message,
        text: impl FnOnce() -> Result<String, Failure>,
    ) -> Result<Self, Failure> {
        if flags.json {
            return Ok(Self::new(json::of(name, message)? + "\n", 0));
        }
        Ok(Self::new(text()?, 0))
    }
}

/// Asks what a subcommand asks.
pub(super) async fn ask(command: &ClientCommand, view: View) -> Result<Answer, Failure> {
    let flags = command.flags();
    let connection =
        Connection::open(&flags.endpoint()?, flags.speaker()?, flags.patience()).await?;
    match command {
        ClientCommand::Check(args) => check(args, &connection, view).await,
        ClientCommand::CheckSubsidy(args) => measures::subsidy(args, &connection, view).await,
        ClientCommand::CheckVat(args) => measures::vat(args, &connection, view).await,
        ClientCommand::CheckPreferences(args) => {
            measures::preferences(args, &connection, view).await
        }
        ClientCommand::Balance(args) => balance(args, &connection, view).await,
        ClientCommand::Term(args) => term(args, &connection, view).await,
        ClientCommand::Verify(args) => verify(args, &connection, view).await,
        ClientCommand::Reviews(args) => reviews::reviews(args, &connection, view).await,
        ClientCommand::Explain(args) => explain::explain(args, &connection, view).await,
        ClientCommand::Simulate(args) => simulate::simulate(args, &connection, view).await,
        ClientCommand::Certificate(args) => certificate::certificate(args, &connection, view).await,
        ClientCommand::Import(args) => import::import(args, &connection, view).await,
        ClientCommand::Export(args) => export::export(args, &connection, view).await,
        ClientCommand::Claim(args) => claim::claim(args, &connection, view).await,
        ClientCommand::CompareRegister(args) => register::compare(args, &connection, view).await,
        ClientCommand::Reconcile(args) => reconcile::reconcile(args, &connection, view).await,
    }
}

async fn check(args: &CheckArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let request = CheckKeyGroupDeductionRequest {
        context: Some(args.context.to_context()),
        employer_code: args.employer.clone(),
        worker: Some(args.worker.to_ref()),
        from_month: args.from.clone(),
        through_month: args.through.clone(),
        as_of_time: None,
    };
    let answer = connection
        .eligibility()
        .check_key_group_deduction(request)
        .await?
        .into_inner();
    Answer::of(
        &args.client,
        "mamagang.v1.CheckKeyGroupDeductionResponse",
        &answer,
        || {
            let decision = answer
                .decision
                .as_ref()
                .ok_or(Failure::Incomplete("decision"))?;
            Ok(render::decision(decision, render::Detail::Full, view))
        },
    )
}

async fn balance(
    args: &BalanceArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = GetEmployerBalanceRequest {
        employer_code: args.employer.clone(),
        tax_year: args.year,
        as_of_time: None,
        through_month: args.through.clone(),
    };
    let answer = connection
        .ledger()
        .get_employer_balance(request)
        .await?
        .into_inner();
    Answer::of(
        &args.client,
        "mamagang.v1.GetEmployerBalanceResponse",
        &answer,
        || {
            let balance = answer
                .balance
                .as_ref()
                .ok_or(Failure::Incomplete("balance"))?;
            Ok(render::balance(balance, view))
        },
    )
}

async fn term(args: &TermArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let request = GetWorkerTermRequest {
        context: Some(args.context.to_context()),
        worker: Some(args.worker.to_ref()),
        as_of_time: None,
    };
    let answer = connection
        .ledger()
        .get_worker_term(request)
        .await?
        .into_inner();
    let text = || Ok(render::term(&answer, view));
    Answer::of(
        &args.client,
        "mamagang.v1.GetWorkerTermResponse",
        &answer,
        text,
    )
}

async fn verify(args: &VerifyArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let request = VerifyWorkerStatusRequest {
        context: Some(args.context.to_context()),
        worker: Some(args.worker.to_ref()),
        as_of_date: args.on.clone(),
    };
    let answer = connection
        .verification()
        .verify_worker_status(request)
        .await?
        .into_inner();
    let text = || Ok(render::status(&answer, view));
    Answer::of(
        &args.client,
        "mamagang.v1.VerifyWorkerStatusResponse",
        &answer,
        text,
    )
}
