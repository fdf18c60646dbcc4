//! Thresholds: the rules that choose them, and where they came from.

mod choose;
mod criterion;
pub(crate) mod value;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Split,
    level::{Fuse, Level},
};

pub use choose::{ThresholdError, choose};
pub use criterion::{Criterion, ParseCriterionError};

/// A decision threshold with everything needed to choose it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Accept as live if score > value. May be minus infinity, which accepts everything and is
    /// the string `"-inf"` in JSON.
    #[serde(with = "value")]
    pub value: f64,
    /// The rule that chose it.
    pub criterion: Criterion,
    /// What it was chosen on.
    pub from: Provenance,
}

impl Threshold {
    /// A threshold given by the user.
    pub fn given(value: f64) -> Self {
        Self {
            value,
            criterion: Criterion::Value(value),
            from: Provenance {
                source: Source::Given,
                file: None,
                sha256: None,
                split: None,
                level: None,
                fuse: None,
                live: 0,
                attack: 0,
            },
        }
    }

    /// True if a presentation of this score is accepted as live.
    pub fn accepts(&self, score: f64) -> bool {
        score > self.value
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "score > {} ({}, {})",
            self.value, self.criterion, self.from
        )
    }
}

/// Which set a threshold was chosen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A development set: what a deployed system can do.
    Dev,
    /// The evaluated set itself: flattering.
    Test,
    /// No set: the value was given.
    Given,
}

/// Where a threshold came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Which set.
    pub source: Source,
    /// The score file it was chosen on, as it was named; null if given.
    pub file: Option<String>,
    /// SHA-256 of that file, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The split that every row of the file has; null if rows differ or do not say.
    pub split: Option<Split>,
    /// What was counted.
    pub level: Option<Level>,
    /// How a video's frames were fused; null at frame level.
    pub fuse: Option<Fuse>,
    /// Live presentations with a score.
    pub live: u64,
    /// Attack presentations with a score.
    pub attack: u64,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = match self.source {
            Source::Given => return f.write_str("given by the user"),
            Source::Dev => "chosen on the dev set",
            Source::Test => "chosen on the evaluated set itself",
        };
        f.write_str(set)?;
        if let Some(file) = &self.file {
            write!(f, " {file}")?;
        }
        if let Some(sha256) = &self.sha256 {
            let short: String = sha256.chars().take(12).collect();
            write!(f, ", sha256 {short}")?;
        }
        if let Some(split) = self.split {
            write!(f, ", split {split}")?;
        }
        match (self.level, self.fuse) {
            (Some(level), Some(fuse)) => write!(f, ", {level} level by {fuse}")?,
            (Some(level), None) => write!(f, ", {level} level")?,
            (None, _) => {}
        }
        write!(f, ", {} live and {} attack", self.live, self.attack)
    }
}
