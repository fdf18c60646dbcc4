//! Score histograms.

/// Counts of scores in bins of equal width over [lo, hi].
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Left edge of the first bin.
    pub lo: f64,
    /// Right edge of the last bin, which it includes.
    pub hi: f64,
    /// Scores in each bin.
    pub counts: Vec<u64>,
    /// Scores outside [lo, hi] or not finite.
    pub outside: u64,
}

/// Sorts scores into `bins` (at least 1, at most 10000) over [lo, hi]. Bin i holds
/// `lo + i * w <= score < lo + (i + 1) * w`; the last one includes `hi`. If `hi` is not above `lo`,
/// everything equal to `lo` is in the first bin.
pub fn histogram(scores: &[f64], lo: f64, hi: f64, bins: usize) -> Histogram {
    let bins = bins.clamp(1, 10_000);
    let mut histogram = Histogram {
        lo,
        hi,
        counts: vec![0; bins],
        outside: 0,
    };
    for &score in scores {
        if !(score >= lo && score <= hi) {
            histogram.outside += 1;
            continue;
        }
        let share = if hi > lo {
            (score - lo) / (hi - lo)
        } else {
            0.0
        };
        let bin = (share * bins as f64) as usize;
        histogram.counts[bin.min(bins - 1)] += 1;
    }
    histogram
}
