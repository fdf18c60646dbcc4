//! A flat or bent picture held before the camera.

use crate::draw::Draw;

/// Maps the camera's frame to a held picture. Frame coordinates are shares of the frame's side
/// from its centre; picture coordinates are shares of the picture's side from its face's centre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    roll: (f32, f32),
    lean: [f32; 2],
    stretch: [f32; 2],
    /// Curvature and the direction across the bend.
    bend: f32,
    bend_axis: (f32, f32),
    zoom: f32,
    shift: [f32; 2],
}

impl Placement {
    /// Draws how the picture is held, with a bend of up to about `bend` (0 for a rigid thing), and
    /// sets the zoom so that the face box has the longer side `fill` of the frame.
    pub(crate) fn draw(
        d: &mut Draw,
        bend: f32,
        face: [f32; 4],
        fill: f32,
        shift: [f32; 2],
    ) -> Self {
        let (yaw, pitch) = (0.16 * d.normal(), 0.13 * d.normal());
        let reach = d.between(0.25, 0.6);
        let mut p = Self {
            roll: (0.07 * d.normal()).sin_cos(),
            lean: [reach * yaw.sin(), reach * pitch.sin()],
            stretch: [1.0 / yaw.cos(), 1.0 / pitch.cos()],
            bend: bend * d.normal(),
            bend_axis: (if d.chance(0.7) {
                0.2 * d.normal()
            } else {
                d.between(-1.5, 1.5)
            })
            .sin_cos(),
            zoom: 1.0,
            shift: [0.0; 2],
        };
        // The box's extent in the frame at zoom 1, then the zoom that makes it right.
        for _ in 0..2 {
            let b = p.bounds(face);
            p.zoom *= (b[2] - b[0]).max(b[3] - b[1]) / fill;
        }
        let b = p.bounds(face);
        p.shift = [
            shift[0] - (b[0] + b[2]) / 2.0,
            shift[1] - (b[1] + b[3]) / 2.0,
        ];
        p
    }

    /// Picture coordinates at frame coordinates, and the slope of the bend there (right, up).
    pub(crate) fn picture(&self, x: f32, y: f32) -> ([f32; 2], [f32; 2]) {
        let (x, y) = (x - self.shift[0], y - self.shift[1]);
        let (s, c) = self.roll;
        let (x, y) = (c * x + s * y, c * y - s * x);
        let far = self.zoom / (1.0 + self.lean[0] * x + self.lean[1] * y).max(0.2);
        let (u, v) = (x * far * self.stretch[0], y * far * self.stretch[1]);
        if self.bend == 0.0 {
            return ([u, v], [0.0; 2]);
        }
        // Along the bend, the picture's arc is longer than its chord; across, depth scales.
        let (bs, bc) = self.bend_axis;
        let along = bc * u + bs * v;
        let across = bc * v - bs * u;
        let k = self.bend;
        let arc = along * (1.0 + k * k * along * along / 6.0);
        let deep = across * (1.0 + 0.22 * k * along * along);
        let slope = k * along;
        (
            [bc * arc - bs * deep, bs * arc + bc * deep],
            [slope * bc, -slope * bs],
        )
    }

    /// Frame coordinates of picture coordinates (Newton's method; the map is gentle).
    pub(crate) fn frame(&self, target: [f32; 2]) -> [f32; 2] {
        let mut p = [
            target[0] / self.zoom + self.shift[0],
            target[1] / self.zoom + self.shift[1],
        ];
        for _ in 0..8 {
            const H: f32 = 1e-3;
            let at = self.picture(p[0], p[1]).0;
            let dx = self.picture(p[0] + H, p[1]).0;
            let dy = self.picture(p[0], p[1] + H).0;
            let (a, b) = ((dx[0] - at[0]) / H, (dy[0] - at[0]) / H);
            let (c, d) = ((dx[1] - at[1]) / H, (dy[1] - at[1]) / H);
            let det = a * d - b * c;
            if det.abs() < 1e-6 {
                break;
            }
            let (ex, ey) = (at[0] - target[0], at[1] - target[1]);
            p[0] -= (d * ex - b * ey) / det;
            p[1] -= (a * ey - c * ex) / det;
        }
        p
    }

    /// The frame's bounds of a box given in the picture, whose centre is the origin.
    pub(crate) fn bounds(&self, face: [f32; 4]) -> [f32; 4] {
        let (w, h) = ((face[2] - face[0]) / 2.0, (face[3] - face[1]) / 2.0);
        let mut b = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        // The face is round: its box is touched at the middles of the sides.
        for (x, y) in [
            (-1.0, 0.0),
            (1.0, 0.0),
            (0.0, -1.0),
            (0.0, 1.0),
            (0.6, 0.8),
            (-0.6, 0.8),
            (0.6, -0.8),
            (-0.6, -0.8),
        ] {
            let [fx, fy] = self.frame([x * w, y * h]);
            b = [b[0].min(fx), b[1].min(fy), b[2].max(fx), b[3].max(fy)];
        }
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_lands_where_it_is_framed_and_the_map_inverts() {
        for index in 0..50 {
            let mut d = Draw::new(1, "placement-test", index, "");
            let face = [0.3, 0.25, 0.62, 0.75];
            let p = Placement::draw(&mut d, 0.45, face, 0.625, [0.02, -0.01]);
            let b = p.bounds(face);
            assert!(
                ((b[2] - b[0]).max(b[3] - b[1]) - 0.625).abs() < 0.02,
                "{b:?}"
            );
            assert!(((b[0] + b[2]) / 2.0 - 0.02).abs() < 0.01, "{b:?}");
            for target in [[0.1, 0.05], [-0.12, 0.2]] {
                let [x, y] = p.frame(target);
                let back = p.picture(x, y).0;
                assert!((back[0] - target[0]).abs() + (back[1] - target[1]).abs() < 1e-3);
            }
        }
    }
}
