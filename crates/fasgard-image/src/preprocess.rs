//! The contract between pixels and the network's input.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{FaceBox, crop};

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

/// Which part of the image is cut around the face box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CropFit {
    /// A square of the longer side, which may reach outside the image: black there.
    #[default]
    Square,
    /// Both sides scaled, less where the image has no room, and moved into the image; stretched to the
    /// square input ([`FaceBox::inside`](crate::FaceBox::inside)). MiniFASNet is trained this way.
    Inside,
}

/// Everything that turns a stored face image into the network's input: one type used by training,
/// scoring, serving and export alike, and stored in the model file.
///
/// The crop is [`FaceBox::square`](crate::FaceBox::square) of the face box times `crop_scale`
/// (what lies outside the image is black; `fit` may say otherwise), resized to `size` x `size`, in `color` order, scaled to
/// `range`, then `(value - mean) / std` per channel, in the input's channel order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preprocess {
    /// Side of the square input in pixels.
    pub size: u32,
    /// Side of the crop as a multiple of the face box's longer side.
    pub crop_scale: f32,
    /// How the crop lies around the face box.
    pub fit: CropFit,
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
            fit: CropFit::Square,
            color: ColorOrder::Rgb,
            range: PixelRange::Unit,
            mean: [0.5; 3],
            std: [0.5; 3],
            interpolation: Interpolation::Bilinear,
            exif_orientation: true,
        }
    }
}

impl Preprocess {
    /// Checks every value's range.
    ///
    /// # Errors
    /// The first key out of range: `size` must be 8 to 2048, `crop_scale` 0.1 to 10, `mean` finite,
    /// `std` finite and above zero.
    pub fn validate(&self) -> Result<(), PreprocessError> {
        let bad = |key, expected, found: String| {
            Err(PreprocessError {
                key,
                expected,
                found,
            })
        };
        if !(8..=2048).contains(&self.size) {
            return bad("size", "8 to 2048 pixels", self.size.to_string());
        }
        if !(0.1..=10.0).contains(&self.crop_scale) {
            return bad("crop_scale", "0.1 to 10", self.crop_scale.to_string());
        }
        if !self.mean.iter().all(|v| v.is_finite()) {
            let found = format!("{:?}", self.mean);
            return bad("mean", "three finite numbers", found);
        }
        // A subnormal divisor would make every input infinite.
        if !self.std.iter().all(|v| v.is_normal() && *v > 0.0) {
            let found = format!("{:?}", self.std);
            return bad("std", "three finite numbers above zero", found);
        }
        Ok(())
    }

    /// Values of one input: `3 * size * size`.
    pub fn input_len(&self) -> usize {
        3 * self.size as usize * self.size as usize
    }

    /// What the network sees, in pixels of an image of `width` x `height`.
    ///
    /// With a face box it is the box's square times `crop_scale`, which may reach outside, or what
    /// `fit` says. Without
    /// one the image is taken for a face crop already: its largest centred square, to which
    /// `crop_scale` does not apply.
    pub fn crop_region(&self, face: Option<FaceBox>, width: u32, height: u32) -> FaceBox {
        match face {
            Some(face) => match self.fit {
                CropFit::Square => face.square(self.crop_scale),
                CropFit::Inside => face.inside(self.crop_scale, width, height),
            },
            None => {
                let side = width.min(height) as f32;
                FaceBox {
                    x: (width as f32 - side) / 2.0,
                    y: (height as f32 - side) / 2.0,
                    w: side,
                    h: side,
                }
            }
        }
    }

    /// What the network sees before normalisation: the crop at `size` x `size`, in RGB order.
    pub fn crop(&self, image: &RgbImage, face: Option<FaceBox>) -> RgbImage {
        let region = self.crop_region(face, image.width(), image.height());
        crop(image, region, self.size, self.interpolation, false)
    }

    /// Writes a `size` x `size` crop as network input: planar, channel by channel in `color` order,
    /// rows top down, each value `(value in range - mean) / std`.
    ///
    /// # Panics
    /// If `crop` is not `size` x `size` or `out` does not hold [`input_len`](Self::input_len)
    /// values: both are the caller's own buffers.
    pub fn normalize_into(&self, crop: &RgbImage, out: &mut [f32]) {
        assert_eq!(
            crop.dimensions(),
            (self.size, self.size),
            "the crop's size is not the preprocess size"
        );
        assert_eq!(out.len(), self.input_len(), "the input buffer's length");
        let plane = out.len() / 3;
        let tables = [0, 1, 2].map(|channel| self.table(channel));
        let (first, rest) = out.split_at_mut(plane);
        let (second, third) = rest.split_at_mut(plane);
        let (red, blue) = match self.color {
            ColorOrder::Rgb => (0, 2),
            ColorOrder::Bgr => (2, 0),
        };
        let planes = first.iter_mut().zip(second).zip(third);
        for (((a, b), c), pixel) in planes.zip(crop.as_raw().as_chunks::<3>().0) {
            *a = tables[0][usize::from(pixel[red])];
            *b = tables[1][usize::from(pixel[1])];
            *c = tables[2][usize::from(pixel[blue])];
        }
    }

    /// The input of every byte value in an input channel. There are only 256 of them, so a table is
    /// as fast as arithmetic and gives the formula's own bits for any vector width.
    fn table(&self, channel: usize) -> [f32; 256] {
        let top = match self.range {
            PixelRange::Unit => 255.0,
            PixelRange::Byte => 1.0,
        };
        std::array::from_fn(|v| (v as f32 / top - self.mean[channel]) / self.std[channel])
    }

    /// An image and its face box to the network's input (3 x `size` x `size`, planar): [`crop`](Self::crop),
    /// then [`normalize_into`](Self::normalize_into).
    pub fn apply(&self, image: &RgbImage, face: Option<FaceBox>) -> Vec<f32> {
        let mut out = vec![0.0; self.input_len()];
        self.normalize_into(&self.crop(image, face), &mut out);
        out
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
