//! Crops of masks and depth maps.

use image::GrayImage;

use crate::FaceBox;
use crate::resample::{self, Axis, Kernel};

/// What a map holds where its image has no pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// The nearest pixel of the map: for masks, whose label goes on beyond the frame.
    Edge,
    /// Zero: for depth, whose background is zero.
    Zero,
}

/// The part of `map` under `region` (in the map's own pixels, as for [`crop`](crate::crop())) as
/// `side` x `side` means over the covered area, row by row, each 0 to 1 (255 is 1).
///
/// A region that is not [valid](FaceBox::is_valid), or a map without pixels, gives zeros.
pub fn resample_map(
    map: &GrayImage,
    region: FaceBox,
    side: u32,
    outside: Outside,
    mirrored: bool,
) -> Vec<f32> {
    let count = side as usize * side as usize;
    if !region.is_valid() || count == 0 {
        return vec![0.0; count];
    }
    let kernel = match outside {
        Outside::Edge => Kernel::AreaEdge,
        Outside::Zero => Kernel::Area,
    };
    let [x, y, w, h] = [region.x, region.y, region.w, region.h].map(f64::from);
    let x_axis = Axis::new(kernel, map.width(), x, w, side, mirrored);
    let y_axis = Axis::new(kernel, map.height(), y, h, side, false);
    let mut out = Vec::with_capacity(count);
    resample::rows::<1>(map, map.width() as usize, &x_axis, &y_axis, |line| {
        out.extend(line.iter().map(|&value| (value / 255.0).clamp(0.0, 1.0)));
    });
    out
}
