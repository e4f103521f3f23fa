//! The figures as a chart: how many times its floor each measure reaches.

use std::fmt::Write as _;

use crate::report::Figure;

const ROW: f64 = 26.0;
const LEFT: f64 = 250.0;
const WIDTH: f64 = 560.0;
const TOP: f64 = 44.0;
/// Times the floor at either end; a scale of powers, so that a half and a double are as far away.
const RANGE: (f64, f64) = (0.125, 16.0);

/// An SVG of every figure that has bounds. A bar ends at the figure; the marks are the floor, the
/// goal and what is beyond it.
pub(crate) fn svg(figures: &[Figure]) -> String {
    let bounded: Vec<_> = figures
        .iter()
        .filter_map(|figure| Some((figure, figure.bounds?)))
        .collect();
    let height = TOP + ROW * bounded.len() as f64 + 12.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        LEFT + WIDTH + 70.0
    );
    for times in [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0] {
        let (x, y) = (place(times), height - 10.0);
        let colour = if times == 1.0 { "#c0392b" } else { "#dddddd" };
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"30\" x2=\"{x:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\"/>\
             <text x=\"{x:.1}\" y=\"22\" text-anchor=\"middle\" fill=\"#555555\">{times} ×</text>"
        );
    }
    for (index, (figure, bounds)) in bounded.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let times = |value: f64| match bounds.falling {
            true => bounds.floor / value,
            false => value / bounds.floor,
        };
        let end = place(times(figure.value));
        let holds = times(figure.value) >= 1.0;
        let colour = if holds { "#2e7d5b" } else { "#c98b2e" };
        let label = format!("{} {}", figure.name, short(&figure.what));
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"16\" fill=\"{colour}\"/>",
            LEFT - 8.0,
            y + 12.0,
            escaped(&label),
            (end - LEFT).max(1.0)
        );
        for mark in [Some(bounds.goal), bounds.beyond].into_iter().flatten() {
            let x = place(times(mark));
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"#222222\"/>",
                y - 2.0,
                y + 18.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#222222\">{:.2}</text>",
            end + 6.0,
            y + 12.0,
            times(figure.value)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn place(times: f64) -> f64 {
    let (least, most) = RANGE;
    let share = (times.clamp(least, most) / least).ln() / (most / least).ln();
    LEFT + WIDTH * share
}

/// As much of a figure's text as there is room for.
fn short(what: &str) -> String {
    let head = what.split(',').next().unwrap_or_default();
    match head.char_indices().nth(34) {
        Some((end, _)) => format!("{}…", &head[..end]),
        None => head.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Bounds;

    #[test]
    fn a_bar_ends_at_so_many_times_the_floor_and_marks_the_goal() {
        let rising = Figure::new("P1", "check <of> 12 months, 128", 0.36);
        let rising = rising.within(Bounds::rising(0.18, 0.36, 0.72));
        let falling = Figure::new("P10", "start", 0.6).within(Bounds::falling(0.3, 0.1, None));
        let told = svg(&[rising, falling, Figure::new("–", "no bounds", 1.0)]);
        assert!(told.contains("P1 check &lt;of&gt; 12 months<"), "{told}");
        assert!(told.contains(">2.00<") && told.contains(">0.50<"), "{told}");
        assert!(!told.contains("no bounds"));
        assert_eq!(place(0.001), LEFT);
        assert_eq!(place(1_000.0), LEFT + WIDTH);
    }
}
