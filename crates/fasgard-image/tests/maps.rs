//! Maps against hand values and plain sums.

mod common;

use common::noise;
use fasgard_image::{FaceBox, GrayImage, Outside, resample_map};
use image::{Luma, imageops};
use proptest::prelude::*;

/// The mean of `map` over the box, by its definition: one pixel at a time in f64.
fn naive_mean(map: &GrayImage, x0: f64, y0: f64, w: f64, h: f64, outside: Outside) -> f64 {
    let (mw, mh) = (i64::from(map.width()), i64::from(map.height()));
    let overlap = |i: i64, lo: f64, span: f64| {
        ((i as f64 + 1.0).min(lo + span) - (i as f64).max(lo)).max(0.0)
    };
    let mut sum = 0.0;
    for y in y0.floor() as i64..(y0 + h).ceil() as i64 {
        for x in x0.floor() as i64..(x0 + w).ceil() as i64 {
            let inside = (0..mw).contains(&x) && (0..mh).contains(&y);
            let (cx, cy) = (x.clamp(0, mw - 1), y.clamp(0, mh - 1));
            let value = f64::from(map.get_pixel(cx as u32, cy as u32).0[0]) / 255.0;
            if inside || outside == Outside::Edge {
                sum += value * overlap(x, x0, w) * overlap(y, y0, h);
            }
        }
    }
    sum / (w * h)
}

proptest! {
    #[test]
    fn maps_are_means_over_the_covered_area(
        x in -30.0_f32..40.0, y in -30.0_f32..40.0, w in 1.0_f32..50.0, h in 1.0_f32..50.0,
        side in 1_u32..12, edge in any::<bool>(), mirrored in any::<bool>(),
    ) {
        let map = imageops::grayscale(&noise(23, 17));
        let outside = if edge { Outside::Edge } else { Outside::Zero };
        let out = resample_map(&map, FaceBox { x, y, w, h }, side, outside, mirrored);
        prop_assert_eq!(out.len(), (side * side) as usize);
        let (cw, ch) = (f64::from(w) / f64::from(side), f64::from(h) / f64::from(side));
        for (i, value) in out.iter().enumerate() {
            let (row, column) = (i as u32 / side, i as u32 % side);
            let column = if mirrored { side - 1 - column } else { column };
            let cell = (f64::from(x) + f64::from(column) * cw, f64::from(y) + f64::from(row) * ch);
            let expected = naive_mean(&map, cell.0, cell.1, cw, ch, outside);
            prop_assert!((f64::from(*value) - expected).abs() < 1e-5, "{} for {}", value, expected);
        }
    }
}

#[test]
fn maps_beyond_their_frame() {
    let map = GrayImage::from_fn(4, 4, |x, _| Luma([if x < 2 { 255 } else { 0 }]));
    let beyond = FaceBox {
        x: -4.0,
        y: 0.0,
        w: 8.0,
        h: 4.0,
    };
    let edge = resample_map(&map, beyond, 4, Outside::Edge, false);
    assert_eq!(edge[..4], [1.0, 1.0, 1.0, 0.0]);
    let zero = resample_map(&map, beyond, 4, Outside::Zero, false);
    assert_eq!(zero[..4], [0.0, 0.0, 1.0, 0.0]);
    let flipped = resample_map(&map, beyond, 4, Outside::Zero, true);
    assert_eq!(flipped[..4], [0.0, 1.0, 0.0, 0.0]);
    let invalid = FaceBox {
        w: f32::NAN,
        ..beyond
    };
    assert_eq!(
        resample_map(&map, invalid, 2, Outside::Edge, false),
        [0.0; 4]
    );
    assert_eq!(
        resample_map(&GrayImage::new(0, 0), beyond, 2, Outside::Edge, false),
        [0.0; 4]
    );
}
