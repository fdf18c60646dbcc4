//! A moulded or printed mask over the lower or the upper half of the face.

use super::Source;
use super::print::Press;
use crate::draw::Draw;
use crate::frame::{Rgb, mix, scaled, smooth, times};
use crate::geometry::bump;
use crate::geometry::head::{Layout, shell};
use crate::geometry::mesh::Part;
use crate::identity::Identity;
use crate::noise;
use crate::scene::Artefact;
use crate::shade::Matter;
use crate::shot::Shot;

/// The mask on a face; returns its material and half too. `source` takes the photograph that a
/// paper mask is printed from.
pub(crate) fn mask(
    d: &mut Draw,
    id: &Identity,
    shot: &Shot,
    source: impl FnOnce() -> Source,
) -> (Artefact, String) {
    let layout = Layout::new(id, &shot.expression);
    let lower = d.chance(0.5);
    let (name, gloss, sharp) = [
        ("resin", d.between(0.04, 0.12), 4),
        ("plastic", d.between(0.08, 0.25), 5),
        ("latex", d.between(0.02, 0.06), 3),
        ("paper", d.between(0.0, 0.05), 3),
    ][d.weighted(&[0.25, 0.2, 0.2, 0.35])];
    // Painted in a tone near the wearer's, or not at all.
    let tone: Rgb = match name {
        "plastic" => {
            let v = d.between(0.25, 0.75);
            [v, v * d.between(0.85, 1.0), v * d.between(0.75, 1.0)]
        }
        _ => {
            let lightness = if d.chance(0.5) {
                d.between(0.60, 0.88)
            } else {
                d.between(1.12, 1.5)
            };
            times(
                scaled(id.skin.albedo, lightness),
                [d.about_one(0.05), d.about_one(0.04), d.about_one(0.08)],
            )
        }
    };
    let paint = d.between(0.3, 0.9);
    let share = if name == "paper" {
        d.between(0.35, 0.7)
    } else {
        d.between(0.7, 0.95)
    };
    let offset = d.between(0.02, 0.045);
    let (line, arch) = (d.between(-0.20, -0.08), d.between(-0.12, 0.16));
    let (reach, bits) = (d.between(0.95, 1.25), d.bits());
    let (hole_w, hole_h) = (d.between(0.165, 0.20), d.between(0.085, 0.115));
    let (high, low) = if lower { (0.12, -1.07) } else { (0.56, -0.62) };
    let calm = crate::shot::Expression {
        smile: shot.expression.smile * 0.2,
        open: 0.0,
        ..shot.expression
    };
    let mesh = shell(
        id,
        [&shot.expression, &calm],
        Part::Mask,
        [high, low, 1.35],
        offset,
        share,
    );
    let (eye_x, tip, cut) = (layout.eye_x, layout.tip, d.between(0.36, 0.50));
    let keep = move |[x, y, azimuth]: [f32; 3]| {
        if azimuth.abs() > reach {
            return false;
        }
        if lower {
            // From the bridge of the nose down to the chin.
            let peak = 0.10 * (1.0 - (x / 0.17).powi(2)).max(0.0);
            y < line + peak + arch * x * x && y > -1.05
        } else {
            let hole = ((x.abs() - eye_x) / hole_w).powi(2) + ((y + 0.002) / hole_h).powi(2);
            let edge = tip - 0.13 + cut * x * x;
            y < 0.50 - 0.35 * x * x && y > edge.max(-0.58) && hole > 1.0
        }
    };
    let flat = Layout::new(id, &calm);
    let lip = mix(tone, times(id.skin.lip, [1.05, 0.9, 0.9]), paint);
    let blush = d.between(0.0, 0.2);
    let printed = (name == "paper").then(|| (source(), Press::draw(d, 1.75 / (0.62 * 160.0))));
    let (crease, scale) = (d.between(0.05, 0.3), d.about_one(0.04));
    let matter = move |[x, y, _]: [f32; 3]| {
        if let Some((source, press)) = &printed {
            let span = 2.0 * eye_x * scale;
            let mut m = Matter::dull(press.ink(source.by_eyes(x / span, y / span), x, y));
            let fold = noise::fractal(x * 3.0, y * 3.0, bits ^ 3, 2);
            m.tilt = [
                crease * fold,
                0.6 * crease * noise::value(x * 2.0, y * 4.0, bits ^ 4),
            ];
            m.gloss = gloss;
            return m;
        }
        let mut m = Matter::dull(tone);
        let cloud = noise::fractal(x * 4.0, y * 4.0, bits, 2);
        let ax = x.abs();
        let red = blush * bump(ax, y, 0.4, -0.28, 0.3, 0.25);
        m.albedo = times(
            scaled(tone, 1.0 + 0.03 * cloud),
            [1.0, 1.0 - red, 1.0 - red],
        );
        if name != "plastic" {
            let (line, span) = (flat.lip_line(x), flat.lip_span(x));
            let body = smooth(
                line + flat.upper * span + 0.014,
                line + flat.upper * span - 0.01,
                y,
            ) * smooth(
                line - flat.lower * span - 0.014,
                line - flat.lower * span + 0.01,
                y,
            ) * smooth(0.0, 0.15, span);
            m.albedo = mix(m.albedo, lip, body);
            let seam = smooth(0.014, 0.004, (y - line).abs()) * smooth(0.0, 0.1, span);
            m.albedo = scaled(m.albedo, 1.0 - 0.6 * seam);
            let nostril = bump(ax, y, 0.06, tip - 0.105, 0.048, 0.03);
            m.albedo = scaled(m.albedo, 1.0 - (1.3 * nostril).min(0.8));
        }
        m.gloss = gloss;
        m.sharp = sharp;
        m.bleed = if name == "latex" { 0.2 } else { 0.05 };
        m
    };
    (
        Artefact {
            mesh,
            keep: Box::new(keep),
            matter: Box::new(matter),
        },
        format!("{name}-{}", if lower { "lower" } else { "upper" }),
    )
}
