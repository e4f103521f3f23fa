//! A table as every format writes it.

use mamagang_domain::date::CivilDate;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Empty,
    /// Text, numbers of documents and codes included: a spreadsheet must not make a figure of them.
    Text(String),
    /// A count.
    Count(i64),
    /// Money: yuan with two decimals and no thousands separator.
    Money(Fen),
    /// A civil date, `2024-05-20`.
    Date(CivilDate),
    /// A month, `2024-05`.
    Month(TaxMonth),
}

impl Value {
    /// Text; empty text is an empty cell.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }

    /// A date, where there is one.
    pub fn date(date: Option<CivilDate>) -> Self {
        date.map_or(Self::Empty, Self::Date)
    }

    /// 是 or 否.
    pub fn yes(yes: bool) -> Self {
        Self::text(if yes { "是" } else { "否" })
    }

    /// As it is read: yuan with two decimals, dates and months as in the API.
    pub fn display(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Money(fen) => fen.yuan(),
            Self::Date(date) => date.to_string(),
            Self::Month(month) => month.to_string(),
        }
    }

    /// Whether figures are aligned to the right.
    pub(crate) const fn is_figure(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Money(_))
    }
}

/// What a column's cells look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text.
    Text,
    /// A number of a document or a code: text that is never broken over lines.
    Id,
    /// A count.
    Count,
    /// Money.
    Money,
    /// A date or a month.
    Date,
}

/// A column of a table, or of a template that people fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The header, without the star of a required one.
    pub header: String,
    /// What its cells look like.
    pub look: Look,
    /// Whether a template's cells must be filled in; the header gets a star.
    pub is_required: bool,
    /// What a template's dropdown offers; empty = free text.
    pub choices: Vec<String>,
    /// How a template's cells are filled in; on the sheet 填表说明 and as the cells' hint.
    pub note: String,
    /// Width in Chinese characters.
    pub width: u8,
}

impl Column {
    fn new(header: &str, look: Look, width: u8) -> Self {
        let of_header = u8::try_from(header.chars().count()).unwrap_or(u8::MAX);
        Self {
            header: header.to_owned(),
            look,
            is_required: false,
            choices: Vec::new(),
            note: String::new(),
            width: width.max(of_header.saturating_add(1)),
        }
    }

    /// A column of text.
    pub fn text(header: &str) -> Self {
        Self::new(header, Look::Text, 8)
    }

    /// A column of document numbers or codes.
    pub fn id(header: &str) -> Self {
        Self::new(header, Look::Id, 10)
    }

    /// A column of counts.
    pub fn count(header: &str) -> Self {
        Self::new(header, Look::Count, 4)
    }

    /// A column of money.
    pub fn money(header: &str) -> Self {
        Self::new(header, Look::Money, 7)
    }

    /// A column of dates or months.
    pub fn date(header: &str) -> Self {
        Self::new(header, Look::Date, 6)
    }

    /// Must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Offers these in a dropdown.
    #[must_use]
    pub fn choices(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    /// Says how it is filled in.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Sets the width, in Chinese characters.
    #[must_use]
    pub const fn width(mut self, width: u8) -> Self {
        self.width = width;
        self
    }

    /// The header as it is written, `*` before a required one.
    pub fn shown_header(&self) -> String {
        if self.is_required {
            format!("*{}", self.header)
        } else {
            self.header.clone()
        }
    }
}

/// A table: columns, rows, and sums where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name: the sheet's, and the caption in a PDF.
    pub name: String,
    /// Columns, from the left.
    pub columns: Vec<Column>,
    /// Rows, each with a cell for each column.
    pub rows: Vec<Vec<Value>>,
    /// The row of sums below them.
    pub totals: Vec<Vec<Value>>,
    /// Remarks below the table.
    pub remarks: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &str, columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            name: name.to_owned(),
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            totals: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds a row. Cells that are missing are empty, cells beyond the columns are dropped.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Value>) -> &mut Self {
        let row = self.fitted(cells);
        self.rows.push(row);
        self
    }

    /// Adds a row of sums, below all rows.
    pub fn total(&mut self, cells: impl IntoIterator<Item = Value>) -> &mut Self {
        let row = self.fitted(cells);
        self.totals.push(row);
        self
    }

    /// Adds a remark.
    pub fn remark(&mut self, text: impl Into<String>) -> &mut Self {
        self.remarks.push(text.into());
        self
    }

    fn fitted(&self, cells: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut row: Vec<Value> = cells.into_iter().collect();
        row.resize(self.columns.len(), Value::Empty);
        row
    }
}

/// Whether a spreadsheet program may take the text for a formula (CWE-1236): it begins with `=`, `+`, `-`, `@`, a tab
/// or a carriage return, full-width forms included.
pub(crate) fn may_be_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}
