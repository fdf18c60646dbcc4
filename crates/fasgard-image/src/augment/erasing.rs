//! Random erasing.

use rand::Rng;

use super::Erasing;
use super::draw::{chance, uniform};
use super::patch::Patch;

/// The drawn rectangles, each wholly inside the crop.
pub(super) fn draw(config: &Erasing, rng: &mut impl Rng) -> Vec<Patch> {
    if !chance(rng, config.probability) {
        return Vec::new();
    }
    let count = rng.random_range(config.count[0]..=config.count[1].max(config.count[0]));
    (0..count)
        .map(|_| {
            let area = uniform(rng, config.area);
            let aspect = uniform(rng, config.aspect);
            // Cut where a large, long rectangle would not fit.
            let height = (area * aspect).sqrt().min(1.0);
            let width = (area / aspect).sqrt().min(1.0);
            Patch {
                left: uniform(rng, [0.0, 1.0 - width]),
                top: uniform(rng, [0.0, 1.0 - height]),
                width,
                height,
                fill: config.fill,
            }
        })
        .collect()
}
