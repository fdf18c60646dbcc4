//! What may be varied in training: pixels of a sample, and what is photographed.

mod section;
mod simulate;

pub use simulate::SimulateAugment;
pub(super) use simulate::{Recapture, Shown};

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

    /// How much of the scene simulated attacks are photographed with where the preprocessing's crop
    /// is `crop_scale`, in face boxes: all that a crop may reach with its shift, and the error of
    /// the box that a held picture is framed by. Less where a stored picture holds less.
    pub fn photographed(&self, crop_scale: f32) -> f32 {
        self.pixels.reach(crop_scale) * BOX_ERROR
    }
}

/// A held picture shows the face by up to this factor larger than its frame would have it.
const BOX_ERROR: f32 = 1.12;

impl From<AugmentConfig> for TrainAugment {
    /// Without simulated attacks.
    fn from(pixels: AugmentConfig) -> Self {
        Self {
            pixels,
            ..Self::default()
        }
    }
}
