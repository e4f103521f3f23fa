//! `mamagang import`: a file of facts through `ImportFacts`, or of steps one by one, and its wrong rows back.
//!
//! The file goes through the API like everything else, so that permissions and audit apply. It is read on a thread of
//! its own, row by row; what the service holds back, the reading holds back too.

mod fact;
mod report;
mod step;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::stream;
use indicatif::{ProgressBar, ProgressStyle};
use mamagang_domain::frozen::digest;
use mamagang_files::import::{
    Fault, GivenBack, Import, ImportError, KINDS, Kind, Options, Row, STEPS, give_back, of_name,
};
use mamagang_proto::v1::{AccessContext, FactResult, ImportFactsRequest};
use tokio::sync::mpsc;
use tonic::Request;
use uuid::Uuid;

use super::args::ClientFlags;
use super::ask::Answer;
use super::connection::Connection;
use super::failure::{Failure, Refusal};
use super::view::View;
use super::words::Lang;
pub(super) use fact::Facts;
use step::Steps;

/// How long a whole file may take: the longest that the service allows a call.
const IMPORT_TIME: Duration = Duration::from_secs(60 * 60);
/// Rows that were read and not yet taken by the connection.
const ROWS_AHEAD: usize = 2_048;
/// Steps that were read and not yet taken.
const STEPS_AHEAD: usize = 16;
/// Bytes of a file that are hashed at once.
const HASH_BYTES: usize = 1024 * 1024;

/// `mamagang import`.
#[derive(clap::Args, Clone, Debug)]
pub struct ImportArgs {
    /// The kind of fact or of step, such as contract or 补贴申领; `mamagang template --list` names all
    #[arg(value_name = "KIND", value_parser = kind)]
    pub kind: &'static Kind,
    /// The file: xlsx, xls or CSV (UTF-8 or GB 18030)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The sheet [default: the first one with the kind's header]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// The source of rows that name none, such as 人社失业登记系统
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub source: String,
    /// The day of the source's data, for rows that tell none
    #[arg(
        long,
        value_name = "YYYY-MM-DD",
        default_value = "",
        hide_default_value = true
    )]
    pub source_date: String,
    /// Check every row and store none
    #[arg(long)]
    pub dry_run: bool,
    /// Your file or case number; for steps that read persons' data, such as 用工报备
    #[arg(
        long,
        visible_alias = "case",
        value_name = "NUMBER",
        requires = "operator"
    )]
    pub case_number: Option<String>,
    /// Who asks: a name or staff number
    #[arg(long, value_name = "NAME", requires = "case_number")]
    pub operator: Option<String>,
    /// What the data are needed for
    #[arg(long, value_name = "TEXT", default_value = "妈妈岗备案与补贴审核")]
    pub purpose: String,
    /// The legal duty or power
    #[arg(long, value_name = "TEXT", default_value = "中府函〔2022〕226号")]
    pub legal_basis: String,
    /// Where the file goes back to when rows are wrong [default: beside it, as NAME.错误.xlsx or .csv]
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

impl ImportArgs {
    /// Why persons' data are read, where that was told.
    fn context(&self) -> Option<AccessContext> {
        let (case_number, operator) = self.case_number.clone().zip(self.operator.clone())?;
        Some(AccessContext {
            purpose: self.purpose.clone(),
            legal_basis: self.legal_basis.clone(),
            case_number,
            operator,
        })
    }
}

/// A kind by its name.
pub fn kind(name: &str) -> Result<&'static Kind, String> {
    of_name(name).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().chain(STEPS).map(|kind| kind.name).collect();
        format!("no such kind; the kinds are {}", names.join(", "))
    })
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Rows that hold something.
    rows: u64,
    /// Stored now; in a dry run, what would be.
    stored: u64,
    /// Known already.
    unchanged: u64,
    /// What is wrong, by row.
    reasons: BTreeMap<u64, String>,
    /// Headers that were ignored.
    unknown: Vec<String>,
    /// The file with the wrong rows.
    given_back: Option<PathBuf>,
}

/// Imports a file.
pub(super) async fn import(
    args: &ImportArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let options = Options {
        sheet: args.sheet.clone(),
        source: args.source.clone(),
        source_date: args.source_date.clone(),
    };
    let (path, kind) = (args.file.clone(), args.kind);
    let opened = blocking(move || {
        let request_id = request_id(&path, kind)?;
        Ok((request_id, Import::open(&path, kind, options)?))
    });
    let (request_id, file) = opened
        .await?
        .map_err(|error| unreadable(&error, view.lang))?;
    let layout = file.layout().clone();
    let bar = bar(&file, view.lang);
    let mut outcome = Outcome {
        unknown: layout.unknown.clone(),
        ..Outcome::default()
    };

    let (rows, faults) = match kind.request {
        None => {
            let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
            let (dry_run, progress) = (args.dry_run, bar.clone());
            let reading = tokio::task::spawn_blocking(move || {
                send(file, request_id, dry_run, &sender, &progress)
            });
            let answered = receive(kind, receiver, connection, view.lang, &mut outcome).await;
            read(reading, answered).await?
        }
        Some(request) => {
            let context = args.context();
            let steps = Steps::new(kind, request, args.dry_run, context, view.lang)?;
            // A step is taken before the next one is read far ahead.
            let (sender, receiver) = mpsc::channel(STEPS_AHEAD);
            let progress = bar.clone();
            let reading = tokio::task::spawn_blocking(move || step::read(file, &sender, &progress));
            let answered = step::take(&steps, receiver, connection, view.lang, &mut outcome).await;
            read(reading, answered).await?
        }
    }
    .map_err(|error| unreadable(&error, view.lang))?;
    bar.finish_and_clear();
    outcome.rows = rows;
    outcome.reasons.extend(faults);

    if !outcome.reasons.is_empty() {
        let target = args.errors.clone().unwrap_or_else(|| beside(&args.file));
        let reasons = std::mem::take(&mut outcome.reasons);
        let (reasons, written) = blocking(move || {
            let written = give_back(&layout, &reasons, &target);
            (reasons, written)
        })
        .await?;
        let GivenBack { path, .. } =
            written.map_err(|error| unreadable(&error.into(), view.lang))?;
        outcome.given_back = Some(path);
        outcome.reasons = reasons;
    }
    Ok(report::of(args, &outcome, view))
}

type Read = Result<(u64, BTreeMap<u64, String>), ImportError>;

/// What the reading came to, unless the service refused the whole.
async fn read(
    reading: tokio::task::JoinHandle<Read>,
    answered: Result<(), Failure>,
) -> Result<Read, Failure> {
    let read = reading
        .await
        .map_err(|error| Failure::Output(io::Error::other(error)))?;
    answered?;
    Ok(read)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::Output(io::Error::other(error)))
}

/// The same file gives the same id: what it holds is what is asked for.
fn request_id(path: &Path, kind: &Kind) -> io::Result<Uuid> {
    let mut file = File::open(path)?;
    let mut hash = digest(kind.name.as_bytes());
    let mut chunk = Vec::with_capacity(HASH_BYTES);
    loop {
        chunk.clear();
        let length = file
            .by_ref()
            .take(HASH_BYTES as u64)
            .read_to_end(&mut chunk)?;
        if length == 0 {
            break;
        }
        hash = digest(&[hash.as_slice(), &chunk].concat());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_slice()[..16]);
    Ok(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Reads the file and sends its good rows; gives how many rows it has and what is wrong with the others.
fn send(
    mut file: Import,
    request_id: Uuid,
    validate_only: bool,
    sender: &mpsc::Sender<ImportFactsRequest>,
    bar: &ProgressBar,
) -> Result<(u64, BTreeMap<u64, String>), ImportError> {
    let facts = Facts::new(file.kind());
    let request_id = request_id.to_string();
    let (mut rows, mut faults) = (0, BTreeMap::new());
    file.each(
        |Row {
             number,
             record,
             done,
         }| {
            rows += 1;
            bar.set_position(done);
            let fact = match record {
                Ok(record) => facts.of(number, &record),
                Err(wrong) => {
                    faults.insert(number, sentences(&wrong));
                    return ControlFlow::Continue(());
                }
            };
            let request = ImportFactsRequest {
                request_id: request_id.clone(),
                fact: Some(fact),
                validate_only,
            };
            // Nobody takes rows any more when the call was refused; the refusal is told by the other side.
            match sender.blocking_send(request) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        },
    )?;
    Ok((rows, faults))
}

pub(super) fn sentences(faults: &[Fault]) -> String {
    let one = |fault: &Fault| format!("{}（{}）{}", fault.header, fault.cell, fault.message);
    faults.iter().map(one).collect::<Vec<_>>().join("；")
}

/// Sends what the channel gives and gathers what becomes of each.
async fn receive(
    kind: &Kind,
    mut receiver: mpsc::Receiver<ImportFactsRequest>,
    connection: &Connection,
    lang: Lang,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    // The first row is waited for: a file without good rows asks nothing.
    let Some(first) = receiver.recv().await else {
        return Ok(());
    };
    let rest = stream::poll_fn(move |context| receiver.poll_recv(context));
    let rows = futures::StreamExt::chain(stream::once(async { first }), rest);
    let mut request = Request::new(rows);
    request.set_timeout(IMPORT_TIME);
    let mut answers = connection
        .registry()
        .import_facts(request)
        .await?
        .into_inner();
    while let Some(answer) = answers.message().await? {
        let result = answer.result.ok_or(Failure::Incomplete("result"))?;
        take(kind, result, lang, outcome)?;
    }
    Ok(())
}

fn take(kind: &Kind, result: FactResult, lang: Lang, outcome: &mut Outcome) -> Result<(), Failure> {
    match result.error {
        Some(error) => {
            let row = result
                .row_key
                .parse()
                .map_err(|_| Failure::Incomplete("row_key"))?;
            let reason = report::reason(kind, &Refusal::of_item(error), lang);
            outcome.reasons.insert(row, reason);
        }
        None if result.unchanged => outcome.unchanged += 1,
        None => outcome.stored += 1,
    }
    Ok(())
}

fn bar(file: &Import, lang: Lang) -> ProgressBar {
    let bar = ProgressBar::new(file.total());
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:40}] {percent}% {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(lang.pick("导入", "import"));
    bar
}

/// `名单.xlsx` → `名单.错误.xlsx`.
fn beside(file: &Path) -> PathBuf {
    let stem = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    file.with_file_name(format!("{stem}.错误.xlsx"))
}

/// Why a file could not be read, or given back.
pub(super) fn unreadable(error: &ImportError, lang: Lang) -> Failure {
    Failure::File(report::unreadable(error, lang))
}
