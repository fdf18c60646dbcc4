//! Crop scale, shift and flip: what image, masks and depth share.

use rand::Rng;

use super::AugmentConfig;
use super::draw::{chance, uniform};
use crate::{FaceBox, Preprocess};

/// The drawn geometry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometry {
    pub(super) flip: bool,
    /// In place of the preprocessing's crop scale.
    crop_scale: Option<f32>,
    /// Displacement along x and y as a fraction of the crop's side.
    shift: [f32; 2],
}

impl Geometry {
    pub(super) const NONE: Self = Self {
        flip: false,
        crop_scale: None,
        shift: [0.0; 2],
    };

    pub(super) fn draw(config: &AugmentConfig, rng: &mut impl Rng) -> Self {
        let flip = chance(rng, config.flip);
        // One draw in any case: a share of the range, or of the list.
        let unit = uniform(rng, [0.0, 1.0]);
        let listed = (unit * config.crop_scales.len() as f32) as usize;
        let crop_scale = match (config.crop_scale, config.crop_scales.get(listed)) {
            (Some([lo, hi]), _) => Some((lo + (hi - lo) * unit).clamp(lo, hi)),
            (None, listed) => listed.or(config.crop_scales.last()).copied(),
        };
        let shift = [0, 1].map(|_| uniform(rng, [-config.shift, config.shift]));
        Self {
            flip,
            crop_scale,
            shift,
        }
    }

    pub(super) fn region(
        &self,
        face: Option<FaceBox>,
        width: u32,
        height: u32,
        preprocess: &Preprocess,
    ) -> FaceBox {
        let mut region = preprocess.crop_region(face, width, height);
        if let Some(scale) = self.crop_scale {
            region = match face {
                Some(_) => {
                    let scaled = Preprocess {
                        crop_scale: scale,
                        ..preprocess.clone()
                    };
                    scaled.crop_region(face, width, height)
                }
                None => region.square(scale / preprocess.crop_scale),
            };
        }
        region.x += self.shift[0] * region.w;
        region.y += self.shift[1] * region.h;
        region
    }
}
