//! Pages that fill up from the top.

use super::font::face;
use crate::shape::{Drawing, Shape};

/// Paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A4, upright.
    A4,
    /// A4, lying.
    A4Landscape,
}

impl Paper {
    /// Width and height in thousandths of a point.
    pub(super) const fn size(self) -> (i32, i32) {
        match self {
            Self::A4 => (595_276, 841_890),
            Self::A4Landscape => (841_890, 595_276),
        }
    }
}

/// Left and right.
const MARGIN: i32 = 42_000;
const MARGIN_TOP: i32 = 42_000;
/// Holds the footer.
const MARGIN_BOTTOM: i32 = 48_000;

/// Pages in the making; lengths are thousandths of a point.
pub(super) struct Flow {
    paper: Paper,
    pages: Vec<Vec<Shape>>,
    y: i32,
}

impl Flow {
    pub(super) fn new(paper: Paper) -> Self {
        Self {
            paper,
            pages: vec![Vec::new()],
            y: MARGIN_TOP,
        }
    }

    pub(super) const fn left(&self) -> i32 {
        MARGIN
    }

    pub(super) const fn right(&self) -> i32 {
        self.paper.size().0 - MARGIN
    }

    /// Between the margins.
    pub(super) const fn width(&self) -> i32 {
        self.right() - self.left()
    }

    /// Where the next thing stands.
    pub(super) const fn y(&self) -> i32 {
        self.y
    }

    const fn bottom(&self) -> i32 {
        self.paper.size().1 - MARGIN_BOTTOM
    }

    /// Draws on the page that is filling up.
    pub(super) fn draw(&mut self, shape: Shape) {
        if let Some(page) = self.pages.last_mut() {
            page.push(shape);
        }
    }

    /// Places a drawing with its upper left corner here.
    pub(super) fn place(&mut self, drawing: &Drawing, left: i32, top: i32) {
        for shape in &drawing.shapes {
            self.draw(moved(shape, left, top));
        }
    }

    pub(super) fn advance(&mut self, height: i32) {
        self.y += height;
    }

    pub(super) fn begin_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN_TOP;
    }

    /// Begins a page unless so much is left on this one or nothing stands on it yet; says whether it did.
    pub(super) fn begin_page_unless(&mut self, height: i32) -> bool {
        let is_full = self.y + height > self.bottom() && self.y > MARGIN_TOP;
        if is_full {
            self.begin_page();
        }
        is_full
    }

    /// As [`Self::begin_page_unless`], for what may not be parted from what follows.
    pub(super) fn keep_together(&mut self, height: i32) {
        self.begin_page_unless(height);
    }

    /// Where the footer's base line is.
    pub(super) const fn footer(&self) -> i32 {
        self.paper.size().1 - MARGIN_BOTTOM / 2
    }

    pub(super) const fn paper(&self) -> Paper {
        self.paper
    }

    /// The pages, each with its number and how many there are.
    pub(super) fn into_pages(self) -> Vec<Vec<Shape>> {
        self.pages
    }
}

fn moved(shape: &Shape, by_x: i32, by_y: i32) -> Shape {
    let mut moved = shape.clone();
    match &mut moved {
        Shape::Rect { left, top, .. } => {
            *left += by_x;
            *top += by_y;
        }
        Shape::Line { from, to, .. } => {
            for point in [from, to] {
                point.0 += by_x;
                point.1 += by_y;
            }
        }
        Shape::Text { at, .. } => {
            at.0 += by_x;
            at.1 += by_y;
        }
    }
    moved
}

/// The width of a text on a page.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    face().width(text, size)
}
