//! Linear-light colour frames: sampling, resampling with blur, luminance.

/// A colour in linear light, red, green, blue.
pub(crate) type Rgb = [f32; 3];

/// `a + (b - a) * t`, channel by channel.
pub(crate) fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t)
}

/// Channel by channel product.
pub(crate) fn times(a: Rgb, b: Rgb) -> Rgb {
    std::array::from_fn(|c| a[c] * b[c])
}

/// A colour times a number.
pub(crate) fn scaled(a: Rgb, s: f32) -> Rgb {
    a.map(|v| v * s)
}

/// Rec. 709 luminance.
pub(crate) fn luminance(c: Rgb) -> f32 {
    0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]
}

/// 0 below `low`, 1 above `high`, smooth between (also for `low > high`, falling).
pub(crate) fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A frame of linear colours, row by row.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgb>,
}

impl Frame {
    /// A frame of one colour.
    pub(crate) fn filled(width: usize, height: usize, color: Rgb) -> Self {
        Self {
            width,
            height,
            pixels: vec![color; width * height],
        }
    }

    /// The colour at continuous pixel coordinates (centres at half integers), bilinear, edges held.
    pub(crate) fn sample(&self, x: f32, y: f32) -> Rgb {
        let (x, y) = (
            (x - 0.5).clamp(0.0, (self.width - 1) as f32),
            (y - 0.5).clamp(0.0, (self.height - 1) as f32),
        );
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (tx, ty) = (x - x0 as f32, y - y0 as f32);
        let row = |y: usize| {
            mix(
                self.pixels[y * self.width + x0],
                self.pixels[y * self.width + x1],
                tx,
            )
        };
        mix(row(y0), row(y1), ty)
    }

    /// Resampled to `width` x `height`, every sample a Gaussian mean of deviation `sigma` source
    /// pixels (at least a third of the step, so that nothing folds over unless asked for): optical
    /// blur and sampling in one pass.
    pub(crate) fn resampled(&self, width: usize, height: usize, sigma: f32) -> Self {
        let columns = taps(self.width, width, sigma);
        let rows = taps(self.height, height, sigma);
        let mut narrow = vec![[0.0; 3]; width * self.height];
        for (line, out) in self
            .pixels
            .chunks_exact(self.width)
            .zip(narrow.chunks_exact_mut(width))
        {
            for ((first, weights), o) in columns.iter().zip(out) {
                let (mut r, mut g, mut b) = (0.0f32, 0.0f32, 0.0f32);
                for (w, p) in weights.iter().zip(&line[*first..]) {
                    r += w * p[0];
                    g += w * p[1];
                    b += w * p[2];
                }
                *o = [r, g, b];
            }
        }
        let mut pixels = vec![[0.0f32; 3]; width * height];
        for ((first, weights), out) in rows.iter().zip(pixels.chunks_exact_mut(width)) {
            for (k, w) in weights.iter().enumerate() {
                let line = &narrow[(first + k) * width..(first + k + 1) * width];
                for (o, p) in out.as_flattened_mut().iter_mut().zip(line.as_flattened()) {
                    *o += w * p;
                }
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }
}

/// First source index and normalised weights of every target sample.
fn taps(from: usize, to: usize, sigma: f32) -> Vec<(usize, Vec<f32>)> {
    let step = from as f32 / to as f32;
    let sigma = sigma.max(0.34 * step).max(0.25);
    let reach = 2.6 * sigma;
    (0..to)
        .map(|i| {
            let centre = (i as f32 + 0.5) * step - 0.5;
            let first = ((centre - reach).ceil().max(0.0) as usize).min(from - 1);
            let last = ((centre + reach).floor().max(first as f32) as usize).min(from - 1);
            let mut weights: Vec<f32> = (first..=last)
                .map(|k| {
                    let d = (k as f32 - centre) / sigma;
                    (-0.5 * d * d).exp()
                })
                .collect();
            let sum: f32 = weights.iter().sum();
            if sum > 0.0 {
                weights.iter_mut().for_each(|w| *w /= sum);
            } else {
                let even = 1.0 / weights.len() as f32;
                weights.fill(even);
            }
            (first, weights)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampling_keeps_flat_colours_and_the_mean() {
        let flat = Frame::filled(30, 20, [0.2, 0.5, 0.9]).resampled(17, 11, 1.3);
        for p in &flat.pixels {
            (0..3).for_each(|c| assert!((p[c] - [0.2, 0.5, 0.9][c]).abs() < 1e-5));
        }
        let mut spot = Frame::filled(40, 40, [0.0; 3]);
        spot.pixels[20 * 40 + 20] = [1.0; 3];
        let half = spot.resampled(20, 20, 1.0);
        let sum: f32 = half.pixels.iter().map(|p| p[0]).sum();
        assert!((sum * 4.0 - 1.0).abs() < 0.05, "{sum}");
    }

    #[test]
    fn samples_at_pixel_centres_are_the_pixels() {
        let mut f = Frame::filled(3, 2, [0.0; 3]);
        f.pixels[5] = [1.0, 2.0, 3.0];
        assert_eq!(f.sample(2.5, 1.5), [1.0, 2.0, 3.0]);
        assert_eq!(f.sample(2.0, 1.5), [0.5, 1.0, 1.5]);
        assert_eq!(f.sample(99.0, 99.0), [1.0, 2.0, 3.0]);
    }
}
