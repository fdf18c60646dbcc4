//! Which samples the gallery shows, and their pictures.

mod picture;
mod select;

pub(crate) use picture::{Pictures, legend, tile};
pub(crate) use select::{Group, Pick, select};
