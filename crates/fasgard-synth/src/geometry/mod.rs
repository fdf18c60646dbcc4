//! Head, neck, shoulders, ears and hair as grids of vertices, and their rasterisation.

pub(crate) mod body;
pub(crate) mod head;
pub(crate) mod mesh;
pub(crate) mod raster;

/// A vector: right, up, towards the camera. Lengths are head units: the eyes' line is the height
/// 0, the chin about -1.05, the crown about 1.
pub(crate) type Vec3 = [f32; 3];

pub(crate) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn minus(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Unit length; the camera's direction for a vector without length.
pub(crate) fn unit(a: Vec3) -> Vec3 {
    let length = dot(a, a).sqrt();
    if length > 1e-12 {
        [a[0] / length, a[1] / length, a[2] / length]
    } else {
        [0.0, 0.0, 1.0]
    }
}

/// `(1 - d^2)^3` inside the ellipse of radii `rx`, `ry` about (`cx`, `cy`), 0 outside.
pub(crate) fn bump(x: f32, y: f32, cx: f32, cy: f32, rx: f32, ry: f32) -> f32 {
    let (dx, dy) = ((x - cx) / rx, (y - cy) / ry);
    let left = 1.0 - dx * dx - dy * dy;
    if left > 0.0 { left * left * left } else { 0.0 }
}
