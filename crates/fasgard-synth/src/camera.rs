//! The one camera chain that every capture, live or attack, ends in.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

use crate::draw::Draw;
use crate::frame::{Frame, Rgb, luminance, scaled};
use crate::noise::Fast;

/// Devices: name, sensor samples a stored pixel, noise, denoising, sharpening, JPEG quality.
struct Device {
    name: &'static str,
    sampling: [f32; 2],
    noise: [f32; 2],
    denoise: [f32; 2],
    sharpen: [f32; 2],
    quality: [f32; 2],
}

const DEVICES: [Device; 4] = [
    Device {
        name: "phone-a",
        sampling: [1.0, 1.35],
        noise: [0.004, 0.022],
        denoise: [0.1, 0.5],
        sharpen: [0.2, 0.9],
        quality: [80.0, 95.0],
    },
    Device {
        name: "phone-b",
        sampling: [0.9, 1.2],
        noise: [0.006, 0.032],
        denoise: [0.2, 0.7],
        sharpen: [0.1, 0.7],
        quality: [74.0, 93.0],
    },
    Device {
        name: "webcam",
        sampling: [0.75, 1.0],
        noise: [0.010, 0.042],
        denoise: [0.1, 0.6],
        sharpen: [0.0, 0.8],
        quality: [70.0, 92.0],
    },
    Device {
        name: "tablet",
        sampling: [0.85, 1.25],
        noise: [0.006, 0.028],
        denoise: [0.0, 0.5],
        sharpen: [0.0, 0.6],
        quality: [76.0, 94.0],
    },
];

/// A camera's settings for one photograph.
pub(crate) struct Camera {
    pub(crate) device: &'static str,
    sampling: f32,
    /// Lens blur in stored pixels.
    blur: f32,
    veil: f32,
    exposure: f32,
    balance: f32,
    gains: Rgb,
    vignette: f32,
    noise: f32,
    /// Strength of coloured blotches that denoising leaves.
    blotches: f32,
    denoise: f32,
    contrast: f32,
    stretch: f32,
    span: [f32; 2],
    saturation: f32,
    sharpen: f32,
    quality: u8,
    seed: u32,
}

impl Camera {
    /// Draws a camera and its settings.
    pub(crate) fn draw(d: &mut Draw) -> Self {
        let device = &DEVICES[d.index(DEVICES.len())];
        let mut range = |[low, high]: [f32; 2]| d.between(low, high);
        let (sampling, noise) = (range(device.sampling), range(device.noise));
        let (denoise, sharpen) = (range(device.denoise), range(device.sharpen));
        let quality = range(device.quality).round() as u8;
        Self {
            device: device.name,
            sampling,
            blur: 0.42 + 0.95 * d.between(0.0, 1.0).powi(2),
            veil: 0.14 * d.between(0.0, 1.0).powi(2),
            exposure: 0.205 * (1.0 + 0.28 * d.normal()).clamp(0.5, 1.7),
            balance: d.between(0.45, 0.85),
            gains: std::array::from_fn(|_| d.about_one(0.045)),
            vignette: d.between(0.0, 0.35),
            noise,
            blotches: 0.05 * d.between(0.0, 1.0).powi(2),
            denoise,
            contrast: d.between(0.0, 0.6),
            stretch: d.between(0.45, 0.95),
            span: [d.between(0.01, 0.12), d.between(0.84, 0.99)],
            saturation: d.between(0.8, 1.2),
            sharpen,
            quality,
            seed: d.bits(),
        }
    }

    /// The camera of a photograph worth presenting: the same, but well exposed and focused, with
    /// little noise and light processing, as the attacker picks the picture.
    pub(crate) fn for_source(d: &mut Draw) -> Self {
        let drawn = Self::draw(d);
        Self {
            blur: 0.5 * drawn.blur,
            noise: 0.35 * drawn.noise,
            balance: 0.45 * drawn.balance,
            veil: 0.5 * drawn.veil,
            contrast: 0.6 * drawn.contrast,
            stretch: 0.6 * drawn.stretch,
            ..drawn
        }
    }

    /// Photographs a frame as `side` x `side` pixels, before compression.
    pub(crate) fn photograph(&self, frame: &Frame, side: usize) -> RgbImage {
        let sensor = ((side as f32 * self.sampling).round() as usize).max(8);
        let scale = frame.width as f32 / side as f32;
        let mut f = frame.resampled(sensor, sensor, self.blur * scale);
        self.expose(&mut f);
        self.disturb(&mut f);
        if self.denoise > 0.0 {
            let calm = f.resampled(sensor, sensor, 0.85);
            blend(&mut f, &calm, self.denoise * 0.8);
        }
        self.develop(&mut f);
        if self.sharpen > 0.0 {
            let calm = f.resampled(sensor, sensor, 1.0);
            blend(&mut f, &calm, -self.sharpen);
        }
        if sensor != side {
            f = f.resampled(side, side, 0.0);
        }
        let bytes = f
            .pixels
            .as_flattened()
            .iter()
            .map(|v| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
            .collect();
        RgbImage::from_raw(side as u32, side as u32, bytes)
            .unwrap_or_else(|| RgbImage::new(side as u32, side as u32))
    }

    /// The photograph's JPEG file.
    pub(crate) fn compress(&self, picture: &RgbImage) -> Vec<u8> {
        let mut file = Vec::new();
        // Writing to memory fails for no RGB picture of these sizes.
        if JpegEncoder::new_with_quality(&mut file, self.quality)
            .encode_image(picture)
            .is_err()
        {
            file.clear();
        }
        file
    }

    /// Stray light, automatic exposure weighted to the centre, automatic white balance.
    fn expose(&self, f: &mut Frame) {
        let (w, h) = (f.width as f32, f.height as f32);
        let (mut sum, mut weights) = ([0.0f32; 3], 0.0f32);
        for y in (0..f.height).step_by(2) {
            for x in (0..f.width).step_by(2) {
                let (dx, dy) = ((x as f32 / w - 0.5) * 2.0, (y as f32 / h - 0.5) * 2.0);
                let weight = 0.25 + (1.0 - 0.6 * (dx * dx + dy * dy)).max(0.0);
                let p = f.pixels[y * f.width + x];
                // Bright lamps do not rule the meter.
                let p = scaled(p, 1.0 / (1.0 + 0.6 * luminance(p)));
                (0..3).for_each(|c| sum[c] += weight * p[c]);
                weights += weight;
            }
        }
        let mean = sum.map(|s| (s / weights).max(1e-5));
        let level = luminance(mean);
        let gain: Rgb = std::array::from_fn(|c| {
            let grey = level / mean[c];
            self.exposure / level * self.gains[c] * (1.0 + self.balance * (grey - 1.0))
        });
        let stray = scaled(mean, self.veil);
        for y in 0..f.height {
            for x in 0..f.width {
                let (dx, dy) = (x as f32 / w - 0.5, y as f32 / h - 0.5);
                let edge = 1.0 - self.vignette * (dx * dx + dy * dy);
                let p = &mut f.pixels[y * f.width + x];
                *p = std::array::from_fn(|c| {
                    ((p[c] * (1.0 - self.veil) + stray[c]) * gain[c] * edge).max(0.0)
                });
            }
        }
    }

    /// Shot and read noise.
    fn disturb(&self, f: &mut Frame) {
        let mut fast = Fast::new(self.seed);
        let coarse = f.width / 3 + 1;
        let mut blotch = Frame::filled(coarse, coarse, [0.0; 3]);
        for p in &mut blotch.pixels {
            let (a, b) = (self.blotches * fast.normal(), self.blotches * fast.normal());
            *p = [a, -0.3 * (a + b), b];
        }
        if self.blotches > 0.004 {
            let width = f.width;
            for (i, p) in f.pixels.iter_mut().enumerate() {
                let (x, y) = ((i % width) as f32 / 3.0, (i / width) as f32 / 3.0);
                let b = blotch.sample(x, y);
                (0..3).for_each(|c| p[c] = (p[c] * (1.0 + b[c]) + 0.1 * b[c]).max(0.0));
            }
        }
        for p in &mut f.pixels {
            let common = 0.4 * fast.normal();
            for v in p {
                let sigma = self.noise * (0.06 + 0.9 * *v).sqrt();
                *v = (*v + sigma * (0.92 * fast.normal() + common)).max(0.0);
            }
        }
    }

    /// Tone curve, colour, automatic contrast: from linear light to display values.
    fn develop(&self, f: &mut Frame) {
        let curve = tone_table(self.contrast);
        for p in &mut f.pixels {
            for v in p.iter_mut() {
                *v = lookup(&curve, *v);
            }
            let grey = luminance(*p);
            for v in p {
                *v = grey + (*v - grey) * self.saturation;
            }
        }
        let mut counts = [0u32; 256];
        for p in &f.pixels {
            counts[(luminance(*p).clamp(0.0, 1.0) * 255.0) as usize] += 1;
        }
        let total = f.pixels.len() as u32;
        let level = |share: f32| {
            let wanted = (share * total as f32) as u32;
            let mut seen = 0;
            counts.iter().position(|n| {
                seen += n;
                seen > wanted
            })
        };
        let (low, high) = match (level(0.015), level(0.985)) {
            (Some(l), Some(h)) if h > l + 12 => (l as f32 / 255.0, h as f32 / 255.0),
            _ => return,
        };
        // Partly towards the wanted span.
        let (to_low, to_high) = (
            low + (self.span[0] - low) * self.stretch,
            high + (self.span[1] - high) * self.stretch,
        );
        let slope = (to_high - to_low) / (high - low);
        for v in f.pixels.as_flattened_mut() {
            *v = to_low + (*v - low) * slope;
        }
    }
}

/// `f + t * (other - f)`.
fn blend(f: &mut Frame, other: &Frame, t: f32) {
    for (p, q) in f
        .pixels
        .as_flattened_mut()
        .iter_mut()
        .zip(other.pixels.as_flattened())
    {
        *p += t * (q - *p);
    }
}

/// The brightest linear value that a tone curve knows.
const CEILING: f32 = 4.0;

/// sRGB with a shoulder for highlights and an S-curve of some strength.
fn tone_table(contrast: f32) -> Vec<f32> {
    (0..=2048)
        .map(|i| {
            let v = CEILING * (i as f32 / 2048.0).powi(2);
            // Straight to 0.6, then a shoulder that reaches 1 at infinity.
            let v = if v < 0.6 { v } else { 1.0 - 0.16 / (v - 0.2) };
            let e = srgb(v);
            e + contrast * 0.5 * (e * e * (3.0 - 2.0 * e) - e)
        })
        .collect()
}

fn lookup(table: &[f32], v: f32) -> f32 {
    let at = (v / CEILING).clamp(0.0, 1.0).sqrt() * (table.len() - 1) as f32;
    let low = (at as usize).min(table.len() - 2);
    table[low] + (table[low + 1] - table[low]) * (at - low as f32)
}

fn srgb(v: f32) -> f32 {
    if v <= 0.003_130_8 {
        12.92 * v
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    }
}

/// A finished photograph back in linear light.
pub(crate) fn linear(picture: &RgbImage) -> Frame {
    let table: Vec<f32> = (0..256)
        .map(|i| {
            let v = i as f32 / 255.0;
            if v <= 0.040_45 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        })
        .collect();
    Frame {
        width: picture.width() as usize,
        height: picture.height() as usize,
        pixels: picture
            .pixels()
            .map(|p| p.0.map(|v| table[usize::from(v)]))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposure_is_automatic() {
        // A scene ten times as bright makes the same photograph, but for noise.
        let mut scene = Frame::filled(64, 64, [0.05, 0.06, 0.04]);
        (0..2048).for_each(|i| scene.pixels[i] = [0.2, 0.15, 0.1]);
        let bright = Frame {
            pixels: scene.pixels.iter().map(|p| scaled(*p, 10.0)).collect(),
            ..scene.clone()
        };
        let camera = Camera::draw(&mut Draw::new(1, "camera-test", 0, ""));
        let mean = |f: &Frame| {
            let picture = camera.photograph(f, 40);
            picture.as_raw().iter().map(|v| f32::from(*v)).sum::<f32>() / 4800.0
        };
        let (dim, lit) = (mean(&scene), mean(&bright));
        assert!((dim - lit).abs() < 25.0, "{dim} against {lit}");
    }

    #[test]
    fn display_values_return_to_linear_light() {
        let picture = RgbImage::from_pixel(2, 2, image::Rgb([188, 0, 255]));
        let p = linear(&picture).pixels[0];
        assert!((p[0] - 0.503).abs() < 0.01 && p[1] == 0.0 && (p[2] - 1.0).abs() < 1e-5);
    }
}
