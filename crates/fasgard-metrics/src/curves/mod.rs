//! Curves and histograms for plots.

mod histogram;
mod staircase;

pub use histogram::{Histogram, histogram};
pub use staircase::{CurvePoint, det, roc};
