//! A photograph printed on paper and held, or laid, before the camera.

use super::Source;
use super::placement::Placement;
use crate::draw::Draw;
use crate::frame::{Frame, Rgb, luminance, mix, scaled, smooth, times};
use crate::geometry::{Vec3, dot, unit};
use crate::noise;
use crate::shot::{Light, tint};

/// How the print was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Process {
    /// Round dots of three inks on rotated screens.
    Halftone,
    /// Fine scattered dots.
    Inkjet,
    /// Continuous tone on coated paper.
    Photo,
}

/// An ink and paper.
pub(crate) struct Press {
    process: Process,
    black: Rgb,
    white: Rgb,
    saturation: f32,
    gamma: f32,
    /// Screen frequency in cycles a picture side.
    frequency: f32,
    strength: f32,
    angle: f32,
    texture: f32,
    banding: f32,
    seed: u32,
}

impl Press {
    /// Draws a press; `pitch` is a stored pixel's width as a share of the picture's side, so that
    /// the screen's period falls near the sampling limit.
    pub(crate) fn draw(d: &mut Draw, pitch: f32) -> Self {
        let process =
            [Process::Halftone, Process::Inkjet, Process::Photo][d.weighted(&[0.5, 0.28, 0.22])];
        let floor = d.between(0.015, 0.06);
        let white = d.between(0.72, 0.92);
        let paper = tint(d.between(-0.18, 0.22));
        Self {
            process,
            black: scaled(tint(d.between(-0.4, 0.4)), floor),
            white: scaled(paper, white),
            saturation: d.between(0.72, 1.12),
            gamma: d.between(0.85, 1.15),
            frequency: 1.0 / (pitch * d.between(1.7, 3.4)),
            strength: match process {
                Process::Halftone => d.between(0.16, 0.55),
                Process::Inkjet => d.between(0.08, 0.30),
                Process::Photo => 0.0,
            },
            angle: d.between(0.0, 1.5),
            texture: d.between(0.01, 0.05),
            banding: if d.chance(0.3) {
                d.between(0.02, 0.09)
            } else {
                0.0
            },
            seed: d.bits(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.process {
            Process::Halftone => "halftone",
            Process::Inkjet => "inkjet",
            Process::Photo => "photo-paper",
        }
    }

    /// Reflectance of the print of a colour at picture coordinates.
    pub(crate) fn ink(&self, color: Rgb, u: f32, v: f32) -> Rgb {
        let grey = luminance(color);
        let mut c: Rgb = color.map(|x| (grey + (x - grey) * self.saturation).clamp(0.0, 1.0));
        if self.gamma != 1.0 {
            // A cheap stand-in for a power near 1.
            c = c.map(|x| x + (self.gamma - 1.0) * x * (x - 1.0) * 1.6);
        }
        match self.process {
            Process::Halftone => {
                for (k, x) in c.iter_mut().enumerate() {
                    let (s, cos) = (self.angle + [0.26, 1.31, 0.0][k]).sin_cos();
                    let w = 2.0 * std::f32::consts::PI * self.frequency;
                    let dot = ((cos * u + s * v) * w).cos() * ((cos * v - s * u) * w).cos();
                    let room = 2.2 * (*x * (1.0 - *x)).max(0.0).sqrt();
                    *x = (*x + self.strength * dot * room * 0.5).clamp(0.0, 1.0);
                }
            }
            Process::Inkjet => {
                let f = self.frequency * 1.3;
                for (k, x) in c.iter_mut().enumerate() {
                    let n = noise::hash(
                        noise::floor(u * f * 2.0),
                        noise::floor(v * f * 2.0),
                        self.seed ^ k as u32,
                    );
                    let room = 2.0 * (*x * (1.0 - *x)).max(0.0).sqrt();
                    *x = (*x + self.strength * (n - 0.5) * room).clamp(0.0, 1.0);
                }
            }
            Process::Photo => {}
        }
        let fibre = noise::value(u * 170.0, v * 170.0, self.seed ^ 5);
        let band = 1.0 + self.banding * noise::value(v * 42.0, 0.5, self.seed ^ 6);
        let r = mix(self.black, self.white, 0.0);
        std::array::from_fn(|k| {
            (r[k] + (self.white[k] - r[k]) * c[k]) * (1.0 + self.texture * fibre) * band
        })
    }

    /// Bare paper.
    pub(crate) fn paper(&self, u: f32, v: f32) -> Rgb {
        scaled(
            self.white,
            1.0 + self.texture * noise::value(u * 170.0, v * 170.0, self.seed ^ 5),
        )
    }
}

/// Light on a sheet of this slope: key, fill, dome, and a coat's gloss.
pub(crate) fn sheet_light(light: &Light, n: Vec3, gloss: f32) -> (Rgb, Rgb) {
    let (key, fill) = (dot(n, light.key).max(0.0), dot(n, light.fill).max(0.0));
    let dome = light.ambient(n);
    let half = unit([light.key[0], light.key[1], light.key[2] + 1.0]);
    let shine = gloss * dot(n, half).max(0.0).powi(24);
    (
        std::array::from_fn(|c| light.key_color[c] * key + light.fill_color[c] * fill + dome[c]),
        scaled(light.key_color, shine),
    )
}

/// The sheet before what `frame` shows.
pub(crate) fn render(
    d: &mut Draw,
    light: &Light,
    source: &Source,
    placement: &Placement,
    mut frame: Frame,
) -> (Frame, &'static str) {
    let side = frame.width;
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
    let press = Press::draw(d, pitch);
    let border = if d.chance(0.45) {
        d.between(0.01, 0.06)
    } else {
        0.0
    };
    // A portrait sheet keeps less of the sides.
    let cut = [d.between(0.0, 0.10), d.between(0.0, 0.05)];
    let gloss = if press.process == Process::Photo {
        d.between(0.1, 0.5)
    } else {
        d.between(0.0, 0.08)
    };
    let face_on: Vec3 = [0.18 * d.normal(), 0.15 * d.normal(), 1.0];
    let wave = d.between(0.0, 0.10);
    let (wave_seed, shade) = (d.bits(), d.between(0.3, 0.85));
    let pixels = source.frame.width as f32;
    for y in 0..side {
        for x in 0..side {
            let (fx, fy) = (
                (x as f32 + 0.5) / side as f32 - 0.5,
                (y as f32 + 0.5) / side as f32 - 0.5,
            );
            let ([u, v], slope) = placement.picture(fx, fy);
            let (su, sv) = (u + centre[0], v + centre[1]);
            // Distance inside the print's edge.
            let inside = (su - cut[0])
                .min(1.0 - cut[0] - su)
                .min(sv - cut[1])
                .min(1.0 - cut[1] - sv);
            let at = &mut frame.pixels[y * side + x];
            let edge = pitch * 0.5;
            if inside < -border - edge {
                // The sheet's shadow on what is behind.
                let near = (-border - inside) / 0.05;
                *at = scaled(*at, 1.0 - (1.0 - shade) * (1.0 - near).max(0.0));
                continue;
            }
            let ink = if inside >= 0.0 {
                press.ink(source.frame.sample(su * pixels, sv * pixels), u, v)
            } else {
                press.paper(u, v)
            };
            let ripple = wave * noise::value(u * 3.0, v * 3.0, wave_seed);
            let n = unit([
                face_on[0] + slope[0] + ripple,
                face_on[1] + slope[1] + ripple,
                face_on[2],
            ]);
            let (diffuse, shine) = sheet_light(light, n, gloss);
            let lit = times(ink, diffuse);
            let lit: Rgb = std::array::from_fn(|c| lit[c] + shine[c]);
            *at = mix(*at, lit, smooth(-border - edge, -border + edge, inside));
        }
    }
    (frame, press.name())
}
