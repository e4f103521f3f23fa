//! Reading CSV, record by record.

use std::io::{self, Read};

use super::encoding::{Decoded, Encoding};
use super::write::unguarded;
use crate::FileError;
use crate::xlsx::COLUMNS_MAX;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// How many lines it covers: more than one when a field holds line ends.
    pub lines: u64,
    /// The byte of the decoded text at which it ends, about.
    pub byte: u64,
    /// Its fields, with the apostrophe taken off that guards against formulas.
    pub fields: Vec<String>,
}

/// Reads CSV without holding more than a record.
pub struct Reader<R: Read> {
    records: ::csv::Reader<OneLineEnd<Decoded<R>>>,
    record: ::csv::StringRecord,
}

impl<R: Read> Reader<R> {
    /// Reads a source of a known encoding; see [`super::detect`]. `separator` is the comma, mostly.
    pub fn new(encoding: Encoding, separator: u8, source: R) -> Self {
        let records = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(OneLineEnd::new(Decoded::new(encoding, source)));
        Self {
            records,
            record: ::csv::StringRecord::new(),
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.records.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error.into())),
        }
        if self.record.len() > COLUMNS_MAX {
            return Some(Err(FileError::TooMuch {
                what: "columns",
                max: COLUMNS_MAX as u64,
            }));
        }
        // The library tells where it began to look, which may be an empty line; the end is certain, since every line has
        // one line end.
        let after = self.records.position();
        let ends = self
            .record
            .iter()
            .map(|field| field.bytes().filter(|byte| *byte == b'\n').count())
            .sum::<usize>();
        let lines = ends as u64 + 1;
        Some(Ok(Record {
            line: after.line().saturating_sub(lines),
            lines,
            byte: after.byte(),
            fields: self
                .record
                .iter()
                .map(|field| unguarded(field).to_owned())
                .collect(),
        }))
    }
}

/// Text whose lines end in LF, the last one too, whatever they ended in.
struct OneLineEnd<R> {
    source: R,
    is_after_cr: bool,
    is_in_line: bool,
}

impl<R: Read> OneLineEnd<R> {
    const fn new(source: R) -> Self {
        Self {
            source,
            is_after_cr: false,
            is_in_line: false,
        }
    }
}

impl<R: Read> Read for OneLineEnd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.source.read(buffer)?;
            if length == 0 {
                let is_open = std::mem::take(&mut self.is_in_line) && !buffer.is_empty();
                if is_open {
                    buffer[0] = b'\n';
                }
                return Ok(usize::from(is_open));
            }
            let mut kept = 0;
            for index in 0..length {
                let byte = buffer[index];
                let is_second_half = byte == b'\n' && self.is_after_cr;
                self.is_after_cr = byte == b'\r';
                if !is_second_half {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 {
                self.is_in_line = buffer[kept - 1] != b'\n';
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, Vec<String>)> {
        let records = Reader::new(Encoding::Utf8, b',', text.as_bytes());
        records
            .map(Result::unwrap)
            .map(|record| (record.line, record.fields))
            .collect()
    }

    #[test]
    fn every_record_knows_its_line_whatever_lines_end_in() {
        let expected: Vec<(u64, Vec<String>)> =
            [(1, ["a", "b"]), (4, ["c", "d\ne"]), (6, ["f", ""])]
                .into_iter()
                .map(|(line, fields)| (line, fields.map(str::to_owned).to_vec()))
                .collect();
        for end in ["\n", "\r\n", "\r"] {
            let text = "a,b||||c,\"d|e\"|f,"
                .replace("||||", "|||")
                .replace('|', end);
            assert_eq!(lines(&text), expected, "{end:?}");
            assert_eq!(lines(&format!("{text}{end}")), expected, "{end:?}");
        }
    }
}
