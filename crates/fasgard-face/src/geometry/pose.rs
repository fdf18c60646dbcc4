//! Head pose from a mesh.

use super::{POINTS, Refusal, canonical};

/// Angles in degrees, of `R = Ry(yaw) Rx(pitch) Rz(roll)` that turns the canonical face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Positive when the face turns towards the right of the image (the subject's left).
    pub yaw: f32,
    /// Positive when the face looks up.
    pub pitch: f32,
    /// Positive when the subject's left eye is lower in the image, as in [`fasgard_image::Eyes::roll`].
    pub roll: f32,
}

/// Pose of a mesh: the least-squares rotation of the canonical face with free scale and shift
/// (Horn 1987, unit quaternions).
///
/// # Errors
/// A mesh that has not 468 finite points or no extent.
pub fn estimate(points: &[[f32; 3]]) -> Result<Pose, Refusal> {
    if points.len() != POINTS {
        return Err(Refusal::Count {
            found: points.len(),
        });
    }
    let mean = |set: &[[f32; 3]]| {
        [0, 1, 2].map(|k| set.iter().map(|p| f64::from(p[k])).sum::<f64>() / POINTS as f64)
    };
    let (ca, cb) = (mean(canonical()), mean(points));
    let mut s = [[0.0f64; 3]; 3];
    for (a, b) in canonical().iter().zip(points) {
        for i in 0..3 {
            for j in 0..3 {
                s[i][j] += (f64::from(a[i]) - ca[i]) * (f64::from(b[j]) - cb[j]);
            }
        }
    }
    let size = s.iter().flatten().map(|v| v * v).sum::<f64>().sqrt();
    if !size.is_finite() || size < 1e-9 {
        return Err(Refusal::Degenerate("values not finite or all points equal"));
    }
    let s = s.map(|r| r.map(|v| v / size));
    let [a, b, c] = [s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]];
    let (xy, xz, yz) = (s[0][1] + s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1]);
    let (x, y, z) = (s[0][0], s[1][1], s[2][2]);
    // The shift makes the largest eigenvalue the one of largest magnitude.
    let mut m = [
        [x + y + z + 4.0, a, b, c],
        [a, x - y - z + 4.0, xy, xz],
        [b, xy, y - x - z + 4.0, yz],
        [c, xz, yz, z - x - y + 4.0],
    ];
    // Squaring raises the largest eigenvalue's part above all others.
    for _ in 0..24 {
        let trace = m[0][0] + m[1][1] + m[2][2] + m[3][3];
        m = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                (0..4).map(|k| m[i][k] * m[k][j]).sum::<f64>() / (trace * trace)
            })
        });
    }
    let best = (0..4).fold(0, |best, k| if m[k][k] > m[best][best] { k } else { best });
    let norm = m[best].iter().map(|v| v * v).sum::<f64>().sqrt();
    let [w, x, y, z] = m[best].map(|v| v / norm);
    let degrees = |v: f64| v.to_degrees() as f32;
    Ok(Pose {
        yaw: degrees((-2.0 * (x * z + w * y)).atan2(1.0 - 2.0 * (x * x + y * y))),
        pitch: degrees((2.0 * (y * z - w * x)).clamp(-1.0, 1.0).asin()),
        roll: degrees((2.0 * (x * y + w * z)).atan2(1.0 - 2.0 * (x * x + z * z))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_canonical_faces_give_their_angles() {
        for (yaw, pitch, roll) in [
            (0.0, 0.0, 0.0),
            (30.0, 0.0, 0.0),
            (-40.0, 20.0, 15.0),
            (10.0, -30.0, 100.0),
        ] {
            let [(sy, cy), (sx, cx), (sz, cz)] =
                [-yaw, -pitch, roll].map(|v: f32| v.to_radians().sin_cos());
            let points: Vec<_> = canonical()
                .iter()
                .map(|&[x, y, z]| {
                    let [x, y] = [cz * x - sz * y, sz * x + cz * y];
                    let [y, z] = [cx * y - sx * z, sx * y + cx * z];
                    let [x, z] = [cy * x + sy * z, cy * z - sy * x];
                    [80.0 * x + 200.0, 80.0 * y + 90.0, 80.0 * z + 3.0]
                })
                .collect();
            let p = estimate(&points).unwrap();
            let wrong = (p.yaw - yaw).abs() + (p.pitch - pitch).abs() + (p.roll - roll).abs();
            assert!(wrong < 0.05, "{p:?} for {yaw} {pitch} {roll}");
            // By hand: a face that turns to the image's right has its nose to the right of its eyes.
            if yaw == 30.0 {
                assert!(points[1][0] > 200.0);
            }
        }
    }
}
