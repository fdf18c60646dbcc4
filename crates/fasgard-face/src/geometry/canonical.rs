//! The mean frontal face, made by `tools/fixtures/canonical_face.py`.

use std::sync::LazyLock;

/// Points of a mesh.
pub const POINTS: usize = 468;

static TABLE: LazyLock<Vec<([f32; 3], usize)>> = LazyLock::new(|| {
    include_str!("canonical.csv")
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',');
            let mut next = || cells.next()?.parse::<f32>().ok();
            let point = [next()?, next()?, next()?];
            Some((point, next()? as usize))
        })
        .collect()
});

static FACE: LazyLock<Vec<[f32; 3]>> = LazyLock::new(|| TABLE.iter().map(|t| t.0).collect());

/// The canonical face: 468 points, origin between the eyes, eye distance 1, frontal, symmetric in x.
pub fn canonical() -> &'static [[f32; 3]] {
    &FACE
}

/// The point that `index` becomes when the face is mirrored; itself on the middle line or from 468.
pub fn mirrored_index(index: usize) -> usize {
    TABLE.get(index).map_or(index, |t| t.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_is_whole_and_symmetric() {
        assert_eq!(canonical().len(), POINTS);
        for (i, p) in canonical().iter().enumerate() {
            let j = mirrored_index(i);
            let q = canonical()[j];
            assert_eq!(mirrored_index(j), i);
            assert!((p[0] + q[0]).abs() < 2e-5 && (p[1] - q[1]).abs() < 2e-5);
        }
        // Outer eye corners, mouth corners, subject's right first.
        assert_eq!((mirrored_index(33), mirrored_index(61)), (263, 291));
        assert!(canonical()[33][0] < 0.0);
        // The nose's tip is nearer than the temples.
        assert!(canonical()[1][2] < canonical()[234][2]);
    }
}
