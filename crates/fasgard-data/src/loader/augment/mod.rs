//! What may be varied in training: pixels of a sample, and what is photographed.

mod section;
mod simulate;

pub(super) use simulate::Shown;
pub use simulate::SimulateAugment;

use fasgard_image::{AugmentConfig, AugmentError};
use serde::Serialize;

/// The configuration's `[augment]`: the keys of [`AugmentConfig`], and `simulate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrainAugment {
    /// Changes of pixels.
    #[serde(flatten)]
    pub pixels: AugmentConfig,
    /// Live samples photographed again as attacks, before their pixels are changed.
    pub simulate: SimulateAugment,
}

impl TrainAugment {
    /// Checks every value's range.
    ///
    /// # Errors
    /// The first key out of range.
    pub fn validate(&self) -> Result<(), AugmentError> {
        self.pixels.validate()?;
        self.simulate.validate()
    }
}

impl From<AugmentConfig> for TrainAugment {
    /// Without simulated attacks.
    fn from(pixels: AugmentConfig) -> Self {
        Self {
            pixels,
            ..Self::default()
        }
    }
}
