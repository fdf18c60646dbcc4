//! Where the attack is on a picture, cell by cell: annotated masks as a network's maps see them.

use fasgard_image::Preprocess;

use crate::Sample;
use crate::loader::{EvalLoader, LoadError, LoaderError, TargetSpec};

/// Side that masks are cut to at least before cells are made of them: that of stored masks.
const FINE: usize = 128;
/// Pictures decoded at a time.
const BATCH: usize = 64;

/// Which cells count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// All.
    #[default]
    Whole,
    /// Those of which more than half is face or artefact. The face is where the sample's depth map is
    /// above 0. For maps of depth, which are 0 on any background.
    Face,
}

/// The truth of one sample at one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct TruthMap {
    /// Height and width in cells.
    pub side: usize,
    /// The share of each cell's area that shows an artefact, 0 to 1, row by row.
    pub shares: Vec<f32>,
    /// Whether the cell counts.
    pub counted: Vec<bool>,
}

/// The truth of a sample at every scale, in the order of the sides asked for; or why there is none.
pub type Truth = Result<Vec<TruthMap>, LoadError>;

/// Reads the masks of `samples` and cuts them as `preprocess` cuts their pictures for the network: the
/// same crop, no augmentation. One entry a sample, in their order.
///
/// A sample without a mask is all artefact if it is an attack, and none if it is live. With
/// [`Region::Face`] a sample without a depth map is an error.
///
/// # Errors
/// A setting is out of range; `sides` must be 1 to 1024 and divide the largest.
pub fn truths(
    samples: Vec<Sample>,
    preprocess: &Preprocess,
    sides: &[usize],
    region: Region,
) -> Result<Vec<Truth>, LoaderError> {
    let largest = sides.iter().copied().max().unwrap_or(1).max(1);
    if let Some(&found) = sides.iter().find(|&&s| s == 0 || largest % s != 0) {
        return Err(LoaderError::Size {
            key: "side of a map",
            expected: "a divisor of the largest side",
            found,
        });
    }
    let fine = largest * FINE.div_ceil(largest);
    let side = u32::try_from(fine).ok();
    let spec = TargetSpec {
        mask: side,
        depth: side.filter(|_| region == Region::Face),
    };
    let depths: Vec<Option<LoadError>> = samples.iter().map(|s| missing_depth(s, region)).collect();
    let loader = EvalLoader::new(samples, preprocess.clone(), spec, BATCH)?;
    let mut truths: Vec<Option<Truth>> = depths.into_iter().map(|e| e.map(Err)).collect();
    for index in 0..loader.batches() {
        let next = loader.batch(index);
        for failure in next.failures {
            truths[failure.row].get_or_insert(Err(failure.error));
        }
        let cells = fine * fine;
        let masks = next.batch.masks.unwrap_or_default();
        let depths = next.batch.depths.unwrap_or_default();
        for (i, &row) in next.batch.rows.iter().enumerate() {
            let part = i * cells..(i + 1) * cells;
            let (Some(mask), depth) = (masks.get(part.clone()), depths.get(part)) else {
                continue;
            };
            let maps = sides.iter().map(|&side| cut(mask, depth, fine, side));
            truths[row].get_or_insert_with(|| Ok(maps.collect()));
        }
    }
    Ok(truths.into_iter().flatten().collect())
}

/// Attacks without a depth map pass for flat elsewhere; here nobody would know where their face is.
fn missing_depth(sample: &Sample, region: Region) -> Option<LoadError> {
    (region == Region::Face && sample.row.depth.is_none()).then(|| LoadError::NoDepth {
        sample: sample.row.sample.clone(),
        path: sample.image_path(),
    })
}

/// Cells of `side` x `side` from a mask (1 live, 0 artefact) and a depth map of `fine` x `fine`.
fn cut(mask: &[f32], depth: Option<&[f32]>, fine: usize, side: usize) -> TruthMap {
    let step = fine / side;
    let area = (step * step) as f32;
    let mut shares = Vec::with_capacity(side * side);
    let mut counted = Vec::with_capacity(side * side);
    for cell in 0..side * side {
        let (top, left) = (cell / side * step, cell % side * step);
        let pixels = (top..top + step).flat_map(|y| (left..left + step).map(move |x| y * fine + x));
        let (mut share, mut face) = (0.0, 0);
        for pixel in pixels {
            share += 1.0 - mask[pixel];
            face += usize::from(depth.is_none_or(|d| d[pixel] > 0.0) || mask[pixel] < 0.5);
        }
        shares.push(share / area);
        counted.push(2 * face > step * step);
    }
    TruthMap {
        side,
        shares,
        counted,
    }
}
