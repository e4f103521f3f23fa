//! The registers of the HR bureau as tables: filings, hires, open posts, findings, and who read what.

use mamagang_domain::money::Fen;
use mamagang_files::table::{Column, Table, Value};
use mamagang_proto::v1::{
    AuditEvent, ListAuditEventsRequest, ListFilingsRequest, ListFindingsRequest, ListHiresRequest,
    ListOpenPostsRequest,
};

use super::register_words as words;
use super::{AuditEventsArgs, OfEmployersArgs, OfTownArgs, when};
use crate::client::connection::Connection;
use crate::client::failure::Failure;

/// Rows a page: as many as the service gives.
const PAGE_SIZE: i32 = 1_000;

/// Goes through the pages of a list that has no `as_of_time`.
macro_rules! pages {
    ($client:expr, $method:ident, $rows:ident, $request:expr) => {{
        let mut all = Vec::new();
        let mut request = $request;
        let mut client = $client;
        loop {
            let answer = client.$method(request.clone()).await?.into_inner();
            all.extend(answer.$rows);
            if answer.next_page_token.is_empty() {
                break all;
            }
            request.page_token = answer.next_page_token;
        }
    }};
}

fn days(columns: &[&str]) -> Vec<Column> {
    columns.iter().map(|header| Column::date(header)).collect()
}

/// Filings, a row a post; a training plan has one row.
pub(super) async fn filings(
    args: &OfEmployersArgs,
    connection: &Connection,
) -> Result<Table, Failure> {
    let request = ListFilingsRequest {
        employer_code: args.employer.clone(),
        town_code: args.town.clone(),
        page_size: PAGE_SIZE,
        ..ListFilingsRequest::default()
    };
    let filings = pages!(connection.filings(), list_filings, filings, request);
    let mut columns = vec![
        Column::id("备案编号"),
        Column::id("统一社会信用代码"),
        Column::text("备案种类"),
        Column::text("状态"),
        Column::id("镇街代码").width(6),
        Column::text("用工指引版本"),
    ];
    columns.extend(days(&["提交日期", "受理日期", "撤销日期", "有效期至"]));
    columns.extend([
        Column::text("岗位标识"),
        Column::text("岗位或培训名称").width(16),
        Column::count("岗位数"),
        Column::count("已用"),
        Column::count("空缺"),
        Column::count("每周工时"),
        Column::text("工作时间"),
        Column::money("最低报酬"),
        Column::money("最高报酬"),
        Column::text("计酬单位"),
        Column::count("培训课时"),
    ]);
    let mut table = Table::new("备案", columns);
    for filing in &filings {
        let head = [
            Value::text(&filing.filing_id),
            Value::text(&filing.employer_code),
            Value::text(words::filing_kind(filing.kind)),
            Value::text(words::filing_state(filing.state)),
            Value::text(&filing.town_code),
            Value::text(&filing.guideline_version),
            Value::text(&filing.submitted_date),
            Value::text(&filing.accepted_date),
            Value::text(&filing.revoked_date),
            Value::text(&filing.expire_date),
        ];
        for post in &filing.posts {
            let of_post = [
                Value::text(&post.post_key),
                Value::text(&post.title),
                Value::Count(post.count.into()),
                Value::Count(post.filled.into()),
                Value::Count(post.vacancies.into()),
                Value::Count(post.weekly_hours.into()),
                Value::text(&post.working_hours),
                Value::Money(Fen::new(post.pay_min_fen)),
                Value::Money(Fen::new(post.pay_max_fen)),
                Value::text(words::pay_unit(post.pay_unit)),
            ];
            table.push(head.iter().cloned().chain(of_post));
        }
        if let Some(plan) = &filing.training_plan {
            let mut row = head.to_vec();
            row.extend([
                Value::Empty,
                Value::text(&plan.title),
                Value::Count(plan.headcount.into()),
            ]);
            row.resize(table.columns.len() - 1, Value::Empty);
            row.push(Value::Count(plan.class_hours.into()));
            table.push(row);
        }
    }
    Ok(table)
}

/// Reported hires; persons by our id.
pub(super) async fn hires(
    args: &OfEmployersArgs,
    connection: &Connection,
) -> Result<Table, Failure> {
    let request = ListHiresRequest {
        employer_code: args.employer.clone(),
        page_size: PAGE_SIZE,
        ..ListHiresRequest::default()
    };
    let hires = pages!(connection.filings(), list_hires, hires, request);
    let mut columns = vec![
        Column::id("报备编号"),
        Column::id("备案编号"),
        Column::text("岗位标识"),
        Column::id("统一社会信用代码"),
        Column::id("人员编号"),
        Column::text("合同编号"),
        Column::id("镇街代码").width(6),
        Column::text("状态"),
        Column::text("育儿人员类别"),
        Column::text("距离"),
    ];
    columns.extend(days(&[
        "上岗日期",
        "就业登记日期",
        "离职日期",
        "终止登记日期",
        "应登记日期",
    ]));
    let mut table = Table::new("用工报备", columns);
    // The service has no filter by town here; the towns of the posts do.
    let of_town = hires
        .iter()
        .filter(|hire| hire.town_code.starts_with(&args.town));
    for hire in of_town {
        table.push([
            Value::text(&hire.hire_id),
            Value::text(&hire.filing_id),
            Value::text(&hire.post_key),
            Value::text(&hire.employer_code),
            Value::text(&hire.worker_id),
            Value::text(&hire.contract_id),
            Value::text(&hire.town_code),
            Value::text(words::hire_state(hire.state)),
            Value::text(words::carer_group(hire.carer_group)),
            Value::text(words::distance(hire.distance)),
            Value::text(&hire.hired_date),
            Value::text(&hire.registered_date),
            Value::text(&hire.ended_date),
            Value::text(&hire.end_registered_date),
            Value::text(&hire.due_date),
        ]);
    }
    Ok(table)
}

/// Posts with free places.
pub(super) async fn open_posts(
    args: &OfTownArgs,
    connection: &Connection,
) -> Result<Table, Failure> {
    let request = ListOpenPostsRequest {
        town_code: args.town.clone(),
        page_size: PAGE_SIZE,
        ..ListOpenPostsRequest::default()
    };
    let posts = pages!(connection.filings(), list_open_posts, posts, request);
    let columns = [
        Column::text("单位名称").width(16),
        Column::id("统一社会信用代码"),
        Column::text("岗位名称").width(12),
        Column::text("用工方式"),
        Column::count("空缺"),
        Column::count("每周工时"),
        Column::text("工作时间"),
        Column::money("最低报酬"),
        Column::money("最高报酬"),
        Column::text("计酬单位"),
        Column::id("镇街代码").width(6),
        Column::id("备案编号"),
        Column::text("岗位标识"),
    ];
    let mut table = Table::new("空缺岗位", columns);
    for open in &posts {
        let post = open.post.as_ref().ok_or(Failure::Incomplete("post"))?;
        table.push([
            Value::text(&open.employer_name),
            Value::text(&open.employer_code),
            Value::text(&post.title),
            Value::text(words::filing_kind(open.kind)),
            Value::Count(post.vacancies.into()),
            Value::Count(post.weekly_hours.into()),
            Value::text(&post.working_hours),
            Value::Money(Fen::new(post.pay_min_fen)),
            Value::Money(Fen::new(post.pay_max_fen)),
            Value::text(words::pay_unit(post.pay_unit)),
            Value::text(&post.town_code),
            Value::text(&open.filing_id),
            Value::text(&post.post_key),
        ]);
    }
    Ok(table)
}

/// Findings of supervision; persons by our id.
pub(super) async fn findings(
    args: &OfEmployersArgs,
    connection: &Connection,
) -> Result<Table, Failure> {
    let request = ListFindingsRequest {
        employer_code: args.employer.clone(),
        town_code: args.town.clone(),
        page_size: PAGE_SIZE,
        ..ListFindingsRequest::default()
    };
    let findings = pages!(connection.reports(), list_findings, findings, request);
    let columns = [
        Column::id("线索编号"),
        Column::text("规则").width(14),
        Column::text("状态"),
        Column::id("统一社会信用代码"),
        Column::id("镇街代码").width(6),
        Column::id("人员编号"),
        Column::text("数据").width(20),
        Column::text("证据").width(16),
        Column::text("依据").width(16),
        Column::id("备案编号"),
        Column::text("承办人"),
        Column::date("办结期限"),
        Column::text("发现时间"),
        Column::text("更新时间"),
    ];
    let mut table = Table::new("监督线索", columns);
    for finding in &findings {
        let mut facts: Vec<String> = finding
            .facts
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        facts.sort();
        let cited = finding.citation.as_ref().map(|citation| {
            let words = [citation.instrument.as_str(), citation.article.as_str()];
            words.join(" ").trim().to_owned()
        });
        let shown = |time: &Option<prost_types::Timestamp>| {
            Value::text(time.as_ref().map(when::shown).unwrap_or_default())
        };
        table.push([
            Value::text(&finding.finding_id),
            Value::text(words::finding_rule(finding.rule)),
            Value::text(words::finding_state(finding.state)),
            Value::text(&finding.employer_code),
            Value::text(&finding.town_code),
            Value::text(&finding.worker_id),
            Value::text(facts.join("；")),
            Value::text(finding.evidence.join("；")),
            Value::text(cited.unwrap_or_default()),
            Value::text(&finding.filing_id),
            Value::text(&finding.assigned_to),
            Value::text(&finding.due_date),
            shown(&finding.found_time),
            shown(&finding.updated_time),
        ]);
    }
    Ok(table)
}

/// Rows of the audit trail, for those who may read it.
pub(super) async fn audit_events(
    args: &AuditEventsArgs,
    connection: &Connection,
) -> Result<Table, Failure> {
    let request = ListAuditEventsRequest {
        context: Some(args.context.to_context()),
        from_time: args.from,
        until_time: args.until,
        employer_code: args.employer.clone(),
        method: args.method.clone(),
        page_size: PAGE_SIZE,
        ..ListAuditEventsRequest::default()
    };
    let events: Vec<AuditEvent> = pages!(connection.audit(), list_audit_events, events, request);
    let columns = [
        Column::id("编号"),
        Column::text("时间"),
        Column::text("方法").width(20),
        Column::text("调用人"),
        Column::text("机构"),
        Column::text("结果"),
        Column::id("统一社会信用代码"),
        Column::id("人员编号"),
        Column::text("事由").width(12),
        Column::text("法律依据").width(12),
        Column::text("案件编号"),
        Column::text("经办人"),
        Column::text("所示信息").width(16),
    ];
    let mut table = Table::new("审计记录", columns);
    for event in &events {
        let context = event.context.clone().unwrap_or_default();
        table.push([
            Value::text(&event.audit_id),
            Value::text(
                event
                    .recorded_time
                    .as_ref()
                    .map(when::shown)
                    .unwrap_or_default(),
            ),
            Value::text(&event.method),
            Value::text(&event.caller),
            Value::text(&event.organisation),
            Value::text(&event.outcome),
            Value::text(&event.employer_code),
            Value::text(&event.worker_id),
            Value::text(&context.purpose),
            Value::text(&context.legal_basis),
            Value::text(&context.case_number),
            Value::text(&context.operator),
            Value::text(event.fields_given.join("；")),
        ]);
    }
    Ok(table)
}
