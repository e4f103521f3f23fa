//! Finding the header among title rows.

use super::REASON_HEADER;
use super::cell::clean;
use super::kind::{Field, Kind};
use crate::xlsx::Cell;

/// Rows in which the header is looked for: above it stand titles and notes.
pub(super) const HEADER_ROWS_MAX: usize = 30;

/// Why a file is no file of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// No row has any of the kind's headers.
    NotFound,
    /// The likeliest row lacks these required headers.
    Missing {
        /// The row, from 1.
        row: u64,
        /// The headers it lacks.
        headers: Vec<&'static str>,
    },
    /// A header stands twice.
    Twice {
        /// The row, from 1.
        row: u64,
        /// Which.
        header: &'static str,
    },
}

/// Which column holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The field of each column, from the left.
    pub(super) fields: Vec<Option<&'static Field>>,
    /// The column of the reasons from an earlier time, or the first one after the header.
    pub(super) reason_column: usize,
    /// Headers that are none of the kind's.
    pub(super) unknown: Vec<String>,
}

/// Reads a row as the header. `Ok(None)` when it has no header of the kind.
pub(super) fn read(kind: &Kind, row: u64, cells: &[Cell]) -> Result<Option<Header>, HeaderError> {
    let mut fields: Vec<Option<&'static Field>> = Vec::with_capacity(cells.len());
    let mut unknown = Vec::new();
    let mut reason_column = None;
    for (column, cell) in cells.iter().enumerate() {
        let name = name(cell);
        let field = kind
            .all_fields()
            .find(|field| field.header == name || field.path == name);
        if let Some(field) = field.filter(|field| fields.contains(&Some(*field))) {
            return Err(HeaderError::Twice {
                row,
                header: field.header,
            });
        }
        if name == REASON_HEADER {
            reason_column = Some(column);
        } else if field.is_none() && !name.is_empty() {
            unknown.push(name);
        }
        fields.push(field);
    }
    let found = fields.iter().flatten().count();
    if found == 0 {
        return Ok(None);
    }
    let is_lacking = |field: &&'static Field| field.is_required && !fields.contains(&Some(*field));
    let missing: Vec<&'static str> = kind
        .all_fields()
        .filter(is_lacking)
        .map(|field| field.header)
        .collect();
    if !missing.is_empty() {
        return Err(HeaderError::Missing {
            row,
            headers: missing,
        });
    }
    let after = cells
        .iter()
        .rposition(|cell| *cell != Cell::Empty)
        .map_or(0, |last| last + 1);
    Ok(Some(Header {
        fields,
        reason_column: reason_column.unwrap_or(after),
        unknown,
    }))
}

/// A header without star, blanks and what stands in brackets behind a line end.
fn name(cell: &Cell) -> String {
    let Cell::Text(text) = cell else {
        return String::new();
    };
    let text = clean(text);
    text.trim_matches(['*', '＊', ' ']).replace(' ', "")
}
