//! A photograph on a display before the camera.

use super::Source;
use super::placement::Placement;
use crate::background;
use crate::draw::Draw;
use crate::frame::{Frame, Rgb, luminance, mix, scaled, smooth};
use crate::noise;
use crate::shot::{Light, tint};

/// The displays to draw from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Screens {
    Any,
    /// Monitor, laptop, tablet.
    Large,
    Phone,
}

impl Screens {
    /// Indices of the displays in [`Display::draw`].
    fn choice(self) -> &'static [usize] {
        match self {
            Self::Any => &[0, 1, 2, 3],
            Self::Large => &[0, 1, 2],
            Self::Phone => &[3],
        }
    }
}

/// A display's grid and picture controls.
struct Display {
    name: &'static str,
    /// Pixels across the picture's side.
    grid: f32,
    /// How dark the gaps between sub-pixels are.
    gaps: f32,
    rows: f32,
    gamma: f32,
    saturation: f32,
    white: Rgb,
    black: f32,
    band: f32,
    band_frequency: f32,
    band_phase: f32,
}

impl Display {
    fn draw(d: &mut Draw, pitch: f32, screens: Screens) -> Self {
        let choice = screens.choice();
        let (name, cells, gaps) = [
            ("monitor", d.between(0.75, 1.9), d.between(0.15, 0.6)),
            ("laptop", d.between(0.6, 1.4), d.between(0.12, 0.5)),
            ("tablet", d.between(0.45, 1.0), d.between(0.10, 0.45)),
            ("phone", d.between(0.35, 0.8), d.between(0.08, 0.40)),
        ][choice[d.index(choice.len())]];
        Self {
            name,
            grid: 1.0 / (pitch * cells),
            gaps: gaps * d.between(0.5, 1.0),
            rows: d.between(0.1, 0.6) * gaps,
            gamma: d.between(-0.25, 0.35),
            saturation: d.between(0.85, 1.25),
            white: tint(d.between(-0.3, 0.40)),
            black: d.between(0.002, 0.03),
            band: if d.chance(0.35) {
                d.between(0.02, 0.13)
            } else {
                0.0
            },
            band_frequency: d.between(1.5, 9.0),
            band_phase: d.between(0.0, 6.3),
        }
    }

    /// Light that leaves the display at picture coordinates.
    fn emit(&self, color: Rgb, u: f32, v: f32) -> Rgb {
        let grey = luminance(color);
        let (gx, gy) = (u * self.grid, v * self.grid);
        let (px, py) = (gx - noise::floor(gx) as f32, gy - noise::floor(gy) as f32);
        let row = 1.0 - self.rows * smooth(0.30, 0.46, (py - 0.5).abs());
        std::array::from_fn(|c| {
            let x = (grey + (color[c] - grey) * self.saturation).clamp(0.0, 1.0);
            let x = x + self.gamma * x * (x - 1.0);
            let place = (px - [0.17, 0.5, 0.83][c]).abs();
            let place = place.min(1.0 - place);
            let stripe = 1.0 - self.gaps * smooth(0.13, 0.26, place);
            self.white[c] * (self.black + x * row * stripe)
        })
    }
}

/// The display before what `frame` shows.
pub(crate) fn render(
    d: &mut Draw,
    light: &Light,
    source: &Source,
    placement: &Placement,
    mut frame: Frame,
    screens: Screens,
) -> (Frame, &'static str) {
    let side = frame.width;
    let mirror = {
        let (mirrored, _) = background::paint(d, 32, light);
        mirrored.resampled(32, 32, 1.2)
    };
    let centre = [
        (source.face[0] + source.face[2]) / 2.0,
        (source.face[1] + source.face[3]) / 2.0,
    ];
    let pitch = {
        let (a, b) = (
            placement.picture(0.0, 0.0).0,
            placement.picture(2.0 / side as f32, 0.0).0,
        );
        (b[0] - a[0]).abs().max(1e-4)
    };
    let display = Display::draw(d, pitch, screens);
    let power = d.between(0.7, 1.8);
    let reflection = if d.chance(0.7) {
        d.between(0.01, 0.10)
    } else {
        0.0
    };
    let glare = d.chance(0.45);
    let (gx, gy) = (d.between(-0.5, 0.5), d.between(-0.5, 0.5));
    let (gw, gh) = (d.between(0.06, 0.30), d.between(0.06, 0.35));
    let square = d.chance(0.5);
    let (glare_soft, glare_power) = (d.between(0.15, 0.8), d.between(0.08, 0.5));
    let glare_color = scaled(light.key_color, glare_power);
    let fall = [0.25 * d.normal(), 0.25 * d.normal()];
    let bezel = d.between(0.02, 0.10);
    let case = [
        [0.010, 0.010, 0.011],
        [0.35, 0.35, 0.36],
        [0.03, 0.03, 0.035],
    ][d.weighted(&[0.7, 0.12, 0.18])];
    // A phone is held upright and shows less of the sides.
    let sides = if screens == Screens::Phone {
        [0.06, 0.17]
    } else {
        [0.0, 0.08]
    };
    let cut = [d.between(sides[0], sides[1]), d.between(0.0, 0.05)];
    let room = scaled(light.sky, 0.7);
    let pixels = source.frame.width as f32;
    for y in 0..side {
        for x in 0..side {
            let (fx, fy) = (
                (x as f32 + 0.5) / side as f32 - 0.5,
                (y as f32 + 0.5) / side as f32 - 0.5,
            );
            let ([u, v], _) = placement.picture(fx, fy);
            let (su, sv) = (u + centre[0], v + centre[1]);
            let inside = (su - cut[0])
                .min(1.0 - cut[0] - su)
                .min(sv - cut[1])
                .min(1.0 - cut[1] - sv);
            let edge = pitch * 0.5;
            if inside < -bezel - edge {
                continue;
            }
            let at = &mut frame.pixels[y * side + x];
            let mut seen: Rgb = if inside >= 0.0 {
                let emitted = display.emit(source.frame.sample(su * pixels, sv * pixels), u, v);
                let angle = (1.0 + fall[0] * fx + fall[1] * fy).max(0.2);
                let band = 1.0
                    + display.band * (fy * display.band_frequency * 6.3 + display.band_phase).sin();
                scaled(emitted, power * angle * band)
            } else {
                std::array::from_fn(|c| case[c] * room[c])
            };
            if inside >= 0.0 || case[0] < 0.02 {
                let m = mirror.sample((fx + 0.5) * 32.0, (fy + 0.5) * 32.0);
                (0..3).for_each(|c| seen[c] += reflection * m[c]);
                if glare {
                    let (dx, dy) = (((fx - gx) / gw).abs(), ((fy - gy) / gh).abs());
                    let r = if square {
                        dx.max(dy)
                    } else {
                        (dx * dx + dy * dy).sqrt()
                    };
                    let spot = smooth(1.0 + glare_soft, 1.0 - 0.8 * glare_soft, r);
                    (0..3).for_each(|c| seen[c] += glare_color[c] * spot);
                }
            }
            *at = mix(*at, seen, smooth(-bezel - edge, -bezel + edge, inside));
        }
    }
    (frame, display.name)
}
