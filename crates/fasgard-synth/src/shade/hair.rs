//! Hair: strands with a sheen, on the head, brows and chin.

use super::Matter;
use crate::frame::scaled;
use crate::identity::{HairStyle, Identity};
use crate::noise;

/// Hair at a place: `across` the strands (many a unit), `along` them.
pub(crate) fn hair(id: &Identity, across: f32, along: f32) -> Matter {
    let seed = id.skin.seed ^ 0x51;
    let curl = id.hair.curl * 0.10 * noise::value(along * 3.0, across * 1.5, seed ^ 3);
    let strand = noise::value((across + curl) * 34.0, along * 2.6, seed);
    let lock = noise::value((across + curl) * 11.0, along * 1.7, seed ^ 1);
    let short = match id.hair.style {
        HairStyle::Bare | HairStyle::Short => 0.7,
        HairStyle::Full | HairStyle::Long => 1.0,
    };
    let shade = (1.0 + short * (0.28 * strand + 0.30 * lock)).max(0.25);
    Matter {
        albedo: scaled(id.hair.color, shade),
        gloss: 0.028 * (1.0 + 0.8 * strand) * short,
        sharp: 4,
        bleed: 0.1,
        tilt: [0.16 * short * (strand + lock), 0.08 * lock],
        cavity: 0.85 + 0.15 * lock,
        glint: 0.0,
    }
}
