//! Draws whose number does not depend on the settings.

use rand::Rng;

/// True with probability `p`; always takes one draw.
pub(super) fn chance(rng: &mut impl Rng, p: f32) -> bool {
    // random() is below 1, so a probability of 1 always holds and of 0 never does.
    rng.random::<f32>() < p
}

/// A number of `lo..=hi`; always takes one draw, exactly `lo` where both are equal.
pub(super) fn uniform(rng: &mut impl Rng, [lo, hi]: [f32; 2]) -> f32 {
    (lo + (hi - lo) * rng.random::<f32>()).clamp(lo.min(hi), hi.max(lo))
}
