//! Rectangles in fractions of the crop's side, so that a plan fits any input size.

use image::{Rgb, RgbImage};

/// A filled rectangle; edges are fractions of the side and may lie outside 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Patch {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) fill: [u8; 3],
}

impl Patch {
    /// Fills the pixels whose centres lie in the rectangle.
    pub(super) fn apply(&self, image: &mut RgbImage) {
        let (width, height) = image.dimensions();
        // The cast saturates at zero; `edge` is the first pixel whose centre is past the fraction.
        let edge = |at: f32, side: u32| ((at * side as f32 - 0.5).ceil() as u32).min(side);
        let (left, right) = (edge(self.left, width), edge(self.left + self.width, width));
        let (top, bottom) = (edge(self.top, height), edge(self.top + self.height, height));
        for y in top..bottom {
            for x in left..right {
                image.put_pixel(x, y, Rgb(self.fill));
            }
        }
    }
}
