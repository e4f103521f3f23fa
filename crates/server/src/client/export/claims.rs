//! Claims as tables.

use mamagang_domain::money::Fen;
use mamagang_files::table::{Column, Table, Value};
use mamagang_proto::v1::{Claim, ClaimState, ListClaimsRequest};

use super::ClaimsArgs;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::words::{self, Lang};

/// Claims a page: as many as the service gives.
const PAGE_SIZE: i32 = 1_000;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum State {
    /// 已申领
    Submitted,
    /// 初审通过
    Reviewed,
    /// 复审通过
    Approved,
    /// 已拨付
    Paid,
    /// 不予通过
    Rejected,
    /// 已追回
    ClawedBack,
    /// 已退回
    Returned,
}

impl State {
    const fn to_proto(self) -> ClaimState {
        match self {
            Self::Submitted => ClaimState::Submitted,
            Self::Reviewed => ClaimState::Reviewed,
            Self::Approved => ClaimState::Approved,
            Self::Paid => ClaimState::Paid,
            Self::Rejected => ClaimState::Rejected,
            Self::ClawedBack => ClaimState::ClawedBack,
            Self::Returned => ClaimState::Returned,
        }
    }
}

/// Claims, a row each or a row a line.
pub(super) async fn claims(args: &ClaimsArgs, connection: &Connection) -> Result<Table, Failure> {
    let states = args.state.iter().map(|state| state.to_proto().into());
    let mut request = ListClaimsRequest {
        employer_code: args.employer.clone(),
        states: states.collect(),
        town_code: args.town.clone(),
        quarter: args.quarter.clone(),
        page_size: PAGE_SIZE,
        ..ListClaimsRequest::default()
    };
    let mut claims = Vec::new();
    loop {
        let answer = connection.subsidies().list_claims(request.clone()).await?;
        let answer = answer.into_inner();
        claims.extend(answer.claims);
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    Ok(match args.lines {
        true => line_table(&claims),
        false => claim_table(&claims),
    })
}

fn claim_table(claims: &[Claim]) -> Table {
    let columns = [
        Column::id("申领编号"),
        Column::id("统一社会信用代码"),
        Column::text("补贴项目"),
        Column::text("季度"),
        Column::text("状态"),
        Column::id("镇街代码"),
        Column::count("人月数"),
        Column::money("申领金额"),
        Column::money("已追回"),
        Column::date("申领日期"),
        Column::date("拨付日期"),
        Column::text("支付凭证号"),
        Column::text("资金来源"),
        Column::text("拨付分录"),
        Column::text("业务流水号"),
    ];
    let mut table = Table::new("补贴申领清单", columns);
    for claim in claims {
        table.push([
            Value::text(&claim.claim_id),
            Value::text(&claim.employer_code),
            Value::text(words::subsidy(claim.kind(), Lang::Zh)),
            Value::text(&claim.quarter),
            Value::text(words::claim_state(claim.state(), Lang::Zh)),
            Value::text(&claim.town_code),
            Value::Count(i64::try_from(claim.lines.len()).unwrap_or(i64::MAX)),
            Value::Money(Fen::new(claim.total_fen)),
            Value::Money(Fen::new(claim.clawed_back_fen)),
            Value::text(&claim.submitted_date),
            Value::text(&claim.paid_date),
            Value::text(&claim.payment_reference),
            Value::text(&claim.fund_source),
            Value::text(&claim.payment_entry_id),
            // So that a step on the claim as it stands is not taken for one before.
            Value::text(claim.revision.to_string()),
        ]);
    }
    table
}

fn line_table(claims: &[Claim]) -> Table {
    let columns = [
        Column::id("申领编号"),
        Column::id("统一社会信用代码"),
        Column::text("补贴项目"),
        Column::text("状态"),
        Column::id("人员编号"),
        Column::date("月份"),
        Column::money("金额"),
        Column::money("已追回"),
        Column::id("依据的决定"),
    ];
    let mut table = Table::new("补贴申领明细", columns);
    for claim in claims {
        for line in &claim.lines {
            table.push([
                Value::text(&claim.claim_id),
                Value::text(&claim.employer_code),
                Value::text(words::subsidy(claim.kind(), Lang::Zh)),
                Value::text(words::claim_state(claim.state(), Lang::Zh)),
                Value::text(&line.worker_id),
                Value::text(&line.month),
                Value::Money(Fen::new(line.amount_fen)),
                Value::Money(Fen::new(line.clawed_back_fen)),
                Value::text(&line.decision_id),
            ]);
        }
    }
    table
}
