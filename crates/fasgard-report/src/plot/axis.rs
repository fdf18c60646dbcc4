//! The frame of a plot: its box, grid, ticks and axis titles.

use super::Scale;
use crate::html::Html;

/// An axis: what it shows and how.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Title with unit.
    pub(crate) title: &'static str,
    /// Values to places.
    pub(crate) scale: Scale,
    /// Whether tick labels are percent of fractions.
    pub(crate) percent: bool,
    /// About how many ticks.
    pub(crate) ticks: usize,
}

/// The plotting area in SVG units (CSS pixels at full width).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Frame {
    /// The place of `value` along the horizontal axis.
    pub(crate) fn x(&self, scale: Scale, value: f64) -> f64 {
        self.left + scale.place(value) * self.width
    }

    /// The place of `value` along the vertical axis (upwards).
    pub(crate) fn y(&self, scale: Scale, value: f64) -> f64 {
        self.top + (1.0 - scale.place(value)) * self.height
    }

    /// Draws grid lines and tick labels of the horizontal axis and its title below.
    pub(crate) fn horizontal(&self, into: &mut Html, axis: &Axis) {
        let bottom = self.top + self.height;
        for tick in axis.scale.ticks(axis.ticks, axis.percent) {
            let x = self.x(axis.scale, tick.value);
            line(into, "grid", x, self.top, x, bottom);
            label(into, "tick", "middle", x, bottom + 15.0, &tick.label);
        }
        line(
            into,
            "base",
            self.left,
            bottom,
            self.left + self.width,
            bottom,
        );
        let x = self.left + self.width / 2.0;
        label(into, "axis", "middle", x, bottom + 33.0, axis.title);
    }

    /// Draws grid lines and tick labels of the vertical axis and its title above, read level.
    pub(crate) fn vertical(&self, into: &mut Html, axis: &Axis) {
        for tick in axis.scale.ticks(axis.ticks, axis.percent) {
            let y = self.y(axis.scale, tick.value);
            line(into, "grid", self.left, y, self.left + self.width, y);
            label(into, "tick", "end", self.left - 7.0, y + 3.5, &tick.label);
        }
        let bottom = self.top + self.height;
        line(into, "base", self.left, self.top, self.left, bottom);
        label(into, "axis", "start", 2.0, self.top - 11.0, axis.title);
    }
}

/// Opens an `<svg>` that scales with the page and names itself to screen readers.
pub(crate) fn open_svg(into: &mut Html, width: f64, height: f64, name: &str) {
    into.raw("<svg class=\"plot\" role=\"img\" preserveAspectRatio=\"xMidYMid meet\"");
    into.attr("viewBox", format_args!("0 0 {width:.0} {height:.0}"));
    into.attr("aria-label", name)
        .raw("><title>")
        .text(name)
        .raw("</title>");
}

/// A straight line.
pub(crate) fn line(into: &mut Html, class: &'static str, x1: f64, y1: f64, x2: f64, y2: f64) {
    into.raw("<path").attr("class", class);
    into.attr("d", format_args!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"));
    into.raw("/>");
}

/// A piece of text at its baseline.
pub(crate) fn label(
    into: &mut Html,
    class: &'static str,
    anchor: &'static str,
    x: f64,
    y: f64,
    text: &str,
) {
    into.raw("<text")
        .attr("class", class)
        .attr("text-anchor", anchor);
    into.attr("x", format_args!("{x:.1}"))
        .attr("y", format_args!("{y:.1}"));
    into.raw(">").text(text).raw("</text>");
}
