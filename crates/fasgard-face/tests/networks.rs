//! Both networks against LiteRT (`tools/fixtures/face.py`), and on a portrait.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod agreement;

use std::path::{Path, PathBuf};

use agreement::Agreement;
use fasgard_face::geometry::depth;
use fasgard_face::{Detector, Mesher, Weights, choose};
use fasgard_image::{
    DecodeLimits, Eyes, FaceBox, Interpolation, Rgb, RgbImage, RotatedSquare, crop, decode,
    rotated_crop,
};
use fasgard_synth::{CaptureOptions, Identity, Presentation, capture};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn reference(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(data(name)).unwrap();
    let words = bytes.as_chunks::<4>().0;
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

fn astronaut() -> RgbImage {
    decode(data("astronaut.png"), &DecodeLimits::default(), true).unwrap()
}

fn pattern(side: usize) -> Vec<u8> {
    (0..side * side * 3)
        .map(|i| {
            let (y, x, c) = (i / (3 * side), i / 3 % side, i % 3);
            ((x * x / 16 + 3 * y + 40 * c + i * 7919 % 31) % 256) as u8
        })
        .collect()
}

/// Largest difference in parts of `scale`.
fn difference(found: &[f32], expected: &[f32], scale: f32) -> f32 {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(a, b)| (a - b).abs() / scale)
        .fold(0.0, f32::max)
}

#[test]
#[ignore = "needs the weights: fasgard models install"]
fn the_detector_agrees_with_litert() {
    let detector = Detector::new(&Weights::find().unwrap()).unwrap();
    let image = astronaut();
    let mut half = Vec::new();
    for (y, x) in (0..128).flat_map(|y| (0..128).map(move |x| (y, x))) {
        for c in 0..3 {
            let at = |dx: u32, dy: u32| u32::from(image.get_pixel(16 + 2 * x + dx, 2 * y + dy)[c]);
            half.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
        }
    }
    for (name, bytes) in [("pattern", pattern(128)), ("astronaut", half)] {
        let expected = reference(&format!("detector-{name}.f32"));
        let input = bytes.iter().map(|v| f32::from(*v) / 127.5 - 1.0).collect();
        let (boxes, logits) = detector.raw(input).unwrap();
        // Logits reach 100 where nothing is; what is compared is the score.
        let scores =
            |v: &[f32]| -> Vec<f32> { v.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect() };
        let score = difference(&scores(&logits), &scores(&expected[..896]), 1.0);
        let kept: Vec<f32> = boxes.chunks(16).step_by(8).flatten().copied().collect();
        let place = difference(&kept, &expected[896..], 128.0);
        println!("{name}: score {score:e}, box {place:e}");
        assert!(score < 1e-3 && place < 1e-3, "{name}: {score}, {place}");
    }
}

#[test]
#[ignore = "needs the weights: fasgard models install"]
fn the_mesh_agrees_with_litert() {
    let mesher = Mesher::new(&Weights::find().unwrap()).unwrap();
    let image = astronaut();
    let part = RgbImage::from_fn(192, 192, |x, y| *image.get_pixel(48 + x, 19 + y));
    for (name, bytes) in [("pattern", pattern(192)), ("astronaut", part.into_raw())] {
        let expected = reference(&format!("mesh-{name}.f32"));
        let input = bytes.iter().map(|v| f32::from(*v) / 255.0).collect();
        let (points, presence) = mesher.raw(input).unwrap();
        let place = difference(&points, &expected[..1404], 192.0);
        let logit = (presence - expected[1404]).abs();
        println!("{name}: point {place:e}, logit {logit:e}");
        assert!(place < 1e-3 && logit < 1e-3, "{name}: {place}, {logit}");
    }
}

#[test]
#[ignore = "needs the weights: fasgard models install"]
fn a_portrait_whole_tight_turned_and_empty() {
    let weights = Weights::find().unwrap();
    let (detector, mesher) = (
        Detector::new(&weights).unwrap(),
        Mesher::new(&weights).unwrap(),
    );
    let image = astronaut();
    let found = detector.detect(&image);
    assert_eq!(found.len(), 1);
    let face = found[0];
    let mesh = mesher.fit(&image, &face);
    assert!(mesh.presence > 0.9, "{}", mesh.presence);
    // Points 1 (nose tip), 33 and 263 (outer corners of the eyes) against the detector's.
    let near = |point: usize, key: usize, within: f32| {
        let ([x, y, _], [a, b]) = (mesh.points[point], face.keypoints[key]);
        let far = (x - a).hypot(y - b);
        assert!(far < within * face.face.w, "point {point}: {far}");
    };
    near(1, 2, 0.12);
    near(33, 0, 0.25);
    near(263, 1, 0.25);
    assert!(mesh.points[33][0] < mesh.points[263][0]);
    assert!(
        mesh.points[1][2] < mesh.points[33][2],
        "the nose is nearer than the eyes"
    );

    // A crop that the face fills: found on a larger canvas, at the same place.
    let tight = crop(&image, face.face, 160, Interpolation::Bilinear, false);
    let again = detector.detect(&tight);
    let scale = face.face.w / 160.0;
    assert_eq!(again.len(), 1);
    for (a, b) in again[0].keypoints[..4].iter().zip(face.keypoints) {
        let moved = [face.face.x + a[0] * scale, face.face.y + a[1] * scale];
        let far = (moved[0] - b[0]).hypot(moved[1] - b[1]);
        assert!(far < 0.12 * face.face.w, "{far}");
    }

    // Turned by 25 degrees: the mesh turns with it.
    let square = RotatedSquare {
        center: [144.0, 144.0],
        side: 288.0,
        angle: 25.0_f32.to_radians(),
    };
    let turned = rotated_crop(&image, square, 288);
    let there = detector.detect(&turned);
    let there = mesher.fit(&turned, &there[0]);
    let mut far = 0.0;
    for (a, b) in there.points.iter().zip(&mesh.points) {
        let [x, y] = square.to_image(a[0] / 288.0, a[1] / 288.0);
        far += (x - b[0]).hypot(y - b[1]) / 468.0;
    }
    println!("turned: {far} pixels of {}", face.face.w);
    assert!(far < 0.04 * face.face.w, "{far}");

    assert!(
        detector
            .detect(&RgbImage::from_pixel(200, 100, Rgb([128; 3])))
            .is_empty()
    );
    assert!(detector.detect(&RgbImage::new(0, 0)).is_empty());
}

#[test]
#[ignore = "needs the weights: fasgard models install"]
fn any_number_of_threads_gives_the_same_bits() {
    let weights = Weights::find().unwrap();
    let (detector, mesher) = (
        Detector::new(&weights).unwrap(),
        Mesher::new(&weights).unwrap(),
    );
    let image = astronaut();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let found = detector.detect(&image);
            let mesh = mesher.fit(&image, &found[0]);
            (found, mesh)
        })
    };
    assert_eq!(with(1), with(3));
}

/// The mesh, and the canonical face laid on the eyes, beside the depth that rendered faces really
/// have. Nobody's face is in the renderings: they are faces enough for the networks, no portraits.
#[test]
#[ignore = "needs the weights: fasgard models install"]
fn depth_of_the_mesh_is_near_the_exact_depth_of_rendered_faces() {
    let weights = Weights::find().unwrap();
    let (detector, mesher) = (
        Detector::new(&weights).unwrap(),
        Mesher::new(&weights).unwrap(),
    );
    let (mut by_mesh, mut by_eyes) = (Agreement::default(), Agreement::default());
    let (mut found, mut fitted, n) = (0, 0, 200);
    for k in 0..n {
        let options = CaptureOptions::with_side(256);
        let c = capture(&Identity::new(5, k), Presentation::Live, 0, &options);
        let detections = detector.detect(&c.image);
        let Some(face) = choose(&detections, None) else {
            continue;
        };
        found += 1;
        let mesh = mesher.fit(&c.image, face);
        let whole = FaceBox::whole(c.image.width(), c.image.height());
        let to_crop = depth::upright(whole);
        let Ok(map) = depth::from_mesh(&mesh.points, mesh.presence, &to_crop) else {
            continue;
        };
        fitted += 1;
        by_mesh.add(&map, &c.depth);
        let [right, left] = c.eyes;
        by_eyes.add(
            &depth::from_eyes(Eyes { right, left }, &to_crop).unwrap(),
            &c.depth,
        );
    }
    println!("{found} of {n} rendered faces found, {fitted} fitted");
    let mut figures = [(0.0, 0.0, 0.0); 2];
    for (i, (name, agreement)) in [("mesh", &by_mesh), ("eyes", &by_eyes)].iter().enumerate() {
        figures[i] = agreement.figures();
        let (error, correlation, iou) = figures[i];
        println!("{name}: mean error {error:.3}, correlation {correlation:.3}, IoU {iou:.3}");
    }
    let (error, correlation, iou) = figures[0];
    assert!(fitted * 2 > n, "{fitted} of {n}");
    assert!(error < 0.3 && correlation > 0.5 && iou > 0.4);
}
