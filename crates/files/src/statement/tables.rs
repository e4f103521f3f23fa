//! The tables of statements.

use mamagang_domain::money::Fen;

use super::rows::{
    EntryLine, EvidenceRow, MonthFigure, ScheduleRow, TaxSums, WorkTimeRow, YearRow,
};
use crate::chart::{Chart, Mark};
use crate::table::{Column, Table, Value};

/// The taxes in the order of use.
const TAXES: [&str; 5] = [
    "增值税",
    "城市维护建设税",
    "教育费附加",
    "地方教育附加",
    "企业所得税",
];

fn count_sum<T>(rows: &[T], of: impl Fn(&T) -> i64) -> Value {
    Value::Count(rows.iter().map(of).sum())
}

fn money_sum<T>(rows: &[T], of: impl Fn(&T) -> Fen) -> Value {
    Value::Money(rows.iter().map(of).sum())
}

fn taxes(sums: &TaxSums) -> impl Iterator<Item = Value> {
    sums.all().into_iter().map(Value::Money)
}

fn tax_columns() -> impl Iterator<Item = Column> {
    TAXES.into_iter().map(Column::money)
}

fn all_taxes<'a>(sums: impl Iterator<Item = &'a TaxSums>) -> TaxSums {
    sums.fold(TaxSums::default(), |sum, one| sum.plus(one))
}

/// 就业信息表: the columns of the tax bureau's import template, its field code below each header, and behind them the
/// months themselves and what they give.
pub fn work_time(rows: &[WorkTimeRow]) -> Table {
    let columns = [
        Column::count("序号 xh"),
        Column::text("招用人姓名 lyrxm"),
        Column::id("身份证件类型 sfzjlxDm").width(6),
        Column::id("身份证件号码 sfzjhm"),
        Column::id("就业创业证编号 jycyzbh"),
        Column::id("类型 lxDm").width(4),
        Column::count("在本企业工作时间（月） zbqygzsj"),
        Column::text("已入账月份"),
        Column::count("未入账月数"),
        Column::count("待核月数"),
        Column::money("扣减额度（元）"),
    ];
    let mut table = Table::new("就业信息表", columns);
    for (ordinal, row) in (1..).zip(rows) {
        table.push([
            Value::Count(ordinal),
            Value::text(&row.name),
            Value::text(&row.document_code),
            Value::text(&row.document_number),
            Value::text(&row.certificate_number),
            Value::text(&row.type_code),
            Value::Count(row.months),
            Value::text(spans(row)),
            Value::Count(row.months_unbooked),
            Value::Count(row.months_under_review),
            Value::Money(row.accrued_fen),
        ]);
    }
    table.total([
        Value::text("合计"),
        Value::text(format!("{} 人", rows.len())),
        Value::Empty,
        Value::Empty,
        Value::Empty,
        Value::Empty,
        count_sum(rows, |row| row.months),
        Value::Empty,
        count_sum(rows, |row| row.months_unbooked),
        count_sum(rows, |row| row.months_under_review),
        money_sum(rows, |row| row.accrued_fen),
    ]);
    table.remark("身份证件类型：201 居民身份证、208 外国护照、210 港澳通行证、213 台胞证、215 外国人居留证。类型：01 登记失业半年以上人员，04 脱贫人口（含防止返贫监测对象）。");
    table
}

/// Runs of months: `2023-03 至 2023-05、2023-08`.
fn spans(row: &WorkTimeRow) -> String {
    let mut spans: Vec<(_, _)> = Vec::new();
    for month in &row.booked {
        match spans.last_mut() {
            Some((_, last)) if month.since(*last) == 1 => *last = *month,
            _ => spans.push((*month, *month)),
        }
    }
    let shown = |(first, last): &(_, _)| {
        if first == last {
            format!("{first}")
        } else {
            format!("{first} 至 {last}")
        }
    };
    spans.iter().map(shown).collect::<Vec<_>>().join("、")
}

/// 减免税申报明细表.
pub fn schedule(rows: &[ScheduleRow]) -> Table {
    let columns = [
        Column::date("税款所属期"),
        Column::text("税（费）种"),
        Column::text("减税性质代码及名称").width(16),
        Column::money("期初余额"),
        Column::money("本期发生额"),
        Column::money("本期应抵减税额"),
        Column::money("本期实际抵减税额"),
        Column::money("期末余额"),
    ];
    let mut table = Table::new("减免税申报明细表", columns);
    for row in rows {
        let period = if row.period.is_empty() {
            "汇算清缴"
        } else {
            &row.period
        };
        let code = format!("{} {}", row.code, row.code_name);
        table.push([
            Value::text(period),
            Value::text(&row.tax),
            Value::text(code.trim()),
            Value::Money(row.opening_fen),
            Value::Money(row.arising_fen),
            Value::Money(row.deductible_fen),
            Value::Money(row.deducted_fen),
            Value::Money(row.closing_fen),
        ]);
    }
    table.total([
        Value::text("合计"),
        Value::Empty,
        Value::Empty,
        Value::Empty,
        money_sum(rows, |row| row.arising_fen),
        Value::Empty,
        money_sum(rows, |row| row.deducted_fen),
        Value::Empty,
    ]);
    table.remark("金额单位：元。同一额度依次用于各税种：每期首个税种的期初余额为上期期末余额，其后各税种的期初余额为前一税种的期末余额。代码未确认的留空。");
    table
}

/// 总台账: a line for each year.
pub fn years(rows: &[YearRow]) -> Table {
    let columns = [
        Column::count("年度"),
        Column::count("人数"),
        Column::count("人月"),
        Column::count("待核人月"),
        Column::money("已产生额度"),
    ]
    .into_iter()
    .chain(tax_columns())
    .chain([
        Column::money("扣减合计"),
        Column::money("剩余"),
        Column::money("已失效"),
        Column::money("多扣"),
        Column::date("汇算清缴"),
    ]);
    let mut table = Table::new("总台账", columns);
    for row in rows {
        let start = [
            Value::text(row.year.to_string()),
            Value::Count(row.workers),
            Value::Count(row.months),
            Value::Count(row.months_under_review),
            Value::Money(row.accrued_fen),
        ];
        let end = [
            Value::Money(row.deducted.total()),
            Value::Money(row.remaining_fen),
            Value::Money(row.forfeited_fen),
            Value::Money(row.over_deducted_fen),
            Value::text(if row.is_settled {
                "已完成"
            } else {
                "未完成"
            }),
        ];
        table.push(start.into_iter().chain(taxes(&row.deducted)).chain(end));
    }
    let deducted = all_taxes(rows.iter().map(|row| &row.deducted));
    let start = [
        Value::text("合计"),
        Value::Empty,
        count_sum(rows, |row| row.months),
        count_sum(rows, |row| row.months_under_review),
        money_sum(rows, |row| row.accrued_fen),
    ];
    let end = [
        Value::Money(deducted.total()),
        money_sum(rows, |row| row.remaining_fen),
        money_sum(rows, |row| row.forfeited_fen),
        money_sum(rows, |row| row.over_deducted_fen),
    ];
    table.total(start.into_iter().chain(taxes(&deducted)).chain(end));
    table.remark("金额单位：元。每一年度：已产生额度 = 扣减合计 + 已失效 + 剩余 － 多扣。");
    table
}

/// 年度台账: a line for each entry.
pub fn entries(year: i32, rows: &[EntryLine]) -> Table {
    let columns = [
        Column::count("序号"),
        Column::text("类型"),
        Column::date("税款所属期"),
        Column::date("入账时间"),
        Column::count("人月"),
        Column::money("产生额度"),
    ]
    .into_iter()
    .chain(tax_columns())
    .chain([
        Column::money("失效"),
        Column::money("账后余额"),
        Column::money("补贴"),
    ]);
    let mut table = Table::new(&format!("{year}年度台账"), columns);
    for row in rows {
        let start = [
            Value::Count(row.sequence),
            Value::text(&row.kind),
            Value::text(&row.period),
            Value::text(&row.recorded),
            Value::Count(row.months),
            Value::Money(row.accrued_fen),
        ];
        let end = [
            Value::Money(row.forfeited_fen),
            Value::Money(row.available_fen),
            Value::Money(row.subsidy_fen),
        ];
        table.push(start.into_iter().chain(taxes(&row.deducted)).chain(end));
    }
    let deducted = all_taxes(rows.iter().map(|row| &row.deducted));
    let start = [
        Value::text("合计"),
        Value::Empty,
        Value::Empty,
        Value::Empty,
        count_sum(rows, |row| row.months),
        money_sum(rows, |row| row.accrued_fen),
    ];
    let end = [
        money_sum(rows, |row| row.forfeited_fen),
        Value::Empty,
        money_sum(rows, |row| row.subsidy_fen),
    ];
    table.total(start.into_iter().chain(taxes(&deducted)).chain(end));
    table
}

/// The chart's figures as a table.
pub fn months(rows: &[MonthFigure]) -> Table {
    let columns = [
        Column::date("月份"),
        Column::money("累计可用额度"),
        Column::money("本月扣减"),
        Column::money("月末余额"),
    ];
    let mut table = Table::new("按月使用情况", columns);
    for row in rows {
        table.push([
            Value::Month(row.month),
            Value::Money(row.released_fen),
            Value::Money(row.used_fen),
            Value::Money(row.left_fen),
        ]);
    }
    table.total([
        Value::text("合计"),
        Value::Empty,
        money_sum(rows, |row| row.used_fen),
        Value::Empty,
    ]);
    table
}

/// A chart by month of what was released, used and left.
pub fn month_chart(title: &str, rows: &[MonthFigure]) -> Chart {
    let figures = |of: fn(&MonthFigure) -> Fen| rows.iter().map(move |row| Some(of(row).get()));
    Chart::new(
        title,
        "元",
        100,
        rows.iter().map(|row| row.month.to_string()),
    )
    .series("本月扣减", Mark::Bar, figures(|row| row.used_fen))
    .series("累计可用额度", Mark::Line, figures(|row| row.released_fen))
    .series("月末余额", Mark::Line, figures(|row| row.left_fen))
}

/// The list of papers that are kept.
pub fn evidence(rows: &[EvidenceRow]) -> Table {
    let columns = [
        Column::count("序号"),
        Column::text("姓名"),
        Column::id("身份证件号码"),
        Column::text("资料"),
        Column::id("编号"),
        Column::date("起"),
        Column::date("止"),
        Column::text("数据来源"),
        Column::text("记录编号"),
    ];
    let mut table = Table::new("备查资料清单", columns);
    for (ordinal, row) in (1..).zip(rows) {
        table.push([
            Value::Count(ordinal),
            Value::text(&row.name),
            Value::text(&row.document_number),
            Value::text(row.kind.label()),
            Value::text(&row.number),
            Value::text(&row.from),
            Value::text(&row.to),
            Value::text(&row.source),
            Value::text(&row.fact_id),
        ]);
    }
    table
}
