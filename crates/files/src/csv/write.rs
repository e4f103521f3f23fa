//! Writing CSV.

use std::borrow::Cow;
use std::io::Write;

use crate::FileError;
use crate::table::{Table, Value, may_be_formula};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Writes CSV row by row: UTF-8 with BOM, CRLF.
pub struct Writer<W: Write> {
    target: W,
    line: String,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub fn new(mut target: W) -> Result<Self, FileError> {
        target.write_all(BOM)?;
        Ok(Self {
            target,
            line: String::new(),
        })
    }

    /// Writes a row of texts; none is an empty line. What a spreadsheet program would take for a formula gets an
    /// apostrophe.
    pub fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> Result<(), FileError> {
        self.write(fields.into_iter().map(guarded))
    }

    /// Writes a row of values; figures are written as they are.
    pub fn values(&mut self, values: &[Value]) -> Result<(), FileError> {
        self.write(values.iter().map(|value| {
            let text = value.display();
            match value.is_figure() {
                true => Cow::Owned(text),
                false => Cow::Owned(guarded(&text).into_owned()),
            }
        }))
    }

    fn write<'a>(&mut self, fields: impl Iterator<Item = Cow<'a, str>>) -> Result<(), FileError> {
        self.line.clear();
        for (index, field) in fields.enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            if field.contains([',', '"', '\n', '\r']) {
                self.line.push('"');
                self.line.push_str(&field.replace('"', "\"\""));
                self.line.push('"');
            } else {
                self.line.push_str(&field);
            }
        }
        self.line.push_str("\r\n");
        self.target.write_all(self.line.as_bytes())?;
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, FileError> {
        self.target.flush()?;
        Ok(self.target)
    }
}

/// A table as CSV: header, rows, sums. Remarks are left out.
pub fn write(table: &Table) -> Result<Vec<u8>, FileError> {
    let mut writer = Writer::new(Vec::new())?;
    let headers: Vec<String> = table
        .columns
        .iter()
        .map(crate::table::Column::shown_header)
        .collect();
    writer.row(headers.iter().map(String::as_str))?;
    for values in table.rows.iter().chain(&table.totals) {
        writer.values(values)?;
    }
    writer.finish()
}

/// The text with an apostrophe before it, where a spreadsheet program may take it for a formula.
pub fn guarded(text: &str) -> Cow<'_, str> {
    // A text whose own apostrophes stand before such a sign gets one more, so that reading takes off what writing put on.
    if may_be_formula(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text without the apostrophe that [`guarded`] put before it.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(inner) if may_be_formula(inner.trim_start_matches('\'')) => inner,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::money::Fen;

    use super::*;
    use crate::table::Column;

    #[test]
    fn a_table_is_utf_8_with_bom_and_crlf() {
        let mut table = Table::new(
            "台账",
            [Column::id("代码").required(), Column::money("金额")],
        );
        table.push([
            Value::text("91442000MAQQ000161"),
            Value::Money(Fen::new(123_456_789)),
        ]);
        table.total([Value::text("合,计"), Value::Money(Fen::new(-5))]);
        let expected = "\u{feff}*代码,金额\r\n91442000MAQQ000161,1234567.89\r\n\"合,计\",-0.05\r\n";
        assert_eq!(String::from_utf8(write(&table).unwrap()).unwrap(), expected);
    }

    #[test]
    fn what_may_be_a_formula_is_guarded_and_read_back_as_it_was() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", "''=1"] {
            let written = guarded(text);
            assert!(written.starts_with('\''), "{text}");
            assert_eq!(unguarded(&written), text);
        }
        for text in ["王小明", "1", "'", "''", "'王", "", "2024-05-20"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }
}
