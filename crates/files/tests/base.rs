//! What is written can be read, and is written alike twice.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::Cursor;

use mamagang_domain::date::CivilDate;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_files::chart::{Chart, Mark};
use mamagang_files::pdf::{About, Finished, Paper, Pdf};
use mamagang_files::qr::Qr;
use mamagang_files::table::{Column, Table, Value};
use mamagang_files::xlsx::{Book, Cell, Kind, Row, Spreadsheet};

fn ledger(rows: i64) -> Table {
    let columns = [
        Column::count("序号"),
        Column::id("身份证件号码"),
        Column::text("备注"),
        Column::date("月份"),
        Column::date("日期"),
        Column::money("金额"),
    ];
    let mut table = Table::new("台账", columns);
    for index in 1..=rows {
        table.push([
            Value::Count(index),
            Value::text("442000********9982"),
            Value::text("=HYPERLINK(\"http://example.invalid\")"),
            Value::Month(TaxMonth::new(2023, 3).unwrap()),
            Value::date(CivilDate::from_ymd(2023, 3, 10)),
            Value::Money(Fen::new(65_000)),
        ]);
    }
    table.total([
        Value::text("合计"),
        Value::Empty,
        Value::Empty,
        Value::Empty,
        Value::Empty,
        Value::Money(Fen::new(65_000 * rows)),
    ]);
    table
}

fn rows_of(bytes: Vec<u8>, sheet: &str) -> Vec<Row> {
    let mut book = Spreadsheet::open(Kind::Xlsx, Cursor::new(bytes)).unwrap();
    book.rows(sheet).unwrap().collect::<Result<_, _>>().unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn a_table_is_read_back_with_ids_as_text_figures_as_figures_and_formulas_as_text() {
    let rows = rows_of(
        Book::new("台账")
            .sheet(&ledger(2))
            .unwrap()
            .finish()
            .unwrap(),
        "台账",
    );
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0].cells[1], text("身份证件号码"));
    let expected = [
        Cell::Number(1.0),
        text("442000********9982"),
        text("=HYPERLINK(\"http://example.invalid\")"),
        text("2023-03"),
        text("2023-03-10"),
        Cell::Number(650.0),
    ];
    assert_eq!(
        rows[1],
        Row {
            number: 2,
            cells: expected.to_vec()
        }
    );
    assert_eq!(rows[3].cells[5], Cell::Number(1300.0));
}

#[test]
fn a_template_has_stars_choices_and_a_sheet_that_explains_them() {
    let kind = Column::text("合同类型")
        .required()
        .choices(["劳动合同", "劳务协议"])
        .note("按合同");
    let mut table = Table::new("劳动合同", [kind, Column::id("合同编号")]);
    table.remark("日期写作 2024-05-20。");
    let bytes = Book::new("模板")
        .template(&table)
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(
        rows_of(bytes.clone(), "劳动合同")[0].cells,
        [text("*合同类型"), text("合同编号")]
    );
    let notes = rows_of(bytes.clone(), "填表说明");
    assert_eq!(
        notes[1].cells,
        [
            text("合同类型"),
            text("是"),
            text("按合同"),
            text("劳动合同、劳务协议")
        ]
    );
    assert_eq!(notes.last().unwrap().cells, [text("日期写作 2024-05-20。")]);
    assert_eq!(rows_of(bytes, "选项")[1].cells, [text("劳务协议")]);
}

#[test]
fn an_amount_beyond_a_spreadsheets_digits_is_text() {
    let mut table = Table::new("金额", [Column::money("金额")]);
    table.push([Value::Money(Fen::new(999_999_999_999_999))]);
    table.push([Value::Money(Fen::new(1_000_000_000_000_000))]);
    let rows = rows_of(
        Book::new("").sheet(&table).unwrap().finish().unwrap(),
        "金额",
    );
    assert_eq!(rows[1].cells, [Cell::Number(9_999_999_999_999.99)]);
    assert_eq!(rows[2].cells, [text("10000000000000.00")]);
}

fn statement(rows: i64) -> Finished {
    let mut pdf = Pdf::new(About::titled("台账").footer("校验码 ABCD"), Paper::A4);
    let chart = Chart::new("额度", "元", 100, ["一月", "二月"]).series(
        "已用",
        Mark::Bar,
        [Some(65_000), None],
    );
    pdf.title("企业招用重点群体税收扣减台账")
        .pairs([("用人单位", "中山市某某有限公司".to_owned())])
        .table(&ledger(rows))
        .drawing(&chart.draw(400_000, 200_000))
        .check_code(&Qr::new("mamagang").unwrap(), &["校验码：ABCD".to_owned()]);
    pdf.finish().unwrap()
}

#[test]
fn a_pdf_grows_by_pages_and_tells_what_its_font_lacks() {
    let short = statement(3);
    assert_eq!(short.pages, 1);
    assert!(short.missing.is_empty(), "{:?}", short.missing);
    assert!(statement(200).pages > 3);
    let mut pdf = Pdf::new(About::titled(""), Paper::A4Landscape);
    pdf.paragraph("😀");
    assert_eq!(
        pdf.finish()
            .unwrap()
            .missing
            .into_iter()
            .collect::<String>(),
        "😀"
    );
}

#[test]
fn the_same_content_is_the_same_bytes() {
    assert_eq!(statement(40), statement(40));
    let xlsx = || {
        Book::new("台账")
            .sheet(&ledger(40))
            .unwrap()
            .finish()
            .unwrap()
    };
    assert_eq!(xlsx(), xlsx());
}
