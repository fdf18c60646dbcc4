//! Pseudo-depth maps: 255 at the nearest point of the mesh, falling linearly in z to 1 at its
//! farthest (min-max of the mesh, so a turned head's nearest point is 255 too), 0 on background.
//! Border pixels hold the mean of their four samples.

use fasgard_image::{Eyes, FaceBox, GrayImage, Luma};

use super::{POINTS, Refusal, canonical, pose, raster, triangles};

/// A map of [`SIDE`] x [`SIDE`] in the frame of a crop.
pub type DepthMap = GrayImage;

/// Side of a map in pixels.
pub const SIDE: u32 = 128;
/// Least probability of a face.
pub const LEAST_PRESENCE: f32 = 0.5;
/// Largest yaw either way, in degrees.
pub const LARGEST_YAW: f32 = 60.0;
/// Largest pitch either way, in degrees.
pub const LARGEST_PITCH: f32 = 45.0;
/// Value of [`planar`] maps, 0 to 1.
pub const PLANE: f32 = 0.5;

/// Coordinates in an upright crop, 0 to 1, of image pixels.
pub fn upright(region: FaceBox) -> impl Fn([f32; 2]) -> [f32; 2] {
    move |[x, y]| [(x - region.x) / region.w, (y - region.y) / region.h]
}

/// Depth of a mesh in the frame of a crop: `to_crop` gives coordinates 0 to 1 in the crop of image
/// pixels (a similarity or affine map; [`upright`] for a box). `presence` is the probability of a face.
///
/// # Errors
/// A [`Refusal`]: the sample is to be marked, not given a map.
pub fn from_mesh(
    points: &[[f32; 3]],
    presence: f32,
    to_crop: impl Fn([f32; 2]) -> [f32; 2],
) -> Result<DepthMap, Refusal> {
    if presence.is_nan() || presence < LEAST_PRESENCE {
        return Err(Refusal::Presence { presence });
    }
    let placed = place(points, to_crop)?;
    let pose = pose::estimate(points)?;
    if pose.yaw.abs() > LARGEST_YAW || pose.pitch.abs() > LARGEST_PITCH {
        return Err(Refusal::Pose {
            yaw: pose.yaw,
            pitch: pose.pitch,
        });
    }
    draw(&placed)
}

/// The mesh's outline filled with the constant [`PLANE`]: the depth of a flat print or display, for
/// those who do not want the usual all-zero map of attacks. No pose is refused.
///
/// # Errors
/// A [`Refusal`] for a degenerate mesh or one outside the crop.
pub fn planar(
    points: &[[f32; 3]],
    to_crop: impl Fn([f32; 2]) -> [f32; 2],
) -> Result<DepthMap, Refusal> {
    let mut placed = place(points, to_crop)?;
    placed.iter_mut().for_each(|p| p[2] = 0.0);
    Ok(shade(&placed, |_| PLANE))
}

/// The canonical face fitted to the eyes by a similarity: frontal, so only as good as the face is.
/// For datasets with eye positions, without landmarks.
///
/// # Errors
/// A [`Refusal`] for eyes that coincide or are not finite, or a face outside the crop.
pub fn from_eyes(eyes: Eyes, to_crop: impl Fn([f32; 2]) -> [f32; 2]) -> Result<DepthMap, Refusal> {
    draw(&place(&fitted(eyes), to_crop)?)
}

/// The canonical face in image pixels with its eyes on `eyes`.
pub fn fitted(eyes: Eyes) -> Vec<[f32; 3]> {
    let axis = [eyes.left[0] - eyes.right[0], eyes.left[1] - eyes.right[1]];
    let middle = [0, 1].map(|k| (eyes.left[k] + eyes.right[k]) / 2.0);
    let size = eyes.distance();
    canonical()
        .iter()
        .map(|&[x, y, z]| {
            [
                middle[0] + axis[0] * x - axis[1] * y,
                middle[1] + axis[1] * x + axis[0] * y,
                z * size,
            ]
        })
        .collect()
}

/// Points with x and y in the crop; z stays.
fn place(
    points: &[[f32; 3]],
    to_crop: impl Fn([f32; 2]) -> [f32; 2],
) -> Result<Vec<[f32; 3]>, Refusal> {
    if points.len() != POINTS {
        return Err(Refusal::Count {
            found: points.len(),
        });
    }
    let placed: Vec<[f32; 3]> = points
        .iter()
        .map(|&[x, y, z]| {
            let [x, y] = to_crop([x, y]);
            [x, y, z]
        })
        .collect();
    if placed.iter().flatten().any(|v| !v.is_finite()) {
        return Err(Refusal::Degenerate("a value is not finite"));
    }
    let extent = [0, 1].map(|k| {
        let (low, high) = range(&placed, k);
        high - low
    });
    if extent.iter().any(|&e| e < 1.0 / SIDE as f32) {
        return Err(Refusal::Degenerate("narrower than a pixel of the map"));
    }
    let unit = 0.0..=1.0;
    let inside = placed
        .iter()
        .filter(|p| unit.contains(&p[0]) && unit.contains(&p[1]))
        .count();
    if inside < POINTS / 2 {
        return Err(Refusal::Outside { inside });
    }
    Ok(placed)
}

fn range(points: &[[f32; 3]], k: usize) -> (f32, f32) {
    points.iter().fold((f32::MAX, f32::MIN), |(low, high), p| {
        (low.min(p[k]), high.max(p[k]))
    })
}

fn draw(placed: &[[f32; 3]]) -> Result<DepthMap, Refusal> {
    let (near, far) = range(placed, 2);
    let span = far - near;
    if !(span > 0.0 && span.is_finite()) {
        return Err(Refusal::Degenerate("no depth"));
    }
    let floor = 1.0 / 255.0;
    Ok(shade(placed, |z| {
        (floor + (1.0 - floor) * (far - z) / span).clamp(floor, 1.0)
    }))
}

/// Means of two by two samples, 0 where no triangle lies.
fn shade(placed: &[[f32; 3]], value: impl Fn(f32) -> f32) -> DepthMap {
    let side = SIDE as usize * 2;
    let buffer = raster::nearest(placed, triangles(), side);
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        let first = y as usize * 2 * side + x as usize * 2;
        let samples = [first, first + 1, first + side, first + side + 1].map(|i| buffer[i]);
        let sum: f32 = samples
            .iter()
            .map(|&z| if z.is_finite() { value(z) } else { 0.0 })
            .sum();
        let covered = sum > 0.0;
        Luma([((sum / 4.0 * 255.0 + 0.5) as u8).max(u8::from(covered))])
    })
}
