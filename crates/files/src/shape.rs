//! Drawings made of rectangles, lines and text, for SVG and PDF alike.

use std::fmt::Write as _;

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// Grey, for rules and axes.
    pub const GREY: Self = Self(0x90, 0x90, 0x90);
    /// Light blue, behind headers and sums.
    pub const SHADE: Self = Self(0xE8, 0xEE, 0xF7);
    /// Series of a chart, told apart without red and green.
    pub const SERIES: [Self; 6] = [
        Self(0x1F, 0x5F, 0xA8),
        Self(0xE6, 0x8A, 0x00),
        Self(0x6B, 0xAE, 0xD6),
        Self(0x7B, 0x4F, 0x9E),
        Self(0x55, 0x55, 0x55),
        Self(0xBC, 0x80, 0x4A),
    ];
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// A shape. Lengths are thousandths of a point, from the left and from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A filled rectangle.
    Rect {
        /// Left edge.
        left: i32,
        /// Top edge.
        top: i32,
        /// Width.
        width: i32,
        /// Height.
        height: i32,
        /// Fill.
        ink: Ink,
    },
    /// A line.
    Line {
        /// From here.
        from: (i32, i32),
        /// To here.
        to: (i32, i32),
        /// Its width.
        width: i32,
        /// Its colour.
        ink: Ink,
    },
    /// A text on one line.
    Text {
        /// Where its anchor stands on the base line.
        at: (i32, i32),
        /// The height of its em.
        size: i32,
        /// Which point of it stands there.
        anchor: Anchor,
        /// Its colour.
        ink: Ink,
        /// What it says.
        text: String,
    },
}

/// Shapes on a ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Width of the ground.
    pub width: i32,
    /// Height of the ground.
    pub height: i32,
    /// What is drawn, the later above the earlier.
    pub shapes: Vec<Shape>,
}

impl Drawing {
    /// An empty ground.
    pub const fn new(width: i32, height: i32) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// The drawing as SVG, its text in the reader's own Chinese font.
    pub fn svg(&self) -> String {
        let (width, height) = (points(self.width), points(self.height));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif\">\n"
        );
        for shape in &self.shapes {
            shape.svg(&mut svg);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

impl Shape {
    // Writing to a string cannot fail.
    fn svg(&self, svg: &mut String) {
        let _ = match self {
            Self::Rect {
                left,
                top,
                width,
                height,
                ink,
            } => writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
                points(*left),
                points(*top),
                points(*width),
                points(*height),
                hex(*ink)
            ),
            Self::Line {
                from,
                to,
                width,
                ink,
            } => writeln!(
                svg,
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                points(from.0),
                points(from.1),
                points(to.0),
                points(to.1),
                hex(*ink),
                points(*width)
            ),
            Self::Text {
                at,
                size,
                anchor,
                ink,
                text,
            } => writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\">{}</text>",
                points(at.0),
                points(at.1),
                points(*size),
                match anchor {
                    Anchor::Start => "start",
                    Anchor::Middle => "middle",
                    Anchor::End => "end",
                },
                hex(*ink),
                escaped(text)
            ),
        };
    }
}

/// Thousandths as a decimal number.
fn points(thousandths: i32) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let abs = thousandths.unsigned_abs();
    let text = format!("{sign}{}.{:03}", abs / 1_000, abs % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hex(Ink(red, green, blue): Ink) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for other control characters.
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn svg_has_decimal_points_and_escaped_text() {
        let mut drawing = Drawing::new(10_500, 20_000);
        drawing.shapes.push(Shape::Text {
            at: (-250, 1_000),
            size: 9_000,
            anchor: Anchor::End,
            ink: Ink(1, 2, 255),
            text: "<人&月>\u{7}".to_owned(),
        });
        let svg = drawing.svg();
        assert!(svg.contains("viewBox=\"0 0 10.5 20\""), "{svg}");
        assert!(
            svg.contains("<text x=\"-0.25\" y=\"1\" font-size=\"9\" text-anchor=\"end\" fill=\"#0102ff\">&lt;人&amp;月&gt; </text>"),
            "{svg}"
        );
    }
}
