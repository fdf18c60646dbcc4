//! Files to inputs and targets, one sample or one batch at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use fasgard_image::{
    AugmentPlan, DecodeLimits, FaceBox, GrayImage, Outside, Preprocess, RgbImage, augmented,
    decode_bytes, read_bounded,
};
use rayon::prelude::*;

use super::augment::{Recapture, Shown};
use super::cache::Cache;
use super::target::{Cut, depth_map};
use super::{Batch, LoadError, TargetSpec};
use crate::Sample;
use crate::prepare::sha256_hex;

/// Everything that is the same for all samples of a loader.
pub(super) struct Reader {
    pub(super) rows: Vec<Sample>,
    pub(super) preprocess: Preprocess,
    pub(super) targets: TargetSpec,
    limits: DecodeLimits,
    pub(super) cache: Cache,
    /// Rows whose image was found to be the manifest's.
    intact: Vec<AtomicBool>,
}

/// A row to load, and how.
pub(super) struct Load {
    pub(super) row: usize,
    pub(super) shown: Shown,
    pub(super) plan: AugmentPlan,
}

impl Load {
    /// A row as it is stored, unchanged.
    pub(super) fn plain(row: usize) -> Self {
        Self {
            row,
            shown: Shown::Own,
            plan: AugmentPlan::NONE,
        }
    }
}

/// Where one sample's values go; empty slices for targets that are not made.
struct Slot<'a> {
    image: &'a mut [f32],
    mask: &'a mut [f32],
    depth: &'a mut [f32],
}

impl Reader {
    /// A reader that keeps no image.
    pub(super) fn new(rows: Vec<Sample>, preprocess: Preprocess, targets: TargetSpec) -> Self {
        let unknown = std::iter::repeat_with(|| AtomicBool::new(false));
        Self {
            cache: Cache::new(rows.len(), 0),
            intact: unknown.take(rows.len()).collect(),
            limits: DecodeLimits::default(),
            rows,
            preprocess,
            targets,
        }
    }

    /// Loads rows in parallel, each as it says. Each sample has its own part of the output, so
    /// the result does not depend on the threads. The outcomes are in the order of `rows`.
    pub(super) fn load(&self, rows: &[Load]) -> (Batch, Vec<Result<(), LoadError>>) {
        let area = |side: Option<u32>| side.map(|s| s as usize * s as usize);
        let (mask_len, depth_len) = (area(self.targets.mask), area(self.targets.depth));
        let image_len = self.preprocess.input_len();
        let mut batch = Batch {
            images: vec![0.0; rows.len() * image_len],
            size: self.preprocess.size,
            labels: Vec::with_capacity(rows.len()),
            masks: mask_len.map(|len| vec![0.0; rows.len() * len]),
            depths: depth_len.map(|len| vec![0.0; rows.len() * len]),
            samples: Vec::with_capacity(rows.len()),
            rows: rows.iter().map(|load| load.row).collect(),
            simulated: rows.iter().map(|load| load.shown.attack()).collect(),
        };
        for load in rows {
            let row = &self.rows[load.row].row;
            let label = load.shown.label(row.label);
            batch.labels.push(f32::from(label.class()));
            batch.samples.push(row.sample.clone());
        }
        let slots = slots(&mut batch, image_len, mask_len, depth_len);
        let outcomes = slots
            .into_par_iter()
            .zip(rows)
            .map(|(slot, load)| self.sample(load, slot))
            .collect();
        (batch, outcomes)
    }

    fn sample(&self, load: &Load, slot: Slot<'_>) -> Result<(), LoadError> {
        let sample = &self.rows[load.row];
        let image = self.cache.get(load.row, || self.image(load.row))?;
        if let Shown::Again(again) = &load.shown {
            return self.again(sample, again, &image, &load.plan, slot);
        }
        let cut = self.cut(sample.row.face, &image, &load.plan, slot.image);
        if let Some(side) = self.targets.mask {
            cut.mask(sample, side, slot.mask)?;
        }
        if let Some(side) = self.targets.depth {
            cut.depth(sample, side, slot.depth)?;
        }
        Ok(())
    }

    /// A live sample photographed again, as its twin or as an attack. An attack's mask is exact and
    /// its depth 0 everywhere, as that of attacks without a map; the twin has the sample's depth.
    fn again(
        &self,
        sample: &Sample,
        again: &Recapture,
        picture: &RgbImage,
        plan: &AugmentPlan,
        slot: Slot<'_>,
    ) -> Result<(), LoadError> {
        let twin = again.attack.is_none();
        let depth: Option<GrayImage> = match self.targets.depth {
            Some(_) if twin => Some(depth_map(sample, &self.limits)?),
            _ => None,
        };
        let taken = again.take(sample, picture, depth.as_ref());
        let taken = taken.map_err(|source| LoadError::Simulate {
            sample: sample.row.sample.clone(),
            source,
        })?;
        let cut = self.cut(Some(taken.face), &taken.image, plan, slot.image);
        if let Some(side) = self.targets.mask {
            match again.attack {
                Some(attack) if attack.is_partial() => {
                    cut.fill(&taken.mask, side, Outside::Edge, slot.mask);
                }
                Some(_) => slot.mask.fill(0.0),
                None => slot.mask.fill(1.0),
            }
        }
        if let Some(side) = self.targets.depth {
            if twin {
                cut.fill(&taken.depth, side, Outside::Zero, slot.depth);
            } else {
                slot.depth.fill(0.0);
            }
        }
        Ok(())
    }

    /// Writes the input of an image and says how it was cut.
    fn cut<'a>(
        &'a self,
        face: Option<FaceBox>,
        image: &RgbImage,
        plan: &'a AugmentPlan,
        out: &mut [f32],
    ) -> Cut<'a> {
        let crop = augmented(image, face, &self.preprocess, plan);
        self.preprocess.normalize_into(&crop, out);
        Cut {
            face,
            image_size: image.dimensions(),
            preprocess: &self.preprocess,
            plan,
            limits: &self.limits,
        }
    }

    /// A row's image; the first time its content is compared with the manifest's hash.
    fn image(&self, row: usize) -> Result<RgbImage, LoadError> {
        let sample = &self.rows[row];
        let path = sample.image_path();
        let failed = |source| LoadError::Image {
            sample: sample.row.sample.clone(),
            source,
        };
        let bytes = read_bounded(&path, &self.limits).map_err(failed)?;
        let upright = self.preprocess.exif_orientation;
        let image = decode_bytes(&path, &bytes, &self.limits, upright).map_err(failed)?;
        if let Some(expected) = &sample.row.sha256
            && !self.intact[row].load(Ordering::Relaxed)
        {
            let found = sha256_hex(&bytes);
            if !found.eq_ignore_ascii_case(expected) {
                return Err(LoadError::Changed {
                    sample: sample.row.sample.clone(),
                    path,
                    expected: expected.clone(),
                    found,
                });
            }
            self.intact[row].store(true, Ordering::Relaxed);
        }
        Ok(image)
    }
}

fn slots(
    batch: &mut Batch,
    image_len: usize,
    mask_len: Option<usize>,
    depth_len: Option<usize>,
) -> Vec<Slot<'_>> {
    fn parts<'a>(
        values: Option<&'a mut Vec<f32>>,
        len: Option<usize>,
    ) -> Box<dyn Iterator<Item = &'a mut [f32]> + 'a> {
        match (values, len) {
            (Some(values), Some(len)) => Box::new(values.chunks_exact_mut(len)),
            _ => Box::new(std::iter::repeat_with(Default::default)),
        }
    }
    let images = batch.images.chunks_exact_mut(image_len);
    let masks = parts(batch.masks.as_mut(), mask_len);
    let depths = parts(batch.depths.as_mut(), depth_len);
    images
        .zip(masks)
        .zip(depths)
        .map(|((image, mask), depth)| Slot { image, mask, depth })
        .collect()
}
