//! Printed paper cut to a shape and worn: masks, strips, glasses, mouth pieces.

use super::Stage;
use super::light::FaceLight;
use super::worn::{Artefact, EyeFrame, Matter, Place};
use crate::attack::Attack;
use crate::draw::Draw;
use crate::frame::Rgb;
use crate::noise;
use crate::recapture::print::Press;

/// The paper artefact of an attack on a face, printed with the face of `stage`.
pub(super) fn worn<'a>(
    d: &mut Draw,
    stage: &'a Stage,
    eyes: &EyeFrame,
    light: &FaceLight,
    attack: Attack,
) -> Artefact<'a> {
    let mut printed = true;
    let mut open = false;
    let inside = match attack {
        Attack::PaperMask => mask(d),
        Attack::PaperGlasses => {
            open = d.chance(0.4);
            // Open frames are coloured paper, not a print of the face.
            printed = !open;
            glasses(d, open)
        }
        Attack::PaperMouth => mouth(d),
        _ => strip(d),
    };
    // Stored pixels are wider than rendered ones.
    let press = Press::draw(d, 1.6 * eyes.pitch());
    let flat = color(d);
    // The print is exposed for the face; the paper stands in the face's light, of which skin sends
    // back about a third.
    let exposed = d.between(0.22, 0.38) / light.mean;
    let gain = light.mean / 0.34 * d.between(0.85, 1.25);
    // The print's scale and place are a little wrong.
    let (scale, dx, dy) = (d.about_one(0.05), 0.03 * d.normal(), 0.03 * d.normal());
    let turn = (0.03 * d.normal()).sin_cos();
    let full = attack == Attack::PaperMask;
    let (bend, crease) = (
        if full {
            d.between(0.35, 0.7)
        } else {
            d.between(0.05, 0.35)
        },
        d.between(0.02, 0.22),
    );
    let (gloss, sharp) = (d.between(0.0, 0.04), 8);
    let rim = if d.chance(0.45) {
        d.between(0.008, 0.04)
    } else {
        -1.0
    };
    let bits = d.bits();
    let pair = EyeFrame::new(stage.eyes);
    let medium = match (open, press.name()) {
        (true, _) => "coloured-paper",
        (false, name) => name,
    };
    let edge = inside;
    let shape = std::rc::Rc::new(edge);
    let border = std::rc::Rc::clone(&shape);
    let matter = move |[a, b]: Place| {
        let ink = if printed && border([a, b]) > rim {
            let (s, c) = turn;
            let (u, v) = ((c * a - s * b) / scale + dx, (s * a + c * b) / scale + dy);
            let [x, y] = pair.pixel([u, v]);
            press.ink(stage.frame.sample(x, y).map(|v| v * exposed), a, b)
        } else if printed {
            // The white rim that scissors leave.
            press.paper(a, b)
        } else {
            flat.map(|c| c * (1.0 + 0.04 * noise::value(a * 60.0, b * 60.0, bits)))
        };
        let fold = noise::fractal(a * 1.6, b * 1.1, bits ^ 3, 2);
        Matter {
            color: ink.map(|c| c * gain),
            slope: [
                bend * a + crease * fold,
                0.6 * crease * noise::value(a * 1.1, b * 2.2, bits ^ 4),
            ],
            gloss,
            sharp,
            clear: 0.0,
        }
    };
    Artefact {
        inside: Box::new(move |p| shape(p)),
        matter: Box::new(matter),
        lift: d.between(0.03, 0.10),
        medium: medium.to_owned(),
    }
}

/// A strong colour of craft paper.
fn color(d: &mut Draw) -> Rgb {
    let value = d.between(0.25, 0.9);
    let mut c: Rgb = std::array::from_fn(|_| value * d.between(0.12, 1.0));
    c[d.index(3)] = value;
    c
}

type Shape = Box<dyn Fn(Place) -> f32>;

/// Distance inside an ellipse, nearly.
pub(super) fn ellipse(p: Place, centre: Place, radius: [f32; 2]) -> f32 {
    let (x, y) = (
        (p[0] - centre[0]) / radius[0],
        (p[1] - centre[1]) / radius[1],
    );
    (1.0 - (x * x + y * y).sqrt()) * radius[0].min(radius[1])
}

/// Distance inside a rectangle with round corners.
fn slab(p: Place, centre: Place, half: [f32; 2], round: f32) -> f32 {
    let (x, y) = (
        (p[0] - centre[0]).abs() - half[0] + round,
        (p[1] - centre[1]).abs() - half[1] + round,
    );
    round - x.max(0.0).hypot(y.max(0.0)) - x.max(y).min(0.0)
}

/// A face cut from a print along the cheeks, with or without holes for the eyes.
fn mask(d: &mut Draw) -> Shape {
    let radius = [d.between(1.0, 1.25), d.between(1.35, 1.65)];
    let centre = [0.03 * d.normal(), d.between(-0.55, -0.35)];
    let square = d.between(2.0, 3.2);
    let holes = d
        .chance(0.75)
        .then(|| [d.between(0.20, 0.30), d.between(0.10, 0.17)]);
    let nostrils = d.chance(0.3);
    let (ragged, bits) = (d.between(0.0, 0.02), d.bits());
    Box::new(move |p| {
        let (x, y) = (
            (p[0] - centre[0]) / radius[0],
            (p[1] - centre[1]) / radius[1],
        );
        let r = (x.abs().powf(square) + y.abs().powf(square)).powf(1.0 / square);
        let mut inside = (1.0 - r) * radius[0];
        if let Some(hole) = holes {
            inside = inside.min(-ellipse([p[0].abs(), p[1]], [0.5, 0.0], hole));
        }
        if nostrils {
            inside = inside.min(-ellipse(p, [0.0, -0.78], [0.2, 0.06]));
        }
        inside + ragged * noise::value(p[0] * 9.0, p[1] * 9.0, bits)
    })
}

/// A strip over both eyes.
fn strip(d: &mut Draw) -> Shape {
    let (high, low) = (d.between(0.22, 0.48), d.between(0.20, 0.42));
    let half = d.between(0.85, 1.2);
    let lean = 0.05 * d.normal();
    let (round, ragged, bits) = (d.between(0.0, 0.08), d.between(0.0, 0.015), d.bits());
    Box::new(move |[a, b]| {
        let centre = [0.0, (high - low) / 2.0 + lean * a];
        slab([a, b], centre, [half, (high + low) / 2.0], round)
            + ragged * noise::value(a * 10.0, b * 10.0, bits)
    })
}

/// Two lenses, a bridge and the arms' beginnings; open lenses show the eyes.
fn glasses(d: &mut Draw, open: bool) -> Shape {
    let half = [d.between(0.36, 0.46), d.between(0.22, 0.36)];
    let round = half[1] * d.between(0.3, 1.0);
    let drop = d.between(-0.06, 0.02);
    let rim = d.between(0.07, 0.14);
    let (arm, bridge) = (d.between(0.05, 0.09), d.between(0.04, 0.09));
    let lean = 0.03 * d.normal();
    Box::new(move |[a, b]| {
        let b = b - lean * a;
        let lens = slab([a.abs(), b], [0.5, drop], half, round);
        let arms = slab(
            [a.abs(), b],
            [1.05, drop + 0.4 * half[1]],
            [0.32, arm],
            0.01,
        );
        let bridge = slab([a, b], [0.0, drop + 0.1], [0.3, bridge], 0.01);
        let hole = if open { rim - lens } else { 1.0 };
        lens.max(arms).max(bridge).min(hole)
    })
}

/// A piece over the mouth.
fn mouth(d: &mut Draw) -> Shape {
    let half = [d.between(0.42, 0.72), d.between(0.22, 0.40)];
    let centre = [0.04 * d.normal(), d.between(-1.2, -1.05)];
    let round = half[1] * d.between(0.1, 1.0);
    let (ragged, bits) = (d.between(0.0, 0.015), d.bits());
    let lean = 0.06 * d.normal();
    Box::new(move |[a, b]| {
        slab([a, b - lean * a], centre, half, round)
            + ragged * noise::value(a * 10.0, b * 10.0, bits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_the_right_sign_and_size() {
        let at = |x, y| slab([x, y], [1.0, 2.0], [0.5, 0.25], 0.1);
        // The nearest edge is the upper one; then outside to the right; then a rounded corner.
        assert!((at(1.0, 2.15) - 0.10).abs() < 1e-6);
        assert!((at(1.7, 2.0) + 0.20).abs() < 1e-6);
        assert!(at(1.495, 2.245) < 0.0);
        assert!((ellipse([0.0, 0.1], [0.0, 0.0], [0.2, 0.2]) - 0.1).abs() < 1e-6);
    }

    #[test]
    fn glasses_are_open_or_shut_at_the_eyes() {
        for index in 0..50 {
            let of = |open| glasses(&mut Draw::new(1, "glasses-test", index, ""), open);
            assert!(of(false)([0.5, 0.0]) > 0.0 && of(true)([0.5, 0.0]) < 0.0);
            assert!(of(true)([0.0, -1.1]) < 0.0 && of(true)([0.0, 0.06]) > 0.0);
        }
    }
}
