//! Moulded masks: a face's relief in eye coordinates, shaded as one.

use super::light::FaceLight;
use super::paper::ellipse;
use super::worn::{Artefact, Matter, Place};
use crate::draw::Draw;
use crate::frame::{Rgb, mix, scaled, smooth};
use crate::geometry::bump;
use crate::noise;

/// Height of a plain face over the eyes' plane, in eye distances.
fn relief(a: f32, b: f32) -> f32 {
    let ax = a.abs();
    let dome = 0.7
        * (1.0 - (a / 1.35).powi(2) - ((b + 0.4) / 1.9).powi(2))
            .max(0.02)
            .sqrt();
    let nose = 0.26 * bump(a, b, 0.0, -0.58, 0.34, 0.30)
        + 0.05 * bump(ax, b, 0.16, -0.66, 0.14, 0.16)
        + 0.20 * bump(a, b, 0.0, -0.25, 0.26, 0.62);
    let brow = 0.06 * bump(ax, b, 0.45, 0.34, 0.75, 0.34);
    let socket = 0.11 * bump(ax, b, 0.50, 0.0, 0.46, 0.32);
    let cheek = 0.12 * bump(ax, b, 0.70, -0.55, 0.6, 0.5);
    let lips =
        0.10 * bump(a, b, 0.0, -1.04, 0.50, 0.13) + 0.11 * bump(a, b, 0.0, -1.22, 0.42, 0.15);
    let chin = 0.14 * bump(a, b, 0.0, -1.62, 0.45, 0.35);
    dome + nose + brow - socket + cheek + lips + chin
}

/// The relief's slope: right, up (a normal's part beside 1 towards the camera).
fn slope(a: f32, b: f32) -> [f32; 2] {
    const H: f32 = 0.02;
    [
        (relief(a - H, b) - relief(a + H, b)) / (2.0 * H),
        (relief(a, b - H) - relief(a, b + H)) / (2.0 * H),
    ]
}

/// A mask over the lower or the upper half.
pub(super) fn half(d: &mut Draw, light: &FaceLight) -> Artefact<'static> {
    let lower = d.chance(0.5);
    let (name, gloss, sharp) = [
        ("resin", d.between(0.10, 0.35), 14),
        ("plastic", d.between(0.3, 0.9), 30),
        ("latex", d.between(0.04, 0.15), 8),
        ("cloth", 0.0, 8),
    ][d.weighted(&[0.3, 0.3, 0.2, 0.2])];
    let tone: Rgb = match name {
        "plastic" | "cloth" => {
            let v = light.mean * d.between(0.15, 2.4);
            [v, v * d.between(0.85, 1.05), v * d.between(0.75, 1.1)]
        }
        _ => {
            let v = light.mean
                * if d.chance(0.5) {
                    d.between(0.65, 0.95)
                } else {
                    d.between(1.15, 1.7)
                };
            [1.18 * v, v * d.between(0.9, 1.0), v * d.between(0.65, 0.85)]
        }
    };
    let depth = d.between(0.55, 1.0);
    let paint = if name == "cloth" {
        0.0
    } else {
        d.between(0.2, 0.8)
    };
    let (line, arch) = (d.between(-0.45, -0.25), d.between(-0.08, 0.12));
    let (wide, high) = (d.between(0.98, 1.15), d.between(1.35, 1.55));
    let cut = d.between(0.25, 0.4);
    let hole = [d.between(0.24, 0.31), d.between(0.13, 0.18)];
    let bits = d.bits();
    let inside = move |[a, b]: Place| {
        let oval = ellipse([a, b], [0.0, -0.38], [wide, high]);
        if lower {
            // From the bridge of the nose down to the chin.
            let peak = 0.28 * (1.0 - (a / 0.32).powi(2)).max(0.0);
            oval.min(line + peak + arch * a * a - b)
        } else {
            let edge = -0.86 + cut * a * a;
            let eyes = ellipse([a.abs(), b], [0.5, 0.0], hole);
            oval.min(b - edge).min(0.85 - 0.25 * a * a - b).min(-eyes)
        }
    };
    let matter = move |[a, b]: Place| {
        let cloud = noise::fractal(a * 2.0, b * 2.0, bits, 2);
        let mut color = scaled(tone, 1.0 + 0.04 * cloud);
        let [mut x, mut y] = slope(a, b).map(|v| v * depth);
        if name == "cloth" {
            let weave = noise::value(a * 70.0, b * 70.0, bits ^ 1);
            color = scaled(color, 1.0 + 0.10 * weave);
            x = 0.5 * x + 0.15 * noise::value(a * 1.5, b * 4.0, bits ^ 2);
            y = 0.5 * y + 0.2 * noise::value(a * 1.5, b * 5.0, bits ^ 3);
        } else if lower {
            let lip = [1.05, 0.75, 0.75];
            let body = smooth(0.0, 0.4, bump(a, b, 0.0, -1.12, 0.48, 0.22));
            color = mix(
                color,
                std::array::from_fn(|c| color[c] * lip[c]),
                body * paint,
            );
            let seam = smooth(0.025, 0.008, (b + 1.13 + 0.05 * a * a).abs());
            color = scaled(
                color,
                1.0 - 0.6 * paint * seam * smooth(0.42, 0.34, a.abs()),
            );
        }
        let nostril = bump(a.abs(), b, 0.13, -0.76, 0.09, 0.055);
        if name != "cloth" {
            color = scaled(color, 1.0 - (1.2 * nostril).min(0.75));
        }
        Matter {
            color,
            slope: [x, y],
            gloss,
            sharp,
            clear: 0.0,
        }
    };
    Artefact {
        inside: Box::new(inside),
        matter: Box::new(matter),
        lift: d.between(0.03, 0.08),
        medium: format!("{name}-{}", if lower { "lower" } else { "upper" }),
    }
}

/// A clear mask over the whole face: the person shines through, under gloss and haze.
pub(super) fn transparent(d: &mut Draw, light: &FaceLight) -> Artefact<'static> {
    let (wide, high) = (d.between(1.0, 1.2), d.between(1.4, 1.65));
    let haze = light.mean * d.between(0.6, 1.6);
    let clear = d.between(0.62, 0.9);
    let (gloss, sharp) = (d.between(0.25, 0.9), 30 + d.index(60) as i32);
    let depth = d.between(0.45, 0.85);
    let holes = d
        .chance(0.5)
        .then(|| [d.between(0.22, 0.3), d.between(0.10, 0.16)]);
    let bits = d.bits();
    let inside = move |[a, b]: Place| {
        let oval = ellipse([a, b], [0.0, -0.4], [wide, high]);
        match holes {
            Some(hole) => oval.min(-ellipse([a.abs(), b], [0.5, 0.0], hole)),
            None => oval,
        }
    };
    let matter = move |[a, b]: Place| {
        let [x, y] = slope(a, b);
        let dent = 0.18 * noise::fractal(a * 2.5, b * 2.5, bits, 2);
        // The rim is seen edge on and lets less through.
        let rim = smooth(0.10, 0.0, ellipse([a, b], [0.0, -0.4], [wide, high]));
        Matter {
            color: [haze; 3],
            slope: [depth * x + dent, depth * y - dent],
            gloss,
            sharp,
            clear: clear * (1.0 - 0.5 * rim),
        }
    };
    Artefact {
        inside: Box::new(inside),
        matter: Box::new(matter),
        lift: d.between(0.03, 0.07),
        medium: "clear-plastic".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nose_stands_out_and_the_slope_points_away_from_it() {
        assert!(relief(0.0, -0.58) > relief(0.5, -0.58) + 0.1);
        assert!(relief(0.0, -0.58) > relief(0.0, 0.6));
        assert!(slope(0.2, -0.58)[0] > 0.3 && slope(-0.2, -0.58)[0] < -0.3);
        // Under the tip the surface looks down.
        assert!(slope(0.0, -0.75)[1] < -0.3);
    }
}
