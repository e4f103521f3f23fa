//! The way through files: every list of steps is a workbook that `mamagang import` takes, and what
//! stands is what `mamagang export` writes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use async_trait::async_trait;
use mamagang_domain::money::Fen;
use mamagang_files::import::{Choice, Field, Form, of_name};
use mamagang_files::table::{Table, Value as CellValue};
use mamagang_files::xlsx::{Book, Cell, Kind, Spreadsheet};
use prost_reflect::{DynamicMessage, Kind as FieldKind, ReflectMessage as _, Value};
use tempfile::TempDir;

use crate::desk::{Desk, ListedClaim, ListedLine, Step, context};
use crate::service::Service;

/// Writes and reads workbooks.
pub(crate) struct Files {
    folder: TempDir,
    address: String,
    written: usize,
}

impl Files {
    pub(crate) fn new(service: &Service) -> Self {
        Self {
            folder: TempDir::new().expect("a directory"),
            address: service.address.clone(),
            written: 0,
        }
    }

    fn path(&mut self, name: &str) -> PathBuf {
        self.written += 1;
        self.folder
            .path()
            .join(format!("{:02}-{name}.xlsx", self.written))
    }

    async fn run(&self, who: &str, words: Vec<String>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
        command
            .args(words)
            .args(["--address", &self.address])
            .env("MAMAGANG_TOKEN", who)
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output());
        output.await.expect("no panic").expect("the program starts")
    }

    /// What an employer's statement of the year says was paid, entry by entry, in no order.
    pub(crate) async fn statement_subsidies(&mut self, employer: &str) -> Vec<String> {
        let path = self.path("statement");
        let words = ["export", "statement", "--employer", employer, "-o"];
        let mut words: Vec<String> = words.map(str::to_owned).to_vec();
        words.push(path.display().to_string());
        let output = self.run("officer", words).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let rows = table_of(&path, Some("2022年度台账"), "补贴");
        let of_subsidies = rows.into_iter().filter(|row| row["类型"] == "补贴拨付");
        let mut paid: Vec<String> = of_subsidies.map(|row| row["补贴"].clone()).collect();
        paid.sort();
        paid
    }

    /// The rows of an exported list, by header.
    async fn exported(&mut self, list: &str, more: &[&str]) -> Vec<BTreeMap<String, String>> {
        let path = self.path(list);
        let mut words = vec!["export".to_owned(), list.to_owned()];
        words.extend(["-o".to_owned(), path.display().to_string()]);
        words.extend(more.iter().map(|word| (*word).to_owned()));
        let output = self.run("reviewer", words).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        table_of(&path, None, "统一社会信用代码")
    }
}

/// The rows of a sheet, or of the first one, below the header with a column.
fn table_of(path: &PathBuf, sheet: Option<&str>, column: &str) -> Vec<BTreeMap<String, String>> {
    let source = std::io::BufReader::new(std::fs::File::open(path).expect("the file"));
    let mut book = Spreadsheet::open(Kind::Xlsx, source).expect("a workbook");
    let sheet = sheet.map_or_else(|| book.sheets().remove(0), str::to_owned);
    let rows = book.rows(&sheet).expect("the sheet");
    let rows: Vec<Vec<String>> = rows
        .map(|row| row.expect("a row").cells.iter().map(text_of).collect())
        .collect();
    let is_head = |row: &Vec<String>| row.iter().any(|cell| cell == column);
    let head = rows.iter().position(is_head).expect("a header");
    let below = rows[head + 1..].iter();
    below
        .map(|row| {
            rows[head]
                .iter()
                .cloned()
                .zip(row.iter().cloned())
                .collect()
        })
        .collect()
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::IsoDate(text) => text.clone(),
        Cell::Number(number) => format!("{number:.2}"),
        Cell::Date(Some(day)) => day.to_string(),
        _ => String::new(),
    }
}

/// What a person would write into the column of a message's field.
fn written(message: &DynamicMessage, field: &Field, path: &str) -> String {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let descriptor = message.descriptor();
    let of_field = descriptor.get_field_by_name(name).expect("a field");
    if !message.has_field(&of_field) {
        return String::new();
    }
    let value = message.get_field(&of_field);
    let inner = match value.as_ref() {
        Value::List(elements) if !rest.is_empty() => elements[0].as_message().cloned(),
        value => value.as_message().cloned(),
    };
    if let Some(inner) = inner {
        return written(&inner, field, rest);
    }
    match value.as_ref() {
        Value::String(text) => text.clone(),
        Value::I32(count) => count.to_string(),
        Value::I64(fen) => Fen::new(*fen).yuan(),
        Value::Bool(is) => if *is { "是" } else { "否" }.to_owned(),
        Value::EnumNumber(number) => word(&of_field.kind(), *number, field),
        Value::List(elements) => {
            let words = elements.iter().filter_map(Value::as_enum_number);
            let words: Vec<String> = words.map(|it| word(&of_field.kind(), it, field)).collect();
            words.join("、")
        }
        other => panic!("{other:?}"),
    }
}

/// The word of a dropdown for a value of an enum.
fn word(kind: &FieldKind, number: i32, field: &Field) -> String {
    let (Form::One(choices) | Form::Some(choices)) = field.form else {
        panic!("{} is no choice", field.path);
    };
    let value = kind.as_enum().and_then(|it| it.get_value(number));
    let name = value.expect("a value").name().to_owned();
    let found = choices.iter().find(|(_, of_api): &&Choice| *of_api == name);
    found.expect("a word").0.to_owned()
}

#[async_trait]
impl Desk for Files {
    async fn take(&mut self, who: &'static str, steps: Vec<Step>) -> Vec<String> {
        let name = steps[0].kind();
        let kind = of_name(name).expect("a kind");
        let columns = kind.all_fields().map(Field::column);
        let mut table = Table::new(kind.title, columns);
        for step in &steps {
            let row = step.row();
            let cells = kind.all_fields().map(|field| match field.path {
                "source" => CellValue::text("黄圃人社分局"),
                "source_date" => CellValue::text("2022-10-08"),
                path => CellValue::text(written(&row, field, path)),
            });
            table.push(cells);
        }
        let book = Book::new("").sheet(&table).and_then(Book::finish);
        let path = self.path(kind.title);
        std::fs::write(&path, book.expect("a workbook")).expect("written");
        let mut words = vec!["import".to_owned(), name.to_owned()];
        words.push(path.display().to_string());
        words.push("--json".to_owned());
        if name == "hire" {
            let reason = context();
            words.extend(["--case-number".to_owned(), reason.case_number]);
            words.extend(["--operator".to_owned(), reason.operator]);
        }
        let output = self.run(who, words).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let told: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{name}: {error}"));
        assert_eq!(told["rows"], steps.len(), "{name}: {told}");
        let reasons = told["reasons"].as_object().expect("reasons");
        // Rows as numbers, not as text.
        let reasons: BTreeMap<u64, String> = reasons
            .iter()
            .map(|(row, reason)| {
                let reason = reason.as_str().expect("a text").to_owned();
                (row.parse().expect("a row"), reason)
            })
            .collect();
        reasons.into_values().collect()
    }

    async fn filings(&mut self) -> BTreeMap<(String, String), String> {
        let rows = self.exported("filings", &[]).await.into_iter();
        rows.map(|row| {
            let of = (row["统一社会信用代码"].clone(), row["备案种类"].clone());
            (of, row["备案编号"].clone())
        })
        .collect()
    }

    async fn claims(&mut self) -> Vec<ListedClaim> {
        let rows = self.exported("claims", &[]).await.into_iter();
        rows.map(|row| ListedClaim {
            employer: row["统一社会信用代码"].clone(),
            subsidy: row["补贴项目"].clone(),
            state: row["状态"].clone(),
            months: row["人月数"]
                .trim_end_matches(".00")
                .parse()
                .expect("a count"),
            claimed: row["申领金额"].clone(),
            clawed_back: row["已追回"].clone(),
            fund: row["资金来源"].clone(),
            id: row["申领编号"].clone(),
        })
        .collect()
    }

    async fn lines(&mut self) -> Vec<ListedLine> {
        let rows = self.exported("claims", &["--lines"]).await.into_iter();
        rows.map(|row| ListedLine {
            employer: row["统一社会信用代码"].clone(),
            subsidy: row["补贴项目"].clone(),
            month: row["月份"].clone(),
            amount: row["金额"].clone(),
            clawed_back: row["已追回"].clone(),
        })
        .collect()
    }
}
