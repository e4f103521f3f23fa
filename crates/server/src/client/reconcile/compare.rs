//! What differs between the ledger and declared returns.

use mamagang_domain::money::Fen;
use mamagang_files::table::{Column, Table, Value};

use super::Periods;

/// A declared or booked period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    /// VAT payable before the deduction.
    pub(super) vat_payable_fen: Fen,
    /// What each tax deducted; `None` where a file does not tell.
    pub(super) deducted: [Option<Fen>; 4],
}

impl Period {
    /// Whether nothing was payable and nothing deducted.
    fn is_nothing(&self) -> bool {
        let mut all = self
            .deducted
            .iter()
            .flatten()
            .chain([&self.vat_payable_fen]);
        all.all(|amount| *amount == Fen::ZERO)
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The period, or the person and month.
    pub(super) place: String,
    /// What differs.
    pub(super) what: String,
    /// By the ledger.
    pub(super) ledger: String,
    /// By the file.
    pub(super) file: String,
    /// The call that would settle it, or what a person must look at.
    pub(super) suggestion: String,
    /// That call's fields, for whoever makes it.
    pub(super) fields: String,
}

impl Difference {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "place": self.place, "what": self.what, "ledger": self.ledger, "file": self.file,
            "suggestion": self.suggestion, "fields": self.fields,
        })
    }
}

/// The taxes of a return, as files head them.
const TAXES: [&str; 4] = [
    "增值税抵减",
    "城建税抵减",
    "教育费附加抵减",
    "地方教育附加抵减",
];

/// Periods that stand on one side only, or differ.
pub(super) fn returns(year: i32, declared: &Periods, booked: &Periods) -> Vec<Difference> {
    let of_year = format!("{year}-");
    let mut periods: Vec<&String> = declared
        .keys()
        .chain(booked.keys())
        .filter(|period| period.starts_with(&of_year))
        .collect();
    periods.sort_unstable();
    periods.dedup();
    let mut differences = Vec::new();
    for period in periods {
        match (declared.get(period), booked.get(period)) {
            (Some(told), None) => differences.push(Difference {
                place: period.to_string(),
                what: "未入账".to_owned(),
                ledger: String::new(),
                file: format!("应纳增值税 {}", told.vat_payable_fen),
                suggestion: "补入账 PostDeduction".to_owned(),
                fields: vat(period, told.vat_payable_fen),
            }),
            // A return that declares nothing is often not in the file.
            (None, Some(known)) if known.is_nothing() => {}
            (None, Some(known)) => differences.push(Difference {
                place: period.to_string(),
                what: "文件中没有该期申报".to_owned(),
                ledger: format!("应纳增值税 {}", known.vat_payable_fen),
                file: String::new(),
                suggestion: "核实是否申报；确未申报的，更正为零 AmendDeduction".to_owned(),
                fields: vat(period, Fen::ZERO),
            }),
            (Some(told), Some(known)) => differences.extend(unequal(period, told, known)),
            (None, None) => {}
        }
    }
    differences
}

fn unequal(period: &str, told: &Period, known: &Period) -> Vec<Difference> {
    let mut differences = Vec::new();
    let is_amended = told.vat_payable_fen != known.vat_payable_fen;
    if is_amended {
        differences.push(Difference {
            place: period.to_string(),
            what: "应纳增值税".to_owned(),
            ledger: known.vat_payable_fen.yuan(),
            file: told.vat_payable_fen.yuan(),
            suggestion: "按申报更正 AmendDeduction".to_owned(),
            fields: vat(period, told.vat_payable_fen),
        });
    }
    for ((name, of_file), of_ledger) in TAXES.iter().zip(told.deducted).zip(known.deducted) {
        let (Some(of_file), Some(of_ledger)) = (of_file, of_ledger) else {
            continue;
        };
        if of_file == of_ledger {
            continue;
        }
        let suggestion = match (is_amended, of_file > of_ledger) {
            (true, _) => "随应纳增值税更正后再核对",
            (false, true) => "申报多于账目：重新计算 RecomputeYear 后仍不一致的，更正申报表",
            (false, false) => "申报少于账目：更正申报表补充抵减",
        };
        differences.push(Difference {
            place: period.to_string(),
            what: (*name).to_owned(),
            ledger: of_ledger.yuan(),
            file: of_file.yuan(),
            suggestion: suggestion.to_owned(),
            fields: String::new(),
        });
    }
    differences
}

fn vat(period: &str, payable: Fen) -> String {
    format!("period={period} vat_payable_fen={}", payable.get())
}

/// The differences as a sheet.
pub(super) fn table(name: &str, rows: &[Difference]) -> Table {
    let columns = [
        Column::text("期间或人员"),
        Column::text("差异").width(12),
        Column::text("账目").width(12),
        Column::text("文件").width(12),
        Column::text("建议").width(24),
        Column::text("建议参数").width(20),
    ];
    let mut table = Table::new(name, columns);
    for row in rows {
        table.push(
            [
                &row.place,
                &row.what,
                &row.ledger,
                &row.file,
                &row.suggestion,
                &row.fields,
            ]
            .map(Value::text),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(vat: i64, deducted: i64) -> Period {
        Period {
            vat_payable_fen: Fen::new(vat),
            deducted: [Some(Fen::new(deducted)), None, None, None],
        }
    }

    fn at(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn each_difference_has_the_entry_that_would_settle_it() {
        let declared = Periods::from([
            (at("2023-01"), period(100, 100)),
            (at("2023-02"), period(200, 200)),
            (at("2023-03"), period(300, 250)),
            (at("2023-04"), period(400, 400)),
            (at("2024-01"), period(1, 1)),
        ]);
        let booked = Periods::from([
            (at("2023-01"), period(100, 100)),
            (at("2023-02"), period(150, 150)),
            (at("2023-03"), period(300, 300)),
            (at("2023-05"), period(500, 500)),
            (at("2023-06"), period(0, 0)),
        ]);
        let found: Vec<(String, String, String)> = returns(2023, &declared, &booked)
            .into_iter()
            .map(|row| (row.place, row.what, row.fields))
            .collect();
        let expected = [
            (
                "2023-02",
                "应纳增值税",
                "period=2023-02 vat_payable_fen=200",
            ),
            ("2023-02", "增值税抵减", ""),
            ("2023-03", "增值税抵减", ""),
            ("2023-04", "未入账", "period=2023-04 vat_payable_fen=400"),
            (
                "2023-05",
                "文件中没有该期申报",
                "period=2023-05 vat_payable_fen=0",
            ),
        ];
        let expected: Vec<(String, String, String)> = expected
            .map(|(place, what, fields)| (place.to_owned(), what.to_owned(), fields.to_owned()))
            .to_vec();
        assert_eq!(found, expected);
    }

    #[test]
    fn equal_sides_have_no_difference() {
        let same = Periods::from([(at("2023-Q1"), period(100, 100))]);
        assert_eq!(returns(2023, &same, &same), []);
    }
}
