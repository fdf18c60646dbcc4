//! The part of a dataset a sample belongs to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Training, development (thresholds and model choice) or test (scored once).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Weights are fitted on it.
    Train,
    /// Thresholds and checkpoints are chosen on it.
    Dev,
    /// Reported on; nothing is chosen on it.
    Test,
}

impl Split {
    /// All splits, in their usual order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Dev, Self::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        })
    }
}

/// The text is no split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected split `train`, `dev` or `test`, found `{0}`")]
pub struct ParseSplitError(pub String);

impl FromStr for Split {
    type Err = ParseSplitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "train" => Ok(Self::Train),
            "dev" => Ok(Self::Dev),
            "test" => Ok(Self::Test),
            other => Err(ParseSplitError(other.to_owned())),
        }
    }
}
