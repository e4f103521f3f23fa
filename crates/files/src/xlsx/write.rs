//! Writing xlsx.

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder,
    Formula, IgnoreError, Workbook, Worksheet,
};

use crate::FileError;
use crate::table::{Column, Table, Value, may_be_formula};

/// Rows below a template's header that get its dropdowns.
const TEMPLATE_ROWS: u32 = 10_000;
/// The largest amount whose every fen a spreadsheet shows: its figures have 15 digits.
const FIGURE_MAX: u64 = 999_999_999_999_999;
/// Characters of a cell's hint, by the format.
const HINT_CHARS_MAX: usize = 255;
/// The sheet with the dropdowns' words.
const CHOICES_SHEET: &str = "选项";
/// The sheet that says how a template is filled in.
pub(crate) const NOTES_SHEET: &str = "填表说明";

/// A workbook that is being written.
pub struct Book {
    workbook: Workbook,
    formats: Formats,
}

struct Formats {
    header: Format,
    text: Format,
    guarded: Format,
    count: Format,
    money: Format,
    total_text: Format,
    total_money: Format,
    remark: Format,
}

impl Formats {
    fn new() -> Self {
        let framed = Format::new()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0xB0_B0B0));
        let text = framed.clone().set_num_format("@");
        let money = framed.clone().set_num_format("0.00");
        let shaded = Color::RGB(0xE8_EEF7);
        Self {
            header: framed
                .clone()
                .set_bold()
                .set_background_color(shaded)
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_text_wrap(),
            guarded: text.clone().set_quote_prefix(),
            count: framed.set_num_format("0"),
            total_text: text.clone().set_bold().set_background_color(shaded),
            total_money: money.clone().set_bold().set_background_color(shaded),
            text,
            money,
            remark: Format::new().set_text_wrap(),
        }
    }
}

impl Book {
    /// An empty workbook with a title. It holds no time of writing, so that the same tables give the same bytes.
    pub fn new(title: &str) -> Self {
        let mut workbook = Workbook::new();
        let mut properties = DocProperties::new().set_title(title).set_author("mamagang");
        // The library would ask the clock. A file's own date is the day of what it shows, which it says in its cells.
        if let Ok(fixed) = ExcelDateTime::from_ymd(2022, 7, 4) {
            properties = properties.set_creation_datetime(&fixed);
        }
        workbook.set_properties(&properties);
        Self {
            workbook,
            formats: Formats::new(),
        }
    }

    /// Adds a sheet with a table: header, rows, sums, remarks.
    pub fn sheet(mut self, table: &Table) -> Result<Self, FileError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(sheet_name(&table.name))?;
        header(sheet, &self.formats, &table.columns)?;
        let mut row = 1;
        for cells in &table.rows {
            write_row(sheet, &self.formats, row, cells, false)?;
            row += 1;
        }
        if !table.rows.is_empty() {
            let last_column = column_number(table.columns.len().saturating_sub(1))?;
            sheet.autofilter(0, 0, row - 1, last_column)?;
            quiet(sheet, row - 1, last_column)?;
        }
        for cells in &table.totals {
            write_row(sheet, &self.formats, row, cells, true)?;
            row += 1;
        }
        for remark in &table.remarks {
            sheet.write_string_with_format(row, 0, remark, &self.formats.remark)?;
            row += 1;
        }
        Ok(self)
    }

    /// Adds a sheet with rows at given numbers, from 1, and no header of its own.
    pub fn placed(mut self, name: &str, rows: &[(u32, Vec<Value>)]) -> Result<Self, FileError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(sheet_name(name))?;
        for (number, cells) in rows {
            write_row(sheet, &self.formats, number.saturating_sub(1), cells, false)?;
        }
        Ok(self)
    }

    /// Adds a sheet of names and values, without a header.
    pub fn pairs<'a>(
        mut self,
        name: &str,
        pairs: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Result<Self, FileError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(sheet_name(name))?;
        sheet.set_column_width(0, 26)?;
        sheet.set_column_width(1, 60)?;
        for (row, (label, value)) in (0..).zip(pairs) {
            write_cell(sheet, &self.formats, (row, 0), &Value::text(label), true)?;
            write_cell(sheet, &self.formats, (row, 1), &value, false)?;
        }
        Ok(self)
    }

    /// Adds a template: the header of the table on a sheet of text cells with dropdowns, its rows as examples, and
    /// the sheet 填表说明 with a line for each column and the table's remarks.
    pub fn template(mut self, table: &Table) -> Result<Self, FileError> {
        let longest = table
            .columns
            .iter()
            .map(|column| column.choices.len())
            .max()
            .unwrap_or(0);
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(sheet_name(&table.name))?;
        header(sheet, &self.formats, &table.columns)?;
        for (index, column) in table.columns.iter().enumerate() {
            let number = column_number(index)?;
            // Cells of text from the start: a number of 18 digits that is typed into them keeps its digits.
            sheet.set_column_format(number, &self.formats.text)?;
            if let Some(validation) = validation(column, index)? {
                sheet.add_data_validation(1, number, TEMPLATE_ROWS, number, &validation)?;
            }
        }
        for (row, cells) in (1..).zip(&table.rows) {
            write_row(sheet, &self.formats, row, cells, false)?;
        }
        quiet(
            sheet,
            TEMPLATE_ROWS,
            column_number(table.columns.len().saturating_sub(1))?,
        )?;
        notes(self.workbook.add_worksheet(), &self.formats, table)?;
        if longest > 0 {
            choices(self.workbook.add_worksheet(), &table.columns)?;
        }
        Ok(self)
    }

    /// The file.
    pub fn finish(mut self) -> Result<Vec<u8>, FileError> {
        Ok(self.workbook.save_to_buffer()?)
    }
}

fn header(sheet: &mut Worksheet, formats: &Formats, columns: &[Column]) -> Result<(), FileError> {
    for (index, column) in columns.iter().enumerate() {
        let number = column_number(index)?;
        // A Chinese character is as wide as two digits, the unit of the format.
        sheet.set_column_width(number, u16::from(column.width) * 2 + 1)?;
        sheet.write_string_with_format(0, number, column.shown_header(), &formats.header)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_footer("&C第 &P 页 共 &N 页");
    Ok(())
}

/// The number of A4 in the format.
const A4: u8 = 9;

fn write_row(
    sheet: &mut Worksheet,
    formats: &Formats,
    row: u32,
    cells: &[Value],
    is_total: bool,
) -> Result<(), FileError> {
    for (index, value) in cells.iter().enumerate() {
        write_cell(
            sheet,
            formats,
            (row, column_number(index)?),
            value,
            is_total,
        )?;
    }
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    formats: &Formats,
    (row, column): (u32, u16),
    value: &Value,
    is_total: bool,
) -> Result<(), FileError> {
    let text_format = if is_total {
        &formats.total_text
    } else {
        &formats.text
    };
    let number_format = match (value, is_total) {
        (Value::Money(_), false) => &formats.money,
        (Value::Money(_), true) => &formats.total_money,
        _ => &formats.count,
    };
    match (value, figure(value)) {
        (Value::Empty, _) => sheet.write_blank(row, column, text_format)?,
        (_, Some(figure)) => sheet.write_number_with_format(row, column, figure, number_format)?,
        (_, None) => {
            let text = value.display();
            let format = if may_be_formula(&text) {
                &formats.guarded
            } else {
                text_format
            };
            sheet.write_string_with_format(row, column, text, format)?
        }
    };
    Ok(())
}

/// The value as the format's figure, where all its digits fit in; parsed, not computed.
fn figure(value: &Value) -> Option<f64> {
    let units = match value {
        Value::Count(count) => count.unsigned_abs(),
        Value::Money(fen) => fen.get().unsigned_abs(),
        _ => return None,
    };
    (units <= FIGURE_MAX)
        .then(|| value.display().parse().ok())
        .flatten()
}

/// A dropdown, or a hint for a column without choices.
fn validation(column: &Column, index: usize) -> Result<Option<DataValidation>, FileError> {
    if column.choices.is_empty() && column.note.is_empty() {
        return Ok(None);
    }
    let mut validation = DataValidation::new().ignore_blank(true);
    if column.choices.is_empty() {
        validation = validation.allow_any_value();
    } else {
        // A reference, since a list in the rule itself may have 255 characters only.
        let letters = super::column_name(index);
        let range = format!(
            "='{CHOICES_SHEET}'!${letters}$1:${letters}${}",
            column.choices.len()
        );
        validation = validation
            .allow_list_formula(Formula::new(range))
            .set_error_title("请从下拉列表选择")?
            .set_error_message(format!("“{}”只接受列表中的内容。", column.header))?;
    }
    if !column.note.is_empty() {
        let hint: String = column.note.chars().take(HINT_CHARS_MAX).collect();
        validation = validation.set_input_message(hint)?;
    }
    Ok(Some(validation))
}

fn notes(sheet: &mut Worksheet, formats: &Formats, table: &Table) -> Result<(), FileError> {
    sheet.set_name(NOTES_SHEET)?;
    for (column, width) in (0..).zip([24_u16, 8, 70, 60]) {
        sheet.set_column_width(column, width)?;
    }
    for (column, text) in (0..).zip(["列", "必填", "说明", "可选内容"]) {
        sheet.write_string_with_format(0, column, text, &formats.header)?;
    }
    let mut row = 1;
    for column in &table.columns {
        let required = if column.is_required { "是" } else { "" };
        let cells = [
            column.header.as_str(),
            required,
            &column.note,
            &column.choices.join("、"),
        ]
        .map(Value::text);
        write_row(sheet, formats, row, &cells, false)?;
        row += 1;
    }
    for remark in &table.remarks {
        row += 1;
        sheet.write_string(row, 0, remark)?;
    }
    Ok(())
}

fn choices(sheet: &mut Worksheet, columns: &[Column]) -> Result<(), FileError> {
    sheet.set_name(CHOICES_SHEET)?;
    for (index, column) in columns.iter().enumerate() {
        for (row, choice) in (0..).zip(&column.choices) {
            sheet.write_string(row, column_number(index)?, choice)?;
        }
    }
    sheet.set_hidden(true);
    Ok(())
}

fn column_number(index: usize) -> Result<u16, FileError> {
    u16::try_from(index).map_err(|_| FileError::TooMuch {
        what: "columns",
        max: u64::from(u16::MAX),
    })
}

/// A sheet's name has at most 31 characters and none of `[]:*?/\`.
fn sheet_name(name: &str) -> String {
    let kept = name
        .chars()
        .filter(|character| !"[]:*?/\\'".contains(*character));
    kept.take(31).collect()
}

/// No green corners: numbers of documents stand as text on purpose.
fn quiet(sheet: &mut Worksheet, last_row: u32, last_column: u16) -> Result<(), FileError> {
    sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
    Ok(())
}
