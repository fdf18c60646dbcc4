//! Three answers, never a default one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a detector answers to a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Bona fide: the score is above the threshold.
    Live,
    /// A presentation attack: the score is not above the threshold.
    Attack,
    /// Nothing is claimed; [`NoDecision`] says why.
    NoDecision,
}

/// Why nothing is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoDecision {
    /// No face was found where one was looked for.
    NoFace,
    /// The score lies outside the range that the model was calibrated on.
    OutsideSupport,
    /// The score lies between the classes, where calibration saw neither.
    InGap,
    /// The network's score is not a finite number.
    NotFinite,
    /// A session without a single frame that has a score.
    NoFrames,
}

impl Verdict {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Attack => "attack",
            Self::NoDecision => "no-decision",
        }
    }
}

impl NoDecision {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFace => "no-face",
            Self::OutsideSupport => "outside-support",
            Self::InGap => "in-gap",
            Self::NotFinite => "not-finite",
            Self::NoFrames => "no-frames",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for NoDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
