//! Meshes to pixels: rotation, perspective, and a buffer of the nearest surface.

use super::mesh::{Mesh, Part};
use super::{Vec3, dot};
use crate::shot::Pose;

/// A rotation and a camera.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    rows: [Vec3; 3],
    /// Pixels a head unit at the depth of the head's centre.
    pub(crate) scale: f32,
    /// Pixel of the head's centre.
    pub(crate) origin: [f32; 2],
    /// Distance of the camera in head units.
    pub(crate) distance: f32,
}

impl View {
    /// A view of something turned by `share` of a pose.
    pub(crate) fn new(pose: Pose, share: f32, distance: f32) -> Self {
        let (sy, cy) = (pose.yaw * share).sin_cos();
        let (sp, cp) = (-pose.pitch * share).sin_cos();
        let (sr, cr) = (pose.roll * share).sin_cos();
        // Yaw about y, then pitch about x, then roll about z.
        let yaw = [[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]];
        let pitch = [[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]];
        let roll = [[cr, sr, 0.0], [-sr, cr, 0.0], [0.0, 0.0, 1.0]];
        Self {
            rows: product(roll, product(pitch, yaw)),
            scale: 1.0,
            origin: [0.0; 2],
            distance,
        }
    }

    /// Rotated into the camera's axes.
    pub(crate) fn turn(&self, v: Vec3) -> Vec3 {
        [
            dot(self.rows[0], v),
            dot(self.rows[1], v),
            dot(self.rows[2], v),
        ]
    }

    /// Pixel coordinates and depth of a point.
    pub(crate) fn project(&self, p: Vec3) -> Vec3 {
        let [x, y, z] = self.turn(p);
        let near = self.scale * self.distance / (self.distance - z);
        [self.origin[0] + x * near, self.origin[1] - y * near, z]
    }
}

fn product(a: [Vec3; 3], b: [Vec3; 3]) -> [Vec3; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// The nearest surface at a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texel {
    /// Depth in head units, larger is nearer.
    pub(crate) z: f32,
    pub(crate) part: Part,
    /// Canonical coordinates.
    pub(crate) uvt: Vec3,
    /// Unit normal in the camera's axes (not exactly unit between vertices).
    pub(crate) n: Vec3,
}

/// A buffer of texels.
pub(crate) struct Surface {
    pub(crate) side: usize,
    pub(crate) texels: Vec<Texel>,
}

impl Surface {
    /// An empty square.
    pub(crate) fn new(side: usize) -> Self {
        let empty = Texel {
            z: f32::NEG_INFINITY,
            part: Part::None,
            uvt: [0.0; 3],
            n: [0.0, 0.0, 1.0],
        };
        Self {
            side,
            texels: vec![empty; side * side],
        }
    }

    /// Draws a mesh; where `keep` of the canonical coordinates is false there is a hole.
    pub(crate) fn draw(&mut self, mesh: &Mesh, view: &View, keep: impl Fn(Vec3) -> bool) {
        let screen: Vec<(Vec3, Vec3)> = mesh
            .vertices
            .iter()
            .map(|v| (view.project(v.p), view.turn(v.n)))
            .collect();
        let columns = mesh.columns;
        let rows = mesh.vertices.len() / columns;
        for r in 0..rows - 1 {
            for c in 0..columns - 1 {
                let i = r * columns + c;
                for corner in [
                    [i, i + 1, i + columns],
                    [i + 1, i + columns + 1, i + columns],
                ] {
                    self.triangle(mesh, &screen, corner, &keep);
                }
            }
        }
    }

    fn triangle(
        &mut self,
        mesh: &Mesh,
        screen: &[(Vec3, Vec3)],
        corner: [usize; 3],
        keep: &impl Fn(Vec3) -> bool,
    ) {
        let [a, b, c] = corner.map(|i| screen[i].0);
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if area.abs() < 1e-9 {
            return;
        }
        let limit = self.side as f32;
        let low = |k: usize| (a[k].min(b[k]).min(c[k]) - 0.5).ceil().clamp(0.0, limit) as usize;
        let high = |k: usize| (a[k].max(b[k]).max(c[k]) + 0.5).floor().clamp(0.0, limit) as usize;
        for py in low(1)..high(1) {
            for px in low(0)..high(0) {
                let (x, y) = (px as f32 + 0.5, py as f32 + 0.5);
                let wb = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area;
                let wc = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area;
                let wa = 1.0 - wb - wc;
                if wa < 0.0 || wb < 0.0 || wc < 0.0 {
                    continue;
                }
                let z = wa * a[2] + wb * b[2] + wc * c[2];
                let texel = &mut self.texels[py * self.side + px];
                if z <= texel.z {
                    continue;
                }
                let [va, vb, vc] = corner.map(|i| &mesh.vertices[i].uvt);
                let uvt = std::array::from_fn(|k| wa * va[k] + wb * vb[k] + wc * vc[k]);
                if !keep(uvt) {
                    continue;
                }
                let [na, nb, nc] = corner.map(|i| screen[i].1);
                *texel = Texel {
                    z,
                    part: mesh.part,
                    uvt,
                    n: std::array::from_fn(|k| wa * na[k] + wb * nb[k] + wc * nc[k]),
                };
            }
        }
    }
}
