//! `mamagang claim`: a claim of a subsidy, read and moved by one step.

use clap::{Args, Subcommand, ValueEnum};
use mamagang_proto::v1::{
    ApproveClaimRequest, Claim, ClaimDecision, ClaimLineChange, ClawBackClaimRequest,
    GetClaimRequest, GetClaimResponse, MarkClaimPaidRequest, ReviewClaimRequest,
    SubmitClaimRequest, SubmitClaimResponse,
};
use uuid::Uuid;

use super::args::ClientFlags;
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::measures::Subsidy;
use super::view::{View, yuan};
use super::words;
use crate::ids::new_id;

/// `mamagang claim`.
#[derive(Args, Clone, Debug)]
pub struct ClaimArgs {
    /// What.
    #[command(subcommand)]
    pub what: ClaimCommand,
}

/// What can be done to a claim.
#[derive(Clone, Debug, Subcommand)]
pub enum ClaimCommand {
    /// Show a claim line by line, with what facts no longer support of it
    Show(ShowArgs),
    /// Claim a quarter of an employer, for everybody who is entitled (补贴申领)
    Submit(SubmitArgs),
    /// Make the first review (初审)
    Review(VerdictArgs),
    /// Make the final review (复审)
    Approve(VerdictArgs),
    /// Note the payment of an approved claim (拨付)
    Pay(PayArgs),
    /// Take back what facts no longer support of a paid claim (追回)
    ClawBack(ClawBackArgs),
}

/// Which claim.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The claim's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// What is claimed.
#[derive(Args, Clone, Debug)]
pub struct SubmitArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// Which subsidy
    #[arg(long, value_enum)]
    pub kind: Subsidy,
    /// The quarter
    #[arg(long, value_name = "YYYY-Qn")]
    pub quarter: String,
    /// The returned claim that is submitted again [default: a new one]
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub claim: String,
    /// How the step is sent.
    #[command(flatten)]
    pub step: StepFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A review.
#[derive(Args, Clone, Debug)]
pub struct VerdictArgs {
    /// The claim's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// What is decided
    #[arg(long, value_enum)]
    pub decision: Verdict,
    /// Why; needed to return a claim or to turn it down
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub reason: String,
    /// How the step is sent.
    #[command(flatten)]
    pub step: StepFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A payment.
#[derive(Args, Clone, Debug)]
pub struct PayArgs {
    /// The claim's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// The day of payment
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub paid: String,
    /// The payment's reference at the treasury (支付凭证号)
    #[arg(long, value_name = "TEXT")]
    pub reference: String,
    /// Where the money came from (资金来源)
    #[arg(long, value_name = "TEXT")]
    pub fund: String,
    /// How the step is sent.
    #[command(flatten)]
    pub step: StepFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A claw-back.
#[derive(Args, Clone, Debug)]
pub struct ClawBackArgs {
    /// The claim's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// How the step is sent.
    #[command(flatten)]
    pub step: StepFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// How a step is sent.
#[derive(Args, Clone, Debug)]
pub struct StepFlags {
    /// The id of the request, to send the same step again without taking it twice [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<Uuid>,
    /// Check only and store nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl StepFlags {
    fn request_id(&self) -> String {
        self.request_id.unwrap_or_else(new_id).to_string()
    }
}

/// A review's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// 通过
    Pass,
    /// 退回
    Return,
    /// 不予通过
    Reject,
}

impl Verdict {
    const fn to_proto(self) -> ClaimDecision {
        match self {
            Self::Pass => ClaimDecision::Pass,
            Self::Return => ClaimDecision::Return,
            Self::Reject => ClaimDecision::Reject,
        }
    }
}

impl ClaimArgs {
    /// What all of them take.
    pub const fn flags(&self) -> &ClientFlags {
        match &self.what {
            ClaimCommand::Show(args) => &args.client,
            ClaimCommand::Submit(args) => &args.client,
            ClaimCommand::Review(args) | ClaimCommand::Approve(args) => &args.client,
            ClaimCommand::Pay(args) => &args.client,
            ClaimCommand::ClawBack(args) => &args.client,
        }
    }
}

/// Reads a claim, or takes a step of it and tells how it stands then.
pub(super) async fn claim(
    args: &ClaimArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let mut service = connection.subsidies();
    let flags = args.flags();
    let moved = match &args.what {
        ClaimCommand::Show(args) => {
            let request = GetClaimRequest {
                claim_id: args.id.clone(),
            };
            let answer = service.get_claim(request).await?.into_inner();
            return Answer::of(flags, "mamagang.v1.GetClaimResponse", &answer, || {
                whole(&answer, view)
            });
        }
        ClaimCommand::Submit(args) => {
            let request = SubmitClaimRequest {
                request_id: args.step.request_id(),
                validate_only: args.step.dry_run,
                employer_code: args.employer.clone(),
                kind: args.kind.to_proto().into(),
                quarter: args.quarter.clone(),
                worker_ids: Vec::new(),
                claim_id: args.claim.clone(),
            };
            let answer = service.submit_claim(request).await?.into_inner();
            return Answer::of(flags, "mamagang.v1.SubmitClaimResponse", &answer, || {
                submitted(&answer, view)
            });
        }
        ClaimCommand::Review(args) => {
            let request = ReviewClaimRequest {
                request_id: args.step.request_id(),
                validate_only: args.step.dry_run,
                claim_id: args.id.clone(),
                decision: args.decision.to_proto().into(),
                reason: args.reason.clone(),
            };
            service.review_claim(request).await?.into_inner().claim
        }
        ClaimCommand::Approve(args) => {
            let request = ApproveClaimRequest {
                request_id: args.step.request_id(),
                validate_only: args.step.dry_run,
                claim_id: args.id.clone(),
                decision: args.decision.to_proto().into(),
                reason: args.reason.clone(),
            };
            service.approve_claim(request).await?.into_inner().claim
        }
        ClaimCommand::Pay(args) => {
            let request = MarkClaimPaidRequest {
                request_id: args.step.request_id(),
                validate_only: args.step.dry_run,
                claim_id: args.id.clone(),
                paid_date: args.paid.clone(),
                payment_reference: args.reference.clone(),
                fund_source: args.fund.clone(),
            };
            service.mark_claim_paid(request).await?.into_inner().claim
        }
        ClaimCommand::ClawBack(args) => {
            let request = ClawBackClaimRequest {
                request_id: args.step.request_id(),
                validate_only: args.step.dry_run,
                claim_id: args.id.clone(),
                reason: args.reason.clone(),
            };
            service.claw_back_claim(request).await?.into_inner().claim
        }
    };
    let claim = moved.ok_or(Failure::Incomplete("claim"))?;
    Answer::of(flags, "mamagang.v1.Claim", &claim, || {
        Ok(head(&claim, view))
    })
}

fn submitted(answer: &SubmitClaimResponse, view: View) -> Result<String, Failure> {
    let claim = answer.claim.as_ref().ok_or(Failure::Incomplete("claim"))?;
    let mut text = head(claim, view) + &lines(claim, view);
    if !answer.refused.is_empty() {
        let header = [
            view.pick("未申领：人员", "left out: worker"),
            view.pick("月份", "month"),
            view.pick("原因", "reason"),
        ];
        let mut table = view.table(header);
        for month in &answer.refused {
            table.row([
                month.worker_id.clone(),
                month.month.clone(),
                words::reason(month.reason, view.lang),
            ]);
        }
        text.push_str(&table.text());
    }
    for assumption in &answer.assumptions {
        text.push_str(&assumption.message);
        text.push('\n');
    }
    Ok(text)
}

fn whole(answer: &GetClaimResponse, view: View) -> Result<String, Failure> {
    let claim = answer.claim.as_ref().ok_or(Failure::Incomplete("claim"))?;
    let mut text = head(claim, view) + &lines(claim, view);
    if !answer.changes.is_empty() {
        text.push_str(&changes(&answer.changes, view));
    }
    let header = [
        view.pick("步骤", "step"),
        view.pick("状态", "state"),
        view.pick("经办", "by"),
        view.pick("原因", "reason"),
    ];
    let mut table = view.table(header);
    for step in &answer.history {
        table.row([
            step.revision.to_string(),
            step.state.clone(),
            step.actor.clone(),
            step.reason.clone(),
        ]);
    }
    Ok(text + &table.text())
}

fn head(claim: &Claim, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(view.pick("申领编号", "claim"), claim.claim_id.as_str())
        .pair(
            view.pick("用人单位", "employer"),
            claim.employer_code.as_str(),
        )
        .pair(
            view.pick("补贴项目", "subsidy"),
            words::subsidy(claim.kind(), view.lang),
        )
        .pair(view.pick("季度", "quarter"), claim.quarter.as_str())
        .pair(
            view.pick("状态", "state"),
            words::claim_state(claim.state(), view.lang),
        )
        .pair(
            view.pick("申领金额", "claimed, yuan"),
            yuan(claim.total_fen),
        )
        .pair(
            view.pick("已追回", "clawed back, yuan"),
            yuan(claim.clawed_back_fen),
        )
        .pair(view.pick("资金来源", "fund"), claim.fund_source.as_str())
        .pair(
            view.pick("拨付分录", "entry of payment"),
            claim.payment_entry_id.as_str(),
        );
    grid.text()
}

fn lines(claim: &Claim, view: View) -> String {
    let header = [
        view.pick("人员", "worker"),
        view.pick("月份", "month"),
        view.pick("金额（元）", "yuan"),
        view.pick("已追回", "clawed back"),
        view.pick("依据的决定", "decision"),
    ];
    let mut table = view.table(header);
    for line in &claim.lines {
        table.row([
            line.worker_id.clone(),
            line.month.clone(),
            yuan(line.amount_fen),
            yuan(line.clawed_back_fen),
            line.decision_id.clone(),
        ]);
    }
    table.text()
}

fn changes(changes: &[ClaimLineChange], view: View) -> String {
    let header = [
        view.pick("事实已不支持：人员", "no longer supported: worker"),
        view.pick("月份", "month"),
        view.pick("现有（元）", "stands, yuan"),
        view.pick("应有（元）", "supported, yuan"),
        view.pick("原因", "reason"),
    ];
    let mut table = view.table(header);
    for change in changes {
        table.row([
            change.worker_id.clone(),
            change.month.clone(),
            yuan(change.standing_fen),
            yuan(change.supported_fen),
            words::reason(change.reason, view.lang),
        ]);
    }
    table.text()
}
