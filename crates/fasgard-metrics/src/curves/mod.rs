//! Curves and histograms for plots.

mod epc;
mod histogram;
mod staircase;

pub use epc::{EpcPoint, epc};
pub use histogram::{Histogram, histogram};
pub use staircase::{CurvePoint, det, roc};
