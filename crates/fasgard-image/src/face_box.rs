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
    /// The box of a whole image of `width` x `height` pixels.
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            w: width as f32,
            h: height as f32,
        }
    }

    /// Whether all values are finite and both sides above zero. Crops of any other box are black.
    pub fn is_valid(self) -> bool {
        [self.x, self.y, self.w, self.h]
            .iter()
            .all(|v| v.is_finite())
            && self.w > 0.0
            && self.h > 0.0
    }

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

    /// Both sides times `scale` about the box's centre, less where an image of `width` x `height` has
    /// no room for that, and moved so that it lies inside; whole pixels. The crop of
    /// minivision-ai/Silent-Face-Anti-Spoofing (`generate_patches.py`).
    pub fn inside(self, scale: f32, width: u32, height: u32) -> Self {
        let (last_x, last_y) = (width as f32 - 1.0, height as f32 - 1.0);
        let scale = scale.min(last_x / self.w).min(last_y / self.h);
        let span = |start: f32, side: f32, last: f32| {
            let wide = side * scale;
            let first = start + side / 2.0 - wide / 2.0;
            // Moved in from one side, then from the other.
            let first = first.max(0.0);
            let first = first - (first + wide - last).max(0.0);
            let (from, to) = (first.max(0.0).trunc(), (first + wide).trunc().min(last));
            (from, to - from + 1.0)
        };
        let ((x, w), (y, h)) = (span(self.x, self.w, last_x), span(self.y, self.h, last_y));
        Self { x, y, w, h }
    }

    /// The same place in an image of another size: `from` and `to` are `(width, height)` of the
    /// two images, which show the same frame.
    pub fn rescaled(self, from: (u32, u32), to: (u32, u32)) -> Self {
        let sx = to.0 as f32 / from.0 as f32;
        let sy = to.1 as f32 / from.1 as f32;
        Self {
            x: self.x * sx,
            y: self.y * sy,
            w: self.w * sx,
            h: self.h * sy,
        }
    }
}
