//! How convolutions are computed, which is no part of what a detector is.

use serde::{Deserialize, Serialize};

/// The `[compute]` table of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compute {
    /// Element type of the factors of 1x1 and strided convolutions; sums and weights stay `f32`.
    pub precision: Precision,
    /// Winograd's algorithm for 3x3 convolutions where it is faster.
    pub winograd: bool,
}

impl Default for Compute {
    fn default() -> Self {
        Self {
            precision: Precision::F32,
            winograd: true,
        }
    }
}

/// Element types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Eight bits of fraction: half the memory traffic, twice the rate where the processor
    /// multiplies it.
    Bf16,
}

impl From<Precision> for fasgard_kernels::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
        }
    }
}
