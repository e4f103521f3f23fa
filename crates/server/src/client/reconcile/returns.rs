//! Declared returns: a file of them, and what the ledger has of each period.

use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxPeriod;
use mamagang_files::import::{Field, Filled, Form, Kind, Record};
use mamagang_proto::v1::{EntryKind, LedgerEntry, TaxKind};

use super::compare::Period;
use super::{Periods, text_of};
use crate::client::failure::Failure;

/// The columns of a file of returns.
pub(super) static KIND: Kind = Kind {
    name: "return",
    title: "申报表",
    fields: &[
        column("employer_code", "统一社会信用代码", Form::Code, false),
        column("period", "税款所属期", Form::Text, true),
        column("vat_payable", "应纳增值税", Form::Money, true),
        column("vat", "增值税抵减", Form::Money, false),
        column("umct", "城建税抵减", Form::Money, false),
        column("edu", "教育费附加抵减", Form::Money, false),
        column("ledu", "地方教育附加抵减", Form::Money, false),
    ],
    request: None,
};

pub(super) const fn column(
    path: &'static str,
    header: &'static str,
    form: Form,
    is_required: bool,
) -> Field {
    Field {
        path,
        header,
        form,
        is_required,
        note: "",
    }
}

fn money_of(record: &Record, path: &str) -> Option<Fen> {
    match record.iter().find(|(field, _)| field.path == path) {
        Some((_, Filled::Money(fen))) => Some(*fen),
        _ => None,
    }
}

/// The employer's periods in a file; rows of others are passed over.
pub(super) fn declared(rows: Vec<Record>, employer: &str) -> Result<Periods, Failure> {
    let mut periods = Periods::new();
    for row in &rows {
        let whose = text_of(row, "employer_code");
        if !whose.is_empty() && whose != employer {
            continue;
        }
        let text = text_of(row, "period");
        let wrong = || Failure::File(format!("税款所属期 {text}: 2024-05, 2024-Q2"));
        let period = TaxPeriod::parse(&normal(text)).map_err(|_| wrong())?;
        let told = Period {
            vat_payable_fen: money_of(row, "vat_payable").unwrap_or_default(),
            deducted: ["vat", "umct", "edu", "ledu"].map(|path| money_of(row, path)),
        };
        if periods.insert(period.to_string(), told).is_some() {
            return Err(Failure::File(format!("税款所属期 {period}: 出现两次")));
        }
    }
    Ok(periods)
}

/// `2024年5月`, `2024/5`, `202405`, `2024年第2季度` as the API writes periods.
fn normal(text: &str) -> String {
    if let Some((year, quarter)) = text.split_once("年第") {
        let quarter = quarter.trim_end_matches(['季', '度']);
        return format!("{year}-Q{quarter}");
    }
    let digits: Vec<&str> = text
        .split(['-', '/', '.', '年', '月'])
        .filter(|part| !part.is_empty())
        .collect();
    match digits.as_slice() {
        [year, month] if month.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{year}-{month:0>2}")
        }
        [whole] if whole.len() == 6 && whole.is_ascii() => {
            format!("{}-{}", &whole[..4], &whole[4..])
        }
        _ => text.to_owned(),
    }
}

/// What stands booked: of each period the posting that was not reversed.
pub(super) fn booked(entries: &[LedgerEntry]) -> Periods {
    let reversed: Vec<&str> = entries
        .iter()
        .map(|entry| entry.reversed_entry_id.as_str())
        .collect();
    let stands = |entry: &&LedgerEntry| {
        entry.kind() == EntryKind::Post && !reversed.contains(&entry.entry_id.as_str())
    };
    let mut periods = Periods::new();
    for entry in entries.iter().filter(stands) {
        let Ok(period) = TaxPeriod::parse(&entry.period) else {
            continue;
        };
        let line = |tax: TaxKind| entry.lines.iter().find(|line| line.tax() == tax);
        let taxes = [TaxKind::Vat, TaxKind::Umct, TaxKind::Edu, TaxKind::Ledu];
        periods.insert(
            period.to_string(),
            Period {
                vat_payable_fen: Fen::new(line(TaxKind::Vat).map_or(0, |line| line.due_fen)),
                deducted: taxes
                    .map(|tax| Some(Fen::new(line(tax).map_or(0, |line| line.deducted_fen)))),
            },
        );
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_as_returns_write_it() {
        for text in ["2024-05", "2024/5", "202405", "2024年5月", "2024.05"] {
            assert_eq!(normal(text), "2024-05", "{text}");
        }
        for text in ["2024-Q2", "2024年第2季度"] {
            assert_eq!(normal(text), "2024-Q2", "{text}");
        }
    }
}
