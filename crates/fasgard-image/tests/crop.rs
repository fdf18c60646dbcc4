//! Crops and maps against hand values, plain sums and another implementation.

mod common;

use common::{gradient, noise};
use fasgard_image::{
    ColorOrder, CropFit, FaceBox, GrayImage, Interpolation, Outside, PixelRange, Preprocess,
    RgbImage, crop, resample_map,
};
use image::{Luma, Rgb, imageops};
use proptest::prelude::*;

const ALL: [Interpolation; 3] = [
    Interpolation::Bilinear,
    Interpolation::Linear,
    Interpolation::Area,
];

fn region(x: f32, y: f32, side: f32) -> FaceBox {
    FaceBox {
        x,
        y,
        w: side,
        h: side,
    }
}

/// A row of grey pixels, repeated `height` times.
fn stripes(row: &[u8], height: u32) -> RgbImage {
    RgbImage::from_fn(row.len() as u32, height, |x, _| Rgb([row[x as usize]; 3]))
}

fn first_row(image: &RgbImage) -> Vec<u8> {
    let row = image.as_raw().iter().take(3 * image.width() as usize);
    row.step_by(3).copied().collect()
}

#[test]
fn whole_pixels_are_copied() {
    let image = noise(20, 16);
    for interpolation in ALL {
        let cut = crop(&image, region(5.0, 3.0, 8.0), 8, interpolation, false);
        let expected = imageops::crop_imm(&image, 5, 3, 8, 8).to_image();
        assert_eq!(cut, expected, "{interpolation:?}");
        let mirrored = crop(&image, region(5.0, 3.0, 8.0), 8, interpolation, true);
        assert_eq!(
            mirrored,
            imageops::flip_horizontal(&expected),
            "{interpolation:?}"
        );
    }
}

#[test]
fn whole_pixels_outside_are_black() {
    let image = RgbImage::from_pixel(6, 6, Rgb([90, 160, 250]));
    for interpolation in ALL {
        let cut = crop(&image, region(-3.0, 2.0, 6.0), 6, interpolation, false);
        for (x, y, pixel) in cut.enumerate_pixels() {
            let inside = x >= 3 && y < 4;
            let expected = if inside { [90, 160, 250] } else { [0; 3] };
            assert_eq!(pixel.0, expected, "{interpolation:?} {x} {y}");
        }
    }
}

#[test]
fn wholly_outside_or_invalid_is_black() {
    let image = RgbImage::from_pixel(6, 6, Rgb([200; 3]));
    let black = RgbImage::new(4, 4);
    for interpolation in ALL {
        for region in [
            region(6.0, 0.0, 4.0),
            region(-40.0, 0.0, 4.0),
            region(0.0, 1e9, 3.0),
            region(0.0, 0.0, 0.0),
            region(f32::NAN, 0.0, 3.0),
            region(0.0, 0.0, f32::INFINITY),
            region(3.0, 3.0, -2.0),
        ] {
            assert_eq!(
                crop(&image, region, 4, interpolation, false),
                black,
                "{region:?}"
            );
        }
    }
    assert_eq!(
        crop(
            &RgbImage::new(0, 0),
            region(0.0, 0.0, 4.0),
            4,
            ALL[0],
            false
        ),
        black
    );
    assert_eq!(
        crop(&image, region(0.0, 0.0, 4.0), 0, ALL[0], false).dimensions(),
        (0, 0)
    );
}

#[test]
fn subpixel_values_by_hand() {
    // A quarter of a pixel to the right: three quarters of each pixel and a quarter of the next.
    let image = stripes(&[0, 100, 200, 40, 80], 5);
    for interpolation in ALL {
        let cut = crop(&image, region(0.25, 0.0, 3.0), 3, interpolation, false);
        assert_eq!(first_row(&cut), [25, 125, 160], "{interpolation:?}");
    }
    // Half a pixel beyond the right edge: half of the last output pixel is outside.
    let cut = crop(&image, region(2.5, 0.0, 3.0), 3, Interpolation::Area, false);
    assert_eq!(first_row(&cut), [120, 60, 40]);
    // Its centre is the pixel edge itself: the edge pixel goes on, half of it outside.
    let cut = crop(
        &image,
        region(2.5, 0.0, 3.0),
        3,
        Interpolation::Linear,
        false,
    );
    assert_eq!(first_row(&cut), [120, 60, 40]);
}

#[test]
fn shrinking_by_two_by_hand() {
    let image = stripes(&[0, 80, 160, 240, 40, 200], 6);
    let cut = |interpolation| {
        first_row(&crop(
            &image,
            region(0.0, 0.0, 6.0),
            3,
            interpolation,
            false,
        ))
    };
    assert_eq!(cut(Interpolation::Area), [40, 200, 120]);
    assert_eq!(cut(Interpolation::Linear), [40, 200, 120]);
    // Weights 1/8, 3/8, 3/8, 1/8; at the edges 3/7, 3/7, 1/7 over what exists.
    assert_eq!(cut(Interpolation::Bilinear), [57, 165, 137]);
    // Linear skips pixels where it shrinks by more: pixels 1 and 2 of four, none else.
    let image = stripes(&[0, 80, 160, 240], 4);
    let one = crop(
        &image,
        region(0.0, 0.0, 4.0),
        1,
        Interpolation::Linear,
        false,
    );
    assert_eq!(first_row(&one), [120]);
}

#[test]
fn agrees_with_another_implementation() {
    use fast_image_resize as fir;
    let image = noise(97, 83);
    let cases = [
        (
            Interpolation::Bilinear,
            fir::ResizeAlg::Convolution(fir::FilterType::Bilinear),
        ),
        (
            Interpolation::Linear,
            fir::ResizeAlg::Interpolation(fir::FilterType::Bilinear),
        ),
    ];
    let source = fir::images::ImageRef::new(97, 83, &image, fir::PixelType::U8x3).unwrap();
    for (interpolation, algorithm) in cases {
        for (x, y, side, out) in [
            (0.0, 0.0, 83.0, 32_u32),
            (11.3, 7.8, 60.4, 24),
            (20.25, 30.5, 17.5, 64),
            (14.0, 0.0, 83.0, 83),
        ] {
            let mut other = fir::images::Image::new(out, out, fir::PixelType::U8x3);
            let options = fir::ResizeOptions::new()
                .resize_alg(algorithm)
                .crop(x, y, side, side);
            fir::Resizer::new()
                .resize(&source, &mut other, &options)
                .unwrap();
            let ours = crop(
                &image,
                region(x as f32, y as f32, side as f32),
                out,
                interpolation,
                false,
            );
            let pairs = ours.as_raw().iter().zip(other.buffer());
            let worst = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            // It rounds between its two passes.
            assert!(
                worst <= 2,
                "{interpolation:?} {x} {y} {side} {out}: {worst}"
            );
        }
    }
}

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

    #[test]
    fn a_mirrored_crop_is_the_crop_mirrored(
        x in -30.0_f32..40.0, y in -30.0_f32..40.0, side in 1.0_f32..90.0, out in 1_u32..40,
        which in 0_usize..3,
    ) {
        let image = noise(37, 29);
        let plain = crop(&image, region(x, y, side), out, ALL[which], false);
        let mirrored = crop(&image, region(x, y, side), out, ALL[which], true);
        prop_assert_eq!(imageops::flip_horizontal(&plain), mirrored);
    }

    #[test]
    fn a_flat_image_stays_flat_inside(
        x in 0.0_f32..20.0, y in 0.0_f32..20.0, side in 0.5_f32..20.0, out in 1_u32..50,
        which in 0_usize..3, value in any::<u8>(),
    ) {
        let image = RgbImage::from_pixel(40, 40, Rgb([value; 3]));
        let cut = crop(&image, region(x, y, side), out, ALL[which], false);
        prop_assert!(cut.as_raw().iter().all(|&v| v == value));
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

#[test]
fn normalisation_by_hand() {
    let mut image = RgbImage::from_pixel(8, 8, Rgb([0, 51, 255]));
    image.put_pixel(1, 0, Rgb([255, 0, 102]));
    let mut preprocess = Preprocess {
        size: 8,
        mean: [0.5, 0.2, 0.0],
        std: [0.5, 0.1, 2.0],
        ..Preprocess::default()
    };
    let rgb = preprocess.apply(&image, None);
    assert_eq!(rgb.len(), 192);
    let at = |values: &[f32], i: usize| [values[i], values[64 + i], values[128 + i]];
    let near = |found: [f32; 3], expected: [f32; 3]| {
        let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(
            worst.fold(0.0, f32::max) < 1e-6,
            "{found:?} for {expected:?}"
        );
    };
    near(at(&rgb, 0), [-1.0, 0.0, 0.5]);
    near(at(&rgb, 1), [1.0, -2.0, 0.2]);
    preprocess.color = ColorOrder::Bgr;
    near(at(&preprocess.apply(&image, None), 0), [1.0, 0.0, 0.0]);
    // (x - 127.5) / 128 on bytes.
    preprocess.range = PixelRange::Byte;
    preprocess.mean = [127.5; 3];
    preprocess.std = [128.0; 3];
    let bgr = preprocess.apply(&image, None);
    near(at(&bgr, 0), [127.5 / 128.0, -76.5 / 128.0, -127.5 / 128.0]);
}

#[test]
fn crop_regions_by_hand() {
    let preprocess = Preprocess {
        crop_scale: 1.5,
        ..Preprocess::default()
    };
    let face = FaceBox {
        x: 10.0,
        y: 20.0,
        w: 20.0,
        h: 40.0,
    };
    let found = preprocess.crop_region(Some(face), 100, 100);
    assert_eq!(found, region(-10.0, 10.0, 60.0));
    let none = preprocess.crop_region(None, 100, 60);
    assert_eq!(none, region(20.0, 0.0, 60.0));
    let cut = preprocess.crop(&gradient(100, 60), None);
    assert_eq!(cut.dimensions(), (256, 256));
}

/// Worked out by hand from the published code: the scale is cut to what fits, then the box is moved
/// in, and both ends are whole pixels that belong to it.
#[test]
fn regions_inside_by_hand() {
    let boxed = |x, y, w, h| FaceBox { x, y, w, h };
    for (face, scale, expected) in [
        // Room on all sides: 40x80 about (50, 60), both ends included.
        (
            boxed(40.0, 40.0, 20.0, 40.0),
            2.0,
            boxed(30.0, 20.0, 41.0, 81.0),
        ),
        // Moved in from the left and from the top.
        (
            boxed(5.0, 10.0, 20.0, 40.0),
            2.0,
            boxed(0.0, 0.0, 41.0, 81.0),
        ),
        // Moved in from the right: the last column is 199.
        (
            boxed(175.0, 40.0, 20.0, 40.0),
            2.0,
            boxed(159.0, 20.0, 41.0, 81.0),
        ),
        // Only 149 / 40 times fit.
        (
            boxed(90.0, 50.0, 20.0, 40.0),
            4.0,
            boxed(62.0, 0.0, 76.0, 150.0),
        ),
    ] {
        let preprocess = Preprocess {
            crop_scale: scale,
            fit: CropFit::Inside,
            ..Preprocess::default()
        };
        let found = preprocess.crop_region(Some(face), 200, 150);
        assert_eq!(found, expected, "{face:?} {scale}");
    }
}

#[test]
fn preprocess_ranges() {
    assert_eq!(Preprocess::default().validate(), Ok(()));
    let fine = Preprocess::default;
    for (bad, key) in [
        (Preprocess { size: 0, ..fine() }, "size"),
        (
            Preprocess {
                size: 5000,
                ..fine()
            },
            "size",
        ),
        (
            Preprocess {
                crop_scale: 0.0,
                ..fine()
            },
            "crop_scale",
        ),
        (
            Preprocess {
                crop_scale: f32::NAN,
                ..fine()
            },
            "crop_scale",
        ),
        (
            Preprocess {
                mean: [f32::INFINITY, 0.0, 0.0],
                ..fine()
            },
            "mean",
        ),
        (
            Preprocess {
                std: [1.0, 0.0, 1.0],
                ..fine()
            },
            "std",
        ),
        (
            Preprocess {
                std: [1.0, 1.0, -1.0],
                ..fine()
            },
            "std",
        ),
    ] {
        let error = bad.validate().unwrap_err();
        assert_eq!(error.key, key);
        assert!(error.to_string().contains(key));
    }
    assert!(toml::from_str::<Preprocess>("crop = 1.0").is_err());
}
