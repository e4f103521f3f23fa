//! Reading a file of facts row by row.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::cell::{self, Filled};
use super::header::{self, HEADER_ROWS_MAX, Header, HeaderError};
use super::kind::{Field, Kind};
use crate::FileError;
use crate::csv;
use crate::xlsx::{self, Cell, Spreadsheet, cell_name};

/// What is known about a file beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The sheet; `None` = the first one with the kind's header.
    pub sheet: Option<String>,
    /// The source of rows that name none.
    pub source: String,
    /// The day of the source's data, for rows that tell none: `2024-05-20`.
    pub source_date: String,
}

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has not the kind's header.
    #[error("the header: {0:?}")]
    Header(HeaderError),
    /// Its name ends neither in `.xlsx`, `.xls`, `.csv` nor `.txt`.
    #[error("a file of an unknown kind")]
    UnknownFormat,
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
    /// The sheet; empty for CSV.
    pub sheet: String,
    /// The header's row or line, from 1.
    pub header_row: u64,
    /// The column of the reasons, from 0.
    pub reason_column: usize,
    /// Headers that are none of the kind's; their columns are ignored.
    pub unknown: Vec<String>,
}

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A spreadsheet.
    Sheet(xlsx::Kind),
    /// Separated values.
    Csv {
        /// Their encoding.
        encoding: csv::Encoding,
        /// Their separator: comma, semicolon or tab.
        separator: u8,
    },
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cell, such as `B7`.
    pub cell: String,
    /// Its column's header.
    pub header: &'static str,
    /// What is wrong; it does not repeat the cell's content.
    pub message: String,
}

/// The filled fields of a row.
pub type Record = Vec<(&'static Field, Filled)>;

/// A row below the header that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its row or line, from 1.
    pub number: u64,
    /// What it says, or every cell that is wrong.
    pub record: Result<Record, Vec<Fault>>,
    /// How much of [`Import::total`] is read.
    pub done: u64,
}

/// A file of facts, open.
pub struct Import {
    kind: &'static Kind,
    options: Options,
    layout: Layout,
    header: Header,
    source: Source,
    total: u64,
}

enum Source {
    Sheet(Box<Spreadsheet<BufReader<File>>>),
    Csv,
}

impl Import {
    /// Opens a file and finds the kind's header in it.
    pub fn open(path: &Path, kind: &'static Kind, options: Options) -> Result<Self, ImportError> {
        let extension = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("xlsx" | "xlsm") => Self::open_sheet(path, xlsx::Kind::Xlsx, kind, options),
            Some("xls" | "et") => Self::open_sheet(path, xlsx::Kind::Xls, kind, options),
            Some("csv" | "txt" | "tsv") => Self::open_csv(path, kind, options),
            _ => Err(ImportError::UnknownFormat),
        }
    }

    fn open_sheet(
        path: &Path,
        format: xlsx::Kind,
        kind: &'static Kind,
        options: Options,
    ) -> Result<Self, ImportError> {
        let mut book = Spreadsheet::open(format, BufReader::new(File::open(path)?))?;
        let names = match &options.sheet {
            Some(name) => vec![name.clone()],
            None => book.sheets(),
        };
        let mut nearest = HeaderError::NotFound;
        for name in names {
            let mut rows = book.rows(&name)?;
            let total = rows.rows_hint();
            let found = find_header(
                kind,
                rows.by_ref()
                    .map(|row| row.map(|row| (u64::from(row.number), row.cells))),
            );
            match found {
                Ok((header_row, header)) => {
                    drop(rows);
                    let layout = layout(path, Format::Sheet(format), name, header_row, &header);
                    return Ok(Self {
                        kind,
                        options,
                        layout,
                        header,
                        source: Source::Sheet(Box::new(book)),
                        total,
                    });
                }
                Err(ImportError::Header(HeaderError::NotFound)) => {}
                Err(ImportError::Header(error)) => nearest = error,
                Err(error) => return Err(error),
            }
        }
        Err(ImportError::Header(nearest))
    }

    fn open_csv(path: &Path, kind: &'static Kind, options: Options) -> Result<Self, ImportError> {
        let mut file = BufReader::new(File::open(path)?);
        let encoding = csv::detect(&mut file)?;
        let mut nearest = HeaderError::NotFound;
        for separator in [b',', b'\t', b';'] {
            file.rewind()?;
            let records = csv::Reader::new(encoding, separator, file.by_ref());
            let cells =
                records.map(|record| record.map(|record| (record.line, cells_of(record.fields))));
            match find_header(kind, cells) {
                Ok((header_row, header)) => {
                    let format = Format::Csv {
                        encoding,
                        separator,
                    };
                    let total = file.get_ref().metadata()?.len();
                    let layout = layout(path, format, String::new(), header_row, &header);
                    return Ok(Self {
                        kind,
                        options,
                        layout,
                        header,
                        source: Source::Csv,
                        total,
                    });
                }
                Err(ImportError::Header(HeaderError::NotFound)) => {}
                Err(ImportError::Header(error)) => {
                    if nearest == HeaderError::NotFound {
                        nearest = error;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(ImportError::Header(nearest))
    }

    /// The kind that it is read as.
    pub const fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// How it is laid out.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How much there is to read, for a progress bar: rows of a sheet, bytes of CSV, about.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Hands every row below the header that is not empty to `each`, in order, until it breaks off. No more than a row is
    /// held at a time.
    pub fn each(&mut self, mut each: impl FnMut(Row) -> ControlFlow<()>) -> Result<(), FileError> {
        let header_row = self.layout.header_row;
        let reading = Reading {
            kind: self.kind,
            options: &self.options,
            header: &self.header,
        };
        match (&mut self.source, self.layout.format) {
            (Source::Sheet(book), _) => {
                let is_1904 = book.is_1904();
                for row in book.rows(&self.layout.sheet)? {
                    let row = row?;
                    let number = u64::from(row.number);
                    if number <= header_row {
                        continue;
                    }
                    if hand(&reading, number, &row.cells, is_1904, number, &mut each).is_break() {
                        break;
                    }
                }
            }
            (
                Source::Csv,
                Format::Csv {
                    encoding,
                    separator,
                },
            ) => {
                let file = BufReader::new(File::open(&self.layout.path)?);
                let mut read = 0;
                for record in csv::Reader::new(encoding, separator, file) {
                    let record = record?;
                    read = record.byte.max(read);
                    if record.line <= header_row {
                        continue;
                    }
                    let cells = cells_of(record.fields);
                    if hand(&reading, record.line, &cells, false, read, &mut each).is_break() {
                        break;
                    }
                }
            }
            (Source::Csv, Format::Sheet(_)) => {}
        }
        Ok(())
    }
}

fn hand(
    reading: &Reading<'_>,
    number: u64,
    cells: &[Cell],
    is_1904: bool,
    done: u64,
    each: &mut impl FnMut(Row) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some(record) = reading.row(number, cells, is_1904) else {
        return ControlFlow::Continue(());
    };
    each(Row {
        number,
        record,
        done,
    })
}

fn layout(path: &Path, format: Format, sheet: String, header_row: u64, header: &Header) -> Layout {
    Layout {
        path: path.to_owned(),
        format,
        sheet,
        header_row,
        reason_column: header.reason_column,
        unknown: header.unknown.clone(),
    }
}

fn find_header(
    kind: &Kind,
    rows: impl Iterator<Item = Result<(u64, Vec<Cell>), FileError>>,
) -> Result<(u64, Header), ImportError> {
    let mut nearest = HeaderError::NotFound;
    for row in rows.take(HEADER_ROWS_MAX) {
        let (number, cells) = row?;
        match header::read(kind, number, &cells) {
            Ok(Some(header)) => return Ok((number, header)),
            Ok(None) => {}
            Err(error) => nearest = error,
        }
    }
    Err(ImportError::Header(nearest))
}

fn cells_of(fields: Vec<String>) -> Vec<Cell> {
    let cell = |text: String| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text(text)
        }
    };
    fields.into_iter().map(cell).collect()
}

/// What a row is read by.
struct Reading<'a> {
    kind: &'static Kind,
    options: &'a Options,
    header: &'a Header,
}

impl Reading<'_> {
    /// A row's fields or faults; `None` for a row with nothing in any of the kind's columns.
    fn row(
        &self,
        number: u64,
        cells: &[Cell],
        is_1904: bool,
    ) -> Option<Result<Record, Vec<Fault>>> {
        let mut record: Record = Vec::with_capacity(self.header.fields.len());
        let mut faults = Vec::new();
        for (column, field) in self.header.fields.iter().enumerate() {
            let (Some(field), Some(cell)) = (field, cells.get(column)) else {
                continue;
            };
            match cell::read(field, cell, is_1904) {
                Ok(Some(filled)) => record.push((field, filled)),
                Ok(None) => {}
                Err(message) => faults.push(self.fault(column, number, field, message)),
            }
        }
        if record.is_empty() && faults.is_empty() {
            return None;
        }
        for field in self.kind.all_fields().filter(|field| field.is_required) {
            let is_filled = record.iter().any(|(filled, _)| *filled == field);
            let is_faulty = faults.iter().any(|fault| fault.header == field.header);
            if !is_filled && !is_faulty {
                let column = self
                    .header
                    .fields
                    .iter()
                    .position(|of_column| *of_column == Some(field));
                faults.push(self.fault(column.unwrap_or(0), number, field, "必填".to_owned()));
            }
        }
        self.fill_in(&mut record);
        Some(if faults.is_empty() {
            Ok(record)
        } else {
            Err(faults)
        })
    }

    /// What the whole file's options say, where the row says nothing.
    fn fill_in(&self, record: &mut Record) {
        for (path, value) in [
            ("source", &self.options.source),
            ("source_date", &self.options.source_date),
        ] {
            let is_told = record.iter().any(|(field, _)| field.path == path);
            let field = self.kind.all_fields().find(|field| field.path == path);
            if let Some(field) = field.filter(|_| !is_told && !value.is_empty()) {
                record.push((field, Filled::Text(value.clone())));
            }
        }
    }

    fn fault(&self, column: usize, number: u64, field: &'static Field, message: String) -> Fault {
        Fault {
            cell: cell_name(column, u32::try_from(number).unwrap_or(u32::MAX)),
            header: field.header,
            message,
        }
    }
}
