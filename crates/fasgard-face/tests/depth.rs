//! Depth maps by properties, and against the exact depth of rendered faces.

mod agreement;

use agreement::Agreement;
use fasgard_face::geometry::{Refusal, canonical, depth, mirrored_index};
use fasgard_image::{Eyes, FaceBox, GrayImage};
use fasgard_synth::{CaptureOptions, Identity, Presentation, capture};

const REGION: FaceBox = FaceBox {
    x: 20.0,
    y: 30.0,
    w: 320.0,
    h: 320.0,
};

fn eyes(x: f32, y: f32, d: f32) -> Eyes {
    Eyes {
        right: [x - d / 2.0, y],
        left: [x + d / 2.0, y],
    }
}

fn worst(a: &GrayImage, b: &GrayImage) -> u8 {
    a.iter()
        .zip(b.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .max()
        .unwrap_or(0)
}

#[test]
fn the_nose_is_nearest_and_the_face_has_no_holes() {
    let mesh = depth::fitted(eyes(180.0, 170.0, 80.0));
    let map = depth::from_mesh(&mesh, 1.0, depth::upright(REGION)).unwrap();
    assert!(*map.iter().max().unwrap() >= 253);
    let brightest = map.enumerate_pixels().max_by_key(|p| p.2[0]).unwrap();
    assert!(
        brightest.0.abs_diff(64) <= 2 && brightest.1 > 60,
        "{brightest:?}"
    );
    for row in map.rows() {
        let row: Vec<u8> = row.map(|p| p[0]).collect();
        let inner = row
            .iter()
            .position(|&v| v > 0)
            .zip(row.iter().rposition(|&v| v > 0));
        if let Some((first, last)) = inner {
            assert!(row[first..=last].iter().all(|&v| v > 0));
        }
    }
    let flat = depth::planar(&mesh, depth::upright(REGION)).unwrap();
    assert_eq!(flat.get_pixel(64, 64)[0], 128);
    assert_eq!(flat.get_pixel(0, 0)[0], 0);
}

#[test]
fn maps_follow_shift_scale_and_mirror() {
    let mesh = depth::fitted(eyes(180.0, 170.0, 80.0));
    let map = depth::from_mesh(&mesh, 1.0, depth::upright(REGION)).unwrap();
    let moved: Vec<_> = mesh
        .iter()
        .map(|p| [p[0] * 2.0 + 64.0, p[1] * 2.0 - 32.0, p[2] * 2.0])
        .collect();
    let region = FaceBox {
        x: 104.0,
        y: 28.0,
        w: 640.0,
        h: 640.0,
    };
    let other = depth::from_mesh(&moved, 1.0, depth::upright(region)).unwrap();
    assert!(worst(&map, &other) <= 1);
    let mirrored: Vec<_> = (0..mesh.len())
        .map(|i| {
            let p = mesh[mirrored_index(i)];
            [360.0 - p[0], p[1], p[2]]
        })
        .collect();
    let mut other = depth::from_mesh(&mirrored, 1.0, depth::upright(REGION)).unwrap();
    flip(&mut other);
    let off = map
        .iter()
        .zip(other.iter())
        .filter(|(a, b)| a.abs_diff(**b) > 8)
        .count();
    assert!(off < 164, "{off} of 16384 pixels differ");
}

fn flip(map: &mut GrayImage) {
    let copy = map.clone();
    for (x, y, p) in map.enumerate_pixels_mut() {
        *p = *copy.get_pixel(127 - x, y);
    }
}

#[test]
fn bad_meshes_are_refused_and_random_ones_never_panic() {
    let to_crop = || depth::upright(REGION);
    let mesh = depth::fitted(eyes(180.0, 170.0, 80.0));
    assert!(matches!(
        depth::from_mesh(&mesh, 0.4, to_crop()),
        Err(Refusal::Presence { .. })
    ));
    assert!(matches!(
        depth::from_mesh(&mesh[1..], 1.0, to_crop()),
        Err(Refusal::Count { found: 467 })
    ));
    let far = depth::fitted(eyes(1e4, 0.0, 80.0));
    assert!(matches!(
        depth::from_mesh(&far, 1.0, to_crop()),
        Err(Refusal::Outside { inside: 0 })
    ));
    assert!(matches!(
        depth::from_eyes(eyes(9.0, 9.0, 0.0), to_crop()),
        Err(Refusal::Degenerate(_))
    ));
    let turned: Vec<_> = mesh
        .iter()
        .map(|p| [180.0 + p[2], p[1], 180.0 - p[0]])
        .collect();
    assert!(matches!(
        depth::from_mesh(&turned, 1.0, to_crop()),
        Err(Refusal::Pose { .. })
    ));
    let mut nan = mesh.clone();
    nan[7][1] = f32::NAN;
    assert!(matches!(
        depth::from_mesh(&nan, 1.0, to_crop()),
        Err(Refusal::Degenerate(_))
    ));
    for scale in [1e-3f32, 1.0, 300.0, 1e20, 1e38] {
        let wild: Vec<_> = (0..canonical().len())
            .map(|i| {
                [1usize, 2, 3]
                    .map(|k| ((i * 7919 * k + i * i) % 1000) as f32 / 500.0 * scale - scale / 2.0)
            })
            .collect();
        let _ = depth::from_mesh(&wild, 1.0, to_crop());
        let _ = depth::planar(&wild, to_crop());
    }
}

#[test]
fn the_eye_fitted_face_is_near_the_exact_depth() {
    let mut agreement = Agreement::default();
    for k in 0..12 {
        let c = capture(
            &Identity::new(5, k),
            Presentation::Live,
            0,
            &CaptureOptions::default(),
        );
        let [right, left] = c.eyes;
        let whole = FaceBox::whole(c.image.width(), c.image.height());
        let map = depth::from_eyes(Eyes { right, left }, depth::upright(whole)).unwrap();
        agreement.add(&map, &c.depth);
    }
    let (error, correlation, iou) = agreement.figures();
    println!("mean error {error:.3}, correlation {correlation:.3}, IoU {iou:.3}");
    assert!(error < 0.3 && correlation > 0.5 && iou > 0.4);
}
