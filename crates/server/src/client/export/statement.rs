//! From the API's answers to statements.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxPeriod};
use mamagang_files::statement::{
    CheckCode, Employer, EntryLine, MonthFigure, ScheduleRow, Statement, StatementKind, TaxSums,
    WorkTimeRow, YearRow,
};
use mamagang_proto::v1::{
    self, AccessContext, DocumentType, EmployerBalance, EntryKind, LedgerEntry, LedgerLeg,
    ReliefScheduleRow, TaxKind,
};
use prost_types::Timestamp;

use super::read::Records;
use super::{CheckCodeArgs, StatementArgs, YearArgs, ending, papers, unwritten, when, write};
use crate::client::ask::Answer;
use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::view::View;
use crate::client::words::{self, Lang};

/// A code that does not agree.
const DIFFERS: u8 = 3;

pub(super) async fn statement(
    args: &StatementArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    check_outputs(&args.output)?;
    let made = make(
        StatementKind::Statement,
        &args.employer,
        args.year,
        args.as_of,
        None,
        connection,
    )
    .await?;
    save(&made, &args.output, view)
}

pub(super) async fn forms(
    args: &YearArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    of_year(StatementKind::Forms, args, connection, view).await
}

pub(super) async fn dossier(
    args: &YearArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    of_year(StatementKind::Dossier, args, connection, view).await
}

async fn of_year(
    kind: StatementKind,
    args: &YearArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    check_outputs(&args.output)?;
    let context = args.context.to_context();
    let made = make(
        kind,
        &args.employer,
        args.year,
        args.as_of,
        Some(&context),
        connection,
    )
    .await?;
    save(&made, &args.output, view)
}

/// Makes the statement of a printed code again.
pub(super) async fn check(
    args: &CheckCodeArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let CheckCode {
        kind,
        employer_code,
        tax_year,
        as_of_micros,
        ..
    } = &args.code;
    let kinds = [
        StatementKind::Statement,
        StatementKind::Forms,
        StatementKind::Dossier,
    ];
    let kind = kinds
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or(Failure::Incomplete("kind"))?;
    let context = args.context.to_context();
    let as_of = Some(when::of_micros(*as_of_micros));
    let made = make(
        kind,
        employer_code,
        *tax_year,
        as_of,
        Some(&context),
        connection,
    )
    .await?;
    let now = made.check_code();
    if now == args.code {
        return Ok(Answer::new(view.pick("一致\n", "agrees\n").to_owned(), 0));
    }
    let text = format!(
        "{}{}\n",
        view.pick(
            "不一致；系统中的校验码为 ",
            "differs; the service's code is "
        ),
        now.shown()
    );
    Ok(Answer::new(text, DIFFERS))
}

async fn make(
    kind: StatementKind,
    employer: &str,
    year: i32,
    as_of: Option<Timestamp>,
    context: Option<&AccessContext>,
    connection: &Connection,
) -> Result<Statement, Failure> {
    let mut records = Records::new(connection, as_of);
    // All of them, since the last one's hash is the chain's end.
    let all = records.entries(employer, 0).await?;
    let head = all
        .last()
        .map_or((0, Vec::new()), |last| (last.sequence, last.hash.clone()));
    let profile = records.employer(employer).await?;
    let selected: Vec<&LedgerEntry> = all
        .iter()
        .filter(|entry| year == 0 || entry.tax_year == year)
        .collect();
    let mut listed: BTreeSet<i32> = selected.iter().map(|entry| entry.tax_year).collect();
    listed.extend((year != 0).then_some(year));
    let mut years = Vec::new();
    let mut entries = Vec::new();
    for of_year in listed {
        years.push(year_row(&records.balance(employer, of_year).await?));
        let lines = lines(
            selected
                .iter()
                .copied()
                .filter(|entry| entry.tax_year == of_year),
        );
        entries.push((of_year, lines));
    }
    let months = if year == 0 {
        Vec::new()
    } else {
        months(year, &selected)
    };
    let is_form = matches!(kind, StatementKind::Forms | StatementKind::Dossier);
    let (mut work_time, mut schedule, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(context) = context.filter(|_| is_form) {
        let rows = records.work_time(employer, year, context).await?;
        schedule = records
            .schedule(employer, year)
            .await?
            .iter()
            .map(schedule_row)
            .collect();
        if kind == StatementKind::Dossier {
            evidence = papers::of(&mut records, employer, &rows, context).await?;
        }
        work_time = rows.iter().map(work_time_row).collect();
    }
    let as_of = records.as_of()?;
    Ok(Statement {
        kind,
        employer: employer_of(&profile),
        tax_year: year,
        as_of: when::shown(&as_of),
        as_of_micros: when::micros(&as_of),
        head,
        years: if kind == StatementKind::Forms {
            Vec::new()
        } else {
            years
        },
        entries: if kind == StatementKind::Forms {
            Vec::new()
        } else {
            entries
        },
        months: if kind == StatementKind::Forms {
            Vec::new()
        } else {
            months
        },
        work_time,
        schedule,
        evidence,
    })
}

fn employer_of(told: &v1::Employer) -> Employer {
    let last = told.profiles.last();
    Employer {
        code: told.employer_code.clone(),
        name: last.map(|profile| profile.name.clone()).unwrap_or_default(),
        town_code: last
            .map(|profile| profile.town_code.clone())
            .unwrap_or_default(),
    }
}

fn year_row(balance: &EmployerBalance) -> YearRow {
    let mut deducted = TaxSums::default();
    for amount in &balance.deducted {
        add(&mut deducted, amount.tax(), Fen::new(amount.amount_fen));
    }
    YearRow {
        year: balance.tax_year,
        workers: balance.worker_count.into(),
        months: balance.months_counted.into(),
        months_under_review: balance.months_under_review.into(),
        accrued_fen: Fen::new(balance.accrued_fen),
        deducted,
        remaining_fen: Fen::new(balance.remaining_fen),
        forfeited_fen: Fen::new(balance.forfeited_fen),
        over_deducted_fen: Fen::new(balance.over_deducted_fen),
        is_settled: balance.settled,
    }
}

fn add(sums: &mut TaxSums, tax: TaxKind, amount: Fen) {
    match tax {
        TaxKind::Vat => sums.vat_fen += amount,
        TaxKind::Umct => sums.umct_fen += amount,
        TaxKind::Edu => sums.edu_fen += amount,
        TaxKind::Ledu => sums.ledu_fen += amount,
        TaxKind::Cit => sums.cit_fen += amount,
        TaxKind::Unspecified => {}
    }
}

/// The sum of an account's legs in fen.
fn booked(legs: &[LedgerLeg], account: &str) -> Fen {
    legs.iter()
        .filter(|leg| leg.account == account)
        .map(|leg| Fen::new(leg.amount_fen))
        .sum()
}

fn deducted(legs: &[LedgerLeg]) -> TaxSums {
    TaxSums {
        vat_fen: booked(legs, "DEDUCTED_VAT"),
        umct_fen: booked(legs, "DEDUCTED_UMCT"),
        edu_fen: booked(legs, "DEDUCTED_EDU"),
        ledu_fen: booked(legs, "DEDUCTED_LEDU"),
        cit_fen: booked(legs, "DEDUCTED_CIT"),
    }
}

fn months_booked(legs: &[LedgerLeg]) -> i64 {
    legs.iter()
        .filter(|leg| leg.account == "PERSON_TERM")
        .map(|leg| i64::from(leg.months))
        .sum()
}

/// A year's entries, each with what is left behind it.
fn lines<'a>(entries: impl Iterator<Item = &'a LedgerEntry>) -> Vec<EntryLine> {
    let mut available = Fen::ZERO;
    let line = |entry: &LedgerEntry| {
        available += booked(&entry.legs, "AVAILABLE");
        EntryLine {
            sequence: entry.sequence,
            kind: match entry.kind() {
                EntryKind::Post => "入账",
                EntryKind::Reversal => "冲回",
                EntryKind::Settle => "汇算清缴",
                EntryKind::Recompute => "重新计算",
                EntryKind::SubsidyPayment => "补贴拨付",
                EntryKind::SubsidyClawBack => "补贴追回",
                EntryKind::Unspecified => "",
            }
            .to_owned(),
            period: entry.period.clone(),
            recorded: entry
                .recorded_time
                .as_ref()
                .map(when::shown)
                .unwrap_or_default(),
            months: months_booked(&entry.legs),
            accrued_fen: -booked(&entry.legs, "ACCRUED"),
            deducted: deducted(&entry.legs),
            forfeited_fen: booked(&entry.legs, "FORFEITED"),
            available_fen: available,
            subsidy_fen: Fen::new(entry.subsidy.as_ref().map_or(0, |part| part.amount_fen)),
        }
    };
    entries.map(line).collect()
}

/// The year by month. A month's quota is what the year's booked months up to it give; a deduction stands in the last
/// month of its period, what the settlement and recomputations take in December.
fn months(year: i32, entries: &[&LedgerEntry]) -> Vec<MonthFigure> {
    let mut counts: BTreeMap<TaxMonth, i64> = BTreeMap::new();
    let mut used: BTreeMap<TaxMonth, Fen> = BTreeMap::new();
    let mut accrued = Fen::ZERO;
    let Some(first) = TaxMonth::new(year, 1) else {
        return Vec::new();
    };
    let last = first.plus(11);
    for entry in entries {
        accrued += -booked(&entry.legs, "ACCRUED");
        for leg in entry.legs.iter().filter(|leg| leg.account == "PERSON_TERM") {
            if let Ok(month) = TaxMonth::parse(&leg.month) {
                *counts.entry(month).or_default() += i64::from(leg.months);
            }
        }
        let month = TaxPeriod::parse(&entry.period).map_or(last, TaxPeriod::last_month);
        *used.entry(month).or_default() +=
            deducted(&entry.legs).total() + booked(&entry.legs, "FORFEITED");
    }
    let total: i64 = counts.values().sum();
    let (mut so_far, mut spent) = (0, Fen::ZERO);
    let of_month = |month| {
        so_far += counts.get(&month).copied().unwrap_or_default();
        let used_fen = used.get(&month).copied().unwrap_or_default();
        spent += used_fen;
        // One quota a month holds within a year, so the year's quota is shared by months.
        let released_fen = if total == 0 {
            Fen::ZERO
        } else {
            Fen::new(accrued.get() / total).times(so_far)
        };
        MonthFigure {
            month,
            released_fen,
            used_fen,
            left_fen: released_fen - spent,
        }
    };
    first.through(last).map(of_month).collect()
}

fn work_time_row(row: &v1::WorkTimeRow) -> WorkTimeRow {
    WorkTimeRow {
        name: row.name.clone(),
        document_code: document_code(row.document_type()).to_owned(),
        document_number: row.document_number.clone(),
        certificate_number: row.certificate_number.clone(),
        type_code: row.type_code.clone(),
        months: row.months.into(),
        booked: row
            .booked_months
            .iter()
            .filter_map(|month| TaxMonth::parse(month).ok())
            .collect(),
        months_unbooked: row.months_unbooked.into(),
        months_under_review: row.months_under_review.into(),
        accrued_fen: Fen::new(row.accrued_fen),
    }
}

/// 身份证件类型 of the template (fact book, section 2.6). The template has no code for a residence permit of Hong Kong,
/// Macao and Taiwan residents: it stays empty.
const fn document_code(kind: DocumentType) -> &'static str {
    match kind {
        DocumentType::ResidentIdCard => "201",
        DocumentType::ForeignPermanentResidentCard => "215",
        DocumentType::HmtResidencePermit | DocumentType::Unspecified => "",
    }
}

fn schedule_row(row: &ReliefScheduleRow) -> ScheduleRow {
    ScheduleRow {
        period: row.period.clone(),
        tax: words::tax(row.tax, Lang::Zh),
        code: row.code.clone(),
        code_name: row.code_name.clone(),
        opening_fen: Fen::new(row.opening_fen),
        arising_fen: Fen::new(row.arising_fen),
        deductible_fen: Fen::new(row.deductible_fen),
        deducted_fen: Fen::new(row.deducted_fen),
        closing_fen: Fen::new(row.closing_fen),
    }
}

/// Before anything is read: a wrong name is told at once.
fn check_outputs(outputs: &[PathBuf]) -> Result<(), Failure> {
    let is_wrong = |path: &&PathBuf| !matches!(ending(path).as_str(), "xlsx" | "pdf");
    match outputs.iter().find(is_wrong) {
        Some(path) => Err(Failure::File(format!(
            "{}: a statement is written as .xlsx or .pdf",
            path.display()
        ))),
        None => Ok(()),
    }
}

fn save(statement: &Statement, outputs: &[PathBuf], view: View) -> Result<Answer, Failure> {
    let mut text = String::new();
    for path in outputs {
        save_one(statement, path)?;
        text.push_str(&format!("{}\n", path.display()));
    }
    let code = statement.check_code();
    text.push_str(&format!(
        "{}{}\n{}\n",
        view.pick("校验码 ", "check code "),
        code.shown(),
        code.payload()
    ));
    Ok(Answer::new(text, 0))
}

fn save_one(statement: &Statement, path: &Path) -> Result<(), Failure> {
    let bytes = match ending(path).as_str() {
        "pdf" => statement.pdf().map(|finished| finished.bytes),
        _ => statement.xlsx(),
    };
    write(path, &bytes.map_err(|error| unwritten(&error))?)
}
