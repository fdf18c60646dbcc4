//! ROC and DET: the error rates at every threshold.

use crate::ranked::Ranked;

/// The two error rates at a candidate threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Accept as live if score > threshold; may be minus infinity.
    pub threshold: f64,
    /// Fraction of all attacks accepted.
    pub apcer: f64,
    /// Fraction of live presentations rejected.
    pub bpcer: f64,
}

impl CurvePoint {
    /// Fraction of live presentations accepted: the y of a ROC curve, whose x is `apcer`.
    pub fn true_accept(&self) -> f64 {
        1.0 - self.bpcer
    }
}

/// The points of the ROC curve (x = `apcer`, y = `true_accept()`), from (1, 1) to (0, 0), in the
/// order of rising thresholds. Empty unless there are scores of both classes.
///
/// Points on a straight horizontal or vertical run are left out, which changes no drawn line; if
/// more than `max_points` (at least 2) are left, they are thinned evenly along the curve, ends
/// kept. Between two neighbouring points the curve is straight (ties move diagonally).
pub fn roc(ranked: &Ranked, max_points: usize) -> Vec<CurvePoint> {
    let (live, attack) = (ranked.live().len() as f64, ranked.attack().len() as f64);
    if ranked.live().is_empty() || ranked.attack().is_empty() {
        return Vec::new();
    }
    let mut corners: Vec<(f64, u64, u64)> = Vec::new();
    for next in ranked.walk() {
        if let [.., a, b] = corners[..]
            && ((a.1 == b.1 && b.1 == next.1) || (a.2 == b.2 && b.2 == next.2))
        {
            corners.pop();
        }
        corners.push(next);
    }
    thin(&corners, max_points.max(2))
        .map(|&(threshold, accepted, rejected)| CurvePoint {
            threshold,
            apcer: accepted as f64 / attack,
            bpcer: rejected as f64 / live,
        })
        .collect()
}

/// The points of the DET curve (x = `apcer`, y = `bpcer`), without those where a rate is 0 or 1,
/// which a probit or logarithmic axis cannot show.
pub fn det(ranked: &Ranked, max_points: usize) -> Vec<CurvePoint> {
    let inside = |rate: f64| rate > 0.0 && rate < 1.0;
    let mut points = roc(ranked, usize::MAX);
    points.retain(|point| inside(point.apcer) && inside(point.bpcer));
    thin(&points, max_points.max(2)).copied().collect()
}

/// At most `max` (>= 2) items, evenly spaced by index, first and last kept.
fn thin<T>(items: &[T], max: usize) -> impl Iterator<Item = &T> {
    let n = items.len();
    let kept = n.min(max);
    (0..kept).map(move |i| match kept {
        1 => &items[0],
        _ => &items[(i as u128 * (n as u128 - 1) / (kept as u128 - 1)) as usize],
    })
}
