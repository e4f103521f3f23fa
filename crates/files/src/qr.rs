//! QR codes of short texts, such as the check code of a statement.

use qrcode::{Color, EcLevel, QrCode};

use crate::FileError;
use crate::shape::{Drawing, Ink, Shape};

/// Modules of quiet around the code, by ISO/IEC 18004.
const QUIET: i32 = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    /// Encodes a text, at the level that survives the loss of 15 % of its area.
    pub fn new(text: &str) -> Result<Self, FileError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|_| FileError::QrTooLong(text.len()))?;
        Ok(Self {
            width: code.width(),
            dark: code
                .to_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    }

    /// Modules on a side, without the quiet around them.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Whether a module is dark; outside the code it is not.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        column < self.width
            && self
                .dark
                .get(row * self.width + column)
                .copied()
                .unwrap_or(false)
    }

    /// Draws the code with the quiet around it, each module `module` wide.
    pub fn draw(&self, module: i32) -> Drawing {
        let side = i32::try_from(self.width).unwrap_or(i32::MAX / 1_000);
        let mut drawing = Drawing::new(module * (side + 2 * QUIET), module * (side + 2 * QUIET));
        for row in 0..side {
            // Modules that touch are one rectangle: no hair lines between them, and fewer shapes.
            let mut column = 0;
            while column < side {
                let run = (column..side)
                    .take_while(|column| self.is_dark_at(*column, row))
                    .count();
                let run = i32::try_from(run).unwrap_or(0);
                if run > 0 {
                    drawing.shapes.push(Shape::Rect {
                        left: module * (column + QUIET),
                        top: module * (row + QUIET),
                        width: module * run,
                        height: module,
                        ink: Ink::BLACK,
                    });
                }
                column += run.max(1);
            }
        }
        drawing
    }

    fn is_dark_at(&self, column: i32, row: i32) -> bool {
        match (usize::try_from(column), usize::try_from(row)) {
            (Ok(column), Ok(row)) => self.is_dark(column, row),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_finders_and_covers_all_dark_modules() {
        let code = Qr::new("mamagang:1:91442000MAQQ000161:7:ABCD-EFGH").unwrap();
        let last = code.width() - 1;
        for (column, row) in [(0, 0), (last, 0), (0, last)] {
            assert!(code.is_dark(column, row));
        }
        let dark = code.dark.iter().filter(|dark| **dark).count();
        let area: i32 = code
            .draw(1)
            .shapes
            .iter()
            .map(|shape| match shape {
                Shape::Rect { width, height, .. } => width * height,
                _ => panic!("only rectangles"),
            })
            .sum();
        assert_eq!(usize::try_from(area).unwrap(), dark);
    }

    #[test]
    fn a_text_beyond_the_format_is_refused() {
        assert!(Qr::new(&"a".repeat(2_331)).is_ok());
        assert!(matches!(
            Qr::new(&"a".repeat(2_332)),
            Err(FileError::QrTooLong(2_332))
        ));
    }
}
