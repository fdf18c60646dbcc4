//! Local binary patterns (Ojala, Pietikäinen, Mäenpää, IEEE TPAMI 2002).

use image::RgbImage;

use super::luma;
use crate::{FaceBox, Interpolation, crop};

/// Side of the image that patterns are taken of, in pixels.
pub const LBP_SIDE: u32 = 64;
/// Cells in a row and in a column.
const CELLS: usize = 3;
/// Bins of a cell: 58 uniform patterns, and one for all others.
const BINS: usize = 59;
/// Length of [`lbp_histograms`].
pub const LBP_LEN: usize = CELLS * CELLS * BINS;

/// Histograms of the uniform patterns of the eight neighbours of a pixel, in 3 x 3 cells of the
/// luma at 64 x 64: 531 shares, of which the 59 of a cell add up to 1.
pub fn lbp_histograms(image: &RgbImage) -> Vec<f32> {
    let whole = FaceBox::whole(image.width(), image.height());
    let small = crop(image, whole, LBP_SIDE, Interpolation::Area, false);
    let luma = luma(&small);
    let bins = bins();
    let side = LBP_SIDE as usize;
    let mut counts = vec![0_f32; LBP_LEN];
    let mut totals = [0_f32; CELLS * CELLS];
    let around = [
        (-1, -1),
        (0, -1),
        (1, -1),
        (1, 0),
        (1, 1),
        (0, 1),
        (-1, 1),
        (-1, 0),
    ];
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let center = luma[y * side + x];
            let pattern = around
                .iter()
                .enumerate()
                .fold(0, |pattern, (bit, (dx, dy))| {
                    let (nx, ny) = (x.wrapping_add_signed(*dx), y.wrapping_add_signed(*dy));
                    pattern | (usize::from(luma[ny * side + nx] >= center) << bit)
                });
            let of = |v: usize| (v - 1) * CELLS / (side - 2);
            let cell = of(y) * CELLS + of(x);
            counts[cell * BINS + bins[pattern]] += 1.0;
            totals[cell] += 1.0;
        }
    }
    for (cell, total) in totals.into_iter().enumerate() {
        for count in &mut counts[cell * BINS..(cell + 1) * BINS] {
            *count /= total;
        }
    }
    counts
}

/// The bin of each pattern: uniform ones (at most two changes around the circle) have their own.
fn bins() -> [usize; 256] {
    let mut bins = [BINS - 1; 256];
    let mut next = 0;
    for (pattern, bin) in bins.iter_mut().enumerate() {
        let byte = pattern as u8;
        if (byte ^ byte.rotate_left(1)).count_ones() <= 2 {
            *bin = next;
            next += 1;
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn there_are_58_uniform_patterns() {
        let bins = bins();
        assert_eq!(bins.iter().filter(|b| **b < BINS - 1).count(), 58);
        assert_eq!((bins[0], bins[255], bins[0b0101]), (0, 57, 58));
    }

    #[test]
    fn flat_and_striped() {
        // Every neighbour equals the centre: all bits set, bin 57, in each cell.
        let flat = lbp_histograms(&RgbImage::from_pixel(80, 80, Rgb([9; 3])));
        assert_eq!(flat.len(), 531);
        for cell in flat.chunks(BINS) {
            assert_eq!(cell[57], 1.0);
        }
        // Alternate columns: a dark centre has all neighbours at least its own, a bright one its
        // own column only: bits 1 and 5, four changes, not uniform.
        let image = RgbImage::from_fn(64, 64, |x, _| Rgb([(x % 2 * 200) as u8; 3]));
        let middle = lbp_histograms(&image)[4 * BINS..5 * BINS].to_vec();
        assert!((middle[57] - 0.5).abs() < 0.05 && (middle[58] - 0.5).abs() < 0.05);
        assert!((middle.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}
