//! Squares of an image at any angle.

use image::RgbImage;

/// Samples along one direction under an output pixel, at most: bounds the work of shrinking a lot.
const MAX_SAMPLES: u32 = 8;

/// A square in an image, turned about its centre. In pixels, with pixel edges at whole numbers (as
/// in [`FaceBox`](crate::FaceBox)): the centre of the first pixel is 0.5, 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotatedSquare {
    /// The middle.
    pub center: [f32; 2],
    /// Length of a side, above zero.
    pub side: f32,
    /// Radians from the image's x axis to the square's, towards the image's y axis: clockwise as
    /// seen, the sign of [`Eyes::roll`](crate::Eyes::roll).
    pub angle: f32,
}

impl RotatedSquare {
    /// Whether all values are finite and the side above zero. Crops of any other square are black.
    pub fn is_valid(self) -> bool {
        let values = [self.center[0], self.center[1], self.side, self.angle];
        values.iter().all(|v| v.is_finite()) && self.side > 0.0
    }

    /// The place in the image of `u`, `v`: parts of the side from the square's own top left
    /// corner, 0 to 1 within it.
    pub fn to_image(self, u: f32, v: f32) -> [f32; 2] {
        let (sin, cos) = self.angle.sin_cos();
        let (x, y) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        [
            self.center[0] + x * cos - y * sin,
            self.center[1] + x * sin + y * cos,
        ]
    }

    /// The inverse of [`RotatedSquare::to_image`]: parts of the side for a place in the image.
    pub fn from_image(self, x: f32, y: f32) -> [f32; 2] {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (x - self.center[0], y - self.center[1]);
        [
            (dx * cos + dy * sin) / self.side + 0.5,
            (dy * cos - dx * sin) / self.side + 0.5,
        ]
    }
}

/// The part of `image` under `square`, turned upright and resized to `side` x `side`.
///
/// Every sample is bilinear between the four nearest pixel centres; pixels outside the image are
/// black. Where a step between output pixels spans more than two image pixels, an output pixel is
/// the mean of a regular grid of samples (two image pixels apart at most, up to 8 x 8 samples), so
/// that shrinking does not alias. A square that is not [valid](RotatedSquare::is_valid) gives a
/// black image.
pub fn rotated_crop(image: &RgbImage, square: RotatedSquare, side: u32) -> RgbImage {
    let mut out = RgbImage::new(side, side);
    if !square.is_valid() || side == 0 || image.width() == 0 || image.height() == 0 {
        return out;
    }
    let step = square.side / side as f32;
    // The cast saturates; NaN cannot come from a valid square.
    let samples = ((step / 2.0).ceil() as u32).clamp(1, MAX_SAMPLES);
    let (sin, cos) = square.angle.sin_cos();
    let fine = step / samples as f32;
    let (dx, dy) = (cos * fine, sin * fine);
    let share = 1.0 / (samples * samples) as f32;
    let half = (side * samples) as f32 / 2.0;
    let source = Source::new(image);
    for (row, line) in out.chunks_exact_mut(side as usize * 3).enumerate() {
        for (col, pixel) in line.chunks_exact_mut(3).enumerate() {
            let mut sum = [0.0_f32; 3];
            for j in 0..samples {
                for i in 0..samples {
                    let a = (col as u32 * samples + i) as f32 + 0.5 - half;
                    let b = (row as u32 * samples + j) as f32 + 0.5 - half;
                    // From pixel edges to the grid of pixel centres.
                    let x = square.center[0] + a * dx - b * dy - 0.5;
                    let y = square.center[1] + a * dy + b * dx - 0.5;
                    source.add(x, y, &mut sum);
                }
            }
            for (to, value) in pixel.iter_mut().zip(sum) {
                // The cast saturates.
                *to = (value * share + 0.5) as u8;
            }
        }
    }
    out
}

struct Source<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
}

impl<'a> Source<'a> {
    fn new(image: &'a RgbImage) -> Self {
        Self {
            pixels: image.as_raw(),
            width: image.width() as usize,
            height: image.height() as usize,
        }
    }

    /// Adds the bilinear value at `x`, `y` (in pixel centres: 0, 0 is the first pixel).
    #[inline(always)]
    fn add(&self, x: f32, y: f32, sum: &mut [f32; 3]) {
        let (left, top) = (x.floor(), y.floor());
        let outside = left < -1.0
            || top < -1.0
            || left >= self.width as f32
            || top >= self.height as f32
            || !(left.is_finite() && top.is_finite());
        if outside {
            return;
        }
        let (fx, fy) = (x - left, y - top);
        let weights = [
            (1.0 - fx) * (1.0 - fy),
            fx * (1.0 - fy),
            (1.0 - fx) * fy,
            fx * fy,
        ];
        let (left, top) = (left as isize, top as isize);
        let stride = self.width * 3;
        if left >= 0
            && top >= 0
            && (left as usize) + 1 < self.width
            && (top as usize) + 1 < self.height
        {
            let at = top as usize * stride + left as usize * 3;
            let (above, below) = (&self.pixels[at..][..6], &self.pixels[at + stride..][..6]);
            for (c, sum) in sum.iter_mut().enumerate() {
                *sum += weights[0] * f32::from(above[c])
                    + weights[1] * f32::from(above[c + 3])
                    + weights[2] * f32::from(below[c])
                    + weights[3] * f32::from(below[c + 3]);
            }
            return;
        }
        for (i, weight) in weights.into_iter().enumerate() {
            let (x, y) = (left + (i as isize & 1), top + (i as isize >> 1));
            if x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height {
                let at = y as usize * stride + x as usize * 3;
                for (sum, value) in sum.iter_mut().zip(&self.pixels[at..][..3]) {
                    *sum += weight * f32::from(*value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use image::Rgb;

    use super::*;

    fn noise(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([0, 1, 2].map(|c| ((x * 71 + y * 113 + c * 37) % 251) as u8))
        })
    }

    fn square(x: f32, y: f32, side: f32, angle: f32) -> RotatedSquare {
        RotatedSquare {
            center: [x, y],
            side,
            angle,
        }
    }

    #[test]
    fn upright_whole_pixels_are_copied() {
        let image = noise(12, 10);
        let out = rotated_crop(&image, square(6.0, 5.0, 8.0, 0.0), 8);
        for (x, y, pixel) in out.enumerate_pixels() {
            assert_eq!(pixel, image.get_pixel(x + 2, y + 1));
        }
    }

    #[test]
    fn a_quarter_turn_turns_the_pixels() {
        let image = noise(8, 8);
        let out = rotated_crop(&image, square(4.0, 4.0, 8.0, FRAC_PI_2), 8);
        for (x, y, pixel) in out.enumerate_pixels() {
            // The square's x axis points down the image, its y axis to the left.
            assert_eq!(pixel, image.get_pixel(7 - y, x), "{x}, {y}");
        }
    }

    #[test]
    fn outside_is_black_and_half_outside_is_half_as_bright() {
        let image = RgbImage::from_pixel(4, 4, Rgb([200; 3]));
        let out = rotated_crop(&image, square(0.0, 2.0, 4.0, 0.0), 4);
        assert_eq!(out.get_pixel(1, 1).0, [0; 3]);
        assert_eq!(out.get_pixel(2, 1).0, [200; 3]);
        let half = rotated_crop(&image, square(0.0, 2.0, 1.0, 0.0), 1);
        assert_eq!(half.get_pixel(0, 0).0, [100; 3]);
        for broken in [
            square(f32::NAN, 0.0, 1.0, 0.0),
            square(0.0, 0.0, 0.0, 0.0),
            square(1e30, 0.0, 1e30, 0.3),
        ] {
            assert!(rotated_crop(&image, broken, 4).iter().all(|v| *v == 0));
        }
    }

    #[test]
    fn shrinking_averages() {
        // One-pixel stripes: a single sample a pixel would give black or white.
        let image = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 240 }; 3]));
        let out = rotated_crop(&image, square(32.0, 32.0, 64.0, 0.0), 8);
        assert!(out.iter().all(|v| v.abs_diff(120) <= 2), "{out:?}");
    }

    #[test]
    fn there_and_back() {
        let square = square(31.0, 17.0, 12.0, 0.7);
        for (u, v) in [(0.0, 0.0), (0.25, 0.9), (-1.0, 2.0)] {
            let [x, y] = square.to_image(u, v);
            let [a, b] = square.from_image(x, y);
            assert!((a - u).abs() < 1e-5 && (b - v).abs() < 1e-5);
        }
        // By hand: the corner 1, 0.5 of a square turned by 90 degrees lies below the centre.
        let turned = RotatedSquare {
            angle: FRAC_PI_2,
            ..square
        };
        let [x, y] = turned.to_image(1.0, 0.5);
        assert!((x - 31.0).abs() < 1e-5 && (y - 23.0).abs() < 1e-5);
    }
}
