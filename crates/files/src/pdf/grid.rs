//! Tables on pages.

use super::font::face;
use super::lines::broken;
use super::page::Flow;
use crate::shape::{Anchor, Ink, Shape};
use crate::table::{Column, Look, Table, Value};

/// Sizes of text that are tried, from the greatest; thousandths of a point.
const SIZES: [i32; 7] = [9_000, 8_500, 8_000, 7_500, 7_000, 6_500, 6_000];
/// Between a cell's edge and its text.
const PADDING: i32 = 3_000;
/// A column of text is at least as wide as so many characters.
const TEXT_EMS_MIN: i32 = 4;
const RULE: i32 = 400;

/// A table with widths and sizes, ready to be set.
struct Grid<'a> {
    columns: &'a [Column],
    widths: Vec<i32>,
    size: i32,
}

/// Sets a table from where the page is; its header stands again on every page it goes on to.
pub(super) fn set(flow: &mut Flow, table: &Table) {
    let grid = Grid::fit(table, flow.width());
    let headers: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.header.clone())
        .collect();
    let header = grid.row(&headers, &vec![Anchor::Middle; headers.len()]);
    flow.keep_together(header.height * 3);
    grid.put(flow, &header, Some(Ink::SHADE));
    let rows = table.rows.iter().map(|row| (row, None));
    let totals = table.totals.iter().map(|row| (row, Some(Ink::SHADE)));
    for (values, shade) in rows.chain(totals) {
        let row = grid.row_of(values);
        if flow.begin_page_unless(row.height) {
            grid.put(flow, &header, Some(Ink::SHADE));
        }
        grid.put(flow, &row, shade);
    }
}

/// A row's lines, cell by cell.
struct Row {
    cells: Vec<(Vec<String>, Anchor)>,
    height: i32,
}

impl<'a> Grid<'a> {
    /// Chooses the greatest size at which numbers, dates and amounts stand on one line.
    fn fit(table: &'a Table, available: i32) -> Self {
        let measured = |size: i32| -> Vec<(i32, i32)> {
            let column = |index: usize| needed(table, index, size);
            (0..table.columns.len()).map(column).collect()
        };
        let fits = |size: &i32| {
            measured(*size)
                .iter()
                .map(|(least, _)| i64::from(*least))
                .sum::<i64>()
                <= i64::from(available)
        };
        let size = SIZES
            .into_iter()
            .find(fits)
            .unwrap_or(SIZES[SIZES.len() - 1]);
        Self {
            columns: &table.columns,
            widths: shared(&measured(size), available),
            size,
        }
    }

    fn row_of(&self, values: &[Value]) -> Row {
        let texts: Vec<String> = values.iter().map(Value::display).collect();
        let anchor = |(value, column): (&Value, &Column)| match (value.is_figure(), column.look) {
            (true, _) => Anchor::End,
            (false, Look::Date | Look::Count) => Anchor::Middle,
            _ => Anchor::Start,
        };
        let anchors: Vec<Anchor> = values.iter().zip(self.columns).map(anchor).collect();
        self.row(&texts, &anchors)
    }

    fn row(&self, texts: &[String], anchors: &[Anchor]) -> Row {
        let cells: Vec<(Vec<String>, Anchor)> = texts
            .iter()
            .zip(anchors)
            .zip(&self.widths)
            .map(|((text, anchor), width)| (broken(text, self.size, width - 2 * PADDING), *anchor))
            .collect();
        let most = cells
            .iter()
            .map(|(lines, _)| lines.len())
            .max()
            .unwrap_or(1);
        let lines = i32::try_from(most).unwrap_or(1);
        Row {
            cells,
            height: lines * self.leading() + 2 * PADDING,
        }
    }

    const fn leading(&self) -> i32 {
        self.size * 13 / 10
    }

    fn put(&self, flow: &mut Flow, row: &Row, shade: Option<Ink>) {
        let (mut left, top) = (flow.left(), flow.y());
        if let Some(ink) = shade {
            flow.draw(Shape::Rect {
                left,
                top,
                width: self.widths.iter().sum(),
                height: row.height,
                ink,
            });
        }
        for ((lines, anchor), width) in row.cells.iter().zip(&self.widths) {
            let x = match anchor {
                Anchor::Start => left + PADDING,
                Anchor::Middle => left + width / 2,
                Anchor::End => left + width - PADDING,
            };
            for (index, line) in (0..).zip(lines) {
                flow.draw(Shape::Text {
                    at: (x, top + PADDING + self.leading() * index + self.size),
                    size: self.size,
                    anchor: *anchor,
                    ink: Ink::BLACK,
                    text: line.clone(),
                });
            }
            self.frame(flow, (left, top), *width, row.height);
            left += width;
        }
        flow.advance(row.height);
    }

    fn frame(&self, flow: &mut Flow, (left, top): (i32, i32), width: i32, height: i32) {
        let (right, bottom) = (left + width, top + height);
        let edges = [
            ((left, top), (right, top)),
            ((left, bottom), (right, bottom)),
            ((left, top), (left, bottom)),
            ((right, top), (right, bottom)),
        ];
        for (from, to) in edges {
            flow.draw(Shape::Line {
                from,
                to,
                width: RULE,
                ink: Ink::GREY,
            });
        }
    }
}

/// The least width of a column, and the width at which nothing in it is broken.
fn needed(table: &Table, index: usize, size: i32) -> (i32, i32) {
    let Some(column) = table.columns.get(index) else {
        return (0, 0);
    };
    let widths = table
        .rows
        .iter()
        .chain(&table.totals)
        .filter_map(|row| row.get(index))
        .map(|value| face().width(&value.display(), size));
    let of_cells = widths.max().unwrap_or(0);
    let of_header = face().width(&column.header, size);
    let natural = of_cells.max(of_header) + 2 * PADDING;
    let least = match column.look {
        // A header is broken rather than a number.
        Look::Id | Look::Count | Look::Money | Look::Date => of_cells.max(size * 2) + 2 * PADDING,
        Look::Text => natural.min(size * TEXT_EMS_MIN + 2 * PADDING),
    };
    (least, natural)
}

/// Shares the width: everybody the least, then what is wanted, then the rest in proportion.
fn shared(needs: &[(i32, i32)], available: i32) -> Vec<i32> {
    let least: i64 = needs.iter().map(|(least, _)| i64::from(*least)).sum();
    let available = i64::from(available);
    let part = |share: i64, of: i64, whole: i64| if whole == 0 { 0 } else { share * of / whole };
    let widths: Vec<i64> = if least >= available {
        needs
            .iter()
            .map(|(least_one, _)| part(available, i64::from(*least_one), least))
            .collect()
    } else {
        let wanted: i64 = needs
            .iter()
            .map(|(least, natural)| i64::from(*natural) - i64::from(*least))
            .sum();
        let given = wanted.min(available - least);
        let after: Vec<i64> = needs
            .iter()
            .map(|(least, natural)| {
                i64::from(*least) + part(given, i64::from(*natural) - i64::from(*least), wanted)
            })
            .collect();
        let total: i64 = after.iter().sum();
        after
            .iter()
            .map(|width| width + part(available - total, *width, total))
            .collect()
    };
    widths
        .into_iter()
        .map(|width| i32::try_from(width).unwrap_or(i32::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_fill_the_page_and_give_numbers_what_they_need() {
        let widths = shared(&[(100, 100), (50, 400)], 300);
        assert_eq!(widths, [100, 200]);
        let roomy = shared(&[(100, 100), (100, 100)], 300);
        assert_eq!(roomy, [150, 150]);
        let tight = shared(&[(300, 300), (100, 100)], 200);
        assert_eq!(tight, [150, 50]);
    }
}
