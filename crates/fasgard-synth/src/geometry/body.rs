//! Neck and shoulders, ears, and hair that falls behind the face.

use super::mesh::{Mesh, Part};
use crate::identity::{HairStyle, Identity};
use crate::noise;

/// A stack of elliptic sections (height, half width, half depth, centre depth).
fn column(
    part: Part,
    sections: &[[f32; 4]],
    rows: usize,
    wobble: impl Fn(f32, f32) -> f32,
) -> Mesh {
    let columns = 49;
    let (top, bottom) = (sections[0][0], sections[sections.len() - 1][0]);
    let mut points = Vec::with_capacity(columns * rows);
    for r in 0..rows {
        let y = top + (bottom - top) * r as f32 / (rows - 1) as f32;
        let mut at = [sections[0][1], sections[0][2], sections[0][3]];
        for pair in sections.windows(2) {
            if y <= pair[0][0] {
                let t = ((pair[0][0] - y) / (pair[0][0] - pair[1][0])).clamp(0.0, 1.0);
                let t = 0.4 * t + 0.6 * t * t * (3.0 - 2.0 * t);
                at =
                    std::array::from_fn(|k| pair[0][k + 1] + (pair[1][k + 1] - pair[0][k + 1]) * t);
            }
        }
        for c in 0..columns {
            let azimuth = 2.0 * (2.0 * c as f32 / (columns - 1) as f32 - 1.0);
            let (s, k) = azimuth.sin_cos();
            let w = 1.0 + wobble(azimuth, y);
            points.push((
                [at[0] * s * w, y, at[2] + at[1] * k * w],
                [at[0] * s, y, azimuth],
            ));
        }
    }
    Mesh::new(part, columns, points)
}

/// Neck, shoulders and chest.
pub(crate) fn body(id: &Identity) -> Mesh {
    let n = id.shape.neck;
    column(
        Part::Body,
        &[
            [-0.55, 0.44 * n, 0.42, -0.16],
            [-1.02, 0.425 * n, 0.42, -0.20],
            [-1.28, 0.45 * n, 0.43, -0.22],
            [-1.42, 0.66 * n, 0.47, -0.24],
            [-1.55, 1.12, 0.53, -0.25],
            [-1.75, 1.47, 0.60, -0.25],
            [-2.2, 1.62, 0.68, -0.25],
            [-3.2, 1.66, 0.74, -0.25],
        ],
        64,
        |_, _| 0.0,
    )
}

/// Both ears, unless hair falls over them.
pub(crate) fn ears(id: &Identity) -> Vec<Mesh> {
    if id.hair.style == HairStyle::Long {
        return Vec::new();
    }
    let e = id.shape.ear;
    [-1.0f32, 1.0]
        .into_iter()
        .map(|side| {
            Mesh::ellipsoid(
                Part::Ear,
                [side * 0.735 * id.shape.width, -0.13, -0.10],
                [0.075 * e, 0.21 * e, 0.12],
                side * 0.12,
            )
        })
        .collect()
}

/// Long hair behind the face and on the shoulders.
pub(crate) fn loose_hair(id: &Identity) -> Option<Mesh> {
    if id.hair.style != HairStyle::Long {
        return None;
    }
    let v = 0.6 + 0.4 * id.hair.volume;
    let seed = id.skin.seed ^ 31;
    let length = -1.15 - 0.9 * noise::hash(1, 2, seed);
    let curl = 0.03 + 0.06 * id.hair.curl;
    Some(column(
        Part::LooseHair,
        &[
            [0.90, 0.30, 0.30, -0.45],
            [0.70, 0.62, 0.48, -0.42],
            [0.35, 0.80 * v, 0.55, -0.40],
            [0.0, 0.86 * v, 0.56, -0.42],
            [-0.5, 0.90 * v, 0.54, -0.46],
            [-0.95, 0.88 * v, 0.46, -0.50],
            [length, 0.80 * v, 0.44, -0.50],
            [length - 0.10, 0.55 * v, 0.40, -0.50],
        ],
        60,
        move |azimuth, y| curl * noise::fractal(azimuth * 4.0, y * 2.2, seed, 2),
    ))
}
