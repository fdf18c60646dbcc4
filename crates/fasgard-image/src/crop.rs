//! Square crops of colour images.

use image::RgbImage;

use crate::resample::{self, Axis, Kernel};
use crate::{FaceBox, Interpolation};

/// The part of `image` under `region`, resized to `size` x `size` in one resampling; with
/// `mirrored`, left and right are swapped.
///
/// The region's edges may lie between pixels and outside the image. What lies outside is black:
/// an output pixel that lies partly outside is dimmed by that part, one that lies inside never is
/// (at the image's edge the kernel is normalised over the pixels that exist). A region that is not
/// [valid](FaceBox::is_valid) gives a black image.
pub fn crop(
    image: &RgbImage,
    region: FaceBox,
    size: u32,
    interpolation: Interpolation,
    mirrored: bool,
) -> RgbImage {
    let kernel = match interpolation {
        Interpolation::Bilinear => Kernel::Triangle,
        Interpolation::Linear => Kernel::Linear,
        Interpolation::Area => Kernel::Area,
    };
    let mut out = RgbImage::new(size, size);
    if !region.is_valid() || size == 0 {
        return out;
    }
    let [x, y, w, h] = [region.x, region.y, region.w, region.h].map(f64::from);
    let x_axis = Axis::new(kernel, image.width(), x, w, size, mirrored);
    let y_axis = Axis::new(kernel, image.height(), y, h, size, false);
    let mut lines = out.chunks_exact_mut(size as usize * 3);
    resample::rows::<3>(image, image.width() as usize, &x_axis, &y_axis, |line| {
        if let Some(out) = lines.next() {
            for (to, &value) in out.iter_mut().zip(line) {
                // The cast saturates, so rounding errors at the ends stay within 0 to 255.
                *to = (value + 0.5) as u8;
            }
        }
    });
    out
}
