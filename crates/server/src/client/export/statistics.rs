//! Statistics as a table and as a chart.

use clap::ValueEnum;
use mamagang_domain::money::Fen;
use mamagang_files::chart::{Chart, Mark};
use mamagang_files::table::{Column, Table, Value};
use mamagang_proto::v1::{
    GetStatisticsRequest, GetStatisticsResponse, StatisticsDimension, StatisticsRow,
};

use super::{StatisticsArgs, ending, register_words as words, save, write};
use crate::client::ask::Answer;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::view::View;

/// Rows that a chart has room for.
const CHART_ROWS_MAX: usize = 60;
/// Lengths of a chart in thousandths of a point: of a row, of the rest, and its height.
const CHART_ROW: i32 = 48_000;
const CHART_WIDTH_MIN: i32 = 480_000;
const CHART_HEIGHT: i32 = 260_000;

/// What rows are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dimension {
    /// 镇街
    Town,
    /// 行业
    Industry,
    /// 规模
    SizeClass,
    /// 月份
    Month,
    /// 育儿人员类别
    CarerGroup,
    /// 距离
    Distance,
    /// 措施
    Measure,
    /// 资金来源
    FundSource,
}

impl Dimension {
    const fn header(self) -> &'static str {
        match self {
            Self::Town => "镇街代码",
            Self::Industry => "行业",
            Self::SizeClass => "规模",
            Self::Month => "月份",
            Self::CarerGroup => "育儿人员类别",
            Self::Distance => "距离",
            Self::Measure => "措施",
            Self::FundSource => "资金来源",
        }
    }

    const fn to_proto(self) -> StatisticsDimension {
        match self {
            Self::Town => StatisticsDimension::Town,
            Self::Industry => StatisticsDimension::Industry,
            Self::SizeClass => StatisticsDimension::SizeClass,
            Self::Month => StatisticsDimension::Month,
            Self::CarerGroup => StatisticsDimension::CarerGroup,
            Self::Distance => StatisticsDimension::Distance,
            Self::Measure => StatisticsDimension::Measure,
            Self::FundSource => StatisticsDimension::FundSource,
        }
    }
}

/// Asks for statistics and writes them.
pub(super) async fn statistics(
    args: &StatisticsArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = GetStatisticsRequest {
        from_date: args.from.clone(),
        through_date: args.through.clone(),
        town_code: args.town.clone(),
        dimensions: args.by.iter().map(|by| by.to_proto().into()).collect(),
    };
    let answer = connection.reports().get_statistics(request).await?;
    let answer = answer.into_inner();
    if ending(&args.output) != "svg" {
        return save(&table(args, &answer), &args.output);
    }
    if answer.rows.is_empty() || answer.rows.len() > CHART_ROWS_MAX {
        return Err(Failure::File(
            view.pick(
                "图表需要 1 至 60 行，请调整 --by 或期间",
                "a chart has 1 to 60 rows: choose another --by or another time",
            )
            .to_owned(),
        ));
    }
    let rows = i32::try_from(answer.rows.len()).unwrap_or(i32::MAX);
    let width = rows.saturating_mul(CHART_ROW).max(CHART_WIDTH_MIN);
    let drawing = chart(args, &answer.rows).draw(width, CHART_HEIGHT);
    write(&args.output, drawing.svg().as_bytes())?;
    Ok(Answer::new(
        format!("{}\t{}\n", args.output.display(), answer.rows.len()),
        0,
    ))
}

fn title(args: &StatisticsArgs) -> String {
    format!("备案、用工与补贴统计 {} 至 {}", args.from, args.through)
}

fn figures(row: &StatisticsRow) -> [i64; 5] {
    [
        row.filings,
        row.accepted_filings,
        row.places,
        row.decision_days,
        row.hires,
    ]
}

/// Of claims: person-months, then what was claimed, paid and taken back.
fn of_claims(row: &StatisticsRow) -> [Value; 4] {
    let money = |fen| Value::Money(Fen::new(fen));
    [
        Value::Count(row.claimed_months),
        money(row.claimed_fen),
        money(row.paid_fen),
        money(row.clawed_back_fen),
    ]
}

fn table(args: &StatisticsArgs, answer: &GetStatisticsResponse) -> Table {
    let mut columns: Vec<Column> = args.by.iter().map(|by| Column::text(by.header())).collect();
    columns.extend(
        [
            "提交备案数",
            "受理备案数",
            "受理岗位数",
            "受理用时（天）合计",
            "用工报备数",
        ]
        .map(Column::count),
    );
    columns.push(Column::count("申领人月数"));
    columns.extend(["申领金额", "拨付金额", "追回金额"].map(Column::money));
    let mut table = Table::new("统计", columns);
    for row in &answer.rows {
        let keys = row.keys.iter().map(|key| Value::text(words::key(key)));
        let counts = figures(row).map(Value::Count);
        table.push(keys.chain(counts).chain(of_claims(row)));
    }
    if let Some(total) = &answer.total {
        let mut cells = vec![Value::Empty; args.by.len()];
        if let Some(first) = cells.first_mut() {
            *first = Value::text("合计");
        }
        let counts = figures(total).map(Value::Count);
        table.total(cells.into_iter().chain(counts).chain(of_claims(total)));
    }
    table.remark(title(args));
    table
}

fn chart(args: &StatisticsArgs, rows: &[StatisticsRow]) -> Chart {
    let label = |row: &StatisticsRow| {
        let keys: Vec<&str> = row.keys.iter().map(|key| words::key(key)).collect();
        keys.join(" ")
    };
    let series = |at: usize| -> Vec<Option<i64>> {
        rows.iter()
            .map(|row| figures(row).get(at).copied())
            .collect()
    };
    Chart::new(&title(args), "个", 1, rows.iter().map(label))
        .series("提交备案", Mark::Bar, series(0))
        .series("受理备案", Mark::Bar, series(1))
        .series("受理岗位", Mark::Bar, series(2))
        .series("用工报备", Mark::Line, series(4))
}
