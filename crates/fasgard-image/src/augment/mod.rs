//! Random changes of training samples: drawn first, then applied to the image and its maps alike.

mod config;
mod cutout;
mod draw;
mod erasing;
mod geometry;
mod patch;
mod tone;

use image::{GrayImage, RgbImage};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use config::{AugmentConfig, AugmentError, Cutout, Erasing};

use crate::{FaceBox, Outside, Preprocess, crop, resample_map};
use geometry::Geometry;
use patch::Patch;
use tone::Tone;

/// One sample's drawn changes. Lengths are fractions, so a plan fits any image and input size.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentPlan {
    geometry: Geometry,
    tone: Tone,
    patches: Vec<Patch>,
}

impl AugmentPlan {
    /// The plan that changes nothing: what validation and scoring use.
    pub const NONE: Self = Self {
        geometry: Geometry::NONE,
        tone: Tone::NONE,
        patches: Vec::new(),
    };

    /// Draws a plan from `config`, which must be [valid](AugmentConfig::validate), with a stream of
    /// the sample's own (see [`random::stream`](crate::random::stream)).
    ///
    /// Each kind of change draws from a stream split off `rng`, so switching one on or off leaves
    /// the others as they were: runs that differ in one key see the same samples otherwise.
    pub fn draw(config: &AugmentConfig, rng: &mut impl Rng) -> Self {
        let geometry = Geometry::draw(config, &mut split(rng));
        let tone = Tone::draw(config, &mut split(rng));
        let mut patches = erasing::draw(&config.erasing, &mut split(rng));
        patches.extend(cutout::draw(&config.cutout, &mut split(rng)));
        Self {
            geometry,
            tone,
            patches,
        }
    }

    /// The square to cut from an image of `width` x `height`, in its pixels; it takes the place of
    /// [`Preprocess::crop_region`].
    pub fn region(
        &self,
        face: Option<FaceBox>,
        width: u32,
        height: u32,
        preprocess: &Preprocess,
    ) -> FaceBox {
        self.geometry.region(face, width, height, preprocess)
    }

    /// Whether left and right are swapped after the crop.
    pub fn flip(&self) -> bool {
        self.geometry.flip
    }

    /// Applies brightness, contrast, gamma, erasing and cutout to a crop in place.
    pub fn apply(&self, crop: &mut RgbImage) {
        self.tone.apply(crop);
        for patch in &self.patches {
            patch.apply(crop);
        }
    }
}

fn split(rng: &mut impl RngCore) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(rng.next_u64())
}

/// The augmented crop of a sample, `size` x `size`, before normalisation: with
/// [`AugmentPlan::NONE`] the same as [`Preprocess::crop`].
pub fn augmented(
    image: &RgbImage,
    face: Option<FaceBox>,
    preprocess: &Preprocess,
    plan: &AugmentPlan,
) -> RgbImage {
    let region = plan.region(face, image.width(), image.height(), preprocess);
    let mut out = crop(
        image,
        region,
        preprocess.size,
        preprocess.interpolation,
        plan.flip(),
    );
    plan.apply(&mut out);
    out
}

/// The part of a mask or depth map that belongs to [`augmented`]'s crop: `side` x `side` values of
/// 0 to 1, row by row.
///
/// `map` shows the frame of the whole image, whose `(width, height)` is `image_size`; the map may
/// have any size of its own. `face` is in pixels of the image, as for [`augmented`].
pub fn augmented_map(
    map: &GrayImage,
    image_size: (u32, u32),
    face: Option<FaceBox>,
    preprocess: &Preprocess,
    plan: &AugmentPlan,
    side: u32,
    outside: Outside,
) -> Vec<f32> {
    let region = plan
        .region(face, image_size.0, image_size.1, preprocess)
        .rescaled(image_size, map.dimensions());
    resample_map(map, region, side, outside, plan.flip())
}
