//! A face's place in its image.

use serde::{Deserialize, Serialize};

/// A box in pixels of the stored image: `x`, `y` is the top left corner (pixel edges, not
/// centres, so the whole image is `0, 0, width, height`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width, above zero.
    pub w: f32,
    /// Height, above zero.
    pub h: f32,
}

impl FaceBox {
    /// The square of side `max(w, h) * scale` about the box's centre; it may reach outside the image.
    pub fn square(self, scale: f32) -> Self {
        let side = self.w.max(self.h) * scale;
        Self {
            x: self.x + (self.w - side) / 2.0,
            y: self.y + (self.h - side) / 2.0,
            w: side,
            h: side,
        }
    }
}
