//! A capture is what its documentation says: repeatable, decodable, with exact mask and depth.

use fasgard_image::{DecodeLimits, decode_bytes};
use fasgard_synth::{Capture, CaptureOptions, Identity, MAP_SIDE, Presentation, capture};
use image::GrayImage;
use rayon::prelude::*;

const SEED: u64 = 11;

fn shoot(index: u64, presentation: Presentation, shot: u64) -> Capture {
    capture(
        &Identity::new(SEED, index),
        presentation,
        shot,
        &CaptureOptions::default(),
    )
}

/// The first captures of some identities.
fn some(presentation: Presentation) -> Vec<Capture> {
    (0..12)
        .into_par_iter()
        .map(|i| shoot(i, presentation, i % 3))
        .collect()
}

/// A map's value at a place of the stored image.
fn at(map: &GrayImage, c: &Capture, [x, y]: [f32; 2]) -> u8 {
    let scale = MAP_SIDE as f32 / c.image.width() as f32;
    let cell = |v: f32| ((v * scale) as u32).min(MAP_SIDE - 1);
    map.get_pixel(cell(x), cell(y)).0[0]
}

/// Share of a map that is zero.
fn zeros(map: &GrayImage) -> f64 {
    map.pixels().filter(|p| p.0[0] == 0).count() as f64 / f64::from(MAP_SIDE * MAP_SIDE)
}

#[test]
fn same_arguments_same_bytes_on_any_thread() {
    for presentation in Presentation::ALL {
        let here = shoot(3, presentation, 1);
        let there = std::thread::spawn(move || shoot(3, presentation, 1))
            .join()
            .unwrap();
        assert_eq!(here.jpeg, there.jpeg);
        assert_eq!((here.mask, here.depth), (there.mask, there.depth));
        assert_eq!(
            (here.face, here.eyes, here.conditions),
            (there.face, there.eyes, there.conditions)
        );
    }
}

#[test]
fn every_argument_counts() {
    let options = CaptureOptions::default();
    let base = shoot(3, Presentation::Live, 1).jpeg;
    assert_ne!(base, shoot(4, Presentation::Live, 1).jpeg);
    assert_ne!(base, shoot(3, Presentation::Live, 2).jpeg);
    assert_ne!(base, shoot(3, Presentation::HalfMask, 1).jpeg);
    assert_ne!(
        base,
        capture(&Identity::new(SEED + 1, 3), Presentation::Live, 1, &options).jpeg
    );
}

#[test]
fn an_identity_keeps_its_face_from_shot_to_shot() {
    // The tone of the forehead differs less between shots of one person than between people,
    // though light and camera change with every shot.
    let tone = |c: &Capture| {
        let x = (c.eyes[0][0] + c.eyes[1][0]) / 2.0;
        let y = (c.eyes[0][1] + c.eyes[1][1]) / 2.0 + 0.35 * (c.eyes[1][0] - c.eyes[0][0]);
        let p = c.image.get_pixel(x as u32, y as u32).0.map(f64::from);
        (p[0] + p[1] + p[2]) / 3.0
    };
    let people: Vec<Vec<f64>> = (0..24)
        .into_par_iter()
        .map(|i| {
            (0..6)
                .map(|s| tone(&shoot(i, Presentation::Live, s)))
                .collect()
        })
        .collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let variance =
        |v: &[f64]| v.iter().map(|x| (x - mean(v)).powi(2)).sum::<f64>() / (v.len() - 1) as f64;
    let within = mean(&people.iter().map(|p| variance(p)).collect::<Vec<_>>());
    let between = variance(&people.iter().map(|p| mean(p)).collect::<Vec<_>>());
    // Six shots of nobody in particular would give between = within / 6.
    assert!(
        between > 0.4 * within,
        "between {between:.0}, within {within:.0}"
    );
}

#[test]
fn the_file_decodes_to_the_image() {
    for presentation in Presentation::ALL {
        for side in [96, 160] {
            let c = capture(
                &Identity::new(SEED, 5),
                presentation,
                0,
                &CaptureOptions::with_side(side),
            );
            let limits = DecodeLimits::default();
            let decoded = decode_bytes("capture", &c.jpeg, &limits, true).unwrap();
            assert_eq!(decoded.dimensions(), (side, side));
            assert_eq!(decoded, c.image);
            assert_eq!(c.mask.dimensions(), (MAP_SIDE, MAP_SIDE));
            assert_eq!(c.depth.dimensions(), (MAP_SIDE, MAP_SIDE));
        }
    }
}

#[test]
fn sizes_out_of_range_are_moved_into_it() {
    let small = capture(
        &Identity::new(SEED, 0),
        Presentation::Live,
        0,
        &CaptureOptions::with_side(0),
    );
    assert_eq!(small.image.width(), 32);
}

#[test]
fn the_box_is_the_crop_and_the_eyes_are_in_it() {
    for presentation in Presentation::ALL {
        for c in some(presentation) {
            let side = c.image.width() as f32;
            let square = c.face.square(1.6);
            assert!(
                (square.w - side).abs() < 0.01 && square.x.abs() < 0.01 && square.y.abs() < 0.01
            );
            let [right, left] = c.eyes;
            assert!(
                right[0] < left[0],
                "{presentation}: the subject's right eye is on the image's left"
            );
            let apart = (left[0] - right[0]).hypot(left[1] - right[1]) / c.face.h;
            assert!(
                (0.22..0.46).contains(&apart),
                "{presentation}: eyes {apart} of the box apart"
            );
            for [x, y] in c.eyes {
                let (u, v) = ((x - c.face.x) / c.face.w, (y - c.face.y) / c.face.h);
                assert!(
                    (0.0..1.0).contains(&u) && (0.15..0.62).contains(&v),
                    "{presentation}: eye at {u}, {v} of the box"
                );
            }
        }
    }
}

#[test]
fn live_depth_is_a_head_before_nothing() {
    for c in some(Presentation::Live) {
        assert_eq!(zeros(&c.mask), 0.0);
        let nearest = c.depth.enumerate_pixels().max_by_key(|p| p.2.0[0]).unwrap();
        assert!(nearest.2.0[0] > 240);
        // The nearest point is the nose's tip: below the eyes, within the middle of the face.
        let scale = c.image.width() as f32 / MAP_SIDE as f32;
        let (x, y) = (nearest.0 as f32 * scale, nearest.1 as f32 * scale);
        let middle = [
            (c.eyes[0][0] + c.eyes[1][0]) / 2.0,
            (c.eyes[0][1] + c.eyes[1][1]) / 2.0,
        ];
        let apart = c.eyes[1][0] - c.eyes[0][0];
        assert!(
            (x - middle[0]).abs() < 0.6 * apart,
            "nose {x}, eyes' middle {middle:?}"
        );
        assert!(
            (0.25..1.1).contains(&((y - middle[1]) / apart)),
            "nose {y}, eyes' middle {middle:?}"
        );
        // Upper corners are background; the head fills a part of the frame.
        for corner in [[0.0, 0.0], [c.image.width() as f32 - 1.0, 0.0]] {
            assert_eq!(at(&c.depth, &c, corner), 0);
        }
        let empty = zeros(&c.depth);
        assert!(
            (0.45..0.85).contains(&empty),
            "{empty} of the depth map is empty"
        );
    }
}

#[test]
fn a_flat_attack_has_no_depth_and_no_live_pixel() {
    for presentation in [Presentation::Print, Presentation::Replay] {
        for c in some(presentation) {
            assert_eq!((zeros(&c.mask), zeros(&c.depth)), (1.0, 1.0));
        }
    }
}

#[test]
fn paper_eyes_cover_the_eyes_and_nothing_else() {
    for c in some(Presentation::PaperEyes) {
        let area = zeros(&c.mask);
        assert!((0.03..0.20).contains(&area), "strip covers {area}");
        for eye in c.eyes {
            assert_eq!(at(&c.mask, &c, eye), 0, "the eye at {eye:?} is not covered");
            assert_eq!(at(&c.depth, &c, eye), 0);
        }
        let chin = [c.face.x + c.face.w / 2.0, c.face.y + 0.8 * c.face.h];
        assert_eq!(at(&c.mask, &c, chin), 255);
        assert!(at(&c.depth, &c, chin) > 0);
        assert_eq!(at(&c.mask, &c, [0.0, 0.0]), 255);
    }
}

#[test]
fn half_masks_cover_their_half_and_leave_the_eyes() {
    let mut halves = [0, 0];
    for c in some(Presentation::HalfMask) {
        let area = zeros(&c.mask);
        assert!((0.06..0.40).contains(&area), "mask covers {area}");
        for eye in c.eyes {
            assert_eq!(at(&c.mask, &c, eye), 255, "the eye at {eye:?} is covered");
        }
        let medium = &c.conditions.iter().find(|p| p.0 == "medium").unwrap().1;
        let lower = medium.ends_with("lower");
        halves[usize::from(lower)] += 1;
        let middle = c.face.x + c.face.w / 2.0;
        let chin = at(&c.mask, &c, [middle, c.face.y + 0.88 * c.face.h]);
        assert_eq!(chin == 0, lower, "{medium}");
    }
    assert!(
        halves[0] > 0 && halves[1] > 0,
        "both halves occur: {halves:?}"
    );
}

#[test]
fn the_mask_is_where_the_picture_differs() {
    // The same identity with and without the strip: outside the mask the face is there.
    let c = shoot(2, Presentation::PaperEyes, 0);
    let depth_over_artefact = c
        .mask
        .pixels()
        .zip(c.depth.pixels())
        .filter(|(m, d)| m.0[0] == 0 && d.0[0] > 160)
        .count();
    assert_eq!(depth_over_artefact, 0);
}

#[test]
fn conditions_are_attributes() {
    for presentation in Presentation::ALL {
        let c = shoot(1, presentation, 0);
        let names: Vec<_> = c.conditions.iter().map(|p| p.0).collect();
        assert!(names.contains(&"device"), "{names:?}");
        assert_eq!(
            names.contains(&"medium"),
            presentation != Presentation::Live
        );
        for (name, value) in &c.conditions {
            assert!(
                !value.is_empty() && !format!("{name}{value}").contains([';', '=', ',']),
                "{name}={value}"
            );
        }
    }
}
