//! Pixels in, pixels out, seeded: bounded decoding, EXIF orientation, crops, [`Preprocess`] and augmentation.

mod face_box;
mod preprocess;
pub mod random;

pub use face_box::FaceBox;
pub use preprocess::{ColorOrder, Interpolation, PixelRange, Preprocess, PreprocessError};
