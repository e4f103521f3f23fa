//! PDFs with Chinese text: headings, paragraphs, tables over pages, drawings and check codes.

mod font;
mod grid;
mod lines;
mod page;
mod paint;

use std::collections::BTreeSet;

pub use page::Paper;

use lines::broken;
use page::Flow;

use crate::FileError;
use crate::qr::Qr;
use crate::shape::{Anchor, Drawing, Ink, Shape};
use crate::table::Table;

/// Sizes of text in thousandths of a point.
const TITLE: i32 = 16_000;
const HEADING: i32 = 12_000;
const BODY: i32 = 10_000;
const SMALL: i32 = 8_000;

/// What a PDF is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its title, in its properties.
    pub title: String,
    /// Stands at the left of every page's foot; empty = nothing.
    pub footer: String,
}

impl About {
    /// A PDF with a title and no footer but the page numbers.
    pub fn titled(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            footer: String::new(),
        }
    }

    /// Sets the footer.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.footer = text.into();
        self
    }
}

/// A finished PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Characters that the font lacks; each stands as 〓.
    pub missing: BTreeSet<char>,
}

/// A PDF that is being written from the top of its first page on.
pub struct Pdf {
    about: About,
    flow: Flow,
}

impl Pdf {
    /// An empty one.
    pub fn new(about: About, paper: Paper) -> Self {
        Self {
            about,
            flow: Flow::new(paper),
        }
    }

    /// A title in the middle.
    pub fn title(&mut self, text: &str) -> &mut Self {
        self.lines(text, TITLE, Anchor::Middle);
        self.gap(6_000)
    }

    /// A heading; it never stands last on a page.
    pub fn heading(&mut self, text: &str) -> &mut Self {
        self.flow.keep_together(HEADING * 5);
        self.gap(6_000);
        self.lines(text, HEADING, Anchor::Start);
        self.gap(3_000)
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.lines(text, BODY, Anchor::Start);
        self.gap(4_000)
    }

    /// A small remark.
    pub fn remark(&mut self, text: &str) -> &mut Self {
        self.lines(text, SMALL, Anchor::Start);
        self.gap(2_000)
    }

    /// A line in the middle.
    pub fn centred(&mut self, text: &str) -> &mut Self {
        self.lines(text, BODY, Anchor::Middle);
        self.gap(2_000)
    }

    /// A line at the right, such as a date or a place for a seal.
    pub fn right(&mut self, text: &str) -> &mut Self {
        self.lines(text, BODY, Anchor::End);
        self.gap(2_000)
    }

    /// Names and values, one a line, the values beside one another.
    pub fn pairs<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, String)>) -> &mut Self {
        let pairs: Vec<(&str, String)> = pairs.into_iter().collect();
        let widest = pairs
            .iter()
            .map(|(name, _)| page::text_width(name, BODY))
            .max()
            .unwrap_or(0);
        let left = self.flow.left() + widest + BODY;
        for (name, value) in &pairs {
            let lines = broken(value, BODY, self.flow.right() - left);
            for (index, line) in lines.iter().enumerate() {
                self.flow.begin_page_unless(leading(BODY));
                let y = self.flow.y() + BODY;
                if index == 0 {
                    self.flow
                        .draw(text_at((self.flow.left(), y), BODY, Anchor::Start, name));
                }
                self.flow
                    .draw(text_at((left, y), BODY, Anchor::Start, line));
                self.flow.advance(leading(BODY));
            }
        }
        self.gap(4_000)
    }

    /// A table with its remarks; its name is not set, a heading says it where it is wanted.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        grid::set(&mut self.flow, table);
        self.gap(3_000);
        for remark in &table.remarks {
            self.remark(remark);
        }
        self.gap(3_000)
    }

    /// A drawing in the middle, such as a chart.
    pub fn drawing(&mut self, drawing: &Drawing) -> &mut Self {
        self.flow.begin_page_unless(drawing.height);
        let left = self.flow.left() + (self.flow.width() - drawing.width) / 2;
        let top = self.flow.y();
        self.flow.place(drawing, left, top);
        self.flow.advance(drawing.height);
        self.gap(4_000)
    }

    /// A check code at the left, with lines beside it.
    pub fn check_code(&mut self, code: &Qr, lines: &[String]) -> &mut Self {
        let drawing = code.draw(2_000);
        let text_left = self.flow.left() + drawing.width + 6_000;
        let width = self.flow.right() - text_left;
        let broken_lines: Vec<String> = lines
            .iter()
            .flat_map(|line| broken(line, BODY, width))
            .collect();
        let text_height = leading(BODY) * i32::try_from(broken_lines.len()).unwrap_or(0);
        let height = drawing.height.max(text_height);
        self.flow.begin_page_unless(height);
        let top = self.flow.y();
        self.flow.place(&drawing, self.flow.left(), top);
        let mut y = top + (height - text_height) / 2 + BODY;
        for line in &broken_lines {
            self.flow
                .draw(text_at((text_left, y), BODY, Anchor::Start, line));
            y += leading(BODY);
        }
        self.flow.advance(height);
        self.gap(4_000)
    }

    /// Goes on on a new page.
    pub fn page_break(&mut self) -> &mut Self {
        self.flow.begin_page();
        self
    }

    /// Leaves so many thousandths of a point free.
    pub fn gap(&mut self, height: i32) -> &mut Self {
        self.flow.advance(height);
        self
    }

    /// The width between the margins, in thousandths of a point.
    pub const fn width(&self) -> i32 {
        self.flow.width()
    }

    /// The file, with 第 n 页 共 m 页 on every page.
    pub fn finish(self) -> Result<Finished, FileError> {
        let Self { about, flow } = self;
        let (left, right, foot, paper) = (flow.left(), flow.right(), flow.footer(), flow.paper());
        let mut pages = flow.into_pages();
        let count = pages.len();
        for (number, page) in (1..).zip(&mut pages) {
            page.push(text_at((left, foot), SMALL, Anchor::Start, &about.footer));
            let label = format!("第 {number} 页 共 {count} 页");
            page.push(text_at((right, foot), SMALL, Anchor::End, &label));
        }
        paint::paint(&about, paper, &pages)
    }

    fn lines(&mut self, text: &str, size: i32, anchor: Anchor) {
        for line in broken(text, size, self.flow.width()) {
            self.flow.begin_page_unless(leading(size));
            let x = match anchor {
                Anchor::Start => self.flow.left(),
                Anchor::Middle => self.flow.left() + self.flow.width() / 2,
                Anchor::End => self.flow.right(),
            };
            self.flow
                .draw(text_at((x, self.flow.y() + size), size, anchor, &line));
            self.flow.advance(leading(size));
        }
    }
}

/// From line to line.
const fn leading(size: i32) -> i32 {
    size * 3 / 2
}

fn text_at(at: (i32, i32), size: i32, anchor: Anchor, text: &str) -> Shape {
    Shape::Text {
        at,
        size,
        anchor,
        ink: Ink::BLACK,
        text: text.to_owned(),
    }
}
