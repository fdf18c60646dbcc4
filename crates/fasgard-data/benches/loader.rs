//! Images a second from JPEG files of 480 x 480 pixels to network inputs of 128 x 128.
#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fasgard_data::{
    ManifestRow, RelativePath, Sample, SamplingConfig, SimulateAugment, TargetSpec, TrainAugment,
    TrainLoader,
};
use fasgard_image::{AugmentConfig, FaceBox, Preprocess, Rgb, RgbImage, encode_jpeg};
use fasgard_metrics::Label;

const IMAGES: u32 = 64;
const BATCH: usize = 32;

/// Something like a face in the amount of detail: smooth shapes and a little noise.
fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(480, 480, |x, y| {
        let wave = |f: f32, p: f32| ((x as f32 * f + p).sin() + (y as f32 * f * 1.3).cos()) * 40.0;
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503 + seed)) >> 13 & 7;
        let value = |k: f32| (128.0 + wave(0.02, seed as f32 + k) + noise as f32) as u8;
        Rgb([value(0.0), value(1.0), value(2.0)])
    })
}

fn rows(folder: &std::path::Path) -> Vec<Sample> {
    let sample = |i| {
        let name = format!("{i}.jpg");
        let bytes = encode_jpeg(&picture(i), 95).expect("a picture");
        std::fs::write(folder.join(&name), bytes).expect("a file");
        let image = RelativePath::new(&name).expect("a relative path");
        let species = (i % 2 == 1).then(|| "print/1".parse().expect("a species"));
        let label = if i % 2 == 1 {
            Label::Attack
        } else {
            Label::Live
        };
        let mut row = ManifestRow::new("bench", i.to_string(), label, species, image);
        row.face = Some(FaceBox {
            x: 90.0,
            y: 90.0,
            w: 300.0,
            h: 300.0,
        });
        Sample {
            root: Arc::from(folder),
            row,
        }
    };
    (0..IMAGES).map(sample).collect()
}

fn loading(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows = rows(folder.path());
    let preprocess = Preprocess {
        size: 128,
        ..Preprocess::default()
    };
    let augmented = AugmentConfig {
        flip: 0.5,
        crop_scale: Some([1.1, 1.4]),
        brightness: [-20.0, 20.0],
        gamma: [0.8, 1.25],
        ..AugmentConfig::default()
    };
    let targets = TargetSpec {
        mask: Some(8),
        depth: None,
    };
    let mut group = c.benchmark_group("loader");
    group.throughput(Throughput::Elements(BATCH as u64));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    // No eyes: prints and displays only.
    let simulated = TrainAugment {
        pixels: augmented.clone(),
        simulate: SimulateAugment {
            probability: 0.25,
            ..SimulateAugment::default()
        },
    };
    for (name, augment, cache) in [
        ("plain", TrainAugment::default(), 0),
        ("augmented", augmented.clone().into(), 0),
        ("augmented, cached", augmented.into(), 64),
        ("simulated, cached", simulated, 64),
    ] {
        let loader = TrainLoader::new(
            rows.clone(),
            preprocess.clone(),
            augment,
            SamplingConfig::default(),
            targets,
            BATCH,
            1,
        );
        let loader = loader.expect("a loader").with_cache(cache);
        let mut step = 0;
        group.bench_function(BenchmarkId::new(name, "480 to 128 px"), |b| {
            b.iter(|| {
                step += 1;
                black_box(loader.batch(step).expect("a batch"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, loading);
criterion_main!(benches);
