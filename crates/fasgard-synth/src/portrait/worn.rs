//! What is worn: a shape in eye coordinates, laid on the live crop with its shadow.

use super::light::FaceLight;
use super::{Seen, Stage, mould, paper};
use crate::attack::Attack;
use crate::draw::Draw;
use crate::frame::{Rgb, mix, scaled, smooth};
use crate::geometry::{Vec3, unit};

/// Places on a face: `a` to the image's right and `b` up from the middle of the eyes, in distances
/// between the eyes. The mouth is about 1.1 below, the chin 1.75, the cheeks 1.1 to the sides.
pub(super) type Place = [f32; 2];

/// What is seen of an artefact at a place.
pub(super) struct Matter {
    /// Reflectance times the face's level: what is seen in light 1.
    pub(super) color: Rgb,
    /// Slope of the surface: right, up.
    pub(super) slope: [f32; 2],
    pub(super) gloss: f32,
    /// Exponent of the gloss.
    pub(super) sharp: i32,
    /// Share of the person's own light that comes through.
    pub(super) clear: f32,
}

/// An artefact on a face.
pub(super) struct Artefact<'a> {
    /// Distance inside the edge in eye distances, below 0 outside.
    pub(super) inside: Box<dyn Fn(Place) -> f32 + 'a>,
    pub(super) matter: Box<dyn Fn(Place) -> Matter + 'a>,
    /// How far it stands off the skin, in eye distances: the width of its shadow.
    pub(super) lift: f32,
    pub(super) medium: String,
}

/// The frame's similarity to eye coordinates.
pub(super) struct EyeFrame {
    middle: [f32; 2],
    axis: [f32; 2],
    square: f32,
}

impl EyeFrame {
    pub(super) fn new([r, l]: [[f32; 2]; 2]) -> Self {
        let axis = [l[0] - r[0], l[1] - r[1]];
        Self {
            middle: [(r[0] + l[0]) / 2.0, (r[1] + l[1]) / 2.0],
            axis,
            square: axis[0] * axis[0] + axis[1] * axis[1],
        }
    }

    /// Eye coordinates of a pixel.
    pub(super) fn place(&self, x: f32, y: f32) -> Place {
        let (dx, dy) = (x - self.middle[0], y - self.middle[1]);
        let [ax, ay] = self.axis;
        [
            (dx * ax + dy * ay) / self.square,
            (dx * ay - dy * ax) / self.square,
        ]
    }

    /// The pixel at eye coordinates.
    pub(super) fn pixel(&self, [a, b]: Place) -> [f32; 2] {
        let [ax, ay] = self.axis;
        [
            self.middle[0] + a * ax + b * ay,
            self.middle[1] + a * ay - b * ax,
        ]
    }

    /// Width of a pixel in eye distances.
    pub(super) fn pitch(&self) -> f32 {
        1.0 / self.square.sqrt()
    }
}

/// The person wearing the attack's artefact; `shown` is what paper is printed with.
pub(super) fn render(
    d: &mut Draw,
    stage: &Stage,
    shown: &Stage,
    attack: Attack,
    conditions: &mut Vec<(&'static str, String)>,
) -> Seen {
    let side = stage.frame.width;
    let eyes = EyeFrame::new(stage.eyes);
    let light = FaceLight::guess(d, stage);
    let artefact = match attack {
        Attack::HalfMask => mould::half(d, &light),
        Attack::TransparentMask => mould::transparent(d, &light),
        _ => paper::worn(d, shown, &eyes, &light, attack),
    };
    let lift = artefact.lift;
    let strength = d.between(0.25, 0.6);
    // The shadow falls away from the lamp.
    let away = [
        -light.key[0] * 1.2 * lift,
        -(light.key[1] * 1.2 + 0.25) * lift,
    ];
    let edge = 0.6 * eyes.pitch();
    let mut frame = stage.frame.clone();
    let mut live = vec![1.0; side * side];
    let mut depth = stage.depth.clone();
    for (i, p) in frame.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
        let [a, b] = eyes.place(x, y);
        if a.abs() > 2.6 || b.abs() > 2.9 {
            continue;
        }
        let inside = (artefact.inside)([a, b]);
        let cover = smooth(-edge, edge, inside);
        if cover < 1.0 {
            let above = (artefact.inside)([a - away[0], b - away[1]]);
            let shadow = strength * smooth(-1.2 * lift, 0.8 * lift, above);
            // Contact: a narrow dark line along the edge.
            let line = 0.35 * strength * smooth(-0.05, 0.0, inside);
            *p = scaled(*p, 1.0 - shadow.max(line));
        }
        if cover <= 0.0 {
            continue;
        }
        let m = (artefact.matter)([a, b]);
        let n: Vec3 = unit([m.slope[0], m.slope[1], 1.0]);
        let lit = light.on(x, y, side, n);
        let shine = m.gloss * light.shine(n, m.sharp) * light.mean * 3.0;
        let behind = *p;
        let seen: Rgb = std::array::from_fn(|c| {
            m.color[c] * lit[c] * (1.0 - m.clear) + behind[c] * m.clear + shine
        });
        *p = mix(*p, seen, cover);
        live[i] = 1.0 - cover;
        depth[i] *= 1.0 - cover;
    }
    conditions.push(("medium", artefact.medium));
    Seen {
        frame,
        live,
        depth,
        face: stage.face,
        eyes: stage.eyes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_turn_with_the_eyes() {
        // Level eyes 20 apart: the mouth, 1.1 below, is 22 pixels down.
        let level = EyeFrame::new([[40.0, 50.0], [60.0, 50.0]]);
        assert_eq!(level.pixel([0.0, -1.1]), [50.0, 72.0]);
        // The head turned by a quarter in the plane: eyes below each other, the chin to the left.
        let lying = EyeFrame::new([[50.0, 40.0], [50.0, 60.0]]);
        assert_eq!(lying.pixel([0.0, -1.1]), [28.0, 50.0]);
        // By a = 30 degrees the mouth is at the middle + 22 (-sin a, cos a).
        let (s, c) = 30_f32.to_radians().sin_cos();
        let tilted = EyeFrame::new([
            [50.0 - 10.0 * c, 50.0 - 10.0 * s],
            [50.0 + 10.0 * c, 50.0 + 10.0 * s],
        ]);
        let [x, y] = tilted.pixel([0.0, -1.1]);
        assert!((x - (50.0 - 22.0 * s)).abs() < 1e-4 && (y - (50.0 + 22.0 * c)).abs() < 1e-4);
        let [a, b] = tilted.place(x, y);
        assert!(a.abs() < 1e-5 && (b + 1.1).abs() < 1e-5);
    }
}
