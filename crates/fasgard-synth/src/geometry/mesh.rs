//! A grid of vertices with canonical coordinates.

use super::{Vec3, cross, minus, unit};

/// What a surface is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing: the background.
    None,
    /// The head: face skin and hair by its canonical coordinates.
    Head,
    /// An ear.
    Ear,
    /// Hair that falls behind the face.
    LooseHair,
    /// Neck and shoulders: skin and clothes.
    Body,
    /// A paper strip (an artefact).
    Strip,
    /// A moulded mask (an artefact).
    Mask,
}

/// A vertex in head units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vertex {
    /// Position.
    pub(crate) p: Vec3,
    /// Unit normal.
    pub(crate) n: Vec3,
    /// Canonical coordinates: x and y of the undisplaced surface, and the azimuth in radians.
    pub(crate) uvt: Vec3,
}

/// Rows from top to bottom, columns from the image's left to its right.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    pub(crate) part: Part,
    pub(crate) columns: usize,
    pub(crate) vertices: Vec<Vertex>,
}

impl Mesh {
    /// A mesh of positions and canonical coordinates; normals are made from neighbours.
    pub(crate) fn new(part: Part, columns: usize, points: Vec<(Vec3, Vec3)>) -> Self {
        let rows = points.len() / columns;
        let at = |r: usize, c: usize| points[r * columns + c].0;
        let mut vertices = Vec::with_capacity(points.len());
        for r in 0..rows {
            for c in 0..columns {
                let across = minus(at(r, (c + 1).min(columns - 1)), at(r, c.saturating_sub(1)));
                let down = minus(at((r + 1).min(rows - 1), c), at(r.saturating_sub(1), c));
                let (p, uvt) = points[r * columns + c];
                vertices.push(Vertex {
                    p,
                    n: unit(cross(down, across)),
                    uvt,
                });
            }
        }
        Self {
            part,
            columns,
            vertices,
        }
    }

    /// An upright ellipsoid's visible shell about `centre`.
    pub(crate) fn ellipsoid(part: Part, centre: Vec3, radii: Vec3, lean: f32) -> Self {
        let (columns, rows) = (21, 17);
        let mut points = Vec::with_capacity(columns * rows);
        for r in 0..rows {
            let polar = std::f32::consts::PI * (r as f32 + 0.02) / (rows as f32 - 0.96);
            let (s, h) = polar.sin_cos();
            for c in 0..columns {
                let azimuth =
                    2.0 * std::f32::consts::PI * (c as f32 / (columns as f32 - 1.0) - 0.5);
                let (x, z) = (s * azimuth.sin(), s * azimuth.cos());
                let p = [
                    centre[0] + radii[0] * x + lean * h * radii[1],
                    centre[1] + radii[1] * h,
                    centre[2] + radii[2] * z,
                ];
                points.push((p, [x, h, z]));
            }
        }
        Self::new(part, columns, points)
    }
}
