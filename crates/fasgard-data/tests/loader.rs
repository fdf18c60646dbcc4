//! Batches are pure functions of seed and step, with targets that follow their images.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{SIZE, loader, picture, preprocess, rows, sample, with_threads, write_file};
use fasgard_data::{
    EvalLoader, LoadError, RelativePath, Sample, SamplingConfig, TargetSpec, TrainLoader,
};
use fasgard_image::{
    AugmentConfig, FaceBox, GrayImage, Luma, Preprocess, Rgb, RgbImage, encode_png, encode_png_gray,
};

#[test]
fn a_batch_depends_on_seed_and_step_only() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path(), true);
    let new = |seed| loader(rows.clone(), SamplingConfig::default(), 5, seed).unwrap();
    let reference = new(1);
    assert_eq!(
        (
            reference.steps_per_epoch(),
            reference.epoch_of(2),
            reference.epoch_of(3)
        ),
        (3, 0, 1)
    );
    let expected: Vec<_> = (0..8).map(|k| reference.batch(k).unwrap()).collect();
    for threads in 1..=3 {
        // Another loader, another order, another number of threads, with a cache too small for all.
        let other = new(1).with_cache(u64::from(threads == 2));
        with_threads(threads, || {
            for k in [7, 2, 5, 0, 7] {
                assert_eq!(
                    other.batch(k).unwrap(),
                    expected[k as usize],
                    "{threads} threads"
                );
            }
        });
    }
    for start in [0, 3, 6] {
        let mut ahead = new(1).prefetch(start, 2);
        for k in start..8 {
            assert_eq!(ahead.step(), k);
            assert_eq!(ahead.next_batch().unwrap(), expected[k as usize]);
        }
    }
    assert_ne!(new(2).batch(0).unwrap().rows, expected[0].rows);
    // A sample is augmented anew each epoch.
    let row = expected[0].rows[0];
    let image = |k: usize| {
        let at = expected[k].rows.iter().position(|r| *r == row)?;
        let len = expected[k].images.len() / 5;
        Some(expected[k].images[at * len..(at + 1) * len].to_vec())
    };
    let later = (3..6)
        .find_map(image)
        .expect("the row is drawn in the second epoch");
    assert_ne!(image(0), Some(later));
}

#[test]
fn masks_and_depth_move_with_flip_and_crop() {
    let dir = tempfile::tempdir().unwrap();
    // A white square left of the centre; its mask has another resolution.
    let image = RgbImage::from_fn(64, 64, |x, y| {
        Rgb([if (16..32).contains(&x) && (24..40).contains(&y) {
            255
        } else {
            0
        }; 3])
    });
    let map = GrayImage::from_fn(128, 128, |x, y| {
        Luma([if (32..64).contains(&x) && (48..80).contains(&y) {
            255
        } else {
            0
        }])
    });
    let png = encode_png(&image).unwrap();
    let mut rows = Vec::new();
    for i in 0..24 {
        let name = format!("m{i}");
        write_file(&dir.path().join(format!("{name}.jpg")), &png);
        let mut sample = sample(dir.path(), &name, Some("mask/half"), None);
        sample.row.face = Some(FaceBox {
            x: 12.0,
            y: 12.0,
            w: 40.0,
            h: 40.0,
        });
        sample.row.mask = Some(RelativePath::new("map.png").unwrap());
        sample.row.depth = sample.row.mask.clone();
        rows.push(sample);
    }
    write_file(&dir.path().join("map.png"), &encode_png_gray(&map).unwrap());
    let augment = AugmentConfig {
        flip: 0.5,
        crop_scale: Some([0.9, 1.6]),
        shift: 0.1,
        ..AugmentConfig::default()
    };
    let preprocess = Preprocess {
        interpolation: fasgard_image::Interpolation::Area,
        ..preprocess()
    };
    let targets = TargetSpec {
        mask: Some(SIZE),
        depth: Some(SIZE),
    };
    let loader = TrainLoader::new(
        rows,
        preprocess,
        augment,
        SamplingConfig::default(),
        targets,
        24,
        7,
    );
    let batch = loader.unwrap().batch(0).unwrap();
    let area = (SIZE * SIZE) as usize;
    let (masks, depths) = (batch.masks.unwrap(), batch.depths.unwrap());
    let mut sides = BTreeSet::new();
    for i in 0..24 {
        let red = &batch.images[i * 3 * area..][..area];
        let mask = &masks[i * area..][..area];
        let depth = &depths[i * area..][..area];
        let apart = |other: &[f32]| {
            red.iter()
                .zip(other)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max)
        };
        assert!(
            apart(mask) < 0.01 && apart(depth) < 0.01,
            "sample {i}: {} {}",
            apart(mask),
            apart(depth)
        );
        assert!(
            red.iter().sum::<f32>() > 10.0,
            "the square is in the picture"
        );
        let centre = red
            .iter()
            .enumerate()
            .map(|(p, v)| (p % SIZE as usize) as f32 * v)
            .sum::<f32>()
            / red.iter().sum::<f32>();
        sides.insert(centre < 7.5);
    }
    assert_eq!(sides.len(), 2, "no sample was flipped, or all were");
}

#[test]
fn ground_truth_without_files_is_constant_and_live_needs_depth() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path(), true);
    let spec = |depth| TargetSpec {
        mask: Some(2),
        depth,
    };
    let eval = |rows: &[Sample], depth| {
        EvalLoader::new(rows.to_vec(), preprocess(), spec(depth), 18)
            .unwrap()
            .batch(0)
    };
    let batch = eval(&rows, None).batch;
    for (i, mask) in batch.masks.unwrap().chunks(4).enumerate() {
        assert_eq!(mask, [batch.labels[i]; 4]);
        assert_eq!(batch.labels[i], if i < 12 { 1.0 } else { 0.0 });
    }
    let loaded = eval(&rows, Some(2));
    assert_eq!((loaded.batch.len(), loaded.failures.len()), (6, 12));
    assert_eq!(loaded.batch.depths.unwrap(), [0.0; 24]);
    let error = &loaded.failures[0].error;
    assert!(matches!(error, LoadError::NoDepth { .. }));
    assert!(
        error.to_string().contains("sample `s00`") && error.to_string().contains("target"),
        "{error}"
    );
}

#[test]
fn a_missing_image_is_named_and_spares_the_others_in_evaluation() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path(), true);
    let whole = EvalLoader::new(rows.clone(), preprocess(), TargetSpec::default(), 7).unwrap();
    let expected: Vec<_> = (0..3).map(|k| whole.batch(k).batch).collect();
    fs::remove_file(dir.path().join("s08.jpg")).unwrap();
    fs::write(dir.path().join("s09.jpg"), b"text").unwrap();
    let batches: Vec<_> = whole.prefetch(2).collect();
    assert_eq!((batches.len(), whole.batches()), (3, 3));
    assert_eq!(batches[0].batch, expected[0]);
    assert_eq!(batches[2].batch, expected[2]);
    let failed: Vec<_> = batches[1]
        .failures
        .iter()
        .map(|f| (f.row, f.error.kind()))
        .collect();
    assert_eq!(failed, [(8, "read"), (9, "not-an-image")]);
    assert_eq!(batches[1].batch.rows, [7, 10, 11, 12, 13]);
    let len = preprocess().input_len();
    assert_eq!(
        batches[1].batch.images[len..2 * len],
        expected[1].images[3 * len..4 * len]
    );
    let error = loader(rows, SamplingConfig::default(), 18, 1)
        .unwrap()
        .batch(0)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        ["s08", "s09"].contains(&error.sample()) && text.contains(".jpg"),
        "{text}"
    );
    assert!(whole.batch(3).batch.is_empty());
}

#[test]
fn prefetching_waits_are_counted_and_dropping_ends_the_thread() {
    let dir = tempfile::tempdir().unwrap();
    write_file(
        &dir.path().join("s.jpg"),
        &encode_png(&picture(900, 900, 1)).unwrap(),
    );
    let one = sample(dir.path(), "s", None, None);
    let loader = loader(vec![one; 4], SamplingConfig::default(), 4, 1).unwrap();
    let mut ahead = loader.prefetch(0, 3);
    ahead.next_batch().unwrap();
    assert!(ahead.waited().as_micros() > 0);
    // Dropping joins the thread; a thread that went on would keep this test from ending.
    drop(ahead);
}
