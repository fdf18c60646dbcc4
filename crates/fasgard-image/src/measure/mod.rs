//! Numbers of an image that need no learning: tone, sharpness, local binary patterns, a perceptual
//! hash, the quality of a JPEG file. Classical baselines and audits are made of them.

mod hash;
mod jpeg;
mod lbp;
mod tone;

pub use hash::perceptual_hash;
pub use jpeg::jpeg_quality;
pub use lbp::{LBP_LEN, LBP_SIDE, lbp_histograms};
pub use tone::{Tone, sharpness, tone};

use image::RgbImage;

/// Luma of ITU-R BT.601, 0 to 255, row by row.
pub(crate) fn luma(image: &RgbImage) -> Vec<f32> {
    let of = |p: &image::Rgb<u8>| {
        let [r, g, b] = p.0.map(f32::from);
        0.299 * r + 0.587 * g + 0.114 * b
    };
    image.pixels().map(of).collect()
}
