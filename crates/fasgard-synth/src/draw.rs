//! Drawing parameters: a named random stream with the few distributions the renderer uses.

use fasgard_image::random;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A random stream with helpers.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of (`seed`, `purpose`, `index`, `key`).
    pub(crate) fn new(seed: u64, purpose: &str, index: u64, key: &str) -> Self {
        Self(random::stream(seed, purpose, index, key))
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.0.random::<u32>() >> 8) as f32 / (1u32 << 24) as f32;
        low + (high - low) * unit
    }

    /// Nearly normal with mean 0 and deviation 1, never beyond 3.5 (a sum of twelve uniforms, cut).
    pub(crate) fn normal(&mut self) -> f32 {
        let sum: f32 = (0..12).map(|_| self.between(0.0, 1.0)).sum();
        (sum - 6.0).clamp(-3.5, 3.5)
    }

    /// `1 + deviation * normal`.
    pub(crate) fn about_one(&mut self, deviation: f32) -> f32 {
        1.0 + deviation * self.normal()
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// One of `0..count`.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        (self.between(0.0, count as f32) as usize).min(count.saturating_sub(1))
    }

    /// One of these by weight.
    pub(crate) fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut left = self.between(0.0, weights.iter().sum());
        for (i, w) in weights.iter().enumerate() {
            left -= w;
            if left < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Bits for a noise field or a fast generator.
    pub(crate) fn bits(&mut self) -> u32 {
        self.0.random()
    }
}
