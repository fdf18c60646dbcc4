//! Geometry of the 468-point face mesh: triangles, pose, pseudo-depth.
//!
//! A mesh is 468 points `[x, y, z]`: x right and y down in image pixels, z in the same unit and
//! smaller = nearer, in the order of MediaPipe's face mesh.

mod canonical;
pub mod depth;
pub mod pose;
mod raster;
mod refusal;
mod triangles;

pub use canonical::{POINTS, canonical, mirrored_index};
pub use refusal::Refusal;
pub use triangles::triangles;
