//! What an epoch is made of.

use serde::{Deserialize, Serialize};

/// How an epoch draws its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// What an epoch counts.
    pub epoch: EpochUnit,
    /// Which shares classes and species get.
    pub balance: Balance,
}

/// What an epoch counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EpochUnit {
    /// Every row once.
    #[default]
    Frames,
    /// Every video once, by a frame that is drawn anew each epoch. A row without a video is a video
    /// of its own.
    OnePerVideo,
}

/// Which shares classes and species get. An epoch's length stays the number of its frames or
/// videos: what has too few is repeated (with fresh augmentation), what has too many is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// As the data has them.
    #[default]
    None,
    /// Live and attack take turns, so every batch of even size has as many of one as of the other.
    Class,
    /// As `class`, and the attacks' half is shared evenly by their species.
    Species,
}
