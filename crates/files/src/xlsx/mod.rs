//! Spreadsheets: xlsx is written, xlsx and xls are read.

mod read;
mod write;

pub use read::{Cell, Kind, Row, Rows, Spreadsheet, date_of_serial};
pub use write::Book;

/// Rows that a sheet can have.
pub const ROWS_MAX: u32 = 1_048_576;
/// Columns that are read; a row that goes on is refused.
pub const COLUMNS_MAX: usize = 256;

/// A cell's name, such as `B7`, from its zero-based column and its row as people count it.
pub fn cell_name(column: usize, row: u32) -> String {
    format!("{}{row}", column_name(column))
}

/// A column's letters, such as `AB`, from its zero-based number.
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_as_spreadsheets_name_it() {
        for (column, name) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(column_name(column), name);
        }
        assert_eq!(cell_name(1, 7), "B7");
    }
}
