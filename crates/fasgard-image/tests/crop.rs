//! Crops against hand values and another implementation.

mod common;

use common::noise;
use fasgard_image::{FaceBox, Interpolation, RgbImage, crop};
use image::{Rgb, imageops};
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

proptest! {
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
