//! A file is read row by row: what is held does not grow with it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use allocation_counter::measure;
use mamagang_files::import::{Import, Options, of_name};
use mamagang_files::table::{Column, Table, Value};
use mamagang_files::xlsx::Book;
use tempfile::TempDir;

const HEADERS: [&str; 7] = [
    "身份证件类型",
    "身份证件号码",
    "姓名",
    "缴费单位统一社会信用代码",
    "费款所属月份",
    "险种",
    "缴费日期",
];
const CELLS: [&str; 7] = [
    "居民身份证",
    "442000198903149982",
    "王小明",
    "91442000MAQQ000161",
    "2023-07",
    "养老、医疗、失业、工伤",
    "2023-07-20",
];

/// Reads a file; gives its rows and the most bytes that were held at once.
fn read(path: &Path) -> (u64, u64) {
    let mut rows = 0;
    let held = measure(|| {
        let kind = of_name("contribution").unwrap();
        let mut file = Import::open(path, kind, Options::default()).unwrap();
        file.each(|row| {
            assert!(row.record.is_ok());
            rows += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    });
    (rows, held.bytes_max)
}

#[test]
fn no_more_of_a_csv_is_held_when_it_is_ten_times_as_long() {
    let folder = TempDir::new().unwrap();
    let written = |rows: usize| {
        let mut text = HEADERS.join(",") + "\n";
        for _ in 0..rows {
            writeln!(text, "{}", CELLS.join(",")).unwrap();
        }
        let path = folder.path().join(format!("{rows}.csv"));
        std::fs::write(&path, text).unwrap();
        path
    };
    let (short, long) = (written(2_000), written(20_000));
    let (_, of_short) = read(&short);
    let (rows, of_long) = read(&long);
    assert_eq!(rows, 20_000);
    assert!(
        of_long <= of_short + 4_096,
        "{of_short} and {of_long} bytes"
    );
    assert!(of_long * 4 < std::fs::metadata(&long).unwrap().len());
}

#[test]
fn of_an_xlsx_only_the_table_of_shared_texts_is_held() {
    let folder = TempDir::new().unwrap();
    let written = |rows: usize| {
        let mut table = Table::new("缴费", HEADERS.map(Column::text));
        for _ in 0..rows {
            table.push(CELLS.map(Value::text));
        }
        let path = folder.path().join(format!("{rows}.xlsx"));
        let bytes = Book::new("").sheet(&table).unwrap().finish().unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (short, long) = (written(1_000), written(10_000));
    let (_, of_short) = read(&short);
    let (rows, of_long) = read(&long);
    assert_eq!(rows, 10_000);
    assert!(
        of_long <= of_short + 64 * 1_024,
        "{of_short} and {of_long} bytes"
    );
}
