//! The mesh's triangles: Delaunay over the canonical face, cut at the face oval.

use std::sync::LazyLock;

use super::canonical;

/// The face oval, clockwise in the image from the forehead's top.
pub(crate) const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

static TRIANGLES: LazyLock<Vec<[u16; 3]>> = LazyLock::new(build);

/// Triangles as indices of points: a closed surface (eyes and mouth filled) up to the face oval.
/// Computed once.
pub fn triangles() -> &'static [[u16; 3]] {
    &TRIANGLES
}

fn build() -> Vec<[u16; 3]> {
    let face = canonical();
    // Mirror pairs lie on common circles; a tiny fixed shift makes the choice of diagonals definite.
    let points: Vec<[f64; 2]> = face
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let h = (i as f64 * 0.618_033_988_75).fract();
            [f64::from(p[0]) + 1e-6 * h, f64::from(p[1]) + 1e-6 * h * h]
        })
        .collect();
    let oval = OVAL.map(|i| points[i]);
    delaunay(&points)
        .into_iter()
        .filter(|t| {
            let c = [0, 1].map(|k| t.iter().map(|&i| points[i][k]).sum::<f64>() / 3.0);
            inside(&oval, c)
        })
        .map(|t| t.map(|i| i as u16))
        .collect()
}

fn inside(polygon: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut odd = false;
    for (i, a) in polygon.iter().enumerate() {
        let b = polygon[(i + 1) % polygon.len()];
        if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            odd = !odd;
        }
    }
    odd
}

/// Bowyer-Watson.
fn delaunay(points: &[[f64; 2]]) -> Vec<[usize; 3]> {
    let n = points.len();
    let mut all = points.to_vec();
    all.extend([[-1e3, -1e3], [1e3, -1e3], [0.0, 1e3]]);
    let mut mesh = vec![([n, n + 1, n + 2], circle(&all, [n, n + 1, n + 2]))];
    for (i, p) in points.iter().enumerate() {
        let mut edges: Vec<[usize; 2]> = Vec::new();
        mesh.retain(|(t, (c, r2))| {
            let hit = (p[0] - c[0]).powi(2) + (p[1] - c[1]).powi(2) < *r2;
            if hit {
                for k in 0..3 {
                    let e = [t[k], t[(k + 1) % 3]];
                    match edges.iter().position(|o| *o == [e[1], e[0]]) {
                        Some(shared) => drop(edges.swap_remove(shared)),
                        None => edges.push(e),
                    }
                }
            }
            !hit
        });
        for [a, b] in edges {
            mesh.push(([a, b, i], circle(&all, [a, b, i])));
        }
    }
    mesh.into_iter()
        .map(|(t, _)| t)
        .filter(|t| t.iter().all(|&i| i < n))
        .collect()
}

/// Centre and squared radius of the circle through a triangle's corners.
fn circle(points: &[[f64; 2]], t: [usize; 3]) -> ([f64; 2], f64) {
    let [a, b, c] = t.map(|i| points[i]);
    let (b, c) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
    let d = 2.0 * (b[0] * c[1] - b[1] * c[0]);
    let (b2, c2) = (b[0] * b[0] + b[1] * b[1], c[0] * c[0] + c[1] * c[1]);
    let u = [(c[1] * b2 - b[1] * c2) / d, (b[0] * c2 - c[0] * b2) / d];
    ([a[0] + u[0], a[1] + u[1]], u[0] * u[0] + u[1] * u[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_triangles_tile_the_oval() {
        let cross = |a: [f32; 3], b: [f32; 3]| f64::from(a[0] * b[1] - a[1] * b[0]);
        let face = canonical();
        let oval: f64 = (0..36)
            .map(|k| cross(face[OVAL[k]], face[OVAL[(k + 1) % 36]]) / 2.0)
            .sum();
        let area: f64 = triangles()
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|i| face[usize::from(i)]);
                ((cross(a, b) + cross(b, c) + cross(c, a)) / 2.0).abs()
            })
            .sum();
        assert!((area / oval.abs() - 1.0).abs() < 2e-3, "{area} {oval}");
    }
}
