//! What surfaces look like: colours by place, and light on them.

pub(crate) mod eye;
pub(crate) mod hair;
pub(crate) mod light;
pub(crate) mod skin;

use crate::frame::Rgb;

/// A surface's answer to light at one pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matter {
    /// Diffuse reflectance.
    pub(crate) albedo: Rgb,
    /// Strength of the gloss.
    pub(crate) gloss: f32,
    /// Sharpness of the gloss: the exponent's power of two.
    pub(crate) sharp: i32,
    /// How far red light bleeds into shade (skin), 0 to 0.5.
    pub(crate) bleed: f32,
    /// Tilt of the normal from fine texture: right, up.
    pub(crate) tilt: [f32; 2],
    /// Multiplies the ambient light (cavities).
    pub(crate) cavity: f32,
    /// Strength of a mirrored lamp (the eye's catch light).
    pub(crate) glint: f32,
}

impl Matter {
    /// A dull surface of this colour.
    pub(crate) fn dull(albedo: Rgb) -> Self {
        Self {
            albedo,
            gloss: 0.0,
            sharp: 3,
            bleed: 0.0,
            tilt: [0.0; 2],
            cavity: 1.0,
            glint: 0.0,
        }
    }
}
