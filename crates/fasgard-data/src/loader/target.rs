//! Which targets go with an input, and where they come from.

use std::path::Path;

use fasgard_image::{
    AugmentPlan, DecodeLimits, FaceBox, GrayImage, Outside, Preprocess, augmented_map,
    decode_gray_bytes, read_bounded,
};

use super::{LoadError, LoaderError};
use crate::Sample;
use crate::prepare::sha256_hex;

/// The maps as messages call them.
const MASK: &str = "mask";
const DEPTH: &str = "depth";

/// The pixel-wise targets that a loader makes, each of its own side; `None` is not made.
///
/// A mask target is the sample's annotated mask if its row has one, else the coarse constant mask:
/// 1 everywhere for live, 0 for attack. A depth target is the sample's depth map; an attack without
/// one is flat (0 everywhere), a live sample without one is an error. Maps move with the image's
/// crop and flip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetSpec {
    /// Side of the mask target, 1 to 1024.
    pub mask: Option<u32>,
    /// Side of the depth target, 1 to 1024.
    pub depth: Option<u32>,
}

impl TargetSpec {
    pub(super) fn validate(self) -> Result<(), LoaderError> {
        for (key, side) in [("mask side", self.mask), ("depth side", self.depth)] {
            if let Some(side) = side
                && !(1..=1024).contains(&side)
            {
                return Err(LoaderError::Size {
                    key,
                    expected: "1 to 1024",
                    found: side as usize,
                });
            }
        }
        Ok(())
    }
}

/// How a sample's image was cut, which its maps follow.
pub(super) struct Cut<'a> {
    pub(super) face: Option<FaceBox>,
    pub(super) image_size: (u32, u32),
    pub(super) preprocess: &'a Preprocess,
    pub(super) plan: &'a AugmentPlan,
    pub(super) limits: &'a DecodeLimits,
}

impl Cut<'_> {
    /// Fills `out` (side x side) with the mask target.
    pub(super) fn mask(
        &self,
        sample: &Sample,
        side: u32,
        out: &mut [f32],
    ) -> Result<(), LoadError> {
        match sample.mask_path() {
            // Beyond the frame a person goes on being live and a print goes on being a print.
            Some(path) => {
                let map = read_map(sample, MASK, &path, self.limits)?;
                self.fill(&map, side, Outside::Edge, out);
            }
            None => out.fill(f32::from(sample.row.label.class())),
        }
        Ok(())
    }

    /// Fills `out` (side x side) with the depth target.
    pub(super) fn depth(
        &self,
        sample: &Sample,
        side: u32,
        out: &mut [f32],
    ) -> Result<(), LoadError> {
        if sample.row.depth.is_none() && !sample.row.label.is_live() {
            out.fill(0.0);
            return Ok(());
        }
        let map = depth_map(sample, self.limits)?;
        self.fill(&map, side, Outside::Zero, out);
        Ok(())
    }

    /// Fills `out` (side x side) with the part of `map` that belongs to the cut.
    pub(super) fn fill(&self, map: &GrayImage, side: u32, outside: Outside, out: &mut [f32]) {
        let values = augmented_map(
            map,
            self.image_size,
            self.face,
            self.preprocess,
            self.plan,
            side,
            outside,
        );
        out.copy_from_slice(&values);
    }
}

/// A sample's depth map; an error if it has none.
pub(super) fn depth_map(sample: &Sample, limits: &DecodeLimits) -> Result<GrayImage, LoadError> {
    match sample.depth_path() {
        Some(path) => read_map(sample, DEPTH, &path, limits),
        None => Err(LoadError::NoDepth {
            sample: sample.row.sample.clone(),
            path: sample.image_path(),
        }),
    }
}

/// Decodes a map whose content is the one that was prepared, where its hash is known.
fn read_map(
    sample: &Sample,
    kind: &'static str,
    path: &Path,
    limits: &DecodeLimits,
) -> Result<GrayImage, LoadError> {
    let failed = |source| LoadError::Map {
        sample: sample.row.sample.clone(),
        kind,
        source,
    };
    let bytes = read_bounded(path, limits).map_err(failed)?;
    let expected = match kind {
        MASK => &sample.row.mask_sha256,
        _ => &sample.row.depth_sha256,
    };
    if let Some(expected) = expected {
        let found = sha256_hex(&bytes);
        if found != **expected {
            return Err(LoadError::Changed {
                sample: sample.row.sample.clone(),
                path: path.to_owned(),
                expected: expected.to_string(),
                found,
            });
        }
    }
    decode_gray_bytes(path, &bytes, limits).map_err(failed)
}
