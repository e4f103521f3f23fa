//! Statements opened again: what they show, their sums, and a check code that depends on both.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::Cursor;

use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_files::statement::{
    Employer, EntryLine, EvidenceKind, EvidenceRow, MonthFigure, ScheduleRow, Statement,
    StatementKind, TaxSums, WorkTimeRow, YearRow,
};
use mamagang_files::xlsx::{Cell, Kind, Row, Spreadsheet};

fn month(number: i32) -> TaxMonth {
    TaxMonth::new(2023, number).unwrap()
}

/// A1 and A2 of the fact book in one employer: 10 and 12 months; VAT 6,000.00 deducted.
fn statement(kind: StatementKind) -> Statement {
    let worker = |name: &str, number: &str, first: i32| WorkTimeRow {
        name: name.to_owned(),
        document_code: "201".to_owned(),
        document_number: number.to_owned(),
        certificate_number: "442000********0001".to_owned(),
        type_code: "01".to_owned(),
        months: i64::from(13 - first),
        booked: month(first).through(month(12)).collect(),
        months_unbooked: 0,
        months_under_review: 1,
        accrued_fen: Fen::new(65_000 * i64::from(13 - first)),
    };
    let deducted = TaxSums {
        vat_fen: Fen::new(600_000),
        umct_fen: Fen::new(42_000),
        ..TaxSums::default()
    };
    Statement {
        kind,
        employer: Employer {
            code: "91442000MAQQ000161".to_owned(),
            name: "=中山示例食品有限公司".to_owned(),
            town_code: "442000001".to_owned(),
        },
        tax_year: 2023,
        as_of: "2024-02-01 09:30:00".to_owned(),
        as_of_micros: 1_706_751_000_000_000,
        head: (3, vec![7; 32]),
        years: vec![YearRow {
            year: 2023,
            workers: 2,
            months: 22,
            months_under_review: 2,
            accrued_fen: Fen::new(1_430_000),
            deducted,
            remaining_fen: Fen::new(788_000),
            forfeited_fen: Fen::ZERO,
            over_deducted_fen: Fen::ZERO,
            is_settled: false,
        }],
        entries: vec![(
            2023,
            vec![EntryLine {
                sequence: 3,
                kind: "入账".to_owned(),
                period: "2023-12".to_owned(),
                recorded: "2024-01-15 10:00:00".to_owned(),
                months: 22,
                accrued_fen: Fen::new(1_430_000),
                deducted,
                forfeited_fen: Fen::ZERO,
                available_fen: Fen::new(788_000),
                subsidy_fen: Fen::ZERO,
            }],
        )],
        months: month(1)
            .through(month(12))
            .map(|month| MonthFigure {
                month,
                released_fen: Fen::new(65_000).times(i64::from(month.month())),
                used_fen: Fen::new(10_000),
                left_fen: Fen::new(55_000).times(i64::from(month.month())),
            })
            .collect(),
        work_time: vec![
            worker("谭*", "450900********993X", 3),
            worker("王**", "442000********9982", 1),
        ],
        schedule: vec![
            ScheduleRow {
                period: "2023-12".to_owned(),
                tax: "增值税".to_owned(),
                code: "0001013613".to_owned(),
                code_name: "登记失业半年以上人员就业".to_owned(),
                opening_fen: Fen::ZERO,
                arising_fen: Fen::new(1_430_000),
                deductible_fen: Fen::new(1_430_000),
                deducted_fen: Fen::new(600_000),
                closing_fen: Fen::new(830_000),
            },
            ScheduleRow {
                period: "2023-12".to_owned(),
                tax: "城建税".to_owned(),
                code: "0007013613".to_owned(),
                code_name: String::new(),
                opening_fen: Fen::new(830_000),
                arising_fen: Fen::ZERO,
                deductible_fen: Fen::new(830_000),
                deducted_fen: Fen::new(42_000),
                closing_fen: Fen::new(788_000),
            },
        ],
        evidence: vec![EvidenceRow {
            name: "谭*".to_owned(),
            document_number: "450900********993X".to_owned(),
            kind: EvidenceKind::Contract,
            number: "HT-1".to_owned(),
            from: "2023-03-10".to_owned(),
            to: String::new(),
            source: "人社".to_owned(),
            fact_id: "w.3".to_owned(),
        }],
    }
}

fn rows(statement: &Statement, sheet: &str) -> Vec<Row> {
    let bytes = statement.xlsx().unwrap();
    let mut book = Spreadsheet::open(Kind::Xlsx, Cursor::new(bytes)).unwrap();
    book.rows(sheet).unwrap().collect::<Result<_, _>>().unwrap()
}

fn figures(row: &Row) -> Vec<f64> {
    let figure = |cell: &Cell| match cell {
        Cell::Number(number) => Some(*number),
        _ => None,
    };
    row.cells.iter().filter_map(figure).collect()
}

#[test]
fn the_work_time_table_has_the_templates_columns_masked_numbers_and_right_sums() {
    let rows = rows(&statement(StatementKind::Forms), "就业信息表");
    let Cell::Text(header) = &rows[0].cells[3] else {
        panic!("{:?}", rows[0]);
    };
    assert_eq!(header, "身份证件号码 sfzjhm");
    assert_eq!(
        rows[1].cells[3],
        Cell::Text("450900********993X".to_owned())
    );
    assert_eq!(
        rows[1].cells[7],
        Cell::Text("2023-03 至 2023-12".to_owned())
    );
    assert_eq!(rows[3].cells[1], Cell::Text("2 人".to_owned()));
    assert_eq!(figures(&rows[3]), [22.0, 0.0, 2.0, 14_300.0]);
}

#[test]
fn the_schedule_sums_what_arose_and_what_was_deducted_and_no_balances() {
    let rows = rows(&statement(StatementKind::Forms), "减免税申报明细表");
    assert_eq!(
        figures(&rows[1]),
        [0.0, 14_300.0, 14_300.0, 6_000.0, 8_300.0]
    );
    assert_eq!(figures(&rows[3]), [14_300.0, 6_420.0]);
}

#[test]
fn a_dossier_has_every_sheet_and_an_account_with_the_same_sums() {
    let dossier = statement(StatementKind::Dossier);
    let mut book = Spreadsheet::open(Kind::Xlsx, Cursor::new(dossier.xlsx().unwrap())).unwrap();
    let sheets = [
        "说明",
        "减免税申报明细表",
        "总台账",
        "2023年度台账",
        "按月使用情况",
        "就业信息表",
        "备查资料清单",
    ];
    assert_eq!(book.sheets(), sheets);
    let about = rows(&dossier, "说明");
    let account = about
        .iter()
        .find(|row| row.cells[0] == Cell::Text("情况说明".to_owned()))
        .unwrap();
    let Cell::Text(account) = &account.cells[1] else {
        panic!("{account:?}");
    };
    for part in ["人员 2 人", "22 个人月", "14300.00 元", "6420.00 元"] {
        assert!(account.contains(part), "{account}");
    }
    book.rows("总台账")
        .unwrap()
        .for_each(|row| assert!(row.is_ok()));
}

#[test]
fn a_pdf_has_pages_and_every_character_and_is_the_same_bytes_twice() {
    for kind in [
        StatementKind::Statement,
        StatementKind::Forms,
        StatementKind::Dossier,
    ] {
        let one = statement(kind).pdf().unwrap();
        assert_eq!(one, statement(kind).pdf().unwrap());
        assert!(one.missing.is_empty(), "{:?}", one.missing);
        assert!(one.pages >= 1);
    }
    let mut long = statement(StatementKind::Dossier);
    long.work_time = vec![long.work_time[0].clone(); 300];
    assert!(long.pdf().unwrap().pages > 8);
}

#[test]
fn the_check_code_covers_every_figure_the_instant_and_the_chain() {
    let whole = statement(StatementKind::Dossier);
    let code = whole.check_code();
    let changes: [fn(&mut Statement); 6] = [
        |other| other.work_time[0].months += 1,
        |other| other.schedule[1].deducted_fen = Fen::new(42_001),
        |other| other.head.1[0] = 8,
        |other| other.head.0 = 4,
        |other| other.as_of_micros += 1,
        |other| other.evidence.clear(),
    ];
    for change in changes {
        let mut other = whole.clone();
        change(&mut other);
        assert_ne!(other.check_code().code, code.code);
    }
    assert_eq!(whole.clone().check_code(), code);
}
