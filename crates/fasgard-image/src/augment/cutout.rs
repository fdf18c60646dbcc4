//! Cutout.

use rand::Rng;

use super::Cutout;
use super::draw::{chance, uniform};
use super::patch::Patch;

/// The drawn square, its centre anywhere in the crop.
pub(super) fn draw(config: &Cutout, rng: &mut impl Rng) -> Option<Patch> {
    if !chance(rng, config.probability) {
        return None;
    }
    let side = uniform(rng, [0.0, config.max_side]);
    Some(Patch {
        left: uniform(rng, [0.0, 1.0]) - side / 2.0,
        top: uniform(rng, [0.0, 1.0]) - side / 2.0,
        width: side,
        height: side,
        fill: [0; 3],
    })
}
