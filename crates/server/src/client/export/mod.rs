//! `mamagang export`: statements, forms, papers and lists as files. What they hold comes through the API, so that
//! permissions, masks and audit apply.

mod claims;
mod lists;
mod papers;
pub(crate) mod read;
mod register_words;
mod registers;
mod statement;
mod statistics;
mod when;

use std::path::{Path, PathBuf};

use mamagang_files::FileError;
use mamagang_files::csv;
use mamagang_files::statement::CheckCode;
use mamagang_files::table::Table;
use mamagang_files::xlsx::Book;

use super::args::{ClientFlags, ContextFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::view::View;

/// `mamagang export`.
#[derive(clap::Args, Clone, Debug)]
pub struct ExportArgs {
    /// What.
    #[command(subcommand)]
    pub what: ExportCommand,
}

/// What can be exported.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ExportCommand {
    /// An employer's ledger over the years and by entry (总台账, 年度台账)
    Statement(StatementArgs),
    /// A year's work-time table and relief schedule (就业信息表, 减免税申报明细表)
    Forms(YearArgs),
    /// The papers that an employer keeps for a year (备查资料)
    Dossier(YearArgs),
    /// Make a printed statement again and compare its check code
    CheckCode(CheckCodeArgs),
    /// All employers
    Employers(EmployersArgs),
    /// All employers' balances of a year
    Balances(BalancesArgs),
    /// An employer's ledger entries with their legs
    Entries(EntriesArgs),
    /// What is recorded of an employer or a worker
    Facts(FactsArgs),
    /// Claims of subsidies, a row each or a row a person-month (补贴申领清单)
    Claims(ClaimsArgs),
    /// Filings with their posts (备案)
    Filings(OfEmployersArgs),
    /// Hires reported against filings (用工报备)
    Hires(OfEmployersArgs),
    /// Posts with free places; no persons in it (空缺岗位)
    OpenPosts(OfTownArgs),
    /// Findings of supervision (监督线索)
    Findings(OfEmployersArgs),
    /// Counts of filings and hires, as a table or a chart (统计)
    Statistics(StatisticsArgs),
    /// Rows of the audit trail, for who may read it (审计记录)
    AuditEvents(AuditEventsArgs),
}

/// An employer's statement.
#[derive(clap::Args, Clone, Debug)]
pub struct StatementArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// One tax year, with its months [default: all years]
    #[arg(
        long,
        value_name = "YYYY",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub year: i32,
    /// As the record stood then [default: now]
    #[arg(long, value_name = "2024-02-01T00:00:00Z", value_parser = when::parse)]
    pub as_of: Option<prost_types::Timestamp>,
    /// Where it goes, .xlsx or .pdf; may be given twice
    #[arg(long, short, value_name = "FILE", required = true)]
    pub output: Vec<PathBuf>,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A year's forms or papers, which name persons.
#[derive(clap::Args, Clone, Debug)]
pub struct YearArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// The tax year
    #[arg(long, value_name = "YYYY")]
    pub year: i32,
    /// As the record stood then [default: now]
    #[arg(long, value_name = "2024-02-01T00:00:00Z", value_parser = when::parse)]
    pub as_of: Option<prost_types::Timestamp>,
    /// Where it goes, .xlsx or .pdf; may be given twice
    #[arg(long, short, value_name = "FILE", required = true)]
    pub output: Vec<PathBuf>,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A printed check code.
#[derive(clap::Args, Clone, Debug)]
pub struct CheckCodeArgs {
    /// What the QR code holds: mamagang-check:1:…
    #[arg(value_name = "TEXT", value_parser = check_code)]
    pub code: CheckCode,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A list of employers.
#[derive(clap::Args, Clone, Debug)]
pub struct EmployersArgs {
    /// Only those of a town, 9 digits
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A list of balances.
#[derive(clap::Args, Clone, Debug)]
pub struct BalancesArgs {
    /// The tax year
    #[arg(long, value_name = "YYYY")]
    pub year: i32,
    /// Only employers of a town, 9 digits
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A list of entries.
#[derive(clap::Args, Clone, Debug)]
pub struct EntriesArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// One tax year [default: all]
    #[arg(
        long,
        value_name = "YYYY",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub year: i32,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A list of facts.
#[derive(clap::Args, Clone, Debug)]
pub struct FactsArgs {
    /// The employer's 统一社会信用代码, for its profiles
    #[arg(
        long,
        value_name = "CODE",
        conflicts_with = "worker_id",
        required_unless_present = "worker_id"
    )]
    pub employer: Option<String>,
    /// The service's id of a worker
    #[arg(long, value_name = "ID")]
    pub worker_id: Option<String>,
    /// Also what was superseded or retracted
    #[arg(long)]
    pub history: bool,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A register, of some employers.
#[derive(clap::Args, Clone, Debug)]
pub struct OfEmployersArgs {
    /// Only those of an employer, 统一社会信用代码
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// Only those in towns whose code begins so
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A register, of some towns.
#[derive(clap::Args, Clone, Debug)]
pub struct OfTownArgs {
    /// Only those in towns whose code begins so
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Statistics of a time.
#[derive(clap::Args, Clone, Debug)]
pub struct StatisticsArgs {
    /// Opened on or after
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: String,
    /// Opened on or before
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub through: String,
    /// Only those in towns whose code begins so
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// What rows are told apart by, in this order; may be given several times
    #[arg(long, value_enum)]
    pub by: Vec<statistics::Dimension>,
    /// Where it goes, .xlsx, .csv or as a chart .svg
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Rows of the audit trail.
#[derive(clap::Args, Clone, Debug)]
pub struct AuditEventsArgs {
    /// Recorded at or after [default: from the beginning]
    #[arg(long, value_name = "2024-02-01T00:00:00Z", value_parser = when::parse)]
    pub from: Option<prost_types::Timestamp>,
    /// Recorded before [default: until now]
    #[arg(long, value_name = "2024-02-01T00:00:00Z", value_parser = when::parse)]
    pub until: Option<prost_types::Timestamp>,
    /// Only those about an employer, 统一社会信用代码
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// Only calls of a method, such as mamagang.v1.RegistryService/ListFacts
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub method: String,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A list of claims. Reviewers add the column of their decision and import the file again.
#[derive(clap::Args, Clone, Debug)]
pub struct ClaimsArgs {
    /// Only an employer's, by its 统一社会信用代码
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// Only those of a town, 9 digits
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub town: String,
    /// Only those of a quarter
    #[arg(
        long,
        value_name = "YYYY-Qn",
        default_value = "",
        hide_default_value = true
    )]
    pub quarter: String,
    /// Only those in this state; may be given more than once
    #[arg(long, value_enum)]
    pub state: Vec<claims::State>,
    /// A row for each person-month, with the decision that it rests on
    #[arg(long)]
    pub lines: bool,
    /// Where it goes, .xlsx or .csv
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

impl ExportArgs {
    /// What all of them take.
    pub const fn flags(&self) -> &ClientFlags {
        match &self.what {
            ExportCommand::Statement(args) => &args.client,
            ExportCommand::Forms(args) | ExportCommand::Dossier(args) => &args.client,
            ExportCommand::CheckCode(args) => &args.client,
            ExportCommand::Employers(args) => &args.client,
            ExportCommand::Balances(args) => &args.client,
            ExportCommand::Entries(args) => &args.client,
            ExportCommand::Facts(args) => &args.client,
            ExportCommand::Claims(args) => &args.client,
            ExportCommand::Filings(args)
            | ExportCommand::Hires(args)
            | ExportCommand::Findings(args) => &args.client,
            ExportCommand::OpenPosts(args) => &args.client,
            ExportCommand::Statistics(args) => &args.client,
            ExportCommand::AuditEvents(args) => &args.client,
        }
    }
}

fn check_code(text: &str) -> Result<CheckCode, String> {
    CheckCode::parse(text)
        .ok_or_else(|| "a check code looks like mamagang-check:1:forms:CODE:2023:…".to_owned())
}

/// Writes what is asked for and tells where.
pub(super) async fn export(
    args: &ExportArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    match &args.what {
        ExportCommand::Statement(args) => statement::statement(args, connection, view).await,
        ExportCommand::Forms(args) => statement::forms(args, connection, view).await,
        ExportCommand::Dossier(args) => statement::dossier(args, connection, view).await,
        ExportCommand::CheckCode(args) => statement::check(args, connection, view).await,
        ExportCommand::Employers(args) => {
            let table = lists::employers(&args.town, connection).await?;
            save(&table, &args.output)
        }
        ExportCommand::Balances(args) => {
            let table = lists::balances(args.year, &args.town, connection).await?;
            save(&table, &args.output)
        }
        ExportCommand::Entries(args) => {
            let table = lists::entries(&args.employer, args.year, connection).await?;
            save(&table, &args.output)
        }
        ExportCommand::Facts(args) => {
            let table = lists::facts(args, connection).await?;
            save(&table, &args.output)
        }
        ExportCommand::Claims(args) => {
            let table = claims::claims(args, connection).await?;
            save(&table, &args.output)
        }
        ExportCommand::Filings(args) => {
            save(&registers::filings(args, connection).await?, &args.output)
        }
        ExportCommand::Hires(args) => {
            save(&registers::hires(args, connection).await?, &args.output)
        }
        ExportCommand::OpenPosts(args) => save(
            &registers::open_posts(args, connection).await?,
            &args.output,
        ),
        ExportCommand::Findings(args) => {
            save(&registers::findings(args, connection).await?, &args.output)
        }
        ExportCommand::Statistics(args) => statistics::statistics(args, connection, view).await,
        ExportCommand::AuditEvents(args) => save(
            &registers::audit_events(args, connection).await?,
            &args.output,
        ),
    }
}

/// The ending of a file's name, in lower case.
fn ending(path: &Path) -> String {
    path.extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

pub(in crate::client) fn save(table: &Table, path: &Path) -> Result<Answer, Failure> {
    let bytes = match ending(path).as_str() {
        "csv" => csv::write(table),
        "xlsx" => Book::new(&table.name).sheet(table).and_then(Book::finish),
        _ => {
            return Err(Failure::File(
                "a list is written as .xlsx or .csv".to_owned(),
            ));
        }
    };
    write(path, &bytes.map_err(|error| unwritten(&error))?)?;
    Ok(Answer::new(
        format!("{}\t{}\n", path.display(), table.rows.len()),
        0,
    ))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes)
        .map_err(|error| Failure::File(format!("{}: {error}", path.display())))
}

fn unwritten(error: &FileError) -> Failure {
    Failure::File(error.to_string())
}
