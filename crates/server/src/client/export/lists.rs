//! Lists as tables.

use mamagang_domain::money::Fen;
use mamagang_files::table::{Column, Table, Value};
use mamagang_proto::v1::list_facts_request::Subject;
use mamagang_proto::v1::{
    BatchGetEmployerBalancesRequest, EmployerBalance, EmployerYear, EntryKind,
    employer_balance_result,
};

use super::read::{Records, worker};
use super::{FactsArgs, when};
use crate::client::connection::Connection;
use crate::client::failure::{Failure, Refusal};
use crate::client::json;

/// Balances of a call.
const BATCH_ITEMS: usize = 1_000;

/// Every employer, by its latest profile.
pub(super) async fn employers(town: &str, connection: &Connection) -> Result<Table, Failure> {
    let mut records = Records::new(connection, None);
    let columns = [
        Column::id("统一社会信用代码"),
        Column::text("单位名称").width(16),
        Column::text("单位类型"),
        Column::id("镇街代码").width(6),
        Column::id("行业代码").width(4),
        Column::text("增值税纳税人类型"),
        Column::text("增值税申报周期"),
        Column::count("城建税税率（万分之）"),
        Column::text("适用六税两费减半"),
        Column::text("规模"),
        Column::date("生效日期"),
    ];
    let mut table = Table::new("用人单位", columns);
    let kind = mamagang_files::import::of_name("employer_profile")
        .ok_or(Failure::Incomplete("employer_profile"))?;
    for employer in records.employers(town).await? {
        let Some(profile) = employer.profiles.last() else {
            continue;
        };
        let word = |path: &str, name: &str| kind.word(path, name).unwrap_or(name).to_owned();
        table.push([
            Value::text(&employer.employer_code),
            Value::text(&profile.name),
            Value::text(word("kind", profile.kind().as_str_name())),
            Value::text(&profile.town_code),
            Value::text(&profile.industry_code),
            Value::text(word("vat_payer", profile.vat_payer().as_str_name())),
            Value::text(word("filing_cycle", profile.filing_cycle().as_str_name())),
            Value::Count(profile.umct_rate_bp.into()),
            Value::yes(profile.half_rate_surcharges),
            Value::text(word("size_class", profile.size_class().as_str_name())),
            Value::text(&profile.from_date),
        ]);
    }
    Ok(table)
}

/// Every employer's balance of a year, at one state of knowledge.
pub(super) async fn balances(
    year: i32,
    town: &str,
    connection: &Connection,
) -> Result<Table, Failure> {
    let mut records = Records::new(connection, None);
    let employers = records.employers(town).await?;
    let columns = [
        Column::id("统一社会信用代码"),
        Column::text("单位名称").width(16),
        Column::count("人数"),
        Column::count("人月"),
        Column::count("待核人月"),
        Column::money("已产生额度"),
        Column::money("扣减合计"),
        Column::money("剩余"),
        Column::money("已失效"),
        Column::money("多扣"),
        Column::money("未入账额度"),
        Column::text("汇算清缴"),
        Column::text("说明"),
    ];
    let mut table = Table::new(&format!("{year}年度余额"), columns);
    for batch in employers.chunks(BATCH_ITEMS) {
        let one = |employer: &mamagang_proto::v1::Employer| EmployerYear {
            employer_code: employer.employer_code.clone(),
            tax_year: year,
            through_month: String::new(),
        };
        let request = BatchGetEmployerBalancesRequest {
            years: batch.iter().map(one).collect(),
            as_of_time: Some(records.as_of()?),
        };
        let answer = connection
            .ledger()
            .batch_get_employer_balances(request)
            .await?
            .into_inner();
        for (employer, result) in batch.iter().zip(answer.results) {
            let name = employer
                .profiles
                .last()
                .map(|profile| profile.name.as_str())
                .unwrap_or_default();
            let start = [Value::text(&employer.employer_code), Value::text(name)];
            match result.result {
                Some(employer_balance_result::Result::Balance(balance)) => {
                    table.push(start.into_iter().chain(balance_cells(&balance)));
                }
                Some(employer_balance_result::Result::Error(error)) => {
                    let mut row = start.to_vec();
                    row.resize(table.columns.len() - 1, Value::Empty);
                    row.push(Value::text(Refusal::of_item(error).message));
                    table.push(row);
                }
                None => return Err(Failure::Incomplete("result")),
            }
        }
    }
    let sum = |column: usize| {
        let fen = table.rows.iter().filter_map(|row| match row.get(column) {
            Some(Value::Money(fen)) => Some(*fen),
            _ => None,
        });
        Value::Money(fen.sum())
    };
    let mut total = vec![
        Value::text("合计"),
        Value::Empty,
        Value::Empty,
        Value::Empty,
        Value::Empty,
    ];
    total.extend((5..=10).map(sum));
    table.total(total);
    Ok(table)
}

fn balance_cells(balance: &EmployerBalance) -> impl Iterator<Item = Value> + use<> {
    let deducted: Fen = balance
        .deducted
        .iter()
        .map(|tax| Fen::new(tax.amount_fen))
        .sum();
    let money = |fen| Value::Money(Fen::new(fen));
    [
        Value::Count(balance.worker_count.into()),
        Value::Count(balance.months_counted.into()),
        Value::Count(balance.months_under_review.into()),
        money(balance.accrued_fen),
        Value::Money(deducted),
        money(balance.remaining_fen),
        money(balance.forfeited_fen),
        money(balance.over_deducted_fen),
        money(balance.unbooked_accrual_fen),
        Value::text(if balance.settled {
            "已完成"
        } else {
            "未完成"
        }),
    ]
    .into_iter()
}

/// An employer's entries, a row for each leg.
pub(super) async fn entries(
    employer: &str,
    year: i32,
    connection: &Connection,
) -> Result<Table, Failure> {
    let mut records = Records::new(connection, None);
    let columns = [
        Column::count("序号"),
        Column::text("分录编号"),
        Column::text("类型"),
        Column::count("年度"),
        Column::date("税款所属期"),
        Column::text("入账时间"),
        Column::text("科目"),
        Column::text("人员编号"),
        Column::date("月份"),
        Column::count("月数"),
        Column::money("金额"),
        Column::text("冲回分录"),
        Column::text("经办"),
        Column::text("原因"),
    ];
    let mut table = Table::new("分录", columns);
    for entry in records.entries(employer, year).await? {
        let kind = match entry.kind() {
            EntryKind::Post => "入账",
            EntryKind::Reversal => "冲回",
            EntryKind::Settle => "汇算清缴",
            EntryKind::Recompute => "重新计算",
            EntryKind::SubsidyPayment => "补贴拨付",
            EntryKind::SubsidyClawBack => "补贴追回",
            EntryKind::Unspecified => "",
        };
        let recorded = entry
            .recorded_time
            .as_ref()
            .map(when::shown)
            .unwrap_or_default();
        for leg in &entry.legs {
            let is_money = leg.month.is_empty();
            table.push([
                Value::Count(entry.sequence),
                Value::text(&entry.entry_id),
                Value::text(kind),
                Value::text(entry.tax_year.to_string()),
                Value::text(&entry.period),
                Value::text(&recorded),
                Value::text(&leg.account),
                Value::text(&leg.worker_id),
                Value::text(&leg.month),
                if is_money {
                    Value::Empty
                } else {
                    Value::Count(leg.months.into())
                },
                if is_money {
                    Value::Money(Fen::new(leg.amount_fen))
                } else {
                    Value::Empty
                },
                Value::text(&entry.reversed_entry_id),
                Value::text(&entry.actor),
                Value::text(&entry.reason),
            ]);
        }
    }
    Ok(table)
}

/// What is recorded of a subject, a row a fact; the fact itself as the API's JSON.
pub(super) async fn facts(args: &FactsArgs, connection: &Connection) -> Result<Table, Failure> {
    let mut records = Records::new(connection, None);
    let subject = match (&args.employer, &args.worker_id) {
        (Some(employer), _) => Subject::EmployerCode(employer.clone()),
        (None, Some(id)) => worker(id),
        (None, None) => return Err(Failure::Incomplete("subject")),
    };
    let columns = [
        Column::text("记录编号"),
        Column::text("种类"),
        Column::text("数据来源"),
        Column::date("数据日期"),
        Column::text("记录时间"),
        Column::text("经办"),
        Column::text("状态"),
        Column::text("内容").width(40),
    ];
    let mut table = Table::new("事实记录", columns);
    for stored in records
        .facts(subject, &[], args.history, &args.context.to_context())
        .await?
    {
        let Some(fact) = &stored.fact else {
            continue;
        };
        let (name, content) = content(&json::of("mamagang.v1.Fact", fact)?);
        let status = match (
            &stored.retracted_time,
            stored.superseded_by_fact_id.is_empty(),
        ) {
            (Some(_), _) => "已撤回",
            (None, false) => "已被取代",
            (None, true) => "有效",
        };
        table.push([
            Value::text(&fact.fact_id),
            Value::text(name),
            Value::text(&fact.source),
            Value::text(&fact.source_date),
            Value::text(
                stored
                    .recorded_time
                    .as_ref()
                    .map(when::shown)
                    .unwrap_or_default(),
            ),
            Value::text(&stored.actor),
            Value::text(status),
            Value::text(content),
        ]);
    }
    Ok(table)
}

/// The kind's title and the kind's own fields, of a fact as JSON.
fn content(json: &str) -> (String, String) {
    let fact: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let is_kind = |(_, value): &(&String, &serde_json::Value)| value.is_object();
    let Some((name, value)) = fact
        .as_object()
        .and_then(|fields| fields.iter().find(is_kind))
    else {
        return (String::new(), String::new());
    };
    let snake: String = name.chars().fold(String::new(), |text, character| {
        match character.is_ascii_uppercase() {
            true => text + "_" + &character.to_ascii_lowercase().to_string(),
            false => text + &character.to_string(),
        }
    });
    let title = mamagang_files::import::of_name(&snake).map_or(snake.as_str(), |kind| kind.title);
    (title.to_owned(), value.to_string())
}
