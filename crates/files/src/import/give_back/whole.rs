//! xls, which comes back as xlsx.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::reason_of;
use crate::FileError;
use crate::import::reader::Layout;
use crate::table::Value;
use crate::xlsx::{Book, Cell, Kind, Spreadsheet};

pub(super) fn write(
    layout: &Layout,
    reasons: &BTreeMap<u64, String>,
    target: &Path,
) -> Result<(), FileError> {
    let mut book = Spreadsheet::open(Kind::Xls, BufReader::new(File::open(&layout.path)?))?;
    let mut rows: Vec<(u32, Vec<Value>)> = Vec::new();
    for row in book.rows(&layout.sheet)? {
        let row = row?;
        let mut cells: Vec<Value> = row.cells.iter().map(value).collect();
        if cells.len() <= layout.reason_column {
            cells.resize(layout.reason_column + 1, Value::Empty);
        }
        let number = u64::from(row.number);
        if number >= layout.header_row {
            cells[layout.reason_column] =
                Value::text(reason_of(layout, reasons, number).unwrap_or_default());
        }
        rows.push((row.number, cells));
    }
    std::fs::write(
        target,
        Book::new(&layout.sheet)
            .placed(&layout.sheet, &rows)?
            .finish()?,
    )?;
    Ok(())
}

/// The cell as text, with the figures that it shows.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty | Cell::UncomputedFormula => Value::Empty,
        Cell::Text(text) | Cell::IsoDate(text) => Value::text(text.clone()),
        Cell::Number(number) => Value::text(number.to_string()),
        Cell::Date(date) => Value::date(*date),
        Cell::Bool(yes) => Value::yes(*yes),
        Cell::Error(error) => Value::text(*error),
    }
}
