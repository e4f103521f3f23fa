//! Files as spreadsheet programs leave them: read right, or refused with the cell named; wrong rows come back where they
//! were.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use encoding_rs::GB18030;
use mamagang_files::import::{
    Filled, HeaderError, Import, ImportError, KINDS, Options, Row, give_back, of_name,
};
use mamagang_files::xlsx::{self, Book, Cell, Spreadsheet};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;

const HEADERS: [&str; 8] = [
    "身份证件类型",
    "身份证件号码",
    "姓名",
    "缴费单位统一社会信用代码",
    "费款所属月份",
    "险种",
    "缴费日期",
    "备注",
];

fn open(path: &Path, kind: &str) -> Result<Import, ImportError> {
    Import::open(path, of_name(kind).unwrap(), Options::default())
}

fn rows(file: &mut Import) -> Vec<Row> {
    let mut rows = Vec::new();
    file.each(|row| {
        rows.push(row);
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

/// A row's fields by path, or its faults as `cell message`.
fn told(row: &Row) -> Result<BTreeMap<&'static str, String>, Vec<String>> {
    match &row.record {
        Ok(record) => Ok(record
            .iter()
            .map(|(field, filled)| (field.path, shown(filled)))
            .collect()),
        Err(faults) => Err(faults
            .iter()
            .map(|fault| format!("{} {}", fault.cell, fault.message))
            .collect()),
    }
}

fn shown(filled: &Filled) -> String {
    match filled {
        Filled::Text(text) => text.clone(),
        Filled::Count(count) => count.to_string(),
        Filled::Money(fen) => fen.yuan(),
        Filled::Flag(flag) => flag.to_string(),
        Filled::Name(name) => (*name).to_owned(),
        Filled::Names(names) => names.join("|"),
    }
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Two title rows, an empty one, the header, and rows as an office leaves them.
fn messy(folder: &TempDir) -> PathBuf {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("七月").unwrap();
    sheet
        .merge_range(0, 0, 0, 7, "社会保险缴费名单", &Format::new())
        .unwrap();
    sheet.write_string(1, 0, "填报单位：某某镇").unwrap();
    for (column, header) in (0..).zip(HEADERS) {
        sheet
            .write_string(3, column, format!(" *{header}　"))
            .unwrap();
    }
    let texts = |row: u32, month: &str, paid: &str| -> Vec<(u32, u16, String)> {
        let cells = [
            "居民身份证",
            "４４２０００１９８９０３１４９９８２ ",
            " 王小明\u{a0}",
            "91442000MAQQ000161",
            month,
            "养老、医疗",
            paid,
        ];
        (0..)
            .zip(cells)
            .map(|(column, cell)| (row, column, cell.to_owned()))
            .collect()
    };
    for (row, column, cell) in [
        texts(4, "2024年7月", "2024/8/5"),
        texts(5, "202407", ""),
        texts(7, "2024-07", ""),
        texts(8, "2024-07", ""),
        texts(9, "2024-07", "2024-08-05"),
    ]
    .concat()
    {
        sheet.write_string(row, column, cell).unwrap();
    }
    let date = ExcelDateTime::from_ymd(2024, 8, 5).unwrap();
    sheet
        .write_datetime_with_format(5, 6, &date, &Format::new().set_num_format("yyyy-mm-dd"))
        .unwrap();
    // A formula whose value was computed, and one whose value was not.
    sheet
        .write_formula(
            7,
            6,
            Formula::new("=\"2024-08-\"&\"05\"").set_result("2024-08-05"),
        )
        .unwrap();
    sheet
        .write_formula(8, 6, Formula::new("=TODAY()").set_result(""))
        .unwrap();
    // A number of a document that the program has made a figure of.
    sheet
        .write_number(9, 1, 4.420_001_989_031_499_8e17)
        .unwrap();
    // Blanks far below and to the right.
    sheet.write_string(20, 2, " ").unwrap();
    sheet
        .write_blank(30, 200, &Format::new().set_bold())
        .unwrap();
    let saved = folder.path().join("缴费0.xlsx");
    book.save(&saved).unwrap();
    let path = folder.path().join("缴费.xlsx");
    // As programs leave a formula that they cannot compute: without a value.
    rewrite(
        &saved,
        &path,
        "xl/worksheets/sheet1.xml",
        "<f>TODAY()</f><v>0</v>",
        "<f>TODAY()</f>",
    );
    path
}

#[test]
fn titles_blanks_full_width_digits_dates_and_formulas_are_read_right_or_refused_with_their_cell() {
    let folder = TempDir::new().unwrap();
    let mut file = open(&messy(&folder), "contribution").unwrap();
    assert_eq!(
        (file.layout().header_row, file.layout().reason_column),
        (4, 8)
    );
    assert_eq!(file.layout().unknown, ["备注"]);
    let rows = rows(&mut file);
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [5, 6, 8, 9, 10]);
    for row in &rows[..3] {
        let told = told(row).unwrap();
        assert_eq!(told["worker.identity.number"], "442000198903149982");
        assert_eq!(told["worker.identity.name"], "王小明");
        assert_eq!(
            told["worker.identity.type"],
            "DOCUMENT_TYPE_RESIDENT_ID_CARD"
        );
        assert_eq!(told["month"], "2024-07");
        assert_eq!(told["insurances"], "INSURANCE_PENSION|INSURANCE_MEDICAL");
        assert_eq!(told["paid_date"], "2024-08-05");
    }
    assert!(told(&rows[3]).unwrap_err()[0].starts_with("G9 公式没有计算结果"));
    assert!(told(&rows[4]).unwrap_err()[0].starts_with("B10 数字超过 15 位"));
}

#[test]
fn gb_18030_text_is_read_and_the_source_of_the_whole_file_filled_in() {
    let folder = TempDir::new().unwrap();
    let text = "镇街：石岐\r\n\r\n姓名,身份证件类型,身份证件号码,居住镇街代码,数据来源\r\n\
                阿依古丽·买买提,居民身份证,442000198903149982,442000001,\r\n谭珊䶮,港澳台居民居住证,\"810000198801019965\",,民政\r\n";
    let (bytes, _, is_lossy) = GB18030.encode(text);
    assert!(!is_lossy);
    let path = write(&folder, "人员.csv", &bytes);
    let options = Options {
        source: "人社".to_owned(),
        source_date: "2024-01-31".to_owned(),
        ..Options::default()
    };
    let mut file = Import::open(&path, of_name("worker_profile").unwrap(), options).unwrap();
    assert_eq!(file.layout().header_row, 3);
    let rows = rows(&mut file);
    assert_eq!(
        rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        [4, 5]
    );
    let [first, second] = [told(&rows[0]).unwrap(), told(&rows[1]).unwrap()];
    assert_eq!(first["identity.name"], "阿依古丽·买买提");
    assert_eq!(
        (first["source"].as_str(), first["source_date"].as_str()),
        ("人社", "2024-01-31")
    );
    assert_eq!(
        (second["identity.name"].as_str(), second["source"].as_str()),
        ("谭珊䶮", "民政")
    );
}

#[test]
fn days_are_counted_from_the_epoch_that_the_file_names() {
    let folder = TempDir::new().unwrap();
    let path = messy(&folder);
    // The same days under the other epoch: four years and a day later.
    let as_1904 = folder.path().join("1904.xlsx");
    rewrite(
        &path,
        &as_1904,
        "xl/workbook.xml",
        "<workbookPr ",
        "<workbookPr date1904=\"1\" ",
    );
    let mut file = open(&as_1904, "contribution").unwrap();
    assert_eq!(
        told(&rows(&mut file)[1]).unwrap()["paid_date"],
        "2028-08-06"
    );
}

/// Copies a package with a text of one of its parts replaced.
fn rewrite(from: &Path, to: &Path, part: &str, old: &str, new: &str) {
    let mut package = zip::ZipArchive::new(std::fs::File::open(from).unwrap()).unwrap();
    let mut copy = zip::ZipWriter::new(std::fs::File::create(to).unwrap());
    for index in 0..package.len() {
        let mut source = package.by_index(index).unwrap();
        let name = source.name().unwrap().into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut source, &mut text).unwrap();
        if name == part {
            assert!(text.contains(old), "{text}");
            text = text.replace(old, new);
        }
        copy.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut copy, text.as_bytes()).unwrap();
    }
    copy.finish().unwrap();
}

#[test]
fn a_file_of_the_older_format_is_read_and_comes_back_as_xlsx() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/contracts.xls");
    let mut file = open(&path, "合同").unwrap();
    let rows = rows(&mut file);
    let first = told(&rows[0]).unwrap();
    assert_eq!((rows[0].number, rows[1].number), (3, 5));
    assert_eq!(
        (first["signed_date"].as_str(), first["start_date"].as_str()),
        ("2024-05-20", "2024-05-20")
    );
    let faults = told(&rows[1]).unwrap_err();
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("D5 数字超过 15 位")),
        "{faults:?}"
    );

    let folder = TempDir::new().unwrap();
    let target = folder.path().join("错误.xls");
    let back = give_back(
        file.layout(),
        &BTreeMap::from([(5, "证件号码有误".to_owned())]),
        &target,
    )
    .unwrap();
    assert_eq!(back.path.extension().unwrap(), "xlsx");
    let cells = sheet(&back.path, "合同");
    assert_eq!(cells[&(2, 10)], Cell::Text("错误原因".to_owned()));
    assert_eq!(cells[&(5, 10)], Cell::Text("证件号码有误".to_owned()));
    assert_eq!(cells[&(3, 7)], Cell::Text("2024-05-20".to_owned()));
}

/// A sheet's cells by row, from 1, and column, from 0.
fn sheet(path: &Path, name: &str) -> BTreeMap<(u32, usize), Cell> {
    let source = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut book = Spreadsheet::open(xlsx::Kind::Xlsx, source).unwrap();
    let rows = book.rows(name).unwrap().map(Result::unwrap);
    rows.flat_map(|row| {
        row.cells
            .into_iter()
            .enumerate()
            .map(move |(column, cell)| ((row.number, column), cell))
    })
    .filter(|(_, cell)| *cell != Cell::Empty)
    .collect()
}

#[test]
fn wrong_rows_come_back_in_the_same_file_where_they_were_and_the_next_time_without_the_old_reasons()
{
    let folder = TempDir::new().unwrap();
    let path = messy(&folder);
    let before = sheet(&path, "七月");
    let first = open(&path, "contribution").unwrap();
    let reasons = BTreeMap::from([(6, "甲".to_owned()), (10, "乙 < & >".to_owned())]);
    let target = folder.path().join("一.xlsx");
    give_back(first.layout(), &reasons, &target).unwrap();
    let mut expected = before.clone();
    for (row, text) in [(4, "错误原因"), (6, "甲"), (10, "乙 < & >")] {
        expected.insert((row, 8), Cell::Text(text.to_owned()));
    }
    assert_eq!(sheet(&target, "七月"), expected);

    // It is sent again with one row still wrong.
    let mut second = open(&target, "contribution").unwrap();
    assert_eq!(second.layout().reason_column, 8);
    assert_eq!(rows(&mut second).len(), 5);
    let again = folder.path().join("二.xlsx");
    give_back(
        second.layout(),
        &BTreeMap::from([(9, "丙".to_owned())]),
        &again,
    )
    .unwrap();
    let mut expected = before;
    for (row, text) in [(4, "错误原因"), (9, "丙")] {
        expected.insert((row, 8), Cell::Text(text.to_owned()));
    }
    assert_eq!(sheet(&again, "七月"), expected);
}

#[test]
fn wrong_lines_of_csv_come_back_on_their_lines() {
    let folder = TempDir::new().unwrap();
    let text = "名单\n\n姓名,身份证件类型,身份证件号码,备注\n=王,居民身份证,1,\"a\nb\"\n\n李,居民身份证\n张,居民身份证,2,\"c,d\"\n";
    let path = write(&folder, "人员.csv", text.as_bytes());
    let file = open(&path, "worker_profile").unwrap();
    let reasons = BTreeMap::from([(4, "甲".to_owned()), (7, "乙,\"".to_owned())]);
    let target = folder.path().join("一.xlsx");
    let back = give_back(file.layout(), &reasons, &target).unwrap();
    let written = std::fs::read_to_string(&back.path).unwrap();
    let expected = "\u{feff}名单\r\n\r\n姓名,身份证件类型,身份证件号码,备注,错误原因\r\n\
                    '=王,居民身份证,1,\"a\nb\",甲\r\n\r\n李,居民身份证,,,乙,\"\r\n";
    let expected = expected.replace(
        "李,居民身份证,,,乙,\"\r\n",
        "李,居民身份证,,,\"乙,\"\"\"\r\n张,居民身份证,2,\"c,d\",\r\n",
    );
    assert_eq!(written, expected);

    let mut second = open(&back.path, "worker_profile").unwrap();
    assert_eq!(told(&rows(&mut second)[0]).unwrap()["identity.name"], "=王");
    let again = give_back(
        second.layout(),
        &BTreeMap::new(),
        &folder.path().join("二.csv"),
    )
    .unwrap();
    let cleared = std::fs::read_to_string(again.path).unwrap();
    assert_eq!(
        cleared,
        expected
            .replace("\",甲\r\n", "\",\r\n")
            .replace("\"乙,\"\"\"", "")
    );
}

#[test]
fn every_template_is_read_as_its_own_kind_and_has_no_rows() {
    let folder = TempDir::new().unwrap();
    for kind in KINDS {
        let bytes = Book::new(kind.title)
            .template(&kind.template())
            .unwrap()
            .finish()
            .unwrap();
        let path = write(&folder, "模板.xlsx", &bytes);
        let mut file = open(&path, kind.name).unwrap();
        assert_eq!(file.layout().sheet, kind.title);
        assert!(file.layout().unknown.is_empty(), "{}", kind.name);
        assert_eq!(rows(&mut file), []);
    }
}

#[test]
fn a_header_that_lacks_a_column_or_has_it_twice_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let refused = |text: &str| match open(
        &write(&folder, "人员.csv", text.as_bytes()),
        "worker_profile",
    ) {
        Err(ImportError::Header(error)) => error,
        other => panic!("{:?}", other.map(|file| file.layout().clone())),
    };
    assert_eq!(refused("a,b\n1,2\n"), HeaderError::NotFound);
    let missing = HeaderError::Missing {
        row: 2,
        headers: vec!["身份证件类型", "身份证件号码"],
    };
    assert_eq!(refused("名单\n姓名,备注\n"), missing);
    let twice = HeaderError::Twice {
        row: 1,
        header: "姓名",
    };
    assert_eq!(refused("姓名,姓名\n"), twice);
    let path = write(&folder, "人员.pdf", b"%PDF");
    assert!(matches!(
        open(&path, "worker_profile"),
        Err(ImportError::UnknownFormat)
    ));
}

#[test]
fn bytes_that_are_no_spreadsheet_are_an_error_and_no_panic() {
    let folder = TempDir::new().unwrap();
    let whole = std::fs::read(messy(&folder)).unwrap();
    for length in (0..whole.len()).step_by(97) {
        for name in ["a.xlsx", "a.xls"] {
            let path = write(&folder, name, &whole[..length]);
            assert!(open(&path, "contribution").is_err());
        }
    }
    // Every byte of the package flipped in turn: read as something, or refused.
    for place in (0..whole.len()).step_by(13) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x55;
        let path = write(&folder, "a.xlsx", &flipped);
        if let Ok(mut file) = open(&path, "contribution") {
            let _ = file.each(|_| ControlFlow::Continue(()));
        }
    }
}

#[test]
fn a_csv_that_a_chinese_spreadsheet_program_saved_is_read_with_its_titles_blanks_and_full_width_digits()
 {
    let folder = TempDir::new().unwrap();
    // As GB 18030, a merged title as its first cell and empty ones, blanks behind every cell, empty rows at the end.
    let text = "社会保险缴费名单,,,,,,,\r\n,,,,,,,\r\n\
                身份证件类型 ,身份证件号码,姓名,缴费单位统一社会信用代码,费款所属月份,险种,缴费日期,备注\r\n\
                居民身份证　,４４２０００１９８９０３１４９９８２ , 王小明　,91442000MAQQ000161,2024年7月,养老、医疗 ,2024/8/5,\r\n\
                居民身份证,442000198903149982,王小明,91442000MAQQ000161,202407,养老,45509,\r\n\
                居民身份证,4.42E+17,王小明,91442000MAQQ000161,2024-07,养老,8月5日,\r\n\
                ,,,,,,,\r\n , ,　,,,,,\r\n";
    let (bytes, _, is_lossy) = GB18030.encode(text);
    assert!(!is_lossy);
    let mut file = open(&write(&folder, "缴费.csv", &bytes), "contribution").unwrap();
    assert_eq!(file.layout().header_row, 3);
    let rows = rows(&mut file);
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [4, 5, 6]);
    let first = told(&rows[0]).unwrap();
    assert_eq!(first["worker.identity.number"], "442000198903149982");
    assert_eq!(first["worker.identity.name"], "王小明");
    assert_eq!(
        (first["month"].as_str(), first["paid_date"].as_str()),
        ("2024-07", "2024-08-05")
    );
    // Text has no epoch: a number of days is no date there. What a program has shortened is told by its cell.
    let second = told(&rows[1]).unwrap_err();
    assert_eq!(second, ["G5 不是日期，应如 2024-05-20"]);
    let third = told(&rows[2]).unwrap_err();
    assert!(
        third.iter().any(|fault| fault.starts_with("G6 不是日期")),
        "{third:?}"
    );
}

#[test]
fn serial_numbers_are_dates_and_values_that_are_errors_are_refused_with_their_cell() {
    let folder = TempDir::new().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0..).zip(HEADERS) {
        sheet.write_string(0, column, header).unwrap();
    }
    let cells = [
        "居民身份证",
        "442000198903149982",
        "王小明",
        "91442000MAQQ000161",
    ];
    for row in 1..=2 {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
        sheet.write_number(row, 4, 202_407.0).unwrap();
        sheet.write_string(row, 5, "养老").unwrap();
    }
    // 5 August 2024 as a number of days, without a format that says so.
    sheet.write_number(1, 6, 45_509.0).unwrap();
    sheet
        .write_formula(
            2,
            6,
            Formula::new("=VLOOKUP(A3,B:C,2,0)").set_result("#N/A"),
        )
        .unwrap();
    let path = folder.path().join("缴费.xlsx");
    book.save(&path).unwrap();
    let rows = rows(&mut open(&path, "contribution").unwrap());
    let first = told(&rows[0]).unwrap();
    assert_eq!(
        (first["month"].as_str(), first["paid_date"].as_str()),
        ("2024-07", "2024-08-05")
    );
    assert_eq!(told(&rows[1]).unwrap_err(), ["G3 单元格是错误值 #N/A"]);
}

#[test]
fn a_formula_that_nobody_computed_is_refused_in_the_older_format_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/contracts.xls");
    let rows = rows(&mut open(&path, "合同").unwrap());
    let faults = told(&rows[1]).unwrap_err();
    assert!(
        faults.iter().any(|fault| fault.starts_with("I5 ")),
        "{faults:?}"
    );
}
