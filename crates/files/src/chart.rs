//! Charts of figures by month, town or kind: bars side by side or stacked, and lines.

use crate::shape::{Anchor, Drawing, Ink, Shape};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A bar for each label.
    Bar,
    /// A line from label to label.
    Line,
}

/// A series of figures, one for each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its name, in the legend.
    pub name: String,
    /// Its figures in the chart's unit. `None` is a gap.
    pub values: Vec<Option<i64>>,
    /// How it is drawn.
    pub mark: Mark,
}

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Its title.
    pub title: String,
    /// What a figure on the axis is, such as `元`.
    pub unit: String,
    /// How many of the figures' units make one on the axis: 100 for figures in fen under `元`.
    pub divisor: i64,
    /// The labels below, from the left.
    pub labels: Vec<String>,
    /// The series.
    pub series: Vec<Series>,
    /// Whether bars stand on one another.
    pub is_stacked: bool,
}

/// Lengths are thousandths of a point.
const TEXT: i32 = 8_000;
const TITLE: i32 = 10_000;
const LEFT: i32 = 62_000;
const RIGHT: i32 = 10_000;
const TOP: i32 = 40_000;
const BOTTOM: i32 = 24_000;
/// Lines across, the base line left out.
const STEPS_MAX: i64 = 5;

impl Chart {
    /// A chart without series; bars stand side by side.
    pub fn new(
        title: &str,
        unit: &str,
        divisor: i64,
        labels: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.to_owned(),
            unit: unit.to_owned(),
            divisor: divisor.max(1),
            labels: labels.into_iter().map(Into::into).collect(),
            series: Vec::new(),
            is_stacked: false,
        }
    }

    /// Adds a series.
    #[must_use]
    pub fn series(
        mut self,
        name: &str,
        mark: Mark,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> Self {
        self.series.push(Series {
            name: name.to_owned(),
            values: values.into_iter().collect(),
            mark,
        });
        self
    }

    /// Sets bars on one another.
    #[must_use]
    pub const fn stacked(mut self) -> Self {
        self.is_stacked = true;
        self
    }

    /// Draws the chart, `width` by `height` thousandths of a point.
    pub fn draw(&self, width: i32, height: i32) -> Drawing {
        let mut drawing = Drawing::new(width, height);
        let (low, high) = self.bounds();
        let step = nice_step((high - low).max(1), self.divisor);
        let axis = Axis {
            low: low.div_euclid(step) * step,
            high: ceil_to(high, step),
            top: TOP,
            bottom: height - BOTTOM,
        };
        self.title(&mut drawing);
        self.legend(&mut drawing);
        self.grid(&mut drawing, &axis, step);
        let count = i32::try_from(self.labels.len()).unwrap_or(i32::MAX).max(1);
        let slot = (width - LEFT - RIGHT) / count;
        self.below(&mut drawing, slot);
        self.bars(&mut drawing, &axis, slot);
        self.lines(&mut drawing, &axis, slot);
        drawing
    }

    fn bars_of(&self) -> impl Iterator<Item = (usize, &Series)> {
        self.series
            .iter()
            .enumerate()
            .filter(|(_, series)| series.mark == Mark::Bar)
    }

    /// The least and the greatest figure that is drawn; zero is always among them.
    fn bounds(&self) -> (i64, i64) {
        let figures = |series: &Series| {
            series
                .values
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<i64>>()
        };
        let single = self.series.iter().flat_map(figures);
        let stacks = (0..self.labels.len()).flat_map(|index| {
            let at = |(_, series): (usize, &Series)| {
                series.values.get(index).copied().flatten().unwrap_or(0)
            };
            let parts: Vec<i64> = self.bars_of().map(at).collect();
            let above: i64 = parts.iter().filter(|part| **part > 0).sum();
            let below: i64 = parts.iter().filter(|part| **part < 0).sum();
            [above, below]
        });
        let all = single.chain(stacks.filter(|_| self.is_stacked)).chain([0]);
        all.fold((0, 0), |(low, high), figure| {
            (low.min(figure), high.max(figure))
        })
    }

    fn title(&self, drawing: &mut Drawing) {
        drawing.shapes.push(Shape::Text {
            at: (drawing.width / 2, TITLE + 2_000),
            size: TITLE,
            anchor: Anchor::Middle,
            ink: Ink::BLACK,
            text: self.title.clone(),
        });
        drawing.shapes.push(text(
            (LEFT - 4_000, TOP - 9_000),
            Anchor::End,
            format!("（{}）", self.unit),
        ));
    }

    fn legend(&self, drawing: &mut Drawing) {
        let mut left = LEFT;
        for (index, series) in self.series.iter().enumerate() {
            let height = if series.mark == Mark::Bar {
                7_000
            } else {
                2_000
            };
            drawing.shapes.push(Shape::Rect {
                left,
                top: 24_000 - height / 2,
                width: 12_000,
                height,
                ink: ink(index),
            });
            drawing.shapes.push(text(
                (left + 15_000, 27_000),
                Anchor::Start,
                series.name.clone(),
            ));
            let characters = i32::try_from(series.name.chars().count()).unwrap_or(0);
            left += 24_000 + characters * TEXT;
        }
    }

    fn grid(&self, drawing: &mut Drawing, axis: &Axis, step: i64) {
        let mut figure = axis.low;
        while figure <= axis.high {
            let y = axis.y(figure);
            drawing.shapes.push(Shape::Line {
                from: (LEFT, y),
                to: (drawing.width - RIGHT, y),
                width: if figure == 0 { 700 } else { 250 },
                ink: Ink::GREY,
            });
            let label = (figure / self.divisor).to_string();
            drawing
                .shapes
                .push(text((LEFT - 4_000, y + TEXT / 3), Anchor::End, label));
            figure += step;
        }
    }

    fn below(&self, drawing: &mut Drawing, slot: i32) {
        // Labels that would overlap are thinned out.
        let widest = self
            .labels
            .iter()
            .map(|label| label.chars().count())
            .max()
            .unwrap_or(0);
        let needed = i32::try_from(widest).unwrap_or(0) * TEXT * 3 / 4 + 2_000;
        let every = usize::try_from(needed / slot.max(1) + 1).unwrap_or(1);
        for (x, label) in centres(slot).zip(&self.labels).step_by(every) {
            drawing.shapes.push(text(
                (x, drawing.height - BOTTOM + 12_000),
                Anchor::Middle,
                label.clone(),
            ));
        }
    }

    fn bars(&self, drawing: &mut Drawing, axis: &Axis, slot: i32) {
        let side_by_side = if self.is_stacked {
            1
        } else {
            i32::try_from(self.bars_of().count()).unwrap_or(1)
        };
        let bar = (slot * 4 / 5 / side_by_side.max(1)).max(500);
        let group = bar * side_by_side;
        for (slot_index, x) in (0..self.labels.len()).zip(centres(slot)) {
            let (mut above, mut below) = (0, 0);
            for (place, (index, series)) in (0..).zip(self.bars_of()) {
                let Some(figure) = series.values.get(slot_index).copied().flatten() else {
                    continue;
                };
                let base = match (self.is_stacked, figure < 0) {
                    (false, _) => 0,
                    (true, false) => above,
                    (true, true) => below,
                };
                if figure < 0 {
                    below += figure
                } else {
                    above += figure
                }
                let (from, to) = (axis.y(base), axis.y(base + figure));
                let offset = if self.is_stacked { 0 } else { bar * place };
                drawing.shapes.push(Shape::Rect {
                    left: x - group / 2 + offset,
                    top: from.min(to),
                    width: bar * 9 / 10,
                    height: (from - to).abs(),
                    ink: ink(index),
                });
            }
        }
    }

    fn lines(&self, drawing: &mut Drawing, axis: &Axis, slot: i32) {
        for (index, series) in self.series.iter().enumerate() {
            if series.mark != Mark::Line {
                continue;
            }
            let points: Vec<Option<(i32, i32)>> = centres(slot)
                .zip(&series.values)
                .map(|(x, figure)| figure.map(|figure| (x, axis.y(figure))))
                .collect();
            for pair in points.windows(2) {
                if let [Some(from), Some(to)] = pair {
                    drawing.shapes.push(Shape::Line {
                        from: *from,
                        to: *to,
                        width: 1_500,
                        ink: ink(index),
                    });
                }
            }
            for (x, y) in points.iter().flatten() {
                drawing.shapes.push(Shape::Rect {
                    left: x - 1_500,
                    top: y - 1_500,
                    width: 3_000,
                    height: 3_000,
                    ink: ink(index),
                });
            }
        }
    }
}

/// From figures to heights.
struct Axis {
    low: i64,
    high: i64,
    top: i32,
    bottom: i32,
}

impl Axis {
    fn y(&self, figure: i64) -> i32 {
        let span = i128::from((self.high - self.low).max(1));
        let height = i128::from(self.bottom - self.top);
        let up = i128::from(figure - self.low) * height / span;
        self.bottom - i32::try_from(up).unwrap_or(self.bottom)
    }
}

fn centres(slot: i32) -> impl Iterator<Item = i32> {
    (0..).map(move |index: i32| LEFT + slot / 2 + slot.saturating_mul(index))
}

const fn ink(index: usize) -> Ink {
    Ink::SERIES[index % Ink::SERIES.len()]
}

fn text(at: (i32, i32), anchor: Anchor, text: String) -> Shape {
    Shape::Text {
        at,
        size: TEXT,
        anchor,
        ink: Ink::BLACK,
        text,
    }
}

/// A distance between lines of 1, 2 or 5 times a power of ten on the axis, so that at most about [`STEPS_MAX`] fit in.
fn nice_step(span: i64, divisor: i64) -> i64 {
    let mut power = divisor;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if step.saturating_mul(STEPS_MAX) >= span || step == i64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn ceil_to(figure: i64, step: i64) -> i64 {
    let floor = figure.div_euclid(step) * step;
    let top = if floor < figure { floor + step } else { floor };
    top.max(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let labels = (1..=12).map(|month| format!("2023-{month:02}"));
        Chart::new("额度使用情况", "元", 100, labels)
            .series(
                "已产生",
                Mark::Line,
                (1..=12).map(|month| Some(month * 65_000)),
            )
            .series(
                "已扣减",
                Mark::Bar,
                (1..=12).map(|month| (month % 3 == 0).then_some(100_000)),
            )
    }

    #[test]
    fn the_axis_ends_on_a_round_figure_above_the_greatest() {
        for (span, divisor, step) in [
            (780_000, 100, 200_000),
            (5, 1, 1),
            (6, 1, 2),
            (1, 100, 100),
            (11, 1, 5),
        ] {
            assert_eq!(nice_step(span, divisor), step, "{span}");
        }
        assert_eq!([ceil_to(0, 5), ceil_to(5, 5), ceil_to(6, 5)], [5, 5, 10]);
    }

    #[test]
    fn a_bar_is_as_high_as_its_figure_and_a_gap_has_none() {
        let drawing = chart().draw(500_000, 240_000);
        let bars: Vec<i32> = drawing
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rect { width, height, .. } if *width > 12_000 => Some(*height),
                _ => None,
            })
            .collect();
        // 1,000 of the 8,000 yuan that the axis spans over 176 points.
        assert_eq!(bars, [22_000; 4]);
    }

    #[test]
    fn stacked_bars_reach_the_sum() {
        let stacked = Chart::new("", "人", 1, ["甲"])
            .series("一", Mark::Bar, [Some(3)])
            .series("二", Mark::Bar, [Some(4)])
            .stacked();
        assert_eq!(stacked.bounds(), (0, 7));
    }

    #[test]
    fn the_same_chart_is_the_same_svg() {
        let svg = chart().draw(500_000, 240_000).svg();
        assert_eq!(svg, chart().draw(500_000, 240_000).svg());
        assert!(
            svg.contains("额度使用情况") && svg.contains("（元）") && svg.contains(">8000<"),
            "{svg}"
        );
    }

    #[test]
    fn a_chart_without_figures_is_drawn() {
        let empty = Chart::new("无", "元", 100, Vec::<String>::new()).draw(100_000, 100_000);
        assert!(!empty.shapes.is_empty());
    }
}
