//! Eyes and eyebrows by place on the face.

use super::Matter;
use crate::frame::{mix, scaled, smooth, times};
use crate::geometry::head::Layout;
use crate::identity::Identity;
use crate::noise;
use crate::shot::Shot;

/// Outline of an eye: heights of the upper and lower lid at a share of the half width.
fn lids(id: &Identity, shot: &Shot, q: f32) -> (f32, f32) {
    let round = (1.0 - q * q).max(0.0);
    let arc = 0.45 * round + 0.55 * round.sqrt();
    let open = shot.expression.lids;
    let size = id.eyes.size;
    let squint = 0.25 * shot.expression.smile.max(0.0);
    let line = id.eyes.tilt * 0.30 * q;
    let lower = -0.046 * size * (1.0 - squint) * (0.75 * round + 0.25 * arc);
    // A lid that shuts comes down to the lower one.
    let upper = lower + (0.056 * arc - lower / size.max(0.1)) * size * open.min(1.2);
    (line + upper, line + lower)
}

/// Changes skin into eye, lashes, lid crease or eyebrow where canonical (`x`, `y`) falls on one.
pub(crate) fn paint(id: &Identity, shot: &Shot, l: &Layout, x: f32, y: f32, m: &mut Matter) {
    if !(-0.22..0.36).contains(&y) {
        return;
    }
    let side = if x < 0.0 { -1.0 } else { 1.0 };
    // Outward from the eye's centre.
    let (ex, ey) = (x * side - l.eye_x, y);
    if ex.abs() > 0.32 {
        return;
    }
    brow(id, shot, side, ex, ey, m);
    let half = 0.148 * id.eyes.size;
    let q = ex / half;
    if q.abs() > 1.35 {
        return;
    }
    let (upper, lower) = lids(id, shot, q.clamp(-1.0, 1.0));
    let inside = q.abs() < 1.0 && ey < upper && ey > lower;
    let skin = m.albedo;
    if inside {
        ball(id, shot, side, ex, ey, half, upper, m);
    } else {
        let ends = smooth(1.3, 0.85, q.abs());
        // Crease above the lid and the soft dark of the lid itself.
        let above = ey - upper;
        if above > 0.0 {
            let crease = (1.0 - ((above - 0.042) / 0.014).powi(2)).max(0.0) * id.eyes.crease * ends;
            m.albedo = mix(
                m.albedo,
                times(scaled(skin, 0.5), [1.0, 0.85, 0.85]),
                0.75 * crease,
            );
            if above < 0.042 {
                m.albedo = scaled(m.albedo, 1.0 - 0.12 * ends);
            }
        }
        let below = lower - ey;
        if below > 0.0 && below < 0.11 {
            // Bag under the eye.
            let bag = (1.0 - ((below - 0.075) / 0.02).powi(2)).max(0.0)
                * ends
                * (0.25 + 0.6 * id.skin.age);
            m.albedo = mix(m.albedo, times(skin, [0.66, 0.55, 0.57]), 0.6 * bag);
        }
    }
    // Lashes: a dark line on the upper lid, wider outward, a faint one below.
    let lash = 0.010 + 0.011 * id.eyes.lash * smooth(-1.0, 0.7, q);
    let line = ey - upper;
    let wing = smooth(1.22, 0.98, q) * smooth(-1.08, -0.8, q);
    let dark = smooth(lash, 0.3 * lash, (line - 0.15 * lash).abs()) * wing;
    m.albedo = mix(m.albedo, [0.012, 0.009, 0.008], 0.92 * dark);
    let faint = smooth(0.011, 0.002, (ey - lower).abs()) * smooth(1.05, 0.7, q.abs());
    m.albedo = mix(
        m.albedo,
        times(skin, [0.42, 0.3, 0.3]),
        0.55 * faint * id.eyes.lash.min(1.0),
    );
    m.gloss *= 1.0 - dark;
}

/// Sclera, iris, pupil, catch light.
#[expect(clippy::too_many_arguments, reason = "one pixel's place in one eye")]
fn ball(
    id: &Identity,
    shot: &Shot,
    side: f32,
    ex: f32,
    ey: f32,
    half: f32,
    upper: f32,
    m: &mut Matter,
) {
    const IRIS: f32 = 0.070;
    let gaze = shot.expression.gaze;
    let (gx, gy) = (side * gaze[0] * IRIS, 0.004 + gaze[1] * IRIS);
    let (dx, dy) = (ex - gx, ey - gy);
    let r = (dx * dx + dy * dy).sqrt() / IRIS;
    let round = ex / half;
    let veins = noise::fractal(ex * 30.0, ey * 30.0, id.skin.seed ^ 15, 2);
    let white = scaled(
        [0.44, 0.405, 0.385],
        (1.0 - 0.42 * round * round) * (1.0 + 0.05 * veins),
    );
    let corner = smooth(-0.72, -0.98, round);
    let mut albedo = mix(white, [0.42, 0.17, 0.15], 0.8 * corner);
    let fibres = noise::value(dy.atan2(dx) * 6.0, r * 3.0, id.skin.seed ^ 25);
    let rim = 1.0 - 0.55 * smooth(0.72, 1.0, r);
    let iris = scaled(
        id.eyes.iris,
        rim * (1.05 + 0.25 * fibres + 0.35 * (0.7 - r)),
    );
    albedo = mix(albedo, iris, smooth(1.06, 0.92, r));
    albedo = mix(albedo, [0.004, 0.004, 0.004], smooth(0.46, 0.36, r));
    // The upper lid shades the ball.
    let lid = smooth(0.055, 0.0, upper - ey);
    albedo = scaled(albedo, 1.0 - 0.55 * lid);
    let key = shot.light.key;
    let (cx, cy) = (side * key[0] * 0.035, (key[1] * 0.03 + 0.010).min(0.03));
    let glint = ((ex - gx * 0.6 - cx).powi(2) + (ey - gy * 0.6 - cy).powi(2)).sqrt();
    *m = Matter {
        albedo,
        gloss: 0.05,
        sharp: 5,
        bleed: 0.15,
        tilt: [side * round * 0.35, ey * 3.0],
        cavity: 0.85 - 0.35 * lid,
        glint: 0.75 * smooth(0.021, 0.011, glint) * smooth(0.0, 0.3, key[2]),
    };
}

/// An eyebrow: short strokes along an arch.
fn brow(id: &Identity, shot: &Shot, side: f32, ex: f32, ey: f32, m: &mut Matter) {
    let t = (ex + 0.19) / 0.40;
    if !(-0.1..1.12).contains(&t) {
        return;
    }
    let arch = 0.035 * id.eyes.brow_arch;
    let middle = 0.165 + shot.expression.raise + arch * (1.0 - ((t - 0.62) / 0.62).powi(2))
        - 0.035 * smooth(0.55, 1.1, t);
    let thick = 0.030
        * id.eyes.brow_thickness
        * (1.0 - 0.62 * t.clamp(0.0, 1.0).powi(2))
        * smooth(-0.1, 0.12, t);
    let d = (ey - middle) / thick.max(0.004);
    if d.abs() > 1.6 {
        return;
    }
    let seed = id.skin.seed ^ if side < 0.0 { 41 } else { 43 };
    // Strokes lean outward and up near the nose, lie flat outside.
    let lean = 1.1 - 1.3 * t;
    let stroke = noise::value((ex - lean * ey) * 95.0, ey * 26.0 + ex * 20.0, seed);
    let cover =
        smooth(1.25, 0.45, d.abs() + 0.38 * stroke) * smooth(1.12, 0.9, t) * (0.8 + 0.2 * stroke);
    m.albedo = mix(
        m.albedo,
        scaled(id.eyes.brow, 1.0 + 0.3 * stroke),
        (0.9 * cover).clamp(0.0, 1.0),
    );
    m.gloss *= 1.0 - cover.clamp(0.0, 1.0);
}
