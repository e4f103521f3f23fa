//! CSV.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use super::reason_of;
use crate::FileError;
use crate::csv::{Encoding, Reader, Writer};
use crate::import::reader::Layout;

pub(super) fn write(
    layout: &Layout,
    (encoding, separator): (Encoding, u8),
    reasons: &BTreeMap<u64, String>,
    target: &Path,
) -> Result<(), FileError> {
    let source = BufReader::new(File::open(&layout.path)?);
    let mut writer = Writer::new(BufWriter::new(File::create(target)?))?;
    let mut line = 1;
    let mut has_column = false;
    for record in Reader::new(encoding, separator, source) {
        let mut record = record?;
        // Lines without anything are kept, so that every row stays on its line.
        while line < record.line {
            writer.row([])?;
            line += 1;
        }
        if record.line == layout.header_row {
            has_column = record.fields.len() > layout.reason_column;
        }
        let reason = reason_of(layout, reasons, record.line).unwrap_or_default();
        if has_column && record.fields.len() > layout.reason_column {
            record.fields[layout.reason_column] = reason.to_owned();
        } else if record.line >= layout.header_row {
            let place = layout.reason_column;
            record
                .fields
                .resize(record.fields.len().max(place), String::new());
            record.fields.insert(place, reason.to_owned());
        }
        line += record.lines;
        writer.row(record.fields.iter().map(String::as_str))?;
    }
    writer.finish()?.flush()?;
    Ok(())
}
