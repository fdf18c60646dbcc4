//! EPC: the expected performance curve.

use crate::ranked::Ranked;

/// One point of an expected performance curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpcPoint {
    /// The weight of accepted attacks, 0 to 1.
    pub alpha: f64,
    /// The threshold that it gives on the dev set.
    pub threshold: f64,
    /// HTER of the test set there.
    pub hter: f64,
}

/// The EPC (Bengio, Mariethoz and Keller, 2005): for `points` (2 to 1001) weights from 0 to 1, the
/// candidate of the dev set with the smallest alpha * APCER + (1 - alpha) * BPCER, attacks pooled,
/// the lowest on ties, and the test set's HTER at it. Empty unless both sets have scores of both
/// classes.
pub fn epc(dev: &Ranked, test: &Ranked, points: usize) -> Vec<EpcPoint> {
    let sets = [dev, test];
    if sets
        .iter()
        .any(|s| s.live().is_empty() || s.attack().is_empty())
    {
        return Vec::new();
    }
    let points = points.clamp(2, 1001);
    // Only corners of the staircase can be best, and the lowest of equals is one.
    let corners = super::roc(dev, usize::MAX);
    let share = |(errors, of): (u64, u64)| errors as f64 / of as f64;
    (0..points)
        .map(|i| {
            let alpha = i as f64 / (points - 1) as f64;
            let cost = |p: &super::CurvePoint| alpha * p.apcer + (1.0 - alpha) * p.bpcer;
            let mut best = (f64::INFINITY, f64::NEG_INFINITY);
            for corner in &corners {
                let cost = cost(corner);
                if cost < best.0 {
                    best = (cost, corner.threshold);
                }
            }
            let t = best.1;
            EpcPoint {
                alpha,
                threshold: t,
                hter: (share(test.accepted_pooled(t)) + share(test.rejected_live(t))) / 2.0,
            }
        })
        .collect()
}
