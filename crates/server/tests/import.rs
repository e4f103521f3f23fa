//! Files of facts through the command line and the API: previewed, recorded once, and given back where they are wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mamagang_files::table::{Column, Table, Value};
use mamagang_files::xlsx::{Book, Cell, Kind, Spreadsheet};
use mamagang_server::demo::{Started, service};
use tempfile::TempDir;

const CODE: &str = "91442000MAQQ000161";
const CONTRIBUTIONS: [&str; 8] = [
    "身份证件类型",
    "身份证件号码",
    "姓名",
    "缴费单位统一社会信用代码",
    "费款所属月份",
    "险种",
    "缴费日期",
    "数据来源",
];

/// A service on a new database, and a place for files.
struct Bureau {
    folder: TempDir,
    address: String,
    started: Started,
}

impl Bureau {
    async fn open() -> Self {
        let folder = TempDir::new().expect("a directory");
        let started = service::start(folder.path().to_owned())
            .await
            .expect("the service");
        Self {
            address: format!("http://{}", started.grpc),
            folder,
            started,
        }
    }

    async fn close(self) {
        self.started.draining.cancel();
        self.started.ended.await.expect("the service has ended");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `mamagang import`; gives what it tells and its exit code.
    async fn import(&self, kind: &str, file: &Path, more: &[&str]) -> (serde_json::Value, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
        command
            .args(["import", kind])
            .arg(file)
            .args(["--json", "--address", &self.address])
            .args(more)
            .stdin(Stdio::null());
        let output =
            tokio::task::spawn_blocking(move || command.output().expect("the program starts"));
        let output = output.await.expect("it ran");
        let told = String::from_utf8(output.stdout).expect("text");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_str(&told).unwrap_or_else(|_| error.into());
        (json, output.status.code().expect("an exit code"))
    }
}

/// A valid number of a made-up person, by the check digit of GB 11643.
fn number(index: usize) -> String {
    let serial = format!("{:03}", index % 1_000);
    let day = index / 1_000;
    let stem = format!(
        "442000{}{:02}{:02}{serial}",
        1970 + day / 336,
        day / 28 % 12 + 1,
        day % 28 + 1
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = stem
        .chars()
        .zip(weights)
        .map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight)
        .sum();
    let check = b"10X98765432"[usize::try_from(sum % 11).expect("below 11")];
    format!("{stem}{}", char::from(check))
}

/// Rows of insurance months, one a person; every `wrong_every`-th has a month that does not exist or a number whose
/// check digit is wrong.
fn contributions(count: usize, wrong_every: usize) -> (Vec<[String; 8]>, Vec<u64>) {
    let mut wrong = Vec::new();
    let rows = (0..count).map(|index| {
        let mut number = number(index);
        let mut month = "2023-07";
        if index % wrong_every == wrong_every / 2 {
            // The header is row 1.
            wrong.push(index as u64 + 2);
            if wrong.len() % 2 == 0 {
                month = "2023-13";
            } else {
                let last = if number.ends_with('0') { '1' } else { '0' };
                number.pop();
                number.push(last);
            }
        }
        let cells = [
            "居民身份证",
            &number,
            "王小明",
            CODE,
            month,
            "养老、医疗、失业、工伤",
            "2023-07-20",
            "社保",
        ];
        cells.map(str::to_owned)
    });
    (rows.collect(), wrong)
}

fn as_csv(rows: &[[String; 8]]) -> String {
    let mut text = CONTRIBUTIONS.join(",") + "\n";
    for row in rows {
        writeln!(text, "{}", row.join(",")).expect("to a string");
    }
    text
}

fn as_xlsx(rows: &[[String; 8]]) -> Vec<u8> {
    let mut table = Table::new("社保缴费", CONTRIBUTIONS.map(Column::id));
    for row in rows {
        table.push(row.iter().map(Value::text));
    }
    Book::new("")
        .sheet(&table)
        .expect("a sheet")
        .finish()
        .expect("a file")
}

/// The reasons of a file that came back, by row.
fn reasons(path: &Path) -> BTreeMap<u64, String> {
    let source =
        std::io::BufReader::new(std::fs::File::open(path).expect("the file that came back"));
    let mut book = Spreadsheet::open(Kind::Xlsx, source).expect("a spreadsheet");
    let rows = book.rows("社保缴费").expect("the sheet").skip(1);
    let reason = |row: mamagang_files::xlsx::Row| match row.cells.get(CONTRIBUTIONS.len()) {
        Some(Cell::Text(reason)) => Some((u64::from(row.number), reason.clone())),
        _ => None,
    };
    rows.filter_map(|row| reason(row.expect("a row"))).collect()
}

/// `cargo xtask test --full` imports the 200,000 rows of the figures in the README.
fn size() -> (usize, usize) {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the developer how long to run"
    )]
    let is_full = std::env::var("MAMAGANG_TEST_FULL").is_ok();
    if is_full {
        (200_000, 200)
    } else {
        (2_000, 100)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rows_come_back_where_they_were_and_right_ones_are_stored_once() {
    let bureau = Bureau::open().await;
    let (count, wrong_every) = size();
    let (rows, wrong) = contributions(count, wrong_every);
    let good = count - wrong.len();
    for (name, bytes) in [
        ("名单.csv", as_csv(&rows).into_bytes()),
        ("名单.xlsx", as_xlsx(&rows)),
    ] {
        let is_first = name == "名单.csv";
        let file = bureau.path(name);
        std::fs::write(&file, bytes).expect("a file");

        let (preview, code) = bureau.import("contribution", &file, &["--dry-run"]).await;
        let told = [
            &preview["rows"],
            &preview["stored"],
            &preview["unchanged"],
            &preview["wrong"],
        ];
        let (stored, unchanged) = if is_first { (good, 0) } else { (0, good) };
        assert_eq!(told, [count, stored, unchanged, wrong.len()], "{preview:#}");
        assert_eq!(code, 3);

        // Nothing was stored: the same is stored now.
        let (told, code) = bureau.import("contribution", &file, &[]).await;
        assert_eq!(
            [&told["stored"], &told["unchanged"]],
            [stored, unchanged],
            "{told:#}"
        );
        assert_eq!(code, 3);
        let (again, _) = bureau.import("contribution", &file, &[]).await;
        assert_eq!([&again["stored"], &again["unchanged"]], [0, good]);
        let numbers: Vec<u64> = told["reasons"]
            .as_object()
            .expect("reasons")
            .keys()
            .map(|row| row.parse().expect("a row"))
            .collect();
        assert_eq!(numbers.len(), wrong.len());
        assert!(wrong.iter().all(|row| numbers.contains(row)));
    }
    let back = reasons(&bureau.path("名单.错误.xlsx"));
    assert_eq!(back.keys().copied().collect::<Vec<_>>(), wrong);
    assert!(back[&wrong[0]].starts_with("身份证件号码："), "{back:?}");
    assert!(back[&wrong[1]].starts_with("费款所属月份（E"), "{back:?}");
    let csv =
        std::fs::read_to_string(bureau.path("名单.错误.csv")).expect("the file that came back");
    let lines = (1..)
        .zip(csv.lines())
        .skip(1)
        .filter(|(_, line)| !line.ends_with(','));
    assert_eq!(
        lines.map(|(line, _): (u64, &str)| line).collect::<Vec<_>>(),
        wrong
    );
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_of_the_kind_is_refused_with_its_reason() {
    let bureau = Bureau::open().await;
    let file = bureau.path("a.csv");
    std::fs::write(&file, "姓名,备注\n").expect("a file");
    let (told, code) = bureau.import("worker-profile", &file, &[]).await;
    assert_eq!(code, 1);
    assert!(
        told.to_string()
            .contains("第 1 行的表头缺少：身份证件类型、身份证件号码"),
        "{told}"
    );
    bureau.close().await;
}

#[test]
fn a_template_is_written_for_a_kind_by_either_of_its_names() {
    let folder = TempDir::new().expect("a directory");
    for kind in ["contract", "合同"] {
        let path = folder.path().join("模板.xlsx");
        let status = Command::new(env!("CARGO_BIN_EXE_mamagang"))
            .args(["template", kind, "--output"])
            .arg(&path)
            .stdout(Stdio::null())
            .status()
            .expect("the program starts");
        assert!(status.success());
        let source = std::io::Cursor::new(std::fs::read(&path).expect("a template"));
        assert_eq!(
            Spreadsheet::open(Kind::Xlsx, source)
                .expect("a spreadsheet")
                .sheets(),
            ["合同", "填表说明", "选项"]
        );
    }
}
