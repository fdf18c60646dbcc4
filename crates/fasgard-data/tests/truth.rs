//! Masks follow the crop of their picture into the cells of a map.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{preprocess, sample, write_file, write_jpeg};
use fasgard_data::truth::{Region, truths};
use fasgard_data::{LoadError, RelativePath, Sample};
use fasgard_image::{FaceBox, GrayImage, Luma, encode_png_gray};

/// A 64 x 64 picture whose face box is its middle half: with `crop_scale = 1` the crop is that half.
/// The mask's artefact is the picture's pixels `x` 16 to 32 and `y` 16 to 24.
fn masked(root: &std::path::Path) -> Sample {
    write_jpeg(&root.join("a.jpg"), 64, 64, 1);
    let mask = GrayImage::from_fn(128, 128, |x, y| {
        let attack = (32..64).contains(&x) && (32..48).contains(&y);
        Luma([if attack { 0 } else { 255 }])
    });
    write_file(&root.join("a.mask.png"), &encode_png_gray(&mask).unwrap());
    let mut sample = sample(root, "a", Some("partial/mouth"), None);
    sample.row.mask = Some(RelativePath::new("a.mask.png").unwrap());
    sample.row.face = Some(FaceBox {
        x: 16.0,
        y: 16.0,
        w: 32.0,
        h: 32.0,
    });
    sample
}

fn preprocess_of_the_box() -> fasgard_image::Preprocess {
    fasgard_image::Preprocess {
        crop_scale: 1.0,
        ..preprocess()
    }
}

#[test]
fn cells_are_those_of_the_crop() {
    let dir = tempfile::tempdir().unwrap();
    let found = truths(
        vec![masked(dir.path())],
        &preprocess_of_the_box(),
        &[4, 2, 1],
        Region::Whole,
    )
    .unwrap();
    let levels = found[0].as_ref().unwrap();
    // The crop is x, y 16 to 48: the artefact is its left half and upper quarter.
    let near = |got: &[f32], expected: &[f32]| {
        assert_eq!(got.len(), expected.len());
        for (a, b) in got.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{got:?} {expected:?}");
        }
    };
    let mut finest = [0.0; 16];
    finest[..2].fill(1.0);
    near(&levels[0].shares, &finest);
    near(&levels[1].shares, &[0.5, 0.0, 0.0, 0.0]);
    near(&levels[2].shares, &[0.125]);
    assert!(levels.iter().all(|l| l.counted.iter().all(|c| *c)));
}

#[test]
fn outside_the_face_nothing_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = masked(dir.path());
    // The face is the crop's right half; the artefact, without depth, counts too.
    let depth = GrayImage::from_fn(128, 128, |x, _| Luma([if x >= 64 { 9 } else { 0 }]));
    write_file(
        &dir.path().join("a.depth.png"),
        &encode_png_gray(&depth).unwrap(),
    );
    let none = sample.clone();
    sample.row.depth = Some(RelativePath::new("a.depth.png").unwrap());
    let found = truths(
        vec![sample, none],
        &preprocess_of_the_box(),
        &[4],
        Region::Face,
    )
    .unwrap();
    let level = &found[0].as_ref().unwrap()[0];
    let counted: Vec<u8> = level.counted.iter().map(|c| u8::from(*c)).collect();
    assert_eq!(counted, [1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
    assert!(matches!(found[1], Err(LoadError::NoDepth { .. })));
}

#[test]
fn what_cannot_be_read_stays_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let good = masked(dir.path());
    let mut bad = good.clone();
    bad.row.mask = Some(RelativePath::new("missing.png").unwrap());
    let found = truths(
        vec![bad, good],
        &preprocess_of_the_box(),
        &[4],
        Region::Whole,
    )
    .unwrap();
    assert!(found[0].is_err() && found[1].is_ok());
}
