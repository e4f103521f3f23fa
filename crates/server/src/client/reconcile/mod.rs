//! `mamagang reconcile`: the ledger beside declared returns and beside a payroll, what differs, and which entry would
//! settle it. Nothing is booked: the suggestions are read by a person.

mod compare;
mod payroll;
mod returns;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mamagang_files::import::{Filled, Import, ImportError, Kind, Options, Record};
use mamagang_files::table::Value;
use mamagang_files::xlsx::Book;

use super::args::{ClientFlags, ContextFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::export::read::Records;
use super::failure::Failure;
use super::import::unreadable;
use super::view::View;
use compare::Difference;

/// Something differs.
const DIFFERS: u8 = 3;

/// `mamagang reconcile`.
#[derive(clap::Args, Clone, Debug)]
pub struct ReconcileArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// The tax year
    #[arg(long, value_name = "YYYY")]
    pub year: i32,
    /// The declared returns: a row a period, with 税款所属期, 增值税应纳税额 and what each tax deducted
    #[arg(long, value_name = "FILE", required_unless_present = "payroll")]
    pub returns: Option<PathBuf>,
    /// The payroll: a row a person and month, with 身份证件号码, 姓名, 月份
    #[arg(long, value_name = "FILE")]
    pub payroll: Option<PathBuf>,
    /// Where the differences go
    #[arg(long, short, value_name = "FILE.xlsx", default_value = "核对结果.xlsx")]
    pub output: PathBuf,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Compares and writes the differences; the exit code tells whether there are any.
pub(super) async fn reconcile(
    args: &ReconcileArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let mut records = Records::new(connection, None);
    let entries = records.entries(&args.employer, args.year).await?;
    let mut of_returns = Vec::new();
    if let Some(path) = &args.returns {
        let declared = returns::declared(rows(path, &returns::KIND, view)?, &args.employer)?;
        of_returns = compare::returns(args.year, &declared, &returns::booked(&entries));
    }
    let mut of_payroll = Vec::new();
    if let Some(path) = &args.payroll {
        let paid = payroll::paid(rows(path, &payroll::KIND, view)?, args.year)?;
        let context = args.context.to_context();
        let table = records
            .work_time(&args.employer, args.year, &context)
            .await?;
        let workers = payroll::workers(&mut records, &paid, &context).await?;
        of_payroll = payroll::compare(args.year, &paid, &workers, &table);
    }
    let summary = summary(args, of_returns.len(), of_payroll.len());
    let mut book = Book::new("核对结果")
        .pairs("汇总", summary.clone())
        .map_err(|error| Failure::File(error.to_string()))?;
    for table in [
        compare::table("申报差异", &of_returns),
        compare::table("工资差异", &of_payroll),
    ] {
        book = book
            .sheet(&table)
            .map_err(|error| Failure::File(error.to_string()))?;
    }
    let bytes = book
        .finish()
        .map_err(|error| Failure::File(error.to_string()))?;
    std::fs::write(&args.output, bytes)
        .map_err(|error| Failure::File(format!("{}: {error}", args.output.display())))?;
    let code = if of_returns.is_empty() && of_payroll.is_empty() {
        0
    } else {
        DIFFERS
    };
    Ok(answer(args, &of_returns, &of_payroll, code, view))
}

fn summary(
    args: &ReconcileArgs,
    of_returns: usize,
    of_payroll: usize,
) -> Vec<(&'static str, Value)> {
    let count = |count: usize| Value::Count(i64::try_from(count).unwrap_or(i64::MAX));
    vec![
        ("统一社会信用代码", Value::text(&args.employer)),
        ("年度", Value::text(args.year.to_string())),
        (
            "申报差异",
            if args.returns.is_some() {
                count(of_returns)
            } else {
                Value::text("未核对")
            },
        ),
        (
            "工资差异",
            if args.payroll.is_some() {
                count(of_payroll)
            } else {
                Value::text("未核对")
            },
        ),
    ]
}

fn answer(
    args: &ReconcileArgs,
    of_returns: &[Difference],
    of_payroll: &[Difference],
    code: u8,
    view: View,
) -> Answer {
    if args.client.json {
        let rows = |rows: &[Difference]| rows.iter().map(Difference::json).collect::<Vec<_>>();
        let json = serde_json::json!({ "returns": rows(of_returns), "payroll": rows(of_payroll), "output": args.output });
        return Answer::new(format!("{json:#}\n"), code);
    }
    let mut text = String::new();
    for (name, rows) in [
        (view.pick("申报差异", "returns"), of_returns),
        (view.pick("工资差异", "payroll"), of_payroll),
    ] {
        if rows.is_empty() {
            continue;
        }
        let mut grid = view.table([name, "账目", "文件", "建议"]);
        for row in rows {
            grid.row([
                row.place.clone(),
                row.ledger.clone(),
                row.file.clone(),
                row.suggestion.clone(),
            ]);
        }
        text.push_str(&grid.text());
    }
    if code == 0 {
        text.push_str(view.pick("无差异\n", "no difference\n"));
    }
    text.push_str(&format!("{}\n", args.output.display()));
    Answer::new(text, code)
}

/// The rows of a file; a wrong cell refuses the file, since a comparison with half of it would mislead.
fn rows(path: &Path, kind: &'static Kind, view: View) -> Result<Vec<Record>, Failure> {
    let mut file = Import::open(path, kind, Options::default())
        .map_err(|error| unreadable(&error, view.lang))?;
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    file.each(|row| {
        match row.record {
            Ok(record) => rows.push(record),
            Err(faults) => wrong.extend(
                faults
                    .into_iter()
                    .map(|fault| format!("{} {}", fault.cell, fault.message)),
            ),
        }
        ControlFlow::Continue(())
    })
    .map_err(|error| unreadable(&ImportError::from(error), view.lang))?;
    if wrong.is_empty() {
        return Ok(rows);
    }
    let shown: Vec<String> = wrong.into_iter().take(20).collect();
    Err(Failure::File(format!(
        "{}:\n  {}",
        path.display(),
        shown.join("\n  ")
    )))
}

/// A row's field as text, empty when it is not filled in.
fn text_of<'a>(record: &'a Record, path: &str) -> &'a str {
    match record.iter().find(|(field, _)| field.path == path) {
        Some((_, Filled::Text(text))) => text,
        _ => "",
    }
}

/// Periods by their names, `2024-05` or `2024-Q2`.
type Periods = BTreeMap<String, compare::Period>;
