//! Reading xlsx and xls, row by row.

use std::io::{Read, Seek};

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, ExcelDateTimeType, Range, Reader as _, Xls,
    XlsError, Xlsx, XlsxCellReader, XlsxError,
};
use mamagang_domain::date::CivilDate;
use zip::ZipArchive;

use super::COLUMNS_MAX;
use crate::FileError;

/// Bytes that a package may unpack to: a million rows of forty columns are a quarter of it.
const UNPACKED_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Which format a spreadsheet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML.
    Xlsx,
    /// BIFF, the older binary format.
    Xls,
}

/// A cell as the file holds it; of a formula, the value that was computed last.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A figure.
    Number(f64),
    /// A figure that is formatted as a date or time, by the file's epoch; `None` where that is no date.
    Date(Option<CivilDate>),
    /// A date or time as ISO 8601 text.
    IsoDate(String),
    /// True or false.
    Bool(bool),
    /// A formula that nobody has computed: the program that wrote the file left no value.
    UncomputedFormula,
    /// A value such as `#REF!`.
    Error(&'static str),
}

/// A row that has cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number as people count it, from 1.
    pub number: u32,
    /// Its cells from column A on, up to the last one that the file has.
    pub cells: Vec<Cell>,
}

/// An open spreadsheet.
pub struct Spreadsheet<RS: Read + Seek> {
    book: Workbook<RS>,
}

enum Workbook<RS: Read + Seek> {
    Xlsx(Box<Xlsx<RS>>),
    Xls(Box<Xls<RS>>),
}

impl<RS: Read + Seek> Spreadsheet<RS> {
    /// Opens a spreadsheet. Of xlsx this reads the shared texts, of xls everything. A package that says it unpacks to more
    /// than 4 GiB is refused before anything of it is unpacked.
    pub fn open(kind: Kind, mut source: RS) -> Result<Self, FileError> {
        if kind == Kind::Xlsx {
            check_size(&mut source, UNPACKED_BYTES_MAX)?;
        }
        let book = match kind {
            Kind::Xlsx => Workbook::Xlsx(Box::new(Xlsx::new(source).map_err(xlsx_error)?)),
            Kind::Xls => Workbook::Xls(Box::new(Xls::new(source).map_err(xls_error)?)),
        };
        Ok(Self { book })
    }

    /// The sheets' names, in order.
    pub fn sheets(&self) -> Vec<String> {
        match &self.book {
            Workbook::Xlsx(book) => book.sheet_names(),
            Workbook::Xls(book) => book.sheet_names(),
        }
    }

    /// Whether its days are counted from 1904.
    pub fn is_1904(&self) -> bool {
        match &self.book {
            Workbook::Xlsx(book) => book.has_1904_epoch(),
            Workbook::Xls(book) => book.has_1904_epoch(),
        }
    }

    /// The rows of a sheet. Of xlsx they are read one by one.
    pub fn rows(&mut self, sheet: &str) -> Result<Rows<'_, RS>, FileError> {
        if !self.sheets().iter().any(|name| name == sheet) {
            return Err(FileError::NoSheet(sheet.to_owned()));
        }
        let source = match &mut self.book {
            Workbook::Xlsx(book) => {
                let cells = book.worksheet_cells_reader(sheet).map_err(xlsx_error)?;
                RowSource::Stream {
                    cells: Box::new(cells),
                    ahead: None,
                    is_ended: false,
                }
            }
            Workbook::Xls(book) => {
                let values = book.worksheet_range(sheet).map_err(xls_error)?;
                let formulas = book.worksheet_formula(sheet).map_err(xls_error)?;
                RowSource::Whole {
                    next: values.start().map_or(0, |(row, _)| row),
                    values,
                    formulas,
                }
            }
        };
        Ok(Rows { source })
    }
}

/// The rows of a sheet, those without cells left out.
pub struct Rows<'a, RS: Read + Seek> {
    source: RowSource<'a, RS>,
}

enum RowSource<'a, RS: Read + Seek> {
    Stream {
        cells: Box<XlsxCellReader<'a, RS>>,
        ahead: Option<Placed>,
        is_ended: bool,
    },
    Whole {
        values: Range<Data>,
        formulas: Range<String>,
        next: u32,
    },
}

impl<RS: Read + Seek> Rows<'_, RS> {
    /// How many rows the sheet says it has, for a progress bar.
    pub fn rows_hint(&self) -> u64 {
        let last = match &self.source {
            RowSource::Stream { cells, .. } => Some(cells.dimensions().end.0),
            RowSource::Whole { values, .. } => values.end().map(|(row, _)| row),
        };
        last.map_or(0, |row| u64::from(row) + 1)
    }
}

/// Sums what the package says its parts unpack to, and leaves the source at its start.
fn check_size(source: &mut (impl Read + Seek), max: u64) -> Result<(), FileError> {
    let wrong = |error: zip::result::ZipError| FileError::Spreadsheet(error.to_string());
    let mut package = ZipArchive::new(&mut *source).map_err(wrong)?;
    let mut total = 0_u64;
    for index in 0..package.len() {
        total = total.saturating_add(package.by_index_raw(index).map_err(wrong)?.size());
    }
    if total > max {
        return Err(FileError::TooMuch {
            what: "unpacked bytes",
            max,
        });
    }
    drop(package);
    source.rewind()?;
    Ok(())
}

/// A cell with its row and column, counted from 0.
type Placed = ((u32, u32), Cell);

impl<RS: Read + Seek> Iterator for Rows<'_, RS> {
    type Item = Result<Row, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            RowSource::Stream { is_ended: true, .. } => None,
            RowSource::Stream {
                cells,
                ahead,
                is_ended,
            } => {
                let row = streamed_row(cells, ahead);
                // Past the end the library finds an error where there is none.
                *is_ended = ahead.is_none();
                row.transpose()
            }
            RowSource::Whole {
                values,
                formulas,
                next,
            } => whole_row(values, formulas, next).transpose(),
        }
    }
}

/// Gathers the cells of one row; the first cell of the next is kept for the next call.
fn streamed_row<RS: Read + Seek>(
    cells: &mut XlsxCellReader<'_, RS>,
    ahead: &mut Option<Placed>,
) -> Result<Option<Row>, FileError> {
    let mut row: Option<Row> = None;
    loop {
        let next = match ahead.take() {
            Some(known) => Some(known),
            None => next_cell(cells)?,
        };
        let Some(((index, column), cell)) = next else {
            return Ok(row);
        };
        let number = index.saturating_add(1);
        match &mut row {
            Some(open) if open.number != number => {
                *ahead = Some(((index, column), cell));
                return Ok(row);
            }
            Some(open) => place(&mut open.cells, column, cell)?,
            None => {
                let mut first = Vec::new();
                place(&mut first, column, cell)?;
                row = Some(Row {
                    number,
                    cells: first,
                });
            }
        }
    }
}

fn next_cell<RS: Read + Seek>(
    cells: &mut XlsxCellReader<'_, RS>,
) -> Result<Option<Placed>, FileError> {
    let record = cells
        .next_cell_with_formula_metadata()
        .map_err(xlsx_error)?;
    Ok(record.map(|record| {
        let cell = match record.value {
            DataRef::Empty if record.formula.is_some() => Cell::UncomputedFormula,
            DataRef::SharedString(text) => Cell::Text(text.to_owned()),
            value => of_data(&value.into()),
        };
        (record.pos, cell)
    }))
}

fn place(cells: &mut Vec<Cell>, column: u32, cell: Cell) -> Result<(), FileError> {
    let index = usize::try_from(column).unwrap_or(usize::MAX);
    if index >= COLUMNS_MAX {
        // Formatted emptiness far to the right is common and harmless.
        if cell == Cell::Empty {
            return Ok(());
        }
        return Err(FileError::TooMuch {
            what: "columns",
            max: COLUMNS_MAX as u64,
        });
    }
    if cells.len() <= index {
        cells.resize(index + 1, Cell::Empty);
    }
    cells[index] = cell;
    Ok(())
}

fn whole_row(
    values: &Range<Data>,
    formulas: &Range<String>,
    next: &mut u32,
) -> Result<Option<Row>, FileError> {
    let Some((last_row, last_column)) = values.end() else {
        return Ok(None);
    };
    while *next <= last_row {
        let index = *next;
        *next += 1;
        let mut cells = Vec::new();
        for column in 0..=last_column {
            let value = values.get_value((index, column)).unwrap_or(&Data::Empty);
            let has_formula = formulas
                .get_value((index, column))
                .is_some_and(|text| !text.is_empty());
            match of_data(value) {
                Cell::Empty if has_formula => place(&mut cells, column, Cell::UncomputedFormula)?,
                Cell::Empty => {}
                cell => place(&mut cells, column, cell)?,
            }
        }
        if !cells.is_empty() {
            return Ok(Some(Row {
                number: index.saturating_add(1),
                cells,
            }));
        }
    }
    Ok(None)
}

fn of_data(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::String(text) if text.is_empty() => Cell::Empty,
        Data::String(text) => Cell::Text(text.clone()),
        Data::Float(number) => Cell::Number(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the format's own figures are floats"
        )]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Bool(yes) => Cell::Bool(*yes),
        Data::DateTime(moment) => Cell::Date(date_of(moment)),
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::IsoDate(text.clone()),
        Data::Error(error) => Cell::Error(error_name(error)),
    }
}

/// The civil date of a serial number of days, by the epoch of 1900 or 1904; a time of day is dropped. `None` for a number
/// that is no day, and for 29 February 1900, which the format counts and the calendar does not have.
pub fn date_of_serial(days: f64, is_1904: bool) -> Option<CivilDate> {
    let moment = ExcelDateTime::new(days, ExcelDateTimeType::DateTime, is_1904);
    date_of(&moment)
}

fn date_of(moment: &ExcelDateTime) -> Option<CivilDate> {
    if moment.is_duration() || !DAYS.contains(&moment.as_f64()) {
        return None;
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let year = i16::try_from(year).ok()?;
    CivilDate::from_ymd(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

/// The days that the format knows: up to the end of the year 9999.
const DAYS: std::ops::Range<f64> = 1.0..2_958_466.0;

fn error_name(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#DATA!",
    }
}

// Owned, since the callers hand them to `map_err`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn xlsx_error(error: XlsxError) -> FileError {
    FileError::Spreadsheet(error.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn xls_error(error: XlsError) -> FileError {
    FileError::Spreadsheet(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::table::{Column, Table};
    use crate::xlsx::Book;

    #[test]
    fn a_package_that_unpacks_to_more_than_the_limit_is_refused() {
        let table = Table::new("一", [Column::text("列")]);
        let bytes = Book::new("").sheet(&table).unwrap().finish().unwrap();
        let mut package = ZipArchive::new(Cursor::new(bytes.clone())).unwrap();
        let parts = 0..package.len();
        let size: u64 = parts
            .map(|index| package.by_index_raw(index).unwrap().size())
            .sum();
        assert!(check_size(&mut Cursor::new(bytes.clone()), size).is_ok());
        let refused = check_size(&mut Cursor::new(bytes), size - 1);
        assert!(matches!(refused, Err(FileError::TooMuch { .. })));
    }
}
