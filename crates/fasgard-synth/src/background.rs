//! What is behind: walls, rooms, shelves, foliage, streets; in focus or out of it.

use crate::draw::Draw;
use crate::frame::{Frame, Rgb, mix, scaled, smooth, times};
use crate::noise;
use crate::shot::Light;

/// Kinds of background.
const KINDS: [&str; 5] = ["wall", "room", "shelf", "outdoor", "bokeh"];

/// A drawn colour of some lightness.
fn color(d: &mut Draw, low: f32, high: f32, chroma: f32) -> Rgb {
    let value = d.between(low, high);
    let spread = d.between(0.0, chroma);
    std::array::from_fn(|_| value * (1.0 - spread * d.between(0.0, 1.0)))
}

/// A soft-edged rectangle over the frame, in pixels.
fn rectangle(
    f: &mut Frame,
    [x0, y0, x1, y1]: [f32; 4],
    soft: f32,
    paint: impl Fn(f32, f32) -> Rgb,
) {
    let (w, h) = (f.width as f32, f.height as f32);
    let cut = |v: f32, high: f32| v.clamp(0.0, high) as usize;
    for y in cut(y0 - soft, h)..cut(y1 + soft + 1.0, h) {
        let fy = y as f32 + 0.5;
        let cy = smooth(y0 - soft, y0 + soft, fy) * smooth(y1 + soft, y1 - soft, fy);
        for x in cut(x0 - soft, w)..cut(x1 + soft + 1.0, w) {
            let fx = x as f32 + 0.5;
            let cover = cy * smooth(x0 - soft, x0 + soft, fx) * smooth(x1 + soft, x1 - soft, fx);
            let p = &mut f.pixels[y * f.width + x];
            *p = mix(*p, paint(fx, fy), cover);
        }
    }
}

/// A soft disc, mixed or added.
fn disc(f: &mut Frame, cx: f32, cy: f32, r: f32, soft: f32, color: Rgb, add: bool) {
    let (w, h) = (f.width as f32, f.height as f32);
    let reach = r + soft;
    let cut = |v: f32, high: f32| v.clamp(0.0, high) as usize;
    for y in cut(cy - reach, h)..cut(cy + reach + 1.0, h) {
        for x in cut(cx - reach, w)..cut(cx + reach + 1.0, w) {
            let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
            let cover = smooth(r + soft, (r - soft).max(0.0), (dx * dx + dy * dy).sqrt());
            let p = &mut f.pixels[y * f.width + x];
            *p = if add {
                std::array::from_fn(|c| p[c] + color[c] * cover)
            } else {
                mix(*p, color, cover)
            };
        }
    }
}

/// Paints a background of `side` pixels lit by a scene's light; returns its kind too.
pub(crate) fn paint(d: &mut Draw, side: usize, light: &Light) -> (Frame, &'static str) {
    let kind = d.index(KINDS.len());
    let focus = d.between(0.0, 1.0).powi(2);
    // What is out of focus holds no detail that half the resolution would lose.
    let coarse = if focus < 0.4 { 2 } else { 1 };
    let (f, kind) = paint_kind(d, kind, side.div_ceil(coarse), focus, light);
    if coarse == 1 {
        return (f, kind);
    }
    let mut fine = Frame::filled(side, side, [0.0; 3]);
    for (i, p) in fine.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
        *p = f.sample(x / coarse as f32, y / coarse as f32);
    }
    (fine, kind)
}

/// Paints one kind at one resolution.
fn paint_kind(
    d: &mut Draw,
    kind: usize,
    side: usize,
    focus: f32,
    light: &Light,
) -> (Frame, &'static str) {
    let s = side as f32;
    let soft = s * (0.002 + 0.035 * (1.0 - focus));
    let base = color(d, 0.06, 0.75, 0.5);
    let (corner, slope, bits) = (d.between(-0.5, 0.5), d.between(-0.5, 0.5), d.bits());
    let grain = d.between(0.0, 0.09) * focus;
    let mut f = Frame::filled(side, side, base);
    for (i, p) in f.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % side) as f32 / s - 0.5, (i / side) as f32 / s - 0.5);
        let fall = 1.0 + corner * x + slope * y;
        let patch = noise::value(x * 5.0, y * 5.0, bits);
        let fine = if grain > 0.004 {
            noise::value(x * 95.0, y * 95.0, bits ^ 7)
        } else {
            0.0
        };
        *p = scaled(*p, (fall + 0.06 * patch + grain * fine).max(0.05));
    }
    match KINDS[kind] {
        "wall" => {
            if d.chance(0.6) {
                let c = color(d, 0.03, 0.7, 0.6);
                let (x, y) = (d.between(0.0, 0.8) * s, d.between(0.0, 0.5) * s);
                let (w, h, e) = (
                    d.between(0.12, 0.4) * s,
                    d.between(0.12, 0.4) * s,
                    0.013 * s,
                );
                rectangle(
                    &mut f,
                    [x - e, y - e, x + w + e, y + h + e],
                    soft,
                    |_, _| scaled(c, 0.3),
                );
                rectangle(&mut f, [x, y, x + w, y + h], soft, |px, py| {
                    scaled(
                        c,
                        1.0 + 0.5 * noise::value(px * 16.0 / s, py * 16.0 / s, bits ^ 3),
                    )
                });
            }
        }
        "room" => room(d, &mut f, s, soft),
        "shelf" => shelf(d, &mut f, s, soft),
        "outdoor" => outdoor(d, &mut f, s, focus, bits),
        _ => {
            for _ in 0..14 {
                let c = color(d, 0.02, 0.9, 0.9);
                let (x, y) = (d.between(0.0, s), d.between(0.0, s));
                disc(
                    &mut f,
                    x,
                    y,
                    d.between(0.03, 0.16) * s,
                    s * 0.03,
                    scaled(c, 0.45),
                    true,
                );
            }
        }
    }
    // The scene's own light, weaker or stronger at the distance of the wall.
    let reach = d.between(0.45, 1.25);
    let tint: Rgb = std::array::from_fn(|c| {
        reach * (0.55 * light.key_color[c] + 0.5 * light.sky[c] + 0.3 * light.ground[c])
    });
    f.pixels.iter_mut().for_each(|p| *p = times(*p, tint));
    (f, KINDS[kind])
}

/// Floor line, a door or window, furniture.
fn room(d: &mut Draw, f: &mut Frame, s: f32, soft: f32) {
    let floor = color(d, 0.05, 0.5, 0.7);
    let line = d.between(0.55, 0.95) * s;
    rectangle(
        f,
        [-soft * 2.0, line, s + soft * 2.0, s * 1.2],
        soft,
        |_, _| floor,
    );
    if d.chance(0.6) {
        let day = scaled(color(d, 0.7, 1.0, 0.2), d.between(0.8, 2.2));
        let (x, y) = (d.between(-0.1, 0.8) * s, d.between(-0.1, 0.25) * s);
        let (w, h) = (d.between(0.2, 0.45) * s, d.between(0.25, 0.5) * s);
        let frame = color(d, 0.1, 0.7, 0.2);
        let e = 0.016 * s;
        rectangle(f, [x - e, y - e, x + w + e, y + h + e], soft, |_, _| frame);
        rectangle(f, [x, y, x + w, y + h], soft, |_, _| day);
        rectangle(
            f,
            [x + w * 0.5 - 0.4 * e, y, x + w * 0.5 + 0.4 * e, y + h],
            soft,
            |_, _| frame,
        );
    }
    for _ in 0..d.index(4) {
        let c = color(d, 0.02, 0.6, 0.8);
        let (x, y) = (d.between(-0.2, 0.9) * s, d.between(0.3, 0.9) * s);
        let (w, h) = (d.between(0.1, 0.4) * s, d.between(0.1, 0.5) * s);
        rectangle(f, [x, y, x + w, y + h], soft, |px, _| {
            scaled(c, 0.75 + 0.4 * (px - x) / w)
        });
    }
}

/// Rows of book backs.
fn shelf(d: &mut Draw, f: &mut Frame, s: f32, soft: f32) {
    let soft = soft * 0.6;
    let wood = color(d, 0.05, 0.35, 0.7);
    let rows = 2 + d.index(3);
    let pitch = s / rows as f32;
    let offset = d.between(0.0, pitch);
    for r in 0..=rows {
        let bottom = r as f32 * pitch + offset;
        let mut x = -d.between(0.0, 0.03) * s;
        while x < s {
            let w = d.between(0.015, 0.06) * s;
            if d.chance(0.9) {
                let c = color(d, 0.02, 0.65, 0.9);
                let top = bottom - pitch * d.between(0.5, 0.85);
                rectangle(f, [x, top, x + w - 0.003 * s, bottom], soft, |_, _| c);
            }
            x += w;
        }
        rectangle(
            f,
            [-soft, bottom, s + soft, bottom + 0.025 * s],
            soft,
            |_, _| wood,
        );
    }
}

/// Sky, distant blocks, foliage.
fn outdoor(d: &mut Draw, f: &mut Frame, s: f32, focus: f32, bits: u32) {
    let horizon = d.between(0.25, 0.75);
    let sky = scaled([0.55, 0.70, 0.95], d.between(0.6, 1.6));
    let haze = scaled([0.85, 0.85, 0.85], d.between(0.5, 1.3));
    let green = [
        d.between(0.03, 0.15),
        d.between(0.08, 0.22),
        d.between(0.02, 0.07),
    ];
    let grey = color(d, 0.1, 0.5, 0.3);
    let leaves = d.between(0.0, 1.0);
    let detail = 6.0 + 20.0 * focus;
    let side = f.width;
    for (i, p) in f.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % side) as f32 / s, (i / side) as f32 / s);
        let skyline = horizon + 0.12 * noise::fractal(x * 4.0, 1.0, bits ^ 11, 2);
        let above = smooth(skyline + 0.04, skyline - 0.04, y);
        let tuft = noise::fractal(x * detail, y * detail, bits ^ 13, 2);
        let land = scaled(mix(grey, green, leaves), (1.0 + 0.85 * tuft).max(0.1));
        *p = mix(land, mix(haze, sky, (horizon - y).clamp(0.0, 1.0)), above);
    }
}
