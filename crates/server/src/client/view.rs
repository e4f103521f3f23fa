//! Tables as a reader sees them: language, width, alignment.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width};
use mamagang_domain::money::Fen;

use super::words::Lang;

/// Columns where the output is no terminal: the same text on every machine.
pub const FILE_COLUMNS: u16 = 160;

/// For whom is printed.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The language.
    pub lang: Lang,
    /// The width that tables are fitted into, in columns.
    pub columns: u16,
}

impl View {
    /// As wide as the terminal, or [`FILE_COLUMNS`] where there is none.
    pub fn of_stdout(lang: Lang) -> Self {
        let columns = Table::new().width().unwrap_or(FILE_COLUMNS);
        Self { lang, columns }
    }

    /// The text in the view's language.
    pub const fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(zh, en)
    }

    /// A table with a head.
    pub fn table<'a>(&self, head: impl IntoIterator<Item = &'a str>) -> Grid {
        let mut grid = self.headless();
        grid.table.set_header(head);
        grid
    }

    /// A table without a head: names and values.
    pub fn headless(&self) -> Grid {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .force_no_tty()
            .set_width(self.columns);
        Grid { table }
    }
}

/// A table that is being filled.
#[derive(Debug)]
pub struct Grid {
    table: Table,
}

impl Grid {
    /// Adds a row.
    pub fn row<T: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.table.add_row(Row::from(cells));
        self
    }

    /// Adds a name and its value, unless the value is empty.
    pub fn pair(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        if value.is_empty() {
            return self;
        }
        self.row([name.to_owned(), value])
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Aligns columns of figures to the right and never breaks them over lines.
    pub fn figures(&mut self, columns: impl IntoIterator<Item = usize>) -> &mut Self {
        for index in columns {
            if let Some(column) = self.table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        self
    }

    /// Never breaks these columns over lines.
    pub fn whole(&mut self, columns: impl IntoIterator<Item = usize>) -> &mut Self {
        for index in columns {
            if let Some(column) = self.table.column_mut(index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        self
    }

    /// Keeps a column at or below a number of columns of text.
    pub fn at_most(&mut self, index: usize, columns: u16) -> &mut Self {
        if let Some(column) = self.table.column_mut(index) {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(columns)));
        }
        self
    }

    /// The table as text, ending with a line's end.
    pub fn text(&self) -> String {
        let mut text = self.table.trim_fmt();
        text.push('\n');
        text
    }
}

/// Fen as yuan with two decimals.
pub fn yuan(fen: i64) -> String {
    Fen::new(fen).yuan()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: View = View {
        lang: Lang::Zh,
        columns: 24,
    };

    #[test]
    fn chinese_takes_two_columns_a_character() {
        let mut grid = NARROW.headless();
        grid.pair("起始月", "2023-03")
            .pair("期满月", "")
            .pair("合计", yuan(650_000));
        let expected = "\
┌────────┬─────────┐
│ 起始月 ┆ 2023-03 │
│ 合计   ┆ 6500.00 │
└────────┴─────────┘
";
        assert_eq!(grid.text(), expected);
    }

    #[test]
    fn figures_stand_right_and_whole_while_text_is_broken() {
        let mut grid = NARROW.table(["说明", "金额"]);
        grid.row(["一二三四五六七八九", &yuan(1)])
            .row(["一", &yuan(-1_234_567)])
            .figures([1]);
        let expected = "\
┌──────────┬───────────┐
│ 说明     ┆      金额 │
╞══════════╪═══════════╡
│ 一二三四 ┆      0.01 │
│ 五六七八 ┆           │
│ 九       ┆           │
│ 一       ┆ -12345.67 │
└──────────┴───────────┘
";
        assert_eq!(grid.text(), expected);
    }
}
