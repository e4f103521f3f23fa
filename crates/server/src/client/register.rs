//! `mamagang compare-register`: a register's nightly list beside what is recorded: new, changed, gone.
//!
//! The list is read row by row and compared in batches; what is kept is what differs, and the ids of the records that
//! stand on the list. Nothing is stored: `mamagang import` records what is new, and people end what is gone.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use mamagang_files::import::{Import, ImportError, Kind, Options, Row};
use mamagang_files::table::{Column, Table, Value};
use mamagang_proto::v1::{
    CompareRegisterRequest, Fact, FactKind, ListRegisterRequest, RegisterDifference,
};
use tokio::sync::mpsc;

use super::args::{ClientFlags, ContextFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::export;
use super::failure::{Failure, Refusal};
use super::import::{Facts, kind, sentences, unreadable};
use super::view::View;
use super::words::{self, Lang};

/// Rows of a call.
const BATCH_ROWS: usize = 1_000;
/// Batches that were read and not yet asked about.
const BATCHES_AHEAD: usize = 4;
/// Persons of a page: as many as the service gives.
const PAGE_SIZE: i32 = 1_000;
/// Something differs.
const DIFFERS: u8 = 3;

/// `mamagang compare-register`.
#[derive(clap::Args, Clone, Debug)]
pub struct CompareRegisterArgs {
    /// unemployment_spell (失业登记) or poverty_status (脱贫记录)
    #[arg(value_name = "KIND", value_parser = kind)]
    pub kind: &'static Kind,
    /// The list: xlsx, xls or CSV (UTF-8 or GB 18030), whole
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the differences go, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// How many rows came out how.
#[derive(Default)]
struct Counts {
    new: u64,
    changed: u64,
    same: u64,
    name_differs: u64,
    wrong: u64,
    gone: u64,
}

/// A batch of rows, or rows that cannot be read.
enum Batch {
    Facts(Vec<Fact>),
    Wrong(u64, String),
}

pub(super) async fn compare(
    args: &CompareRegisterArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let register = match args.kind.name {
        "unemployment_spell" => FactKind::UnemploymentSpell,
        "poverty_status" => FactKind::PovertyStatus,
        _ => {
            let text = view.pick(
                "只有失业登记和脱贫记录有名单",
                "only unemployment_spell and poverty_status have lists",
            );
            return Err(Failure::File(text.to_owned()));
        }
    };
    let (sender, mut receiver) = mpsc::channel(BATCHES_AHEAD);
    let (path, kind) = (args.file.clone(), args.kind);
    let reading = tokio::task::spawn_blocking(move || read(path, kind, &sender));
    let mut table = table(args.kind);
    let (mut counts, mut seen) = (Counts::default(), HashSet::new());
    let mut asked = Ok(());
    while let Some(batch) = receiver.recv().await {
        asked = match batch {
            Batch::Wrong(row, reason) => {
                counts.wrong += 1;
                table.push(differs("有误", row, "", &reason));
                Ok(())
            }
            Batch::Facts(facts) => {
                ask(args, facts, connection, &mut seen, &mut counts, &mut table).await
            }
        };
        if asked.is_err() {
            break;
        }
    }
    // Whoever reads has nobody to hand rows to any more.
    drop(receiver);
    let read = reading
        .await
        .map_err(|error| Failure::Output(io::Error::other(error)))?;
    asked?;
    read.map_err(|error| unreadable(&error, view.lang))?;
    gone(args, register, connection, &seen, &mut counts, &mut table).await?;
    export::save(&table, &args.output)?;
    Ok(told(args, &counts, view))
}

/// Reads the list on a thread of its own; gives what is read as long as somebody takes it.
fn read(
    path: PathBuf,
    kind: &'static Kind,
    sender: &mpsc::Sender<Batch>,
) -> Result<(), ImportError> {
    // A fact names its source; where the list does not, it is the list itself. It takes no part in the comparison.
    let options = Options {
        source: kind.title.to_owned(),
        ..Options::default()
    };
    let mut file = Import::open(&path, kind, options)?;
    let facts = Facts::new(kind);
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    file.each(|Row { number, record, .. }| {
        let sent = match record {
            Err(faults) => sender.blocking_send(Batch::Wrong(number, sentences(&faults))),
            Ok(record) => {
                batch.push(facts.of(number, &record));
                if batch.len() < BATCH_ROWS {
                    return ControlFlow::Continue(());
                }
                sender.blocking_send(Batch::Facts(std::mem::take(&mut batch)))
            }
        };
        match sent {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    if !batch.is_empty() {
        // Nobody takes it any more when a call was refused; the refusal is told by the other side.
        let _ = sender.blocking_send(Batch::Facts(batch));
    }
    Ok(())
}

fn table(kind: &Kind) -> Table {
    let columns = [
        Column::text("差异"),
        Column::count("名单行号"),
        Column::id("事实编号"),
        Column::text("说明").width(24),
        Column::id("人员编号"),
        Column::id("证件号码"),
        Column::text("姓名"),
        Column::text("人员类别"),
        Column::date("开始日期"),
        Column::text("数据来源"),
        Column::date("数据日期"),
    ];
    Table::new(&format!("{}差异", kind.title), columns)
}

fn differs(what: &str, row: u64, fact_id: &str, why: &str) -> [Value; 4] {
    [
        Value::text(what),
        Value::Count(i64::try_from(row).unwrap_or(i64::MAX)),
        Value::text(fact_id),
        Value::text(why),
    ]
}

/// Asks about a batch, and notes what differs.
async fn ask(
    args: &CompareRegisterArgs,
    facts: Vec<Fact>,
    connection: &Connection,
    seen: &mut HashSet<String>,
    counts: &mut Counts,
    table: &mut Table,
) -> Result<(), Failure> {
    let request = CompareRegisterRequest {
        context: Some(args.context.to_context()),
        facts,
    };
    let answer = connection.registry().compare_register(request).await?;
    for result in answer.into_inner().results {
        let row = result
            .row_key
            .parse()
            .map_err(|_| Failure::Incomplete("row_key"))?;
        let difference = result.difference();
        if let Some(error) = result.error {
            counts.wrong += 1;
            table.push(differs(
                "有误",
                row,
                "",
                &Refusal::of_item(error).text(Lang::Zh),
            ));
            continue;
        }
        match difference {
            RegisterDifference::New => {
                counts.new += 1;
                table.push(differs("新增", row, "", ""));
            }
            RegisterDifference::Changed => {
                counts.changed += 1;
                let fields = headers(args.kind, &result.differing_fields);
                table.push(differs("变更", row, &result.fact_id, &fields));
            }
            RegisterDifference::NameDiffers => {
                counts.name_differs += 1;
                table.push(differs("姓名不符", row, "", "证件号码已以另一姓名记录"));
            }
            RegisterDifference::Same => counts.same += 1,
            RegisterDifference::Unspecified => return Err(Failure::Incomplete("difference")),
        }
        if !result.fact_id.is_empty() {
            seen.insert(result.fact_id);
        }
    }
    Ok(())
}

/// The fields by the headers that the reader knows.
fn headers(kind: &Kind, fields: &[String]) -> String {
    let header = |path: &String| {
        let found = kind.all_fields().find(|field| field.path == path);
        found.map_or_else(|| path.clone(), |field| field.header.to_owned())
    };
    fields.iter().map(header).collect::<Vec<_>>().join("、")
}

/// Notes the open records that do not stand on the list.
async fn gone(
    args: &CompareRegisterArgs,
    register: FactKind,
    connection: &Connection,
    seen: &HashSet<String>,
    counts: &mut Counts,
    table: &mut Table,
) -> Result<(), Failure> {
    let mut request = ListRegisterRequest {
        context: Some(args.context.to_context()),
        kind: register.into(),
        page_size: PAGE_SIZE,
        ..ListRegisterRequest::default()
    };
    loop {
        let page = connection
            .registry()
            .list_register(request.clone())
            .await?
            .into_inner();
        for entry in page.entries {
            if seen.contains(&entry.fact_id) {
                continue;
            }
            counts.gone += 1;
            let person = entry.identity.unwrap_or_default();
            table.push([
                Value::text("消失"),
                Value::Empty,
                Value::text(entry.fact_id),
                Value::text("已记录且未终止，名单中没有"),
                Value::text(entry.worker_id),
                Value::text(person.number),
                Value::text(person.name),
                Value::text(words::category(entry.category, Lang::Zh)),
                Value::text(entry.from_date),
                Value::text(entry.source),
                Value::text(entry.source_date),
            ]);
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}

fn told(args: &CompareRegisterArgs, counts: &Counts, view: View) -> Answer {
    let differing = counts.new + counts.changed + counts.gone + counts.name_differs + counts.wrong;
    let code = if differing == 0 { 0 } else { DIFFERS };
    if args.client.json {
        let json = serde_json::json!({
            "new": counts.new,
            "changed": counts.changed,
            "gone": counts.gone,
            "same": counts.same,
            "nameDiffers": counts.name_differs,
            "wrong": counts.wrong,
            "output": args.output,
        });
        return Answer::new(format!("{json:#}\n"), code);
    }
    let mut grid = view.headless();
    for ((zh, en), count) in [
        (("新增", "new"), counts.new),
        (("变更", "changed"), counts.changed),
        (("消失", "gone"), counts.gone),
        (("一致", "the same"), counts.same),
        (("姓名不符", "name differs"), counts.name_differs),
        (("有误", "wrong"), counts.wrong),
    ] {
        grid.pair(view.pick(zh, en), count.to_string());
    }
    grid.pair(
        view.pick("差异表", "differences are in"),
        args.output.display().to_string(),
    );
    Answer::new(grid.text(), code)
}
