//! The light on a real face, guessed from the picture, for what is laid on the face.

use super::Stage;
use crate::capture::WIDE;
use crate::draw::Draw;
use crate::frame::{Frame, Rgb, luminance, smooth};
use crate::geometry::{Vec3, dot, unit};

/// Side of the low-pass picture of the light in a frame of [`WIDE`] face boxes.
const COARSE: f32 = 12.0;

/// Light on the face: how bright each part is, and where the lamp is.
pub(super) struct FaceLight {
    /// Low-pass luminance relative to the face's mean.
    level: Frame,
    /// Mean luminance of the face.
    pub(super) mean: f32,
    /// Towards the lamp: right, up, to the camera; unit length.
    pub(super) key: Vec3,
    /// Share of the light that comes from the lamp and not from all around.
    direct: f32,
    tint: Rgb,
}

impl FaceLight {
    pub(super) fn guess(d: &mut Draw, stage: &Stage) -> Self {
        let side = stage.frame.width;
        let cells = (COARSE * stage.scale / WIDE).round() as usize;
        let mut level = stage
            .frame
            .resampled(cells, cells, 0.9 * side as f32 / cells as f32);
        // Means of the face's left, right, upper and lower half.
        let share = cells as f32 / side as f32;
        let [x0, y0, x1, y1] = stage.face.map(|v| v * share);
        let (mut sum, mut count) = ([0.0f32; 4], [0.0f32; 4]);
        for (i, p) in level.pixels.iter().enumerate() {
            let (x, y) = ((i % cells) as f32 + 0.5, (i / cells) as f32 + 0.5);
            if x < x0 || x > x1 || y < y0 || y > y1 {
                continue;
            }
            let l = luminance(*p);
            let halves = [x < (x0 + x1) / 2.0, y < (y0 + y1) / 2.0];
            for (k, first) in halves.into_iter().enumerate() {
                let at = 2 * k + usize::from(!first);
                sum[at] += l;
                count[at] += 1.0;
            }
        }
        let part = |k: usize| sum[k] / count[k].max(1.0);
        let mean = ((part(0) + part(1)) / 2.0).max(0.01);
        for p in &mut level.pixels {
            *p = [(luminance(*p) / mean).clamp(0.55, 1.6); 3];
        }
        let across = ((part(1) - part(0)) / mean).clamp(-0.7, 0.7);
        let upward = ((part(2) - part(3)) / mean).clamp(-0.5, 0.7);
        Self {
            level,
            mean,
            key: unit([
                1.1 * across + 0.12 * d.normal(),
                0.35 + 0.6 * upward + 0.12 * d.normal(),
                1.0,
            ]),
            direct: d.between(0.35, 0.75),
            tint: crate::shot::tint(d.between(-0.12, 0.12)),
        }
    }

    /// Light on a surface of this slope at a place of the frame, as a factor on its colour; 1 for a
    /// surface that faces the lamp in mean light.
    pub(super) fn on(&self, x: f32, y: f32, side: usize, n: Vec3) -> Rgb {
        let share = self.level.width as f32 / side as f32;
        let level = self.level.sample(x * share, y * share)[0];
        // A face's own dark parts (eyes, beard) are in the low pass too: only part of it is light.
        let level = 0.45 + 0.55 * level;
        let around = 0.75 + 0.25 * n[1];
        let facing = self.direct * dot(n, self.key).max(0.0) + (1.0 - self.direct) * around;
        self.tint.map(|t| t * level * facing)
    }

    /// Gloss of the lamp on a surface of this slope.
    pub(super) fn shine(&self, n: Vec3, sharp: i32) -> f32 {
        let half = unit([self.key[0], self.key[1], self.key[2] + 1.0]);
        let s = dot(n, half).max(0.0).powi(sharp);
        s * smooth(0.0, 0.2, s)
    }
}
