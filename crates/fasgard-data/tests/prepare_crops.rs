//! What is cut and stored of a raw file: crops, boxes, eyes, masks, depth.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::ops::ControlFlow;

use common::{contents, folder_tree, picture, prepared as run, write_file};
use fasgard_data::layout;
use fasgard_data::prepare::StoredFormat;
use fasgard_data::{AttackDepth, CropPolicy, Dataset, DepthPolicy, PrepareOptions, prepare};
use fasgard_image::{
    DecodeLimits, FaceBox, GrayImage, Luma, decode, decode_gray, encode_png, encode_png_gray,
};

#[test]
fn faces_that_nobody_knows_need_the_weights() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    folder_tree(&raw, 2);
    for (crop, depth) in [
        (CropPolicy::Box, DepthPolicy::Auto),
        (CropPolicy::Eyes, DepthPolicy::None),
        (CropPolicy::Mesh, DepthPolicy::Auto),
        (CropPolicy::None, DepthPolicy::Mesh),
    ] {
        let options = PrepareOptions {
            crop,
            depth,
            ..PrepareOptions::default()
        };
        let error = run(&raw, &out, &options).unwrap_err();
        assert!(error.contains("fasgard models install"), "{error}");
        assert!(!out.exists());
    }
}

#[test]
fn depth_of_a_canonical_face_follows_the_eyes() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    let image = picture(200, 160, 3);
    write_file(&raw.join("a.png"), &encode_png(&image).unwrap());
    write_file(
        &raw.join("b.png"),
        &encode_png(&picture(200, 160, 4)).unwrap(),
    );
    let table = "image,label,species,split,eye_rx,eye_ry,eye_lx,eye_ly\n\
                 a.png,live,,train,80,70,120,75\nb.png,attack,print/photo,train,80,70,120,75\n";
    write_file(&raw.join("rows.csv"), table.as_bytes());
    let layout = layout::by_name("csv").unwrap();
    let go_on = |_| ControlFlow::Continue(());
    for (attack_depth, maps) in [(AttackDepth::Zero, 1), (AttackDepth::Planar, 2)] {
        let options = PrepareOptions {
            crop: CropPolicy::Eyes,
            attack_depth,
            overwrite: true,
            ..PrepareOptions::default()
        };
        let input = raw.join("rows.csv");
        let summary = prepare(layout, &input, &out, &options, None, &go_on).unwrap();
        assert!(
            summary.notes.iter().any(|n| n.contains("eyes: ")),
            "{summary:?}"
        );
        let dataset = Dataset::open(&out).unwrap();
        let depths: Vec<_> = dataset
            .samples()
            .iter()
            .filter_map(|s| s.depth_path())
            .collect();
        assert_eq!(depths.len(), maps);
        for sample in dataset.samples() {
            let eyes = sample.row.eyes.unwrap();
            assert!((eyes.right[1] - eyes.left[1]).abs() < 1e-3);
        }
        let depth = decode_gray(&depths[0], &DecodeLimits::default()).unwrap();
        // Nearest below the middle between the eyes, nothing in the corner.
        let (x, y, _) = depth
            .enumerate_pixels()
            .max_by_key(|(_, _, p)| p.0[0])
            .unwrap();
        assert!(x.abs_diff(64) < 12 && (55..95).contains(&y), "{x} {y}");
        assert_eq!(depth.get_pixel(0, 0).0[0], 0);
        if maps == 2 {
            let plane = decode_gray(&depths[1], &DecodeLimits::default()).unwrap();
            let mut levels: Vec<_> = plane.pixels().map(|p| p.0[0]).collect();
            levels.sort_unstable();
            assert_eq!((levels[0], levels[levels.len() - 1]), (0, 128));
        }
    }
}

#[test]
fn the_stored_crop_is_as_wide_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    write_file(
        &raw.join("a.png"),
        &encode_png(&picture(200, 160, 3)).unwrap(),
    );
    let table = "image,label,species,box_x,box_y,box_w,box_h\na.png,live,,80,60,40,30\n";
    let input = raw.join("rows.csv");
    write_file(&input, table.as_bytes());
    let layout = layout::by_name("csv").unwrap();
    let go_on = |_| ControlFlow::Continue(());
    let options = |wide_scale| PrepareOptions {
        crop: CropPolicy::Box,
        depth: DepthPolicy::None,
        wide_scale,
        overwrite: true,
        ..PrepareOptions::default()
    };
    for (scale, side) in [(None, 64), (Some(1.0), 40), (Some(3.0), 120)] {
        let summary = prepare(layout, &input, &out, &options(scale), None, &go_on).unwrap();
        // Nobody asked for depth: nothing is said of its source.
        assert!(
            !summary.notes.iter().any(|n| n.contains("depth")),
            "{summary:?}"
        );
        let dataset = Dataset::open(&out).unwrap();
        let sample = &dataset.samples()[0];
        let image = decode(sample.image_path(), &DecodeLimits::default(), true).unwrap();
        assert_eq!(image.dimensions(), (side, side));
        let face = sample.row.face.unwrap();
        assert!((face.w - 40.0).abs() < 1.0 && (face.x + 20.0 - side as f32 / 2.0).abs() < 1.0);
        let stored = dataset.infos()[0].wide_scale().unwrap();
        assert!((stored - f64::from(scale.unwrap_or(1.6))).abs() < 1e-6);
    }
    for scale in [0.5, 4.5, f32::NAN] {
        let error = prepare(layout, &input, &out, &options(Some(scale)), None, &go_on).unwrap_err();
        assert!(error.to_string().contains("wide-scale"), "{error}");
    }
}

#[test]
fn boxes_masks_and_eyes_move_into_the_stored_crop() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    let image = picture(200, 160, 3);
    write_file(&raw.join("a.png"), &encode_png(&image).unwrap());
    write_file(&raw.join("bad.png"), &encode_png(&image).unwrap());
    // The mask has half the image's size; its lower half is an artefact.
    let mask = GrayImage::from_fn(100, 80, |_, y| Luma([if y < 40 { 255 } else { 0 }]));
    write_file(&raw.join("m.png"), &encode_png_gray(&mask).unwrap());
    let list = raw.join("list.csv");
    fs::write(
        &list,
        "image,label,species,mask,box_x,box_y,box_w,box_h,eye_rx,eye_ry,eye_lx,eye_ly\n\
         a.png,attack,mask/half,m.png,60,30,100,100,90,60,130,60\n\
         bad.png,attack,mask/half,,,,,,,,,\n",
    )
    .unwrap();
    let options = PrepareOptions {
        crop: CropPolicy::Box,
        format: StoredFormat::Png,
        ..PrepareOptions::default()
    };
    let summary = run(&list, &out, &options).unwrap();
    assert_eq!(
        (summary.stored, summary.failures[0].sample.as_str()),
        (1, "bad")
    );
    assert!(
        summary.failures[0].reason.contains("box_x"),
        "{:?}",
        summary.failures
    );
    let dataset = Dataset::open(&out).unwrap();
    let row = &dataset.samples()[0].row;
    // Centre (110, 80), side 160: from (30, 0).
    assert_eq!(
        row.face,
        Some(FaceBox {
            x: 30.0,
            y: 30.0,
            w: 100.0,
            h: 100.0
        })
    );
    assert_eq!(
        row.eyes.map(|e| (e.right, e.left)),
        Some(([60.0, 60.0], [100.0, 60.0]))
    );
    let limits = DecodeLimits::default();
    let stored = decode(dataset.samples()[0].image_path(), &limits, true).unwrap();
    assert_eq!(stored.dimensions(), (160, 160));
    for (x, y) in [(0, 0), (159, 159), (80, 30)] {
        assert_eq!(
            stored.get_pixel(x, y),
            image.get_pixel(x + 30, y),
            "pixels are copied"
        );
    }
    let mask = decode_gray(dataset.samples()[0].mask_path().unwrap(), &limits).unwrap();
    assert_eq!(mask.dimensions(), (128, 128));
    assert_eq!(
        (mask.get_pixel(64, 63).0, mask.get_pixel(64, 64).0),
        ([255], [0])
    );
}

#[test]
fn copies_are_verbatim_and_max_side_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let (raw, out) = (dir.path().join("raw"), dir.path().join("out"));
    folder_tree(&raw, 2);
    let options = PrepareOptions {
        crop: CropPolicy::None,
        ..PrepareOptions::default()
    };
    run(&raw, &out, &options).unwrap();
    let source = contents(&raw);
    for (name, bytes) in contents(&out.join("faces")) {
        assert_eq!(bytes, source[&name], "{name}");
    }
    assert!(
        Dataset::open(&out)
            .unwrap()
            .samples()
            .iter()
            .all(|s| s.row.face.is_none())
    );
    let out = dir.path().join("small");
    let options = PrepareOptions {
        max_side: Some(32),
        ..PrepareOptions::default()
    };
    run(&raw, &out, &options).unwrap();
    let sample = &Dataset::open(&out).unwrap().samples()[0].clone();
    let image = decode(sample.image_path(), &DecodeLimits::default(), true).unwrap();
    assert_eq!(
        (image.dimensions(), sample.row.face.unwrap().w),
        ((32, 32), 20.0)
    );
    let options = PrepareOptions {
        max_side: Some(1),
        ..PrepareOptions::default()
    };
    assert!(
        run(&raw, &dir.path().join("x"), &options)
            .unwrap_err()
            .contains("max-side")
    );
}
