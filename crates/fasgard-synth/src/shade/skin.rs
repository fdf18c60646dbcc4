//! Skin by place on the face: tone, blush, freckles, lines, beard, lips, nostrils, spectacles.

use super::{Matter, eye, hair};
use crate::frame::{Rgb, mix, scaled, smooth, times};
use crate::geometry::bump;
use crate::geometry::head::{Layout, hair_cover};
use crate::identity::{HairStyle, Identity};
use crate::noise;
use crate::shot::Shot;

/// Skin without a face on it: ears, neck.
pub(crate) fn plain(id: &Identity, x: f32, y: f32) -> Matter {
    let patches = noise::fractal(x * 3.0, y * 3.0, id.skin.seed, 2);
    let pores = noise::value(x * 55.0, y * 55.0, id.skin.seed ^ 2);
    let albedo = scaled(id.skin.albedo, 1.0 + 0.05 * patches + 0.03 * pores);
    Matter {
        albedo,
        gloss: 0.018 + 0.015 * id.skin.oil,
        sharp: 3,
        bleed: 0.35,
        tilt: [0.04 * pores, 0.0],
        cavity: 1.0,
        glint: 0.0,
    }
}

/// The head at canonical (`x`, `y`) and an azimuth: hair or the face.
pub(crate) fn head(id: &Identity, shot: &Shot, l: &Layout, [x, y, azimuth]: [f32; 3]) -> Matter {
    let cover = hair_cover(id, y, azimuth, true);
    let thin = if id.hair.style == HairStyle::Bare {
        0.45
    } else {
        1.0
    };
    let strands = || hair::hair(id, azimuth, y);
    if cover >= 0.999 && thin == 1.0 {
        return strands();
    }
    let mut m = face(id, shot, l, x, y);
    if cover > 0.0 {
        let h = strands();
        let t = cover * thin;
        m.albedo = mix(m.albedo, h.albedo, t);
        m.gloss += (h.gloss - m.gloss) * t;
        m.bleed += (h.bleed - m.bleed) * t;
        m.tilt = [
            m.tilt[0] + (h.tilt[0] - m.tilt[0]) * t,
            m.tilt[1] + (h.tilt[1] - m.tilt[1]) * t,
        ];
    }
    m
}

/// The face, hair aside.
fn face(id: &Identity, shot: &Shot, l: &Layout, x: f32, y: f32) -> Matter {
    let s = &id.skin;
    let ax = x.abs();
    let mut m = plain(id, x, y);
    let mut tone: Rgb = [1.0; 3];
    // Blush of cheeks and nose, pale forehead, dark around the eyes.
    let red = s.redness
        * (0.8 * bump(ax, y, 0.40, -0.27, 0.30, 0.26) + 0.7 * bump(x, y, 0.0, l.tip, 0.16, 0.16))
        + 0.25 * bump(x, y, 0.0, -0.93, 0.25, 0.18);
    tone = times(tone, [1.0 + 0.03 * red, 1.0 - 0.20 * red, 1.0 - 0.17 * red]);
    let around = bump(ax, y, l.eye_x * 0.93, 0.0, 0.25, 0.17);
    tone = times(
        tone,
        mix([1.0; 3], [0.80, 0.74, 0.77], around * (0.45 + 0.4 * s.age)),
    );
    m.albedo = times(m.albedo, tone);
    m.gloss += (0.012 + 0.035 * s.oil)
        * (bump(x, y, 0.0, 0.35, 0.45, 0.25)
            + 1.2 * bump(x, y, 0.0, l.tip + 0.08, 0.12, 0.3)
            + 0.8 * bump(ax, y, 0.40, -0.16, 0.2, 0.15));
    marks(id, shot, x, y, &mut m);
    beard(id, l, x, y, &mut m);
    mouth(id, l, x, y, &mut m);
    // Nostrils and the dark corner behind the wings.
    let nostril = bump(
        ax,
        y,
        0.060 * id.shape.nose_width,
        l.tip - 0.105,
        0.048,
        0.030,
    );
    m.albedo = mix(
        m.albedo,
        times(scaled(s.albedo, 0.12), [1.0, 0.6, 0.55]),
        (1.6 * nostril).min(0.95),
    );
    let wing = bump(
        ax,
        y,
        0.172 * id.shape.nose_width,
        l.tip - 0.055,
        0.035,
        0.075,
    );
    m.albedo = scaled(m.albedo, 1.0 - 0.35 * wing);
    let base = bump(x, y, 0.0, l.tip - 0.125, 0.14, 0.035);
    m.albedo = scaled(m.albedo, 1.0 - 0.25 * base);
    m.cavity *= 1.0 - 0.5 * nostril;
    eye::paint(id, shot, l, x, y, &mut m);
    spectacles(id, l, x, y, &mut m);
    m
}

/// Freckles, forehead lines, laughter lines.
fn marks(id: &Identity, shot: &Shot, x: f32, y: f32, m: &mut Matter) {
    let s = &id.skin;
    if s.freckles > 0.0 && y < 0.15 {
        let spot = noise::value(x * 38.0, y * 38.0, s.seed ^ 61);
        let place = bump(x, y, 0.0, -0.22, 0.62, 0.34);
        let cover = smooth(0.42, 0.72, spot) * place * s.freckles;
        m.albedo = mix(m.albedo, times(s.albedo, [0.66, 0.5, 0.42]), 0.7 * cover);
    }
    let fine = noise::value(x * 26.0, y * 26.0, s.seed ^ 63);
    m.albedo = scaled(m.albedo, 1.0 + 0.022 * fine);
    if s.age > 0.35 && y > 0.26 && y < 0.52 {
        let wave = y * 62.0 + 1.2 * noise::value(x * 3.0, 0.0, s.seed ^ 64);
        let line = (wave.sin() - 0.55).max(0.0) * (s.age - 0.35) * smooth(0.45, 0.2, x.abs());
        m.albedo = scaled(
            m.albedo,
            1.0 - (0.28 + 4.0 * shot.expression.raise.max(0.0)) * line,
        );
    }
    // Crow's feet.
    let (ax, smile) = (x.abs(), shot.expression.smile.max(0.0));
    if s.age > 0.3 && ax > 0.46 && ax < 0.62 && y.abs() < 0.12 {
        let fan = ((y / (ax - 0.38)) * 16.0).sin();
        let line = (fan - 0.5).max(0.0)
            * (s.age * 0.3 + smile * 0.35)
            * smooth(0.62, 0.52, ax)
            * smooth(0.46, 0.50, ax);
        m.albedo = scaled(m.albedo, 1.0 - 0.45 * line);
    }
}

/// Beard shadow, stubble, beard.
fn beard(id: &Identity, l: &Layout, x: f32, y: f32, m: &mut Matter) {
    let s = &id.skin;
    if s.beard <= 0.0 || y > -0.08 {
        return;
    }
    let ax = x.abs();
    let clump = noise::fractal(x * 12.0, y * 9.0, s.seed ^ 72, 2);
    let fine = noise::value(x * 75.0, y * 48.0, s.seed ^ 71);
    let cheek = -0.50 + 0.05 * clump + 0.03 * fine + 0.55 * smooth(0.32, 0.62, ax)
        - 0.10 * smooth(0.2, 0.0, ax);
    let lip = l.lip_line(x);
    let moustache = smooth(l.tip - 0.12, l.tip - 0.17, y)
        * smooth(0.34, 0.22, ax)
        * smooth(lip - 0.1, lip + 0.02, y);
    let bare = smooth(0.055, 0.02, (ax * 0.8).max((y + 0.79).abs() * 1.2)) * 0.3;
    let region = (smooth(cheek + 0.07, cheek - 0.14, y)
        * smooth(0.14, 0.24, ax + 0.6 * (lip - 0.03 - y).max(0.0))
        + moustache)
        .min(1.0)
        * (1.0 - bare);
    if region <= 0.0 {
        return;
    }
    let region = region * smooth(-0.08, -0.34, y + 0.05 * clump);
    let dense = region * smooth(0.0, 1.0, s.beard);
    let cover = (dense * (1.0 + 0.45 * fine + 0.3 * clump)).clamp(0.0, 0.96);
    let shadow = region * s.beard.min(0.4) * 0.9;
    m.albedo = mix(
        m.albedo,
        mix(times(s.albedo, [0.62, 0.64, 0.70]), id.hair.color, 0.25),
        shadow,
    );
    m.albedo = mix(m.albedo, scaled(id.hair.color, 1.15 + 0.5 * fine), cover);
    m.gloss *= 1.0 - cover;
    m.tilt[0] += 0.25 * fine * cover;
    m.tilt[1] += 0.2 * clump * cover;
}

/// Lips, the line between them, teeth.
fn mouth(id: &Identity, l: &Layout, x: f32, y: f32, m: &mut Matter) {
    let line = l.lip_line(x);
    let span = l.lip_span(x);
    let corner = bump(
        x.abs(),
        y,
        l.mouth_half,
        l.lip_line(l.mouth_half),
        0.035,
        0.03,
    );
    m.albedo = scaled(m.albedo, 1.0 - 0.45 * corner);
    if span <= 0.0 || (y - line).abs() > 0.22 {
        return;
    }
    let gap = l.gap * span;
    // A cupid's bow: two peaks beside a dip.
    let q = (x / l.mouth_half).abs();
    let bow =
        0.80 + 0.35 * bump(q, 0.0, 0.26, 0.0, 0.3, 1.0) - 0.10 * bump(q, 0.0, 0.0, 0.0, 0.18, 1.0);
    let shape = 0.65 * span + 0.35 * span.sqrt();
    let top = line + gap + l.upper * shape * bow;
    let bottom = line - gap - l.lower * (0.8 * span + 0.2 * span.sqrt());
    let wrinkle = noise::value(x * 60.0, y * 9.0, id.skin.seed ^ 81);
    let edge = 0.012;
    let lip = smooth(top + edge, top - edge, y)
        * smooth(bottom - edge, bottom + edge, y)
        * smooth(0.0, 0.12, span);
    let color = scaled(
        id.skin.lip,
        (1.0 + 0.07 * wrinkle) * if y > line { 0.86 } else { 1.0 },
    );
    m.albedo = mix(m.albedo, color, 0.92 * lip);
    m.gloss += 0.03 * lip;
    if l.gap > 0.004 && (y - line).abs() < gap {
        let teeth = smooth(line + gap, line + gap - 0.012, y)
            * smooth(line - 0.55 * gap, line - 0.3 * gap, y)
            * smooth(0.95, 0.5, q);
        let tooth = 0.93 + 0.07 * ((x * 62.0).cos()).max(-0.6);
        m.albedo = mix(
            [0.035, 0.012, 0.010],
            scaled([0.62, 0.56, 0.47], tooth),
            0.9 * teeth,
        );
        m.gloss = 0.03 * teeth;
        m.cavity = 0.55;
        m.tilt = [0.0, 0.0];
    } else {
        let closed = smooth(0.014, 0.003, ((y - line).abs() - gap).abs()) * smooth(0.0, 0.05, span);
        m.albedo = mix(
            m.albedo,
            times(id.skin.lip, [0.25, 0.16, 0.16]),
            0.8 * closed,
        );
    }
}

/// Spectacle rims and the bridge between them.
fn spectacles(id: &Identity, l: &Layout, x: f32, y: f32, m: &mut Matter) {
    let Some(g) = &id.eyes.glasses else { return };
    let ax = x.abs();
    if ax > 0.78 || !(-0.28..0.25).contains(&y) {
        return;
    }
    let (dx, dy) = (
        ((ax - l.eye_x - 0.005) / 0.225).abs(),
        ((y + 0.015) / 0.175).abs(),
    );
    let r = (dx.powf(g.round) + dy.powf(g.round)).powf(1.0 / g.round);
    let mut rim = smooth(
        g.thickness + 0.008,
        g.thickness - 0.004,
        ((r - 1.0) * 0.19).abs(),
    );
    if ax < 0.10 {
        rim = rim.max(smooth(
            g.thickness + 0.006,
            g.thickness - 0.004,
            (y - 0.055 + 2.0 * ax * ax).abs(),
        ));
    }
    if ax > l.eye_x + 0.22 {
        rim = rim.max(smooth(
            g.thickness + 0.006,
            g.thickness - 0.004,
            (y - 0.03).abs(),
        ));
    }
    m.albedo = mix(m.albedo, g.color, rim);
    m.gloss += (0.10 - m.gloss) * rim;
    if r < 1.0 {
        m.albedo = scaled(m.albedo, 0.94);
    }
}
