//! A rendered person: everything about a face that stays the same from one photograph to the next.

use crate::draw::Draw;
use crate::frame::{Rgb, mix, scaled, times};

/// How hair is worn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum HairStyle {
    /// Shaved or bald.
    Bare,
    /// Close to the skull.
    Short,
    /// With volume on top.
    Full,
    /// Falling behind the shoulders.
    Long,
}

/// A rendered person: head shape, skin, eyes, hair and beard, all drawn from (seed, index).
///
/// Two identities of the same seed and different index share nothing but the distributions.
#[derive(Clone, Debug)]
pub struct Identity {
    seed: u64,
    index: u64,
    pub(crate) shape: Shape,
    pub(crate) skin: Skin,
    pub(crate) eyes: Eyes,
    pub(crate) hair: Hair,
}

/// Proportions, each about 1 unless said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) width: f32,
    pub(crate) jaw: f32,
    pub(crate) chin: f32,
    pub(crate) cheek: f32,
    pub(crate) brow: f32,
    pub(crate) socket: f32,
    pub(crate) nose_length: f32,
    pub(crate) nose_width: f32,
    pub(crate) nose_height: f32,
    pub(crate) nose_bridge: f32,
    pub(crate) eye_spacing: f32,
    pub(crate) mouth_width: f32,
    pub(crate) upper_lip: f32,
    pub(crate) lower_lip: f32,
    pub(crate) ear: f32,
    pub(crate) neck: f32,
    /// Left minus right, a few percent.
    pub(crate) asymmetry: f32,
}

/// Colours and marks of the skin.
#[derive(Clone, Debug)]
pub(crate) struct Skin {
    pub(crate) albedo: Rgb,
    pub(crate) lip: Rgb,
    /// 0 (even) to 1 (ruddy).
    pub(crate) redness: f32,
    /// 0 to 1.
    pub(crate) freckles: f32,
    /// 0 (young) to 1 (lined).
    pub(crate) age: f32,
    /// 0 (dry) to 1 (oily).
    pub(crate) oil: f32,
    /// 0 (none), up to 0.5 (shadow), up to 1 (full beard).
    pub(crate) beard: f32,
    pub(crate) seed: u32,
}

/// Eyes and eyebrows.
#[derive(Clone, Debug)]
pub(crate) struct Eyes {
    pub(crate) iris: Rgb,
    pub(crate) size: f32,
    pub(crate) tilt: f32,
    /// 0 (no crease) to 1.
    pub(crate) crease: f32,
    pub(crate) lash: f32,
    pub(crate) brow: Rgb,
    pub(crate) brow_thickness: f32,
    pub(crate) brow_arch: f32,
    pub(crate) glasses: Option<Glasses>,
}

/// Rims of spectacles.
#[derive(Clone, Debug)]
pub(crate) struct Glasses {
    pub(crate) color: Rgb,
    pub(crate) thickness: f32,
    pub(crate) round: f32,
}

/// Hair on the head.
#[derive(Clone, Debug)]
pub(crate) struct Hair {
    pub(crate) style: HairStyle,
    pub(crate) color: Rgb,
    pub(crate) hairline: f32,
    pub(crate) volume: f32,
    pub(crate) fringe: f32,
    pub(crate) parting: f32,
    pub(crate) curl: f32,
}

/// Reflectances from fair to dark skin in linear light.
const SKIN: [Rgb; 6] = [
    [0.68, 0.47, 0.385],
    [0.60, 0.395, 0.30],
    [0.48, 0.295, 0.205],
    [0.335, 0.19, 0.125],
    [0.19, 0.103, 0.068],
    [0.095, 0.053, 0.038],
];

/// Hair: black, dark brown, brown, dark blond, blond, red, grey, white.
const HAIR: [Rgb; 8] = [
    [0.012, 0.010, 0.010],
    [0.030, 0.019, 0.013],
    [0.072, 0.042, 0.024],
    [0.165, 0.105, 0.056],
    [0.34, 0.235, 0.125],
    [0.165, 0.060, 0.022],
    [0.21, 0.20, 0.195],
    [0.50, 0.49, 0.47],
];

/// Irises: dark brown, brown, hazel, green, blue, grey.
const IRIS: [Rgb; 6] = [
    [0.030, 0.014, 0.008],
    [0.085, 0.038, 0.015],
    [0.15, 0.085, 0.030],
    [0.12, 0.145, 0.070],
    [0.10, 0.18, 0.28],
    [0.17, 0.20, 0.22],
];

impl Identity {
    /// The person of this seed and index.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut d = Draw::new(seed, "synth-identity", index, "");
        let shape = Shape {
            width: d.about_one(0.035),
            jaw: d.about_one(0.07),
            chin: d.about_one(0.10),
            cheek: d.about_one(0.30),
            brow: d.between(0.3, 1.5),
            socket: d.about_one(0.18),
            nose_length: d.about_one(0.06),
            nose_width: d.about_one(0.13),
            nose_height: d.about_one(0.13),
            nose_bridge: d.about_one(0.25),
            eye_spacing: d.about_one(0.035),
            mouth_width: d.about_one(0.09),
            upper_lip: d.between(0.65, 1.35),
            lower_lip: d.between(0.75, 1.3),
            ear: d.about_one(0.12),
            neck: d.between(0.85, 1.12),
            asymmetry: 0.012 * d.normal(),
        };
        let tone = d.between(0.0, 4.999);
        let (low, part) = (tone as usize, tone - tone.floor());
        let warmth = 1.0 + 0.05 * d.normal();
        let albedo = times(
            mix(SKIN[low], SKIN[low + 1], part),
            [warmth, 1.0, 1.0 / warmth],
        );
        let age = d.between(0.0, 1.0);
        let dark = tone / 5.0;
        let hair_color = {
            let grey = if age > 0.7 { 3.0 * (age - 0.6) } else { 0.0 };
            let fair = (1.0 - 1.6 * dark).max(0.0);
            let weights = [
                0.6 + 1.5 * dark,
                1.0,
                0.9 * (1.0 - dark),
                0.9 * fair,
                0.7 * fair,
                0.35 * fair,
                grey,
                0.5 * grey,
            ];
            scaled(HAIR[d.weighted(&weights)], d.between(0.8, 1.25))
        };
        let fair = (1.0 - 1.5 * dark).max(0.0);
        let iris = scaled(
            IRIS[d.weighted(&[
                0.4 + dark,
                0.9,
                0.5 * fair,
                0.4 * fair,
                0.9 * fair,
                0.4 * fair,
            ])],
            d.between(0.85, 1.2),
        );
        let bearded = d.chance(0.45);
        let beard = if bearded { d.between(0.1, 1.0) } else { 0.0 };
        let made_up = !bearded && d.chance(0.35);
        let lip = if made_up {
            mix(
                times(albedo, [0.9, 0.5, 0.5]),
                [d.between(0.25, 0.45), 0.06, 0.08],
                d.between(0.2, 0.7),
            )
        } else {
            times(
                albedo,
                [
                    d.between(0.76, 0.92),
                    d.between(0.5, 0.62),
                    d.between(0.52, 0.68),
                ],
            )
        };
        let style = match (bearded, d.between(0.0, 1.0)) {
            (true, t) if t < 0.18 => HairStyle::Bare,
            (true, t) if t < 0.62 => HairStyle::Short,
            (true, t) if t < 0.93 => HairStyle::Full,
            (true, _) => HairStyle::Long,
            (false, t) if t < 0.03 => HairStyle::Bare,
            (false, t) if t < 0.25 => HairStyle::Short,
            (false, t) if t < 0.5 => HairStyle::Full,
            (false, _) => HairStyle::Long,
        };
        let glasses = d.chance(0.16).then(|| Glasses {
            color: [
                [0.015, 0.015, 0.017],
                [0.09, 0.045, 0.02],
                [0.25, 0.23, 0.2],
            ][d.index(3)],
            thickness: d.between(0.010, 0.022),
            round: d.between(2.0, 4.5),
        });
        let eyes = Eyes {
            iris,
            size: d.between(0.90, 1.12),
            tilt: d.between(-0.02, 0.09),
            crease: d.between(0.1, 1.0),
            lash: if made_up {
                d.between(0.9, 1.5)
            } else {
                d.between(0.6, 1.0)
            },
            brow: scaled(mix(hair_color, HAIR[1], 0.45), 1.0),
            brow_thickness: if made_up {
                d.between(0.6, 1.0)
            } else {
                d.between(0.75, 1.5)
            },
            brow_arch: d.between(0.2, 1.2),
            glasses,
        };
        let hair = Hair {
            style,
            color: hair_color,
            hairline: d.between(0.52, 0.68) + if age > 0.6 && bearded { 0.06 } else { 0.0 },
            volume: d.about_one(0.2),
            fringe: if style == HairStyle::Bare || d.chance(0.65) {
                0.0
            } else {
                d.between(0.3, 1.0)
            },
            parting: d.between(-0.35, 0.35),
            curl: d.between(0.0, 1.0),
        };
        let skin = Skin {
            albedo,
            lip,
            redness: d.between(0.0, 1.0),
            freckles: if d.chance(0.3) {
                d.between(0.3, 1.0) * (1.0 - dark)
            } else {
                0.0
            },
            age,
            oil: d.between(0.0, 1.0),
            beard,
            seed: d.bits(),
        };
        Self {
            seed,
            index,
            shape,
            skin,
            eyes,
            hair,
        }
    }

    /// The seed of the population.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The person's place in the population.
    pub fn index(&self) -> u64 {
        self.index
    }
}
