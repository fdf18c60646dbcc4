//! The head's surface: sections of a skull with the relief of a face.

use std::f32::consts::FRAC_PI_2;

use super::mesh::{Mesh, Part};
use super::{Vec3, bump};
use crate::frame::smooth;
use crate::identity::{HairStyle, Identity};
use crate::noise;
use crate::shot::Expression;

/// Columns of the head's grid.
const COLUMNS: usize = 113;
/// Rows of the head's grid.
const ROWS: usize = 137;
/// Half the azimuth the grid covers.
const REACH: f32 = 2.3;
/// The crown's height.
const TOP: f32 = 1.0;
/// The lowest point under the chin.
const BOTTOM: f32 = -1.09;

/// Interpolates a falling table of (height, value) smoothly.
fn table(knots: &[(f32, f32)], y: f32) -> f32 {
    let mut value = knots[0].1;
    for pair in knots.windows(2) {
        let ((y0, v0), (y1, v1)) = (pair[0], pair[1]);
        if y <= y0 {
            // Straight within, with a little easing at the knots.
            let t = ((y0 - y) / (y0 - y1)).clamp(0.0, 1.0);
            value = v0 + (v1 - v0) * (0.5 * t + 0.5 * t * t * (3.0 - 2.0 * t));
        }
    }
    value
}

/// Half width, front and back depth of the skull's section at height `y`.
pub(crate) fn section(id: &Identity, y: f32) -> Vec3 {
    let s = &id.shape;
    let width = table(
        &[
            (0.45, 0.735),
            (0.15, 0.725),
            (-0.12, 0.712 + 0.012 * (s.cheek - 1.0)),
            (-0.35, 0.675),
            (-0.60, 0.595 * (0.5 + 0.5 * s.jaw)),
            (-0.80, 0.475 * s.jaw),
            (-0.95, 0.34 * s.chin),
            (-1.09, 0.23 * s.chin),
        ],
        y,
    ) * s.width;
    let front = table(
        &[
            (0.8, 0.74),
            (0.5, 0.80),
            (0.2, 0.815),
            (-0.05, 0.775),
            (-0.5, 0.765),
            (-0.8, 0.745),
            (-1.0, 0.74),
            (-1.09, 0.70),
        ],
        y,
    );
    let back = table(&[(0.4, 0.95), (0.0, 0.90), (-0.5, 0.62), (-0.9, 0.25)], y);
    let crown = if y > 0.25 {
        (1.0 - ((y - 0.25) / (TOP - 0.25)).powi(2)).max(0.0).sqrt()
    } else {
        1.0
    };
    let under = if y < -0.86 {
        (1.0 - ((-0.86 - y) / (-0.86 - BOTTOM + 0.004)).powi(2))
            .max(0.0)
            .sqrt()
    } else {
        1.0
    };
    let under_front = if y < -0.98 {
        (1.0 - ((-0.98 - y) / (-0.98 - BOTTOM + 0.004)).powi(2))
            .max(0.0)
            .sqrt()
    } else {
        1.0
    };
    [
        width * crown * under,
        front * crown * (0.45 + 0.55 * under_front),
        back * crown,
    ]
}

/// The skull's surface at an azimuth of a section: a rounded ellipse, flatter in front.
fn skull([a, front, back]: Vec3, azimuth: f32) -> (f32, f32) {
    let (s, c) = azimuth.sin_cos();
    if c >= 0.0 {
        const N: f32 = 2.3;
        let r = ((s.abs() / a.max(1e-3)).powf(N) + (c / front.max(1e-3)).powf(N)).powf(-1.0 / N);
        (r * s, r * c)
    } else {
        let r = ((s / a.max(1e-3)).powi(2) + (c / back.max(1e-3)).powi(2))
            .sqrt()
            .recip();
        (r * s, r * c)
    }
}

/// Heights and places that the relief, the skin's colours and the artefacts share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Distance of an eye from the middle.
    pub(crate) eye_x: f32,
    /// Height of the nose's tip.
    pub(crate) tip: f32,
    /// Height of the closed lips' line in the middle.
    pub(crate) mouth: f32,
    /// Half width of the mouth.
    pub(crate) mouth_half: f32,
    /// How far the corners rise.
    pub(crate) corners: f32,
    /// Half the gap between the lips in the middle.
    pub(crate) gap: f32,
    /// Thickness of the upper lip in the middle.
    pub(crate) upper: f32,
    /// Thickness of the lower lip in the middle.
    pub(crate) lower: f32,
}

impl Layout {
    /// The layout of a person making a face.
    pub(crate) fn new(id: &Identity, expression: &Expression) -> Self {
        let s = &id.shape;
        let smile = expression.smile;
        Self {
            eye_x: 0.305 * s.eye_spacing * (0.4 + 0.6 * s.width),
            tip: -0.385 * s.nose_length,
            mouth: -0.655 - 0.06 * (s.nose_length - 1.0),
            mouth_half: 0.255 * s.mouth_width * (1.0 + 0.16 * smile.max(0.0)),
            corners: 0.05 * smile,
            gap: 0.055 * expression.open,
            upper: 0.058 * s.upper_lip * (1.0 - 0.3 * smile.max(0.0)),
            lower: 0.082 * s.lower_lip * (1.0 - 0.2 * smile.max(0.0)),
        }
    }

    /// Height of the lips' line at `x`.
    pub(crate) fn lip_line(&self, x: f32) -> f32 {
        let q = (x / self.mouth_half).clamp(-1.3, 1.3);
        self.mouth + self.corners * q * q - 0.006 * (1.0 - q * q).max(0.0)
    }

    /// 1 in the middle of the mouth, 0 at its corners.
    pub(crate) fn lip_span(&self, x: f32) -> f32 {
        let q = x / self.mouth_half;
        (1.0 - q * q).max(0.0)
    }
}

/// How far the face stands out of the skull at canonical (`x`, `y`), along the view axis.
pub(crate) fn relief(id: &Identity, l: &Layout, smile: f32, x: f32, y: f32) -> f32 {
    let s = &id.shape;
    let x = x * (1.0 + s.asymmetry * x.signum());
    let ax = x.abs();
    let mut h = 0.0;
    if y > -0.2 {
        h += 0.035 * s.brow * bump(ax, y, 0.25, 0.165, 0.36, 0.13);
        h += 0.03 * bump(x, y, 0.0, 0.52, 0.5, 0.33);
        h -= 0.105 * s.socket * bump(ax, y, l.eye_x * 0.96, 0.01, 0.25, 0.17);
        h -= 0.05 * bump(ax, y, 0.135, 0.015, 0.10, 0.14);
        h += 0.085 * id.eyes.size * bump(ax, y, l.eye_x, -0.005, 0.18, 0.125);
    }
    // Nose: a ridge that rises and widens towards the tip, then turns under.
    let along = ((0.13 - y) / (0.13 - l.tip)).clamp(0.0, 1.0);
    let ridge = s.nose_height
        * (0.075 * s.nose_bridge * smooth(0.0, 0.35, along) + 0.115 * along.powi(2) + 0.03 * along);
    let half = s.nose_width * (0.115 + 0.085 * along);
    let q = (x / half).powi(2);
    if q < 1.0 {
        let under = smooth(l.tip - 0.135, l.tip - 0.035, y);
        h += ridge * (1.0 - q).powi(2) * under * smooth(0.24, 0.08, y);
    }
    h += 0.085 * s.nose_height * bump(x, y, 0.0, l.tip + 0.005, 0.115 * s.nose_width, 0.105);
    h += 0.08 * bump(ax, y, 0.108 * s.nose_width, l.tip - 0.045, 0.085, 0.085);
    h -= 0.06 * bump(ax, y, 0.058 * s.nose_width, l.tip - 0.098, 0.052, 0.034);
    // Cheeks rise and round with a smile.
    let up = 0.04 * smile.max(0.0);
    h += (0.055 * s.cheek + 0.03 * smile.max(0.0)) * bump(ax, y, 0.42, -0.22 + up, 0.29, 0.25);
    h -= 0.045 * bump(ax, y, 0.47, -0.60, 0.2, 0.26);
    // The fold from the nose to the corners of the mouth.
    let fold_x = 0.17 * s.nose_width + (l.tip - y) * 0.42;
    if y < l.tip + 0.02 && y > l.mouth - 0.12 {
        let depth = 0.010 + 0.022 * smile.max(0.0) + 0.012 * id.skin.age;
        let d = (ax - fold_x) / 0.05;
        h -= depth * (1.0 - d * d).max(0.0).powi(2) * smooth(l.mouth - 0.12, l.mouth, y);
    }
    // Muzzle, lips, chin.
    h += 0.05 * bump(x, y, 0.0, -0.67, 0.36, 0.28);
    let (line, span) = (l.lip_line(x), l.lip_span(x));
    if span > 0.0 && (y - line).abs() < 0.25 {
        let full = span.sqrt();
        let top = line + l.gap * span;
        let bottom = line - l.gap * span;
        h += 0.045
            * full
            * (0.6 + 0.4 * s.upper_lip)
            * bump(0.0, y, 0.0, top + 0.45 * l.upper, 1.0, l.upper * 0.95);
        h += 0.055
            * full
            * (0.6 + 0.4 * s.lower_lip)
            * bump(0.0, y, 0.0, bottom - 0.42 * l.lower, 1.0, l.lower * 0.85);
        h -= 0.03 * full * bump(0.0, y, 0.0, line, 1.0, 0.028 + l.gap);
        h -= 0.012 * bump(x, y, 0.0, l.mouth + 0.115, 0.035, 0.07);
    }
    h -= 0.035 * bump(x, y, 0.0, -0.835, 0.24, 0.065);
    h += 0.075 * s.chin * bump(x, y, 0.0, -0.96, 0.24, 0.16);
    h
}

/// Height of the hairline at an azimuth, with its ragged edge.
fn hairline(id: &Identity, azimuth: f32) -> f32 {
    let hair = &id.hair;
    let a = azimuth.abs();
    let front = hair.hairline - 0.10 * (a / 0.75).powi(2).min(1.6);
    let temple = smooth(0.72, 1.02, a);
    let side = 0.10 - 0.33 * smooth(0.98, 1.2, a) - 0.35 * smooth(1.55, 1.9, a);
    let mut line = front + (side - front) * temple;
    if hair.fringe > 0.0 {
        let cover = smooth(0.95, 0.7, (azimuth - hair.parting).abs() - 0.15);
        let low = 0.27 + 0.06 * noise::value(azimuth * 7.0, 3.0, id.skin.seed);
        line += (low - line).min(0.0) * hair.fringe.sqrt() * cover;
    }
    line + 0.035 * noise::fractal(azimuth * 9.0, 0.5, id.skin.seed ^ 5, 2)
}

/// How much a place on the head is hair, 0 to 1.
pub(crate) fn hair_cover(id: &Identity, y: f32, azimuth: f32, fine: bool) -> f32 {
    // Far from any hairline there is nothing to work out.
    if y < -0.75 || (azimuth.abs() < 0.65 && y < 0.10) {
        return 0.0;
    }
    if y > 0.80 {
        return 1.0;
    }
    let line = hairline(id, azimuth);
    if !fine {
        return smooth(line - 0.05, line + 0.09, y);
    }
    let strand = 0.022 * noise::value(azimuth * 62.0, y * 7.0, id.skin.seed ^ 9);
    smooth(line - 0.045, line + 0.035, y + strand)
}

/// Height of the line where a face box begins: the hairline of the middle.
pub(crate) fn forehead(id: &Identity) -> f32 {
    id.hair.hairline.min(0.66)
}

/// The head's grid for a person making a face.
pub(crate) fn head(id: &Identity, expression: &Expression) -> Mesh {
    let layout = Layout::new(id, expression);
    let smile = expression.smile;
    let thickness = match id.hair.style {
        HairStyle::Bare => 0.004,
        HairStyle::Short => 0.045,
        HairStyle::Full => 0.12,
        HairStyle::Long => 0.10,
    } * id.hair.volume.max(0.4);
    let mut points = Vec::with_capacity(COLUMNS * ROWS);
    for r in 0..ROWS {
        let t = r as f32 / (ROWS - 1) as f32;
        // Rows crowd at the crown and under the chin, where the surface turns away.
        let t = t - 0.0275 * (2.0 * std::f32::consts::PI * t).sin();
        let y = TOP - 0.002 + (BOTTOM - TOP + 0.004) * t;
        let sec = section(id, y);
        for c in 0..COLUMNS {
            let u = 2.0 * c as f32 / (COLUMNS - 1) as f32 - 1.0;
            let azimuth = REACH * u * (0.5 + 0.5 * u * u);
            let (x, z) = skull(sec, azimuth);
            let mut p = [x, y, z];
            if azimuth.abs() < FRAC_PI_2 {
                p[2] += relief(id, &layout, smile, x, y) * smooth(1.5, 1.1, azimuth.abs());
            }
            let cover = hair_cover(id, y, azimuth, false);
            if cover > 0.0 && y > -0.2 {
                let clump = 1.0
                    + 0.35
                        * noise::fractal(
                            3.1 * x + 1.7 * y,
                            3.1 * z - 1.7 * y,
                            id.skin.seed ^ 77,
                            2,
                        );
                let lift = thickness
                    * cover
                    * clump
                    * (1.0 + 0.9 * smooth(0.4, 0.95, y))
                    * (0.25 + 0.75 * smooth(-0.25, 0.35, y));
                let n = super::unit([x, 0.9 * (y - 0.15).max(0.0), z]);
                for k in 0..3 {
                    p[k] += lift * n[k];
                }
            }
            points.push((p, [x, y, azimuth]));
        }
    }
    Mesh::new(Part::Head, COLUMNS, points)
}

/// A shell that follows the head at a distance, with a share of the relief: what strips and masks
/// are made from. Covers `y` from `high` to `low` and azimuths to `reach`, and never dips into the
/// face beneath.
pub(crate) fn shell(
    id: &Identity,
    [worn, moulded]: [&Expression; 2],
    part: Part,
    [high, low, reach]: Vec3,
    offset: f32,
    share: f32,
) -> Mesh {
    let (layout, mould) = (Layout::new(id, worn), Layout::new(id, moulded));
    let (columns, rows) = (81, 81);
    let mut points = Vec::with_capacity(columns * rows);
    for r in 0..rows {
        let y = high + (low - high) * r as f32 / (rows - 1) as f32;
        let sec = section(id, y);
        for c in 0..columns {
            let azimuth = reach * (2.0 * c as f32 / (columns - 1) as f32 - 1.0);
            let (x, z) = skull(sec, azimuth);
            let front = smooth(1.5, 1.1, azimuth.abs());
            let face = relief(id, &layout, worn.smile, x, y) * front;
            let form = share * relief(id, &mould, moulded.smile, x, y) * front + offset;
            let out = 1.0 + 0.5 * offset / sec[0].max(0.2);
            points.push((
                [x * out, y, z + form.max(face + 0.5 * offset)],
                [x, y, azimuth],
            ));
        }
    }
    Mesh::new(part, columns, points)
}
