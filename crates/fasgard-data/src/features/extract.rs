//! The features of a sample's stored image.

use fasgard_image::measure::{jpeg_quality, lbp_histograms, perceptual_hash, sharpness, tone};
use fasgard_image::{
    DecodeError, DecodeLimits, FaceBox, Interpolation, crop, decode_bytes, read_bounded,
};
use rayon::prelude::*;

use crate::Sample;

/// Names of the single features, in the order of [`SampleFeatures::hand`]: the file's bytes, the
/// image's pixels, the quality of a JPEG (0 for others), the longer side of the face box (0 where
/// there is none), and of the face brightness, contrast, saturation, red, blue, and the logarithm of
/// sharpness.
pub const HAND: [&str; 10] = [
    "file-size",
    "resolution",
    "jpeg-quality",
    "face-size",
    "brightness",
    "contrast",
    "saturation",
    "red",
    "blue",
    "sharpness",
];

/// Side of the face that is measured, in pixels.
const SIDE: u32 = 128;

/// The features of one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleFeatures {
    /// One number each of [`HAND`].
    pub hand: [f64; HAND.len()],
    /// [`lbp_histograms`] of the face.
    pub lbp: Vec<f32>,
    /// [`perceptual_hash`] of the whole image.
    pub hash: u64,
}

/// The features of samples, in their order; `tick` is called after every sample.
pub fn extract(
    samples: &[Sample],
    tick: &(dyn Fn() + Sync),
) -> Vec<Result<SampleFeatures, DecodeError>> {
    let one = |sample: &Sample| {
        let features = of(sample);
        tick();
        features
    };
    samples.par_iter().map(one).collect()
}

fn of(sample: &Sample) -> Result<SampleFeatures, DecodeError> {
    let limits = DecodeLimits::default();
    let path = sample.image_path();
    let bytes = read_bounded(&path, &limits)?;
    let image = decode_bytes(&path, &bytes, &limits, true)?;
    let face = sample.row.face;
    let region = face.unwrap_or_else(|| FaceBox::whole(image.width(), image.height()));
    let region = region.square(1.0);
    let own = crop(&image, region, SIDE, Interpolation::Area, false);
    let tone = tone(&own);
    Ok(SampleFeatures {
        hand: [
            bytes.len() as f64,
            f64::from(image.width()) * f64::from(image.height()),
            jpeg_quality(&bytes).map_or(0.0, f64::from),
            face.map_or(0.0, |f| f64::from(f.w.max(f.h))),
            tone.brightness,
            tone.contrast,
            tone.saturation,
            tone.red,
            tone.blue,
            (1.0 + sharpness(&own)).ln(),
        ],
        lbp: lbp_histograms(&own),
        hash: perceptual_hash(&image),
    })
}
