//! EER: equal error rate.

use super::{NO_ATTACK, NO_LIVE};
use crate::{ranked::Ranked, rate::Rate};

/// The point where accepting attacks and rejecting live people are about equally frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EerPoint {
    /// The candidate threshold; may be minus infinity.
    pub threshold: f64,
    /// The mean of pooled APCER and BPCER there.
    pub eer: f64,
}

/// The EER point of a set; none if it lacks scores of either class.
///
/// Candidates are minus infinity and every distinct score; a presentation is accepted if its score
/// is above the candidate. The candidate of smallest |pooled APCER - BPCER| is taken, the lowest
/// one on ties (differences are compared exactly, in integers); the EER is the mean of the two
/// rates there. Nothing is interpolated, so the threshold can be used as it is.
pub fn eer_point(ranked: &Ranked) -> Option<EerPoint> {
    let (live, attack) = (ranked.live().len() as u64, ranked.attack().len() as u64);
    if live == 0 || attack == 0 {
        return None;
    }
    let mut best: Option<(u128, EerPoint)> = None;
    for (threshold, accepted, rejected) in ranked.walk() {
        let gap = (u128::from(accepted) * u128::from(live))
            .abs_diff(u128::from(rejected) * u128::from(attack));
        if best.as_ref().is_none_or(|(smallest, _)| gap < *smallest) {
            let apcer = accepted as f64 / attack as f64;
            let bpcer = rejected as f64 / live as f64;
            let eer = (apcer + bpcer) / 2.0;
            best = Some((gap, EerPoint { threshold, eer }));
        }
    }
    best.map(|(_, point)| point)
}

/// The EER of a set as a figure.
pub fn eer(ranked: &Ranked) -> Rate {
    match eer_point(ranked) {
        Some(point) => Rate::composite(point.eer),
        None if ranked.live().is_empty() => Rate::undefined(NO_LIVE),
        None => Rate::undefined(NO_ATTACK),
    }
}
