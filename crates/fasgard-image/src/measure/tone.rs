//! Brightness, contrast, colour and sharpness.

use image::RgbImage;

use super::luma;

/// Mean tone of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Mean luma, 0 to 255.
    pub brightness: f64,
    /// Standard deviation of luma, 0 to 127.5.
    pub contrast: f64,
    /// Mean of (max - min) / max of the three channels, 0 to 1; black pixels count 0.
    pub saturation: f64,
    /// Mean of red minus luma, -255 to 255.
    pub red: f64,
    /// Mean of blue minus luma, -255 to 255.
    pub blue: f64,
}

/// The tone of an image; all zeros for an empty one.
pub fn tone(image: &RgbImage) -> Tone {
    let luma = luma(image);
    let n = luma.len().max(1) as f64;
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / n;
    let brightness = mean(&mut luma.iter().map(|v| f64::from(*v)));
    let variance = mean(&mut luma.iter().map(|v| (f64::from(*v) - brightness).powi(2)));
    let saturation = mean(&mut image.pixels().map(|p| {
        let (max, min) = (p.0.iter().max(), p.0.iter().min());
        match (max, min) {
            (Some(&max), Some(&min)) if max > 0 => f64::from(max - min) / f64::from(max),
            _ => 0.0,
        }
    }));
    let channel = |c: usize| mean(&mut image.pixels().map(|p| f64::from(p.0[c]))) - brightness;
    Tone {
        brightness,
        contrast: variance.sqrt(),
        saturation,
        red: channel(0),
        blue: channel(2),
    }
}

/// Variance of the Laplacian (four neighbours) of luma: low where the image is blurred. 0 for an
/// image with a side below 3. (Pech-Pacheco et al., ICPR 2000.)
pub fn sharpness(image: &RgbImage) -> f64 {
    let (w, h) = (image.width() as usize, image.height() as usize);
    if w < 3 || h < 3 {
        return 0.0;
    }
    let luma = luma(image);
    let at = |x: usize, y: usize| f64::from(luma[y * w + x]);
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for y in 1..h - 1 {
        for x in 1..w - 1 {
            let v = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
            sum += v;
            squares += v * v;
            n += 1.0;
        }
    }
    let mean = sum / n;
    (squares / n - mean * mean).max(0.0)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn tone_by_hand() {
        // Half black, half pure red: luma 0 and 76.245.
        let image = RgbImage::from_fn(4, 2, |x, _| Rgb([if x < 2 { 0 } else { 255 }, 0, 0]));
        let t = tone(&image);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{a} {b}");
        near(t.brightness, 38.1225);
        near(t.contrast, 38.1225);
        near(t.saturation, 0.5);
        near(t.red, 127.5 - 38.1225);
        near(t.blue, -38.1225);
        assert_eq!(tone(&RgbImage::new(0, 0)).brightness, 0.0);
    }

    #[test]
    fn sharpness_by_hand() {
        // One white pixel in 3 x 3: the only inner pixel, so no variance; in 4 x 3 two inner pixels
        // with -1020 and 255: variance (1275 / 2)^2.
        let spot = |w| {
            RgbImage::from_fn(
                w,
                3,
                |x, y| Rgb([if (x, y) == (1, 1) { 255 } else { 0 }; 3]),
            )
        };
        assert_eq!(sharpness(&spot(3)), 0.0);
        assert!((sharpness(&spot(4)) - 637.5f64.powi(2)).abs() < 1.0);
        assert_eq!(sharpness(&RgbImage::new(2, 9)), 0.0);
    }
}
