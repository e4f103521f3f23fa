//! The same file again, with what is wrong in each row beside it.
//!
//! Nothing else of the file changes: an xlsx keeps its other sheets, formats and dropdowns, and every row stays where it
//! was. An xls comes back as xlsx of the same cells, since the older format is only read; CSV comes back in UTF-8.

mod separated;
mod sheet;
mod whole;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reader::{Format, Layout};
use crate::FileError;
use crate::xlsx;

/// A file given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// Where it was written.
    pub path: PathBuf,
    /// Rows with a reason.
    pub rows: usize,
}

/// Writes a file's copy with `reasons` by row or line into the column 错误原因. The copy's name is `target` with the
/// ending that fits its format.
pub fn give_back(
    layout: &Layout,
    reasons: &BTreeMap<u64, String>,
    target: &Path,
) -> Result<GivenBack, FileError> {
    let path = match layout.format {
        Format::Csv { .. } => target.with_extension("csv"),
        Format::Sheet(_) => target.with_extension("xlsx"),
    };
    match layout.format {
        Format::Csv {
            encoding,
            separator,
        } => separated::write(layout, (encoding, separator), reasons, &path)?,
        Format::Sheet(xlsx::Kind::Xlsx) => sheet::write(layout, reasons, &path)?,
        Format::Sheet(xlsx::Kind::Xls) => whole::write(layout, reasons, &path)?,
    }
    Ok(GivenBack {
        path,
        rows: reasons.len(),
    })
}

/// What the reason's cell of a row holds.
fn reason_of<'a>(layout: &Layout, reasons: &'a BTreeMap<u64, String>, row: u64) -> Option<&'a str> {
    if row == layout.header_row {
        return Some(super::REASON_HEADER);
    }
    reasons.get(&row).map(String::as_str)
}
