//! The contract between pixels and the network's input.

use serde::{Deserialize, Serialize};

/// Order of the colour channels in the network's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorOrder {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red (OpenCV's order).
    Bgr,
}

/// Range of pixel values before mean and standard deviation are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelRange {
    /// 0 to 1.
    #[default]
    Unit,
    /// 0 to 255.
    Byte,
}

/// How the crop is resized to the input size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Bilinear, antialiased when shrinking (a triangle filter).
    #[default]
    Bilinear,
    /// Bilinear without antialiasing, half-pixel centres (OpenCV's `INTER_LINEAR`).
    Linear,
    /// Mean over the covered area (a box filter).
    Area,
}

/// Everything that turns a stored face image into the network's input: one type used by training,
/// scoring, serving and export alike, and stored in the model file.
///
/// The crop is [`FaceBox::square`](crate::FaceBox::square) of the face box times `crop_scale`
/// (what lies outside the image is black), resized to `size` x `size`, in `color` order, scaled to
/// `range`, then `(value - mean) / std` per channel, in the input's channel order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preprocess {
    /// Side of the square input in pixels.
    pub size: u32,
    /// Side of the crop as a multiple of the face box's longer side.
    pub crop_scale: f32,
    /// Channel order of the input.
    pub color: ColorOrder,
    /// Range before normalisation.
    pub range: PixelRange,
    /// Subtracted per channel.
    pub mean: [f32; 3],
    /// Divided by per channel, above zero.
    pub std: [f32; 3],
    /// Resizing.
    pub interpolation: Interpolation,
    /// Whether the EXIF orientation of a file is honoured.
    pub exif_orientation: bool,
}

impl Default for Preprocess {
    fn default() -> Self {
        Self {
            size: 256,
            crop_scale: 1.2,
            color: ColorOrder::Rgb,
            range: PixelRange::Unit,
            mean: [0.5; 3],
            std: [0.5; 3],
            interpolation: Interpolation::Bilinear,
            exif_orientation: true,
        }
    }
}

/// A value of [`Preprocess`] out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("preprocess key `{key}`: expected {expected}, found {found}")]
pub struct PreprocessError {
    /// The key.
    pub key: &'static str,
    /// What is allowed.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}
