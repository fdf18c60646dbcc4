//! Pixels in, pixels out, seeded: bounded decoding, EXIF orientation, crops, [`Preprocess`] and augmentation.
//!
//! From a file to the network's input:
//!
//! ```no_run
//! use fasgard_image::{DecodeLimits, FaceBox, Preprocess, decode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let preprocess = Preprocess::default();
//! let image = decode("face.jpg", &DecodeLimits::default(), preprocess.exif_orientation)?;
//! let face = FaceBox { x: 40.0, y: 60.0, w: 200.0, h: 240.0 };
//! let input: Vec<f32> = preprocess.apply(&image, Some(face)); // 3 x size x size
//! # Ok(())
//! # }
//! ```

mod atomic;
mod augment;
mod colormap;
mod crop;
mod decode;
mod encode;
mod eyes;
mod face_box;
mod map;
pub mod measure;
mod preprocess;
pub mod random;
mod resample;
mod warp;

pub use atomic::{WriteError, write_atomic, write_atomic_with};
pub use augment::{
    AugmentConfig, AugmentError, AugmentPlan, Cutout, Erasing, augmented, augmented_map,
};
pub use colormap::ColorMap;
pub use crop::crop;
pub use decode::{
    DecodeError, DecodeLimits, ImageHeader, decode, decode_bytes, decode_gray, decode_gray_bytes,
    read_bounded, read_header,
};
pub use encode::{EncodeError, encode_jpeg, encode_png, encode_png_gray};
pub use eyes::Eyes;
pub use face_box::FaceBox;
// Pixels cross this crate's boundary as these types: users need no dependency of their own.
pub use image::{GrayImage, Luma, Rgb, RgbImage};
pub use map::{Outside, resample_map};
pub use preprocess::{ColorOrder, Interpolation, PixelRange, Preprocess, PreprocessError};
pub use warp::{RotatedSquare, rotated_crop};
