//! What pixels become before a network sees them: which part, which numbers, by hand.

mod common;

use common::gradient;
use fasgard_image::{ColorOrder, CropFit, FaceBox, PixelRange, Preprocess, RgbImage};
use image::Rgb;

fn boxed(x: f32, y: f32, w: f32, h: f32) -> FaceBox {
    FaceBox { x, y, w, h }
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
    let face = boxed(10.0, 20.0, 20.0, 40.0);
    let found = preprocess.crop_region(Some(face), 100, 100);
    assert_eq!(found, boxed(-10.0, 10.0, 60.0, 60.0));
    let none = preprocess.crop_region(None, 100, 60);
    assert_eq!(none, boxed(20.0, 0.0, 60.0, 60.0));
    let cut = preprocess.crop(&gradient(100, 60), None);
    assert_eq!(cut.dimensions(), (256, 256));
}

/// Worked out by hand from the published code: the scale is cut to what fits, then the box is moved
/// in, and both ends are whole pixels that belong to it.
#[test]
fn regions_inside_by_hand() {
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
