//! ECE and the reliability curve: whether a score of 0.8 means live in 8 of 10 cases.

use serde::{Deserialize, Serialize};

use crate::{ranked::Ranked, rate::Rate};

/// The number of bins of equal width over [0, 1].
pub const BINS: usize = 15;

/// Calibration of scores that are probabilities of live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error: the mean over presentations of |mean score of the bin - live
    /// fraction of the bin| (Guo et al., ICML 2017, with the probability of live for confidence).
    /// Undefined if a score is outside [0, 1]: then it is no probability.
    pub ece: Rate,
    /// The reliability curve: bins that are not empty, by rising score.
    pub bins: Vec<ReliabilityBin>,
}

/// One bin of a reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower edge (included).
    pub lo: f64,
    /// Upper edge (not included, but 1 is in the last bin).
    pub hi: f64,
    /// Presentations in it.
    pub count: u64,
    /// Their mean score.
    pub mean_score: f64,
    /// The fraction of them that is live.
    pub live: f64,
}

/// ECE and reliability over [`BINS`] bins. Both depend on the share of live presentations in the
/// set. Presentations without a score take no part.
pub fn calibration(ranked: &Ranked) -> Calibration {
    let none = |reason: &str| Calibration {
        ece: Rate::undefined(reason),
        bins: Vec::new(),
    };
    let mut bins = [(0u64, 0u64, 0.0f64); BINS];
    for (scores, live) in [(ranked.live(), 1), (ranked.attack(), 0)] {
        for &score in scores.iter().filter(|s| s.is_finite()) {
            if !(0.0..=1.0).contains(&score) {
                return none("scores outside [0, 1] are no probabilities");
            }
            let bin = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
            bin.0 += 1;
            bin.1 += live;
            bin.2 += score;
        }
    }
    let total: u64 = bins.iter().map(|b| b.0).sum();
    if total == 0 {
        return none("no presentation has a score");
    }
    let gap: f64 = bins.iter().map(|b| (b.2 - b.1 as f64).abs()).sum();
    let edge = |i: usize| i as f64 / BINS as f64;
    Calibration {
        ece: Rate::composite(gap / total as f64),
        bins: bins
            .iter()
            .enumerate()
            .filter(|(_, b)| b.0 > 0)
            .map(|(i, b)| ReliabilityBin {
                lo: edge(i),
                hi: edge(i + 1),
                count: b.0,
                mean_score: b.2 / b.0 as f64,
                live: b.1 as f64 / b.0 as f64,
            })
            .collect(),
    }
}
