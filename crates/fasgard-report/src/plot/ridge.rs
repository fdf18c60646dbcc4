//! Histograms above one another over one axis: bona fide and every species.

use super::{
    Axis, Frame, Scale,
    axis::{label, line, open_svg},
};
use crate::html::Html;

const LEFT: f64 = 132.0;
const ROW: f64 = 46.0;
const GAP: f64 = 9.0;

/// One histogram.
#[derive(Clone, Debug)]
pub(crate) struct RidgeRow {
    /// Name at the left.
    pub(crate) name: String,
    /// Second line at the left, such as the count.
    pub(crate) note: String,
    /// Whether it is bona fide: its colour.
    pub(crate) live: bool,
    /// The values.
    pub(crate) values: Vec<f64>,
}

/// Histograms sharing a horizontal axis and a threshold line.
#[derive(Clone, Debug)]
pub(crate) struct Ridge {
    /// Name for screen readers.
    pub(crate) name: String,
    /// The shared axis (linear or logit).
    pub(crate) x: Axis,
    /// Rows from the top.
    pub(crate) rows: Vec<RidgeRow>,
    /// Where the decision falls.
    pub(crate) threshold: Option<f64>,
    /// Width of the plotting area.
    pub(crate) width: f64,
    /// Number of bins.
    pub(crate) bins: usize,
}

impl Ridge {
    /// The share of `values` in each bin; what lies outside the axis is in the end bins.
    fn shares(&self, values: &[f64]) -> Vec<f64> {
        let mut counts = vec![0usize; self.bins];
        for &value in values {
            let bin = (self.x.scale.place(value) * self.bins as f64) as usize;
            counts[bin.min(self.bins - 1)] += 1;
        }
        let total = values.len().max(1) as f64;
        counts.into_iter().map(|c| c as f64 / total).collect()
    }

    /// Draws the plot. Heights are the square root of the share, so that a few errors stay
    /// visible beside thousands of right answers.
    pub(crate) fn render(&self, into: &mut Html) {
        let height = self.rows.len() as f64 * (ROW + GAP);
        let frame = Frame {
            left: LEFT,
            top: 24.0,
            width: self.width,
            height,
        };
        open_svg(
            into,
            LEFT + self.width + 20.0,
            24.0 + height + 42.0,
            &self.name,
        );
        frame.horizontal(into, &self.x);
        let share = Scale::Root { max: 1.0 };
        for (i, row) in self.rows.iter().enumerate() {
            let base = frame.top + (i + 1) as f64 * (ROW + GAP);
            label(into, "name", "end", LEFT - 10.0, base - 17.0, &row.name);
            label(into, "tick", "end", LEFT - 10.0, base - 3.0, &row.note);
            line(into, "base", LEFT, base, LEFT + self.width, base);
            if row.values.is_empty() {
                continue;
            }
            let mut path = format!("M{LEFT} {base:.1}");
            for (bin, s) in self.shares(&row.values).into_iter().enumerate() {
                let x = LEFT + self.width * bin as f64 / self.bins as f64;
                let next = LEFT + self.width * (bin + 1) as f64 / self.bins as f64;
                let y = base - share.place(s) * ROW;
                path.push_str(&format!("L{x:.1} {y:.1}L{next:.1} {y:.1}"));
            }
            path.push_str(&format!("L{:.1} {base:.1}Z", LEFT + self.width));
            into.raw("<path class=\"")
                .raw(if row.live { "area live" } else { "area attack" });
            into.raw("\"").attr("d", path).raw("/>");
        }
        if let Some(threshold) = self.threshold {
            let x = frame.x(self.x.scale, threshold);
            line(into, "cut", x, frame.top - 4.0, x, frame.top + height);
            let (side, near) = if x > LEFT + self.width * 0.6 {
                ("end", -5.0)
            } else {
                ("start", 5.0)
            };
            label(
                into,
                "legend",
                side,
                x + near,
                14.0,
                &format!("threshold {threshold:.4}"),
            );
        }
        into.close("svg");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_threshold() {
        let ridge = Ridge {
            name: "scores".to_owned(),
            x: Axis {
                title: "score",
                scale: Scale::Linear { min: 0.0, max: 1.0 },
                percent: false,
                ticks: 5,
            },
            rows: vec![RidgeRow {
                name: "live".to_owned(),
                note: "4".to_owned(),
                live: true,
                values: vec![0.0, 0.3, 0.26, 1.0],
            }],
            threshold: Some(0.5),
            width: 100.0,
            bins: 4,
        };
        assert_eq!(ridge.shares(&ridge.rows[0].values), [0.25, 0.5, 0.0, 0.25]);
        let mut html = Html::new();
        ridge.render(&mut html);
        let svg = html.as_str();
        // Share 0.25 has half the row's height: 79 - 23.
        assert!(svg.contains("M132 79.0L132.0 56.0L157.0 56.0"), "{svg}");
        assert!(
            svg.contains("class=\"cut\" d=\"M182.0 20.0L182.0 79.0\""),
            "{svg}"
        );
        assert!(svg.contains("threshold 0.5000"));
    }
}
