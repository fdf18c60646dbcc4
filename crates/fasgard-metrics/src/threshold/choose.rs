//! Choosing a threshold on a set of scores.

use super::Criterion;
use crate::{
    convention::Aggregation,
    metrics::{apcer::apcer, eer::eer_point},
    ranked::Ranked,
};

/// A set on which a threshold cannot be chosen.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "threshold {criterion} needs {needed} presentations with scores, found {live} live and {attack} attack; give a set with both classes or --threshold value=X"
)]
pub struct ThresholdError {
    /// The criterion.
    pub criterion: Criterion,
    /// `live`, `attack` or `live and attack`.
    pub needed: &'static str,
    /// Live presentations with a score.
    pub live: usize,
    /// Attack presentations with a score.
    pub attack: usize,
}

/// The threshold that a criterion chooses on a set (for `eer`, `bpcer` and `apcer` the dev set, for
/// `target-eer` the evaluated one; `value` looks at no set). `aggregation` is how `apcer` counts.
/// The rules are those of [`Criterion`]. Takes O(n) for `eer`, O(n * groups) for `min-acer`, O(log² n) for the others.
///
/// # Errors
/// The set lacks scores of a class that the criterion counts.
pub fn choose(
    ranked: &Ranked,
    criterion: Criterion,
    aggregation: Aggregation,
) -> Result<f64, ThresholdError> {
    let error = |needed| ThresholdError {
        criterion,
        needed,
        live: ranked.live().len(),
        attack: ranked.attack().len(),
    };
    match criterion {
        Criterion::Value(value) => Ok(value),
        Criterion::Eer | Criterion::TargetEer => eer_point(ranked)
            .map(|point| point.threshold)
            .ok_or_else(|| error("live and attack")),
        Criterion::MinAcer => min_acer(ranked, aggregation).ok_or_else(|| error("live and attack")),
        Criterion::Bpcer(rate) => {
            if ranked.live().is_empty() {
                return Err(error("live"));
            }
            // BPCER rises with t, so the candidates within the allowance are a prefix.
            let within = |t: f64| {
                let (errors, of) = ranked.rejected_live(t);
                errors as f64 / of as f64 <= rate
            };
            let last = |scores: &[f64]| {
                let n = scores.partition_point(|&t| within(t));
                n.checked_sub(1).map_or(f64::NEG_INFINITY, |i| scores[i])
            };
            Ok(last(ranked.live()).max(last(ranked.attack())))
        }
        Criterion::Apcer(rate) => {
            if ranked.attack().is_empty() {
                return Err(error("attack"));
            }
            // APCER falls as t rises, whatever the aggregation, so the candidates above the
            // allowance are a prefix.
            let above = |t: f64| {
                apcer(ranked, t, aggregation)
                    .0
                    .value
                    .is_some_and(|value| value > rate)
            };
            if !above(f64::NEG_INFINITY) {
                return Ok(f64::NEG_INFINITY);
            }
            let first = |scores: &[f64]| {
                let n = scores.partition_point(|&t| above(t));
                scores.get(n).copied().unwrap_or(f64::INFINITY)
            };
            Ok(first(ranked.live()).min(first(ranked.attack())))
        }
    }
}

/// The lowest candidate of smallest ACER; errors are compared exactly, in integers.
fn min_acer(ranked: &Ranked, aggregation: Aggregation) -> Option<f64> {
    let live = ranked.live().len() as u128;
    let groups = ranked.groups(aggregation);
    if live == 0 || groups.is_empty() {
        return None;
    }
    let mut cursors: Vec<(usize, &[f64])> = groups.iter().map(|g| (0, g.as_slice())).collect();
    // ACER * 2 * live as a fraction.
    let mut best: Option<((u128, u128), f64)> = None;
    for (t, _, rejected) in ranked.walk() {
        let mut worst = (0u128, 1u128);
        for (cursor, scores) in &mut cursors {
            while scores.get(*cursor).is_some_and(|&s| s <= t) {
                *cursor += 1;
            }
            let rate = ((scores.len() - *cursor) as u128, scores.len() as u128);
            if rate.0 * worst.1 > worst.0 * rate.1 {
                worst = rate;
            }
        }
        let cost = (worst.0 * live + u128::from(rejected) * worst.1, worst.1);
        if best.is_none_or(|(least, _)| cost.0 * least.1 < least.0 * cost.1) {
            best = Some((cost, t));
        }
    }
    best.map(|(_, t)| t)
}
