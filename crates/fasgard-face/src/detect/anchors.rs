//! Where the detector looks.

/// Cells along each side of a grid, and anchors in the middle of every cell.
pub(super) const GRIDS: [(u16, usize); 2] = [(16, 2), (8, 6)];

/// Anchors of the 128 x 128 detector, `[x, y]` in parts of the side, in the order of its outputs: a
/// 16 x 16 grid with two at every place, then an 8 x 8 grid with six (three layers of two).
pub fn anchors() -> Vec<[f32; 2]> {
    let mut anchors = Vec::with_capacity(896);
    for (grid, each) in GRIDS {
        for y in 0..grid {
            for x in 0..grid {
                let center = [x, y].map(|i| (f32::from(i) + 0.5) / f32::from(grid));
                anchors.extend([center; 6].into_iter().take(each));
            }
        }
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_and_places_by_hand() {
        let anchors = anchors();
        assert_eq!(anchors.len(), 16 * 16 * 2 + 8 * 8 * 6);
        assert_eq!(anchors[0], [0.03125, 0.03125]);
        assert_eq!(anchors[1], anchors[0]);
        assert_eq!(anchors[2], [0.09375, 0.03125]);
        assert_eq!(anchors[32], [0.03125, 0.09375]);
        assert_eq!(anchors[512], [0.0625, 0.0625]);
        assert_eq!(anchors[895], [0.9375, 0.9375]);
    }
}
