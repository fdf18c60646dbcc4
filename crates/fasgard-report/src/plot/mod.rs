//! Plots as inline SVG: no scripts, no fonts, no files; colours come from the page's style.
//!
//! [`Scale`] turns values into places, [`Axis`] draws one, [`Chart`] draws lines and markers,
//! [`Ridge`] draws histograms above one another.

mod axis;
mod chart;
mod probit;
mod ridge;
mod scale;

pub(crate) use axis::{Axis, Frame};
pub(crate) use chart::{Chart, Marker, Series, slot};
pub(crate) use ridge::{Ridge, RidgeRow};
pub(crate) use scale::Scale;
