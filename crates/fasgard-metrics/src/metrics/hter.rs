//! HTER: half total error rate.

use super::bpcer::bpcer;
use crate::{convention::Aggregation, metrics::apcer::apcer, ranked::Ranked, rate::Rate};

/// (FAR + FRR) / 2 at threshold `t`: FAR is the fraction of all attacks, pooled, that are accepted,
/// FRR the fraction of live presentations rejected. Undefined if either is.
pub fn hter(ranked: &Ranked, t: f64) -> Rate {
    let (far, _) = apcer(ranked, t, Aggregation::Pooled);
    Rate::mean_of(&far, &bpcer(ranked, t))
}
