//! Orthographic z-buffer.

/// Smallest z a sample, infinite where no triangle lies: `side` x `side` samples of the unit square.
pub(crate) fn nearest(points: &[[f32; 3]], triangles: &[[u16; 3]], side: usize) -> Vec<f32> {
    let mut buffer = vec![f32::INFINITY; side * side];
    let scale = side as f32;
    for t in triangles {
        let [a, b, c] = t.map(|i| points[usize::from(i)]);
        let (u, v) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
        let area = u[0] * v[1] - u[1] * v[0];
        if area.abs() < 1e-12 {
            continue;
        }
        let span = |k: usize| {
            let low = a[k].min(b[k]).min(c[k]) * scale - 0.5;
            let high = a[k].max(b[k]).max(c[k]) * scale - 0.5;
            // Casts saturate, so far points end at the border.
            (low.ceil().max(0.0) as usize)..((high.floor() + 1.0).clamp(0.0, scale) as usize)
        };
        for row in span(1) {
            for column in span(0) {
                let p = [
                    (column as f32 + 0.5) / scale - a[0],
                    (row as f32 + 0.5) / scale - a[1],
                ];
                let s = (p[0] * v[1] - p[1] * v[0]) / area;
                let t = (u[0] * p[1] - u[1] * p[0]) / area;
                // The slack closes the seams between neighbours.
                if s >= -1e-4 && t >= -1e-4 && s + t <= 1.0 + 1e-4 {
                    let z = a[2] + s * (b[2] - a[2]) + t * (c[2] - a[2]);
                    let cell = &mut buffer[row * side + column];
                    *cell = cell.min(z);
                }
            }
        }
    }
    buffer
}
