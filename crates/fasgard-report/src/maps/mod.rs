//! The maps file: what a model predicted at every scale for every scored sample.
//!
//! A safetensors file with one `F32` tensor a scale, named by the scale's side in decimal (`8`,
//! `4`, ...), of shape `[N, side, side]`, rows top to bottom, values 0 to 1: the probability of
//! live (`target = mask`) or depth, 1 = nearest (`target = depth`). The metadata holds
//! `schema` = `1`, `target`, and `samples`: a JSON array of the N sample ids, in the order of the
//! tensors' first axis.
//!
//! [`MapFile`] collects and writes; [`MapReader`] checks a file's header and then reads single
//! samples, so that a report over many samples needs little memory.

mod error;
mod read;
mod write;

pub use error::MapError;
pub use read::MapReader;
pub use write::MapFile;

use serde::{Deserialize, Serialize};

/// What the values of a map mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapTarget {
    /// Probability of live at each position, 0 to 1.
    Mask,
    /// Depth at each position: 1 nearest, 0 background.
    Depth,
}

impl MapTarget {
    /// The name in the file: `mask` or `depth`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Depth => "depth",
        }
    }
}

/// One predicted map of one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Height and width.
    pub side: usize,
    /// `side * side` values from 0 to 1, row by row from the top left.
    pub values: Vec<f32>,
}

impl Map {
    /// The mean of the map's values.
    pub fn mean(&self) -> f32 {
        let sum: f64 = self.values.iter().map(|&v| f64::from(v)).sum();
        (sum / self.values.len().max(1) as f64) as f32
    }
}

/// Sides above this are refused: no published head predicts a map as fine.
pub const MAX_SIDE: usize = 1024;
/// More samples than this are refused.
pub const MAX_SAMPLES: usize = 4_000_000;
/// More scales than this are refused.
pub const MAX_SCALES: usize = 16;
/// A header above this many bytes is refused before it is read.
pub const MAX_HEADER: u64 = 100_000_000;
