//! What changes from one photograph of a person to the next: pose, expression, light, clothes.

use crate::draw::Draw;
use crate::frame::{Rgb, scaled, times};

/// Rotation of the head in radians; positive yaw turns the face to the image's right, positive
/// pitch raises the chin, positive roll tilts the crown to the image's right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pose {
    pub(crate) yaw: f32,
    pub(crate) pitch: f32,
    pub(crate) roll: f32,
}

/// Muscles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expression {
    /// -0.3 (corners down) to 1 (broad smile).
    pub(crate) smile: f32,
    /// 0 (shut) to 1.
    pub(crate) open: f32,
    /// 0 (shut) to about 1.15 (wide).
    pub(crate) lids: f32,
    /// Raised eyebrows, in head units.
    pub(crate) raise: f32,
    /// Gaze offset in iris radii.
    pub(crate) gaze: [f32; 2],
}

/// Light of a scene: a key with shadows, a second lamp without, and a coloured dome.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    pub(crate) kind: &'static str,
    /// Towards the key, unit length: right, up, to the camera.
    pub(crate) key: [f32; 3],
    pub(crate) key_color: Rgb,
    /// Width of the penumbra in head units.
    pub(crate) softness: f32,
    pub(crate) fill: [f32; 3],
    pub(crate) fill_color: Rgb,
    pub(crate) sky: Rgb,
    pub(crate) ground: Rgb,
}

/// Clothes on the shoulders.
#[derive(Clone, Debug)]
pub(crate) struct Clothes {
    pub(crate) color: Rgb,
    pub(crate) second: Rgb,
    /// 0 plain, 1 stripes, 2 checks, 3 knit.
    pub(crate) pattern: usize,
    pub(crate) scale: f32,
    /// Depth of the neckline in head units.
    pub(crate) neckline: f32,
    pub(crate) pointed: bool,
}

/// Everything drawn for one photograph before the camera.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) pose: Pose,
    pub(crate) expression: Expression,
    pub(crate) light: Light,
    pub(crate) clothes: Clothes,
    /// Distance of the camera in head units.
    pub(crate) distance: f32,
}

impl Shot {
    /// Draws a photograph's conditions.
    pub(crate) fn draw(d: &mut Draw) -> Self {
        let pose = Pose {
            yaw: 0.17 * d.normal(),
            pitch: 0.09 * d.normal(),
            roll: 0.07 * d.normal(),
        };
        let smiling = d.chance(0.4);
        let smile = if smiling {
            d.between(0.3, 1.0)
        } else {
            d.between(-0.25, 0.25)
        };
        let open = match (smiling, d.chance(0.4)) {
            (true, true) => d.between(0.25, 0.75),
            (false, true) => d.between(0.0, 0.35),
            _ => 0.0,
        };
        let expression = Expression {
            smile,
            open,
            lids: if d.chance(0.04) {
                d.between(0.05, 0.3)
            } else {
                d.between(0.78, 1.12) - 0.12 * smile.max(0.0)
            },
            raise: d.between(-0.015, 0.03),
            gaze: [0.28 * d.normal() - pose.yaw, 0.12 * d.normal()],
        };
        Self {
            pose,
            expression,
            light: Light::draw(d),
            clothes: Clothes::draw(d),
            distance: d.between(5.0, 11.0),
        }
    }
}

/// A lamp's colour for -1 (candle) to 1 (blue sky), luminance about 1.
pub(crate) fn tint(t: f32) -> Rgb {
    [1.0 - 0.22 * t, 1.0 + 0.01 * t, 1.0 + 0.34 * t]
}

/// A direction from azimuth (to the right) and elevation.
fn direction(azimuth: f32, elevation: f32) -> [f32; 3] {
    let (sa, ca) = azimuth.sin_cos();
    let (se, ce) = elevation.sin_cos();
    [sa * ce, se, ca * ce]
}

impl Light {
    /// Draws the light of a scene.
    pub(crate) fn draw(d: &mut Draw) -> Self {
        let side = if d.chance(0.5) { 1.0 } else { -1.0 };
        // Azimuth, elevation, warmth, key, fill, dome, softness.
        let (kind, azimuth, elevation, warmth, key, fill, dome, softness) = match d.index(5) {
            0 => (
                "window",
                d.between(0.5, 1.35),
                d.between(0.1, 0.6),
                d.between(0.0, 0.8),
                d.between(1.0, 1.7),
                0.25,
                d.between(0.2, 0.5),
                d.between(0.10, 0.2),
            ),
            1 => (
                "lamp",
                d.between(0.1, 1.1),
                d.between(0.2, 0.9),
                d.between(-0.9, -0.2),
                d.between(0.9, 1.5),
                0.2,
                d.between(0.2, 0.5),
                d.between(0.03, 0.1),
            ),
            2 => (
                "ceiling",
                d.between(0.0, 0.6),
                d.between(0.75, 1.15),
                d.between(-0.4, 0.3),
                d.between(0.9, 1.4),
                0.3,
                d.between(0.35, 0.65),
                d.between(0.05, 0.14),
            ),
            3 => (
                "outdoor",
                d.between(0.1, 1.3),
                d.between(0.4, 1.1),
                d.between(-0.3, 0.1),
                d.between(0.4, 1.3),
                0.15,
                d.between(0.6, 1.0),
                d.between(0.03, 0.1),
            ),
            _ => (
                "frontal",
                d.between(0.0, 0.5),
                d.between(-0.1, 0.45),
                d.between(-0.5, 0.5),
                d.between(0.7, 1.3),
                0.3,
                d.between(0.3, 0.7),
                d.between(0.05, 0.18),
            ),
        };
        let dome_tint = tint(d.between(-0.4, 0.5));
        let ground_tint = tint(d.between(-0.7, 0.1));
        Self {
            kind,
            key: direction(side * azimuth, elevation),
            key_color: scaled(tint(warmth), key),
            softness,
            fill: direction(-side * d.between(0.3, 1.3), d.between(-0.1, 0.6)),
            fill_color: scaled(tint(d.between(-0.7, 0.7)), fill * d.between(0.2, 1.6)),
            sky: scaled(dome_tint, dome),
            ground: scaled(times(ground_tint, dome_tint), dome * d.between(0.25, 0.7)),
        }
    }

    /// Dome light on a surface of this normal.
    pub(crate) fn ambient(&self, n: [f32; 3]) -> Rgb {
        let t = 0.5 + 0.5 * n[1];
        std::array::from_fn(|c| self.ground[c] + (self.sky[c] - self.ground[c]) * t)
    }
}

impl Clothes {
    fn draw(d: &mut Draw) -> Self {
        let mut color = || {
            let value = d.between(0.02, 0.6) * d.between(0.2, 1.0);
            let chroma = d.between(0.0, 0.7);
            let mut c: Rgb = std::array::from_fn(|_| value * (1.0 - chroma * d.between(0.0, 1.0)));
            let best = d.index(3);
            c[best] = value;
            c
        };
        let (first, second) = (color(), color());
        Self {
            color: first,
            second,
            pattern: d.weighted(&[0.5, 0.18, 0.14, 0.18]),
            scale: d.between(5.0, 16.0),
            neckline: d.between(-0.05, 0.28),
            pointed: d.chance(0.4),
        }
    }
}
