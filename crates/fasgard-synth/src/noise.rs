//! Value noise on the plane and a fast generator for per-pixel sensor noise.

/// A well mixed hash of a lattice point, in `[0, 1)`.
pub(crate) fn hash(x: i32, y: i32, seed: u32) -> f32 {
    finish(lattice(x, y, seed))
}

const STEP_X: u32 = 0x9E37_79B1;
const STEP_Y: u32 = 0x85EB_CA77;

/// A lattice point's number before mixing; its neighbours' differ by the steps.
fn lattice(x: i32, y: i32, seed: u32) -> u32 {
    (x as u32)
        .wrapping_mul(STEP_X)
        .wrapping_add((y as u32).wrapping_mul(STEP_Y))
        .wrapping_add((seed ^ (seed >> 16)).wrapping_mul(0xC2B2_AE3D))
}

fn finish(mut h: u32) -> f32 {
    h ^= h >> 15;
    h = h.wrapping_mul(0x2C1B_3C6D);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    // Through a signed number: that conversion is one instruction.
    (h >> 8) as i32 as f32 * (1.0 / (1u32 << 24) as f32)
}

/// The next integer below; cheaper than the library's floor where the processor has no such
/// instruction in the baseline that is built for.
pub(crate) fn floor(v: f32) -> i32 {
    let i = v as i32;
    i - i32::from(i as f32 > v)
}

/// Smooth value noise in `[-1, 1]`, one feature a unit.
pub(crate) fn value(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (tx, ty) = (x - ix as f32, y - iy as f32);
    let (sx, sy) = (tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty));
    let h = lattice(ix, iy, seed);
    let below = h.wrapping_add(STEP_Y);
    let (a, b) = (finish(h), finish(h.wrapping_add(STEP_X)));
    let (c, d) = (finish(below), finish(below.wrapping_add(STEP_X)));
    let top = a + (b - a) * sx;
    let bottom = c + (d - c) * sx;
    2.0 * (top + (bottom - top) * sy) - 1.0
}

/// Two to four octaves of [`value`], about in `[-1, 1]`.
pub(crate) fn fractal(x: f32, y: f32, seed: u32, octaves: u32) -> f32 {
    let (mut sum, mut amplitude, mut total, mut scale) = (0.0, 1.0, 0.0, 1.0);
    for o in 0..octaves {
        sum += amplitude * value(x * scale, y * scale, seed.wrapping_add(o * 101));
        total += amplitude;
        amplitude *= 0.5;
        scale *= 2.1;
    }
    sum / total
}

/// SplitMix64: a draw a few nanoseconds apart, for noise of every pixel.
pub(crate) struct Fast(u64);

impl Fast {
    /// Seeded by 32 bits of a named stream.
    pub(crate) fn new(seed: u32) -> Self {
        Self(u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Nearly normal, mean 0, deviation 1: the sum of four 16-bit uniforms.
    pub(crate) fn normal(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let sum = (z & 0xFFFF) + ((z >> 16) & 0xFFFF) + ((z >> 32) & 0xFFFF) + (z >> 48);
        // Four uniforms: mean 2, variance 1/3.
        (sum as f32 / 65536.0 - 2.0) * 1.732_050_8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_and_ranges() {
        for v in [-2.5f32, -2.0, -0.1, 0.0, 0.9, 7.0] {
            assert_eq!(floor(v), v.floor() as i32);
        }
        for i in 0..2000 {
            let v = value(i as f32 * 0.37, i as f32 * -0.11, 3);
            assert!((-1.0..=1.0).contains(&v));
        }
    }

    #[test]
    fn the_fast_normal_is_standard() {
        let mut fast = Fast::new(9);
        let draws: Vec<f32> = (0..20_000).map(|_| fast.normal()).collect();
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 20_000.0;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
