//! What counts as one presentation: a frame or a video.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every row of the score file is a presentation.
    Frame,
    /// The rows of one (dataset, split, video) are one presentation; a row without a video is one
    /// on its own.
    Video,
}

/// How the scores of a video's frames become one score. The result does not depend on the order
/// of the frames and lies between the smallest and the largest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fuse {
    /// The arithmetic mean.
    #[default]
    Mean,
    /// The middle score; the mean of the middle two for an even number.
    Median,
    /// The largest: one live-looking frame is enough (lenient).
    Max,
    /// The smallest: one attack-looking frame is enough (strict).
    Min,
    /// The mean without the lowest and the highest tenth of the frames (rounded down, so that
    /// fewer than ten frames are all kept).
    Trimmed,
    /// Peak-sensitive: the mean of the lowest fifth of the frames, at least one (rounded up). A
    /// burst of attack-looking frames is not diluted by the rest, yet one odd frame of ten or more
    /// does not decide alone.
    Peak,
}

impl Level {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Video => "video",
        }
    }
}

impl Fuse {
    /// All ways of fusing.
    pub const ALL: [Self; 6] = [
        Self::Mean,
        Self::Median,
        Self::Max,
        Self::Min,
        Self::Trimmed,
        Self::Peak,
    ];

    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Max => "max",
            Self::Min => "min",
            Self::Trimmed => "trimmed",
            Self::Peak => "peak",
        }
    }

    /// Fuses finite scores, which it sorts; none of an empty slice.
    pub fn fuse(self, scores: &mut [f64]) -> Option<f64> {
        // Sorted first, so that the sum has one order and one value.
        scores.sort_unstable_by(f64::total_cmp);
        let (&lo, &hi) = (scores.first()?, scores.last()?);
        let n = scores.len();
        Some(match self {
            Self::Min => lo,
            Self::Max => hi,
            Self::Median if n % 2 == 1 => scores[n / 2],
            Self::Median => middle(scores[n / 2 - 1], scores[n / 2]),
            Self::Mean => mean(scores, lo, hi),
            Self::Trimmed => {
                let cut = n / 10;
                mean(&scores[cut..n - cut], lo, hi)
            }
            Self::Peak => mean(&scores[..n.div_ceil(5)], lo, hi),
        })
    }
}

/// Divided before adding where the sum would overflow; clamped, because rounding must not move the
/// mean of equal scores off them: ties are counted exactly later.
fn mean(scores: &[f64], lo: f64, hi: f64) -> f64 {
    let n = scores.len() as f64;
    let sum: f64 = scores.iter().sum();
    let mean = if sum.is_finite() {
        sum / n
    } else {
        scores.iter().map(|s| s / n).sum()
    };
    mean.clamp(lo, hi)
}

/// The mean of two finite numbers, between them, without overflow.
fn middle(a: f64, b: f64) -> f64 {
    (a / 2.0 + b / 2.0).clamp(a, b)
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Fuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a level `frame` or `video`, found `{0}`")]
pub struct ParseLevelError(pub String);

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Frame, Self::Video]
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| ParseLevelError(text.to_owned()))
    }
}

/// The text is no way of fusing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a fusion `mean`, `median`, `max`, `min`, `trimmed` or `peak`, found `{0}`")]
pub struct ParseFuseError(pub String);

impl FromStr for Fuse {
    type Err = ParseFuseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|fuse| fuse.as_str() == text)
            .ok_or_else(|| ParseFuseError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuses_by_hand() {
        let fuse = |f: Fuse, s: &[f64]| f.fuse(&mut s.to_vec());
        assert_eq!(fuse(Fuse::Mean, &[0.5, 0.0, 1.0, 0.1]), Some(0.4));
        assert_eq!(fuse(Fuse::Median, &[0.5, 0.0, 1.0]), Some(0.5));
        assert_eq!(fuse(Fuse::Median, &[0.5, 0.0, 1.0, 0.25]), Some(0.375));
        assert_eq!(fuse(Fuse::Max, &[0.5, 0.0, 1.0]), Some(1.0));
        assert_eq!(fuse(Fuse::Min, &[0.5, 0.0, 1.0]), Some(0.0));
        assert_eq!(fuse(Fuse::Mean, &[]), None);
        // Ten frames: 0 and 100 are cut off; of the lowest two the mean is 0.5.
        let ten = [100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0];
        assert_eq!(fuse(Fuse::Trimmed, &ten), Some(4.5));
        assert_eq!(fuse(Fuse::Peak, &ten), Some(0.5));
        // Nine: nothing is cut, and two of nine are the lowest fifth, rounded up.
        assert_eq!(fuse(Fuse::Trimmed, &ten[1..]), Some(4.0));
        assert_eq!(fuse(Fuse::Peak, &ten[..9]), Some(1.5));
        for fuse in Fuse::ALL {
            assert_eq!(fuse.to_string().parse(), Ok(fuse));
        }
    }

    #[test]
    fn equal_scores_stay_exact_and_large_ones_finite() {
        for n in 1..40 {
            assert_eq!(Fuse::Mean.fuse(&mut vec![0.1; n]), Some(0.1));
        }
        for fuse in [Fuse::Mean, Fuse::Median] {
            assert_eq!(fuse.fuse(&mut [f64::MAX, f64::MAX]), Some(f64::MAX));
        }
    }
}
