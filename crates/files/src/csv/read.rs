//! Reading CSV, record by record.

use std::io::Read;

use super::encoding::{Decoded, Encoding};
use super::write::unguarded;
use crate::FileError;
use crate::xlsx::COLUMNS_MAX;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its fields, with the apostrophe taken off that guards against formulas.
    pub fields: Vec<String>,
}

/// Reads CSV without holding more than a record.
pub struct Reader<R: Read> {
    records: ::csv::StringRecordsIntoIter<Decoded<R>>,
}

impl<R: Read> Reader<R> {
    /// Reads a source of a known encoding; see [`super::detect`]. The separator is the comma, or `separator`.
    pub fn new(encoding: Encoding, separator: u8, source: R) -> Self {
        let records = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(Decoded::new(encoding, source))
            .into_records();
        Self { records }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.records.next()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error.into())),
        };
        if record.len() > COLUMNS_MAX {
            return Some(Err(FileError::TooMuch {
                what: "columns",
                max: COLUMNS_MAX as u64,
            }));
        }
        Some(Ok(Record {
            line: record.position().map_or(0, ::csv::Position::line),
            fields: record
                .iter()
                .map(|field| unguarded(field).to_owned())
                .collect(),
        }))
    }
}
