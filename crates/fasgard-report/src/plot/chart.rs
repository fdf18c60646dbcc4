//! Lines and markers over two axes.

use super::{
    Axis, Frame,
    axis::{label, line, open_svg},
};
use crate::html::Html;

/// Series colours and dashes the page's style knows: `s0` to `s7`.
const SLOTS: [&str; 8] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/// The style class of the `index`-th series; colours repeat after eight.
pub(crate) fn slot(index: usize) -> &'static str {
    SLOTS[index % SLOTS.len()]
}

/// A line through points in the order given.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Name in the legend.
    pub(crate) name: String,
    /// Which colour and dash.
    pub(crate) slot: usize,
    /// Values of both axes.
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether points are joined by level and upright pieces only, as empirical curves are.
    pub(crate) step: bool,
}

/// A point that stands out: an operating point or a chosen checkpoint.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    /// Read by screen readers and shown on hover.
    pub(crate) name: String,
    /// Whose colour.
    pub(crate) slot: usize,
    /// Values of both axes.
    pub(crate) at: (f64, f64),
}

/// A plot of lines.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Name for screen readers; the visible title is the caption's.
    pub(crate) name: String,
    /// Horizontal axis.
    pub(crate) x: Axis,
    /// Vertical axis.
    pub(crate) y: Axis,
    /// Lines, drawn first to last.
    pub(crate) series: Vec<Series>,
    /// Points on top.
    pub(crate) markers: Vec<Marker>,
    /// Whether the line y = x (equal error) is drawn.
    pub(crate) diagonal: Option<[(f64, f64); 2]>,
    /// Width and height of the plotting area.
    pub(crate) size: (f64, f64),
}

impl Chart {
    /// Draws the plot with its legend.
    pub(crate) fn render(&self, into: &mut Html) {
        let (width, height) = self.size;
        let frame = Frame {
            left: 48.0,
            top: 26.0,
            width,
            height,
        };
        let legend_rows = self.series.len();
        let below = frame.top + height + 42.0;
        let total = below + legend_rows as f64 * 17.0 + 4.0;
        open_svg(into, frame.left + width + 14.0, total, &self.name);
        frame.horizontal(into, &self.x);
        frame.vertical(into, &self.y);
        if let Some([a, b]) = self.diagonal {
            let place = |p: (f64, f64)| (frame.x(self.x.scale, p.0), frame.y(self.y.scale, p.1));
            let ((x1, y1), (x2, y2)) = (place(a), place(b));
            line(into, "hint", x1, y1, x2, y2);
        }
        for series in &self.series {
            into.raw("<path class=\"line ")
                .raw(slot(series.slot))
                .raw("\"");
            into.attr("d", self.path(&frame, series)).raw("/>");
        }
        for marker in &self.markers {
            let x = frame.x(self.x.scale, marker.at.0);
            let y = frame.y(self.y.scale, marker.at.1);
            into.raw("<circle class=\"dot ")
                .raw(slot(marker.slot))
                .raw("\" r=\"4.5\"");
            into.attr("cx", format_args!("{x:.1}"))
                .attr("cy", format_args!("{y:.1}"));
            into.raw("><title>")
                .text(&marker.name)
                .raw("</title></circle>");
        }
        for (row, series) in self.series.iter().enumerate() {
            let y = below + 12.0 + row as f64 * 17.0;
            into.raw("<path class=\"line ")
                .raw(slot(series.slot))
                .raw("\"");
            into.attr("d", format_args!("M{:.1} {:.1}h26", frame.left, y - 4.0));
            into.raw("/>");
            label(into, "legend", "start", frame.left + 33.0, y, &series.name);
        }
        into.close("svg");
    }

    /// The path of a series to a tenth of a pixel, without points that change nothing.
    fn path(&self, frame: &Frame, series: &Series) -> String {
        let tenth = |v: f64| (v * 10.0).round() as i64;
        let mut places: Vec<(i64, i64)> = Vec::new();
        for &(x, y) in &series.points {
            if !x.is_finite() || !y.is_finite() {
                continue;
            }
            let next = (
                tenth(frame.x(self.x.scale, x)),
                tenth(frame.y(self.y.scale, y)),
            );
            if let Some(&last) = places.last()
                && series.step
                && last.0 != next.0
                && last.1 != next.1
            {
                push(&mut places, (next.0, last.1));
            }
            push(&mut places, next);
        }
        let mut path = String::new();
        for (i, (x, y)) in places.iter().enumerate() {
            path.push(if i == 0 { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", *x as f64 / 10.0, *y as f64 / 10.0));
        }
        path
    }
}

/// Adds a point, dropping what lies level or upright between its neighbours.
fn push(places: &mut Vec<(i64, i64)>, next: (i64, i64)) {
    if let [.., a, b] = places[..] {
        let between = |a: i64, b: i64, c: i64| (a <= b && b <= c) || (a >= b && b >= c);
        let level = a.1 == b.1 && b.1 == next.1 && between(a.0, b.0, next.0);
        let upright = a.0 == b.0 && b.0 == next.0 && between(a.1, b.1, next.1);
        if level || upright {
            places.pop();
        }
    }
    if places.last() != Some(&next) {
        places.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Scale;

    fn chart(points: Vec<(f64, f64)>, step: bool) -> String {
        let axis = |title| Axis {
            title,
            scale: Scale::Linear { min: 0.0, max: 1.0 },
            percent: true,
            ticks: 5,
        };
        let mut html = Html::new();
        Chart {
            name: "a <b>".to_owned(),
            x: axis("x, %"),
            y: axis("y, %"),
            series: vec![Series {
                name: "model & co".to_owned(),
                slot: 9,
                points,
                step,
            }],
            markers: vec![Marker {
                name: "here".to_owned(),
                slot: 0,
                at: (0.5, 1.0),
            }],
            diagonal: None,
            size: (100.0, 200.0),
        }
        .render(&mut html);
        html.as_str().to_owned()
    }

    #[test]
    fn points_stand_where_they_should() {
        let svg = chart(vec![(0.0, 0.0), (0.25, 0.5), (1.0, 1.0)], false);
        // Left 48, top 26: x = 48 + 100 v, y = 226 - 200 v.
        assert!(svg.contains("d=\"M48 226L73 126L148 26\""), "{svg}");
        assert!(svg.contains("cx=\"98.0\" cy=\"26.0\""), "{svg}");
        assert!(svg.contains("class=\"line s1\""));
        assert!(svg.contains("model &amp; co") && svg.contains("a &lt;b&gt;"));
        assert!(svg.contains(">100</text>"));
    }

    #[test]
    fn steps_are_level_and_upright_and_shortened() {
        let svg = chart(
            vec![
                (0.0, 0.0),
                (0.0, 0.2),
                (0.0, 0.5),
                (0.5, 1.0),
                (f64::NAN, 0.0),
                (1.0, 1.0),
            ],
            true,
        );
        assert!(
            svg.contains("d=\"M48 226L48 126L98 126L98 26L148 26\""),
            "{svg}"
        );
    }
}
