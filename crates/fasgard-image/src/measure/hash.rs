//! A perceptual hash.

use image::RgbImage;

use super::luma;
use crate::{FaceBox, Interpolation, crop};

/// Side of the image that is transformed, in pixels.
const SIDE: usize = 32;
/// Frequencies of each direction.
const LOW: usize = 8;

/// 64 bits of an image: the signs, against their median, of the 8 x 8 lowest frequencies but the
/// constant one of the discrete cosine transform of its luma at 32 x 32 (the last bit is unused and
/// 0). Images that differ by scale, compression or brightness differ in few bits.
pub fn perceptual_hash(image: &RgbImage) -> u64 {
    let whole = FaceBox::whole(image.width(), image.height());
    let small = crop(image, whole, SIDE as u32, Interpolation::Area, false);
    let luma = luma(&small);
    let cosine = |k: usize, i: usize| {
        (std::f64::consts::PI * k as f64 * (2 * i + 1) as f64 / (2 * SIDE) as f64).cos()
    };
    let table: Vec<[f64; SIDE]> = (0..LOW)
        .map(|k| std::array::from_fn(|i| cosine(k, i)))
        .collect();
    // Rows first: frequency u of row y.
    let mut rows = [[0.0; SIDE]; LOW];
    for (u, row) in rows.iter_mut().enumerate() {
        for (y, value) in row.iter_mut().enumerate() {
            let line = &luma[y * SIDE..(y + 1) * SIDE];
            *value = line
                .iter()
                .zip(&table[u])
                .map(|(p, c)| f64::from(*p) * c)
                .sum();
        }
    }
    let mut values = Vec::with_capacity(LOW * LOW - 1);
    for (v, wave) in table.iter().enumerate() {
        for (u, row) in rows.iter().enumerate() {
            if (u, v) != (0, 0) {
                values.push(row.iter().zip(wave).map(|(r, c)| r * c).sum::<f64>());
            }
        }
    }
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let bits = values.iter().enumerate();
    bits.fold(0, |hash, (i, v)| hash | (u64::from(*v > median) << i))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Waves of all the low frequencies, each with an amplitude of its own that is never near 0.
    fn picture(seed: u32, side: u32, gain: f64) -> RgbImage {
        let amplitude = |u: u32, v: u32| {
            let n = (u * 8 + v + 1).wrapping_mul((seed * 2 + 37).wrapping_mul(2_654_435_761));
            let size = 2.0 + f64::from((n >> 8) & 0xFF) / 64.0;
            if n >> 31 == 1 { size } else { -size }
        };
        let wave = |k: u32, i: u32| {
            (std::f64::consts::PI * f64::from(k) * (f64::from(i) + 0.5) / f64::from(side)).cos()
        };
        RgbImage::from_fn(side, side, |x, y| {
            let waves = (1..64).map(|i| (i % 8, i / 8));
            let sum: f64 = waves
                .map(|(u, v)| amplitude(u, v) * wave(u, x) * wave(v, y))
                .sum();
            Rgb([((110.0 + sum) * gain) as u8; 3])
        })
    }

    #[test]
    fn like_pictures_have_like_hashes() {
        let base = perceptual_hash(&picture(1, 100, 1.0));
        let distance = |image: &RgbImage| (base ^ perceptual_hash(image)).count_ones();
        assert_eq!(distance(&picture(1, 100, 1.0)), 0);
        assert!(distance(&picture(1, 60, 1.2)) <= 4);
        assert!(distance(&picture(2, 100, 1.0)) >= 12);
        assert_eq!(base >> 63, 0);
    }
}
