//! Where the dev set's scores lay, kept in the model file.

use fasgard_metrics::{Label, ScoreRow};
use serde::{Deserialize, Serialize};

use crate::decimal;

/// Scores this near to an end still belong to it: numbers in a card have nine decimals.
const NEAR: f64 = 1e-9;

/// Quantiles of the dev set's scores by class: what scores look like on cameras, people and attacks
/// like those of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevScores {
    /// Of live samples.
    pub live: ScoreQuantiles,
    /// Of attack samples.
    pub attack: ScoreQuantiles,
}

/// Quantiles of scores: each is the smallest score that so many percent do not exceed, with nine
/// decimals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreQuantiles {
    /// Samples with a score, frame by frame.
    pub count: u64,
    /// 1 %.
    pub p1: f64,
    /// 5 %.
    pub p5: f64,
    /// 25 %.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// 75 %.
    pub p75: f64,
    /// 95 %.
    pub p95: f64,
    /// 99 %.
    pub p99: f64,
}

impl DevScores {
    /// Of the rows that have a score; none if a class has none.
    pub fn of(rows: &[ScoreRow]) -> Option<Self> {
        let class = |label| {
            let rows = rows.iter().filter(|row| row.label == label);
            ScoreQuantiles::of(rows.filter_map(|row| row.score).collect())
        };
        Some(Self {
            live: class(Label::Live)?,
            attack: class(Label::Attack)?,
        })
    }

    /// The scores that were rare on dev: above 99 % of the attacks' and below 99 % of the lives'. None
    /// where the classes overlap.
    pub fn between(&self) -> Option<[f64; 2]> {
        let (low, high) = (self.attack.p99, self.live.p1);
        (low < high).then_some([low, high])
    }

    /// Whether `score` lies strictly [`between`](Self::between) the classes. A single one says little:
    /// one in a hundred of either class lies there or beyond.
    pub fn is_between(&self, score: f64) -> bool {
        self.between()
            .is_some_and(|[low, high]| low + NEAR < score && score < high - NEAR)
    }

    /// Fails with a reason if the numbers are no quantiles; those of a file may be anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, class) in [("live", &self.live), ("attack", &self.attack)] {
            let values = class.values();
            let rising = values.windows(2).all(|pair| pair[0] <= pair[1]);
            if !rising || values.iter().any(|v| !v.is_finite()) || class.count == 0 {
                return Err(format!(
                    "dev_scores.{name}: expected rising quantiles of at least one score, found {values:?} of {}",
                    class.count
                ));
            }
        }
        Ok(())
    }
}

impl ScoreQuantiles {
    /// Of these scores; none if there is none. Those that are no numbers are left out.
    pub fn of(mut scores: Vec<f64>) -> Option<Self> {
        scores.retain(|score| score.is_finite());
        scores.sort_unstable_by(f64::total_cmp);
        let at = |share| quantile(&scores, share).map(decimal);
        Some(Self {
            count: scores.len() as u64,
            p1: at(0.01)?,
            p5: at(0.05)?,
            p25: at(0.25)?,
            p50: at(0.5)?,
            p75: at(0.75)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
        })
    }

    /// 1, 5, 25, 50, 75, 95 and 99 %.
    pub fn values(&self) -> [f64; 7] {
        [
            self.p1, self.p5, self.p25, self.p50, self.p75, self.p95, self.p99,
        ]
    }

    /// Whether `score` lies from the 1 % to the 99 % quantile.
    pub fn holds(&self, score: f64) -> bool {
        self.p1 - NEAR <= score && score <= self.p99 + NEAR
    }
}

/// The value with a share `q` of the sorted values at or below it: the smallest one of rank at least
/// q n (no interpolation, so that it is a score that was seen).
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    // 0.01 of 200 is two, also where the product is a little above.
    let rank = (q * sorted.len() as f64 - 1e-9).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_scores_of_their_rank() {
        // 1, 2, ..., 200 hundredths in disorder: ranks 2, 10, 50, 100, 150, 190, 198.
        let scores = (0..200).map(|i| f64::from(i * 77 % 200 + 1) / 100.0);
        let found = ScoreQuantiles::of(scores.chain([f64::NAN]).collect()).unwrap();
        assert_eq!(found.count, 200);
        let expected = [0.02, 0.1, 0.5, 1.0, 1.5, 1.9, 1.98];
        assert_eq!(found.values(), expected);
        // Of one score everything is that score, with nine decimals.
        let one = ScoreQuantiles::of(vec![0.123_456_789_4]).unwrap();
        assert_eq!(one.values(), [0.123_456_789; 7]);
        assert!(one.holds(0.123_456_789_4) && !one.holds(0.123_456_791));
        assert_eq!(ScoreQuantiles::of(vec![f64::NAN]), None);
    }

    #[test]
    fn between_the_classes_is_where_neither_was() {
        let ramp = |from: f64| {
            let scores = (0..100).map(|i| from + f64::from(i) / 1000.0);
            ScoreQuantiles::of(scores.collect()).unwrap()
        };
        let dev = DevScores {
            live: ramp(0.8),
            attack: ramp(0.1),
        };
        // Ranks 99 and 1 of 100.
        assert_eq!(dev.between(), Some([0.198, 0.8]));
        let inside = [0.1, 0.198, 0.199, 0.5, 0.799, 0.8, 0.95].map(|s| dev.is_between(s));
        assert_eq!(inside, [false, false, true, true, true, false, false]);
        let turned = DevScores {
            live: dev.attack,
            attack: dev.live,
        };
        assert_eq!(turned.between(), None);
        assert!(!turned.is_between(0.5));
    }

    #[test]
    fn numbers_that_are_no_quantiles_are_refused() {
        let good = ScoreQuantiles::of(vec![0.25, 0.5]).unwrap();
        let with = |live| DevScores { live, attack: good }.check();
        assert_eq!(with(good), Ok(()));
        for bad in [
            ScoreQuantiles { count: 0, ..good },
            ScoreQuantiles { p50: 0.1, ..good },
            ScoreQuantiles {
                p99: f64::INFINITY,
                ..good
            },
            ScoreQuantiles {
                p1: f64::NAN,
                ..good
            },
        ] {
            assert!(with(bad).unwrap_err().contains("dev_scores.live"));
        }
    }
}
