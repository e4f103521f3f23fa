//! `mamagang reviews`: the queue of what a rule may not decide alone, a case of it, and the two
//! persons' steps.

use clap::{Args, Subcommand};
use mamagang_proto::v1::{
    ConfirmResolutionRequest, GetReviewCaseRequest, ListReviewCasesRequest,
    ProposeResolutionRequest, ReviewCase, ReviewState,
};

use super::args::{ClientFlags, ContextFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::view::View;
use super::words;

/// `mamagang reviews`.
#[derive(Args, Clone, Debug)]
pub struct ReviewsArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: ReviewCommand,
}

impl ReviewsArgs {
    /// Where and how.
    pub const fn flags(&self) -> &ClientFlags {
        match &self.what {
            ReviewCommand::List(args) => &args.client,
            ReviewCommand::Show(args) => &args.client,
            ReviewCommand::Propose(args) => &args.client,
            ReviewCommand::Confirm(args) => &args.client,
        }
    }
}

/// Steps and reads of reviews.
#[derive(Clone, Debug, Subcommand)]
pub enum ReviewCommand {
    /// The queue, the oldest first
    List(ListArgs),
    /// A case with its history
    Show(ShowArgs),
    /// Propose how a case is resolved
    Propose(ProposeArgs),
    /// Confirm what another person proposed, or send it back
    Confirm(ConfirmArgs),
}

/// `mamagang reviews list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Of this employer
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// Of this measure
    #[arg(long, value_name = "NUMBER")]
    pub measure: Vec<i32>,
    /// Resolved ones too; else those that wait for somebody
    #[arg(long)]
    pub all: bool,
    /// Cases at most
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: i32,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang reviews show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The case
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang reviews propose`.
#[derive(Args, Clone, Debug)]
pub struct ProposeArgs {
    /// The case
    #[arg(value_name = "ID")]
    pub id: String,
    /// The request's UUID; the same again has the same answer
    #[arg(long, value_name = "UUID")]
    pub request_id: String,
    /// The condition is taken as met; else the months are refused
    #[arg(long)]
    pub accept: bool,
    /// The first month that it is for [default: the case's]
    #[arg(
        long,
        value_name = "YYYY-MM",
        default_value = "",
        hide_default_value = true
    )]
    pub from: String,
    /// The last month
    #[arg(
        long,
        value_name = "YYYY-MM",
        default_value = "",
        hide_default_value = true
    )]
    pub through: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// What was looked at; may stand several times
    #[arg(long, value_name = "TEXT", required = true)]
    pub evidence: Vec<String>,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang reviews confirm`.
#[derive(Args, Clone, Debug)]
pub struct ConfirmArgs {
    /// The case
    #[arg(value_name = "ID")]
    pub id: String,
    /// The request's UUID; the same again has the same answer
    #[arg(long, value_name = "UUID")]
    pub request_id: String,
    /// Send it back instead
    #[arg(long)]
    pub send_back: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

pub(super) async fn reviews(
    args: &ReviewsArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    match &args.what {
        ReviewCommand::List(args) => list(args, connection, view).await,
        ReviewCommand::Show(args) => show(args, connection, view).await,
        ReviewCommand::Propose(args) => propose(args, connection, view).await,
        ReviewCommand::Confirm(args) => confirm(args, connection, view).await,
    }
}

async fn list(args: &ListArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let waiting = [ReviewState::Open, ReviewState::Proposed].map(i32::from);
    let request = ListReviewCasesRequest {
        employer_code: args.employer.clone(),
        states: if args.all {
            Vec::new()
        } else {
            waiting.to_vec()
        },
        measures: args.measure.clone(),
        page_size: args.limit,
        ..ListReviewCasesRequest::default()
    };
    let answer = connection.reviews().list_review_cases(request).await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.ListReviewCasesResponse";
    Answer::of(&args.client, name, &answer, || {
        Ok(table(&answer.cases, view))
    })
}

fn table(cases: &[ReviewCase], view: View) -> String {
    let mut grid = view.table([
        view.pick("案件编号", "case"),
        view.pick("天数", "days"),
        view.pick("措施", "measure"),
        view.pick("状态", "state"),
        view.pick("理由", "reason"),
        view.pick("月份", "months"),
        view.pick("用人单位", "employer"),
    ]);
    for case in cases {
        grid.row([
            case.review_case_id.clone(),
            case.age_days.to_string(),
            case.measure.to_string(),
            state(case.state(), view).to_owned(),
            case.message.clone(),
            months(case),
            case.employer_code.clone(),
        ]);
    }
    grid.figures([1, 2]).whole([0]);
    grid.text()
}

const fn state(state: ReviewState, view: View) -> &'static str {
    let (zh, en) = match state {
        ReviewState::Open => ("待核", "open"),
        ReviewState::Proposed => ("待确认", "proposed"),
        ReviewState::Resolved => ("已办结", "resolved"),
        ReviewState::Unspecified => ("", ""),
    };
    view.lang.pick(zh, en)
}

fn months(case: &ReviewCase) -> String {
    match (case.from_month.as_str(), case.through_month.as_str()) {
        (from, through) if from == through => from.to_owned(),
        (from, through) => format!("{from} – {through}"),
    }
}

async fn show(args: &ShowArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let request = GetReviewCaseRequest {
        context: Some(args.context.to_context()),
        review_case_id: args.id.clone(),
    };
    let answer = connection.reviews().get_review_case(request).await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.GetReviewCaseResponse";
    Answer::of(&args.client, name, &answer, || {
        let case = answer.case.as_ref().ok_or(Failure::Incomplete("case"))?;
        let mut text = page(case, view);
        let mut grid = view.table([
            view.pick("步骤", "step"),
            view.pick("状态", "state"),
            view.pick("时间", "time"),
            view.pick("经办", "by"),
            view.pick("理由", "reason"),
        ]);
        for step in &answer.history {
            let time = step.recorded_time.map(|time| time.to_string());
            grid.row([
                step.revision.to_string(),
                step.state.clone(),
                time.unwrap_or_default(),
                step.actor.clone(),
                step.reason.clone(),
            ]);
        }
        text.push_str(&format!(
            "\n{}\n{}",
            view.pick("经过", "History"),
            grid.text()
        ));
        Ok(text)
    })
}

fn page(case: &ReviewCase, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(view.pick("案件编号", "case"), case.review_case_id.as_str())
        .pair(view.pick("状态", "state"), state(case.state(), view))
        .pair(view.pick("措施", "measure"), case.measure.to_string())
        .pair(view.pick("理由", "reason"), case.message.as_str())
        .pair(
            view.pick("用人单位", "employer"),
            case.employer_code.as_str(),
        )
        .pair(view.pick("人员", "worker"), case.worker_id.as_str())
        .pair(view.pick("月份", "months"), months(case))
        .pair(view.pick("事项", "matter"), case.matter.as_str())
        .pair(
            view.pick("决定编号", "decision id"),
            case.decision_id.as_str(),
        )
        .pair(
            view.pick("可予认定", "may be accepted"),
            words::yes_or_no(case.may_be_accepted, view.lang),
        );
    if let Some(proposal) = &case.proposal {
        grid.pair(
            view.pick("拟予认定", "proposed to accept"),
            words::yes_or_no(proposal.accepted, view.lang),
        )
        .pair(
            view.pick("拟定理由", "proposal's reason"),
            proposal.reason.as_str(),
        )
        .pair(
            view.pick("依据材料", "evidence"),
            proposal.evidence.join("\n"),
        )
        .pair(
            view.pick("拟定人", "proposed by"),
            proposal.proposed_by.as_str(),
        );
    }
    grid.pair(
        view.pick("确认人", "confirmed by"),
        case.confirmed_by.as_str(),
    )
    .pair(view.pick("记录编号", "fact id"), case.fact_id.as_str());
    grid.text()
}

async fn propose(
    args: &ProposeArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = ProposeResolutionRequest {
        request_id: args.request_id.clone(),
        review_case_id: args.id.clone(),
        accepted: args.accept,
        from_month: args.from.clone(),
        through_month: args.through.clone(),
        reason: args.reason.clone(),
        evidence: args.evidence.clone(),
    };
    let answer = connection.reviews().propose_resolution(request).await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.ProposeResolutionResponse";
    Answer::of(&args.client, name, &answer, || {
        let case = answer.case.as_ref().ok_or(Failure::Incomplete("case"))?;
        Ok(page(case, view))
    })
}

async fn confirm(
    args: &ConfirmArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = ConfirmResolutionRequest {
        request_id: args.request_id.clone(),
        review_case_id: args.id.clone(),
        confirmed: !args.send_back,
        reason: args.reason.clone(),
    };
    let answer = connection.reviews().confirm_resolution(request).await?;
    let answer = answer.into_inner();
    let name = "mamagang.v1.ConfirmResolutionResponse";
    Answer::of(&args.client, name, &answer, || {
        let case = answer.case.as_ref().ok_or(Failure::Incomplete("case"))?;
        Ok(page(case, view))
    })
}
