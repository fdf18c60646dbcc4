//! One sample's way from file to input, and its parts, on one core.
#![allow(missing_docs, reason = "the macros make undocumented functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fasgard_image::{
    AugmentConfig, AugmentPlan, DecodeLimits, FaceBox, Outside, Preprocess, Rgb, RgbImage,
    augmented, augmented_map, crop, decode_bytes, encode_jpeg, random::stream,
};

/// Smooth shapes with fine texture: a JPEG of it has about the size of a camera's.
fn photograph(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let wave = |a: f32, b: f32| ((x as f32 * a).sin() + (y as f32 * b).cos()) * 40.0;
        let grain =
            f32::from((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) as u8) / 16.0;
        Rgb([(0.02, 0.03), (0.05, 0.01), (0.11, 0.07)]
            .map(|(a, b)| (wave(a, b) + grain + 110.0) as u8))
    })
}

fn sample(c: &mut Criterion) {
    let image = photograph(480);
    let jpeg = encode_jpeg(&image, 95).unwrap_or_default();
    let map = RgbImage::new(128, 128);
    let map = image::imageops::grayscale(&map);
    let limits = DecodeLimits::default();
    let face = Some(FaceBox {
        x: 90.0,
        y: 80.0,
        w: 300.0,
        h: 320.0,
    });
    let config = AugmentConfig {
        shift: 0.05,
        ..AugmentConfig::cdcn()
    };
    let plan = AugmentPlan::draw(&config, &mut stream(1, "augment", 0, "a"));
    let decoded = || decode_bytes("bench", &jpeg, &limits, true).unwrap_or_default();

    c.bench_function(
        &format!("decode a 480x480 JPEG of {} kB", jpeg.len() / 1000),
        |b| {
            b.iter(decoded);
        },
    );
    c.bench_function("draw a plan", |b| {
        b.iter(|| AugmentPlan::draw(&config, &mut stream(1, "augment", 0, black_box("a"))));
    });
    for size in [128, 256] {
        let preprocess = Preprocess {
            size,
            ..Preprocess::default()
        };
        let mut input = vec![0.0; preprocess.input_len()];
        c.bench_function(&format!("crop to {size}"), |b| {
            let region = preprocess.crop_region(face, 480, 480);
            b.iter(|| {
                crop(
                    black_box(&image),
                    region,
                    size,
                    preprocess.interpolation,
                    false,
                )
            });
        });
        c.bench_function(&format!("preprocess to {size} (crop, normalise)"), |b| {
            b.iter(|| preprocess.apply(black_box(&image), face));
        });
        c.bench_function(
            &format!("augment to {size} (crop, tone, erasing, cutout)"),
            |b| {
                b.iter(|| augmented(black_box(&image), face, &preprocess, &plan));
            },
        );
        c.bench_function(
            &format!("decode, draw, augment, normalise to {size}"),
            |b| {
                b.iter(|| {
                    let image = decoded();
                    let plan =
                        AugmentPlan::draw(&config, &mut stream(1, "augment", 0, black_box("a")));
                    preprocess
                        .normalize_into(&augmented(&image, face, &preprocess, &plan), &mut input);
                });
            },
        );
        // The same crop by another implementation, for comparison.
        c.bench_function(&format!("crop to {size}, fast_image_resize"), |b| {
            use fast_image_resize as fir;
            let source = fir::images::ImageRef::new(480, 480, &image, fir::PixelType::U8x3);
            let options = fir::ResizeOptions::new()
                .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Bilinear))
                .crop(48.0, 48.0, 384.0, 384.0);
            let mut out = fir::images::Image::new(size, size, fir::PixelType::U8x3);
            let mut resizer = fir::Resizer::new();
            b.iter(|| source.map(|source| resizer.resize(&source, &mut out, &options).is_ok()));
        });
    }
    c.bench_function("map of 128 to 32", |b| {
        let preprocess = Preprocess::default();
        b.iter(|| {
            augmented_map(
                black_box(&map),
                (480, 480),
                face,
                &preprocess,
                &plan,
                32,
                Outside::Zero,
            )
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1))
        .sample_size(20);
    targets = sample
}
criterion_main!(benches);
