//! A re-captured picture is what its documentation says: repeatable, with exact mask and depth.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use fasgard_image::{Eyes, FaceBox};
use fasgard_synth::{
    Attack, Capture, CaptureOptions, Identity, MAP_SIDE, Portrait, Presentation, RecaptureError,
    RecaptureOptions, capture, recapture,
};
use image::RgbImage;

/// A rendered live capture stands for the real picture.
fn live() -> Capture {
    let options = CaptureOptions::with_side(160);
    capture(&Identity::new(5, 2), Presentation::Live, 0, &options)
}

fn portrait(live: &Capture) -> Portrait<'_> {
    Portrait {
        picture: &live.image,
        face: live.face,
        eyes: Some(Eyes {
            right: live.eyes[0],
            left: live.eyes[1],
        }),
        depth: Some(&live.depth),
        shown: None,
    }
}

fn take(live: &Capture, attack: Option<Attack>, side: u32, key: &str) -> Capture {
    let options = RecaptureOptions::with_side(side);
    recapture(&portrait(live), attack, &options, 3, key).expect("a portrait that fits")
}

/// Mean absolute difference of two pictures under the mask's value.
fn difference(a: &Capture, b: &Capture, mask: &Capture, value: u8) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    let side = a.image.width();
    for (x, y, p) in a.image.enumerate_pixels() {
        let at = |v: u32| v * MAP_SIDE / side;
        if mask.mask.get_pixel(at(x), at(y)).0[0] == value {
            let q = b.image.get_pixel(x, y);
            sum += (0..3)
                .map(|c| f64::from(p.0[c].abs_diff(q.0[c])))
                .sum::<f64>();
            count += 3.0;
        }
    }
    sum / f64::max(count, 1.0)
}

#[test]
fn same_arguments_same_bytes_and_every_argument_counts() {
    let live = live();
    for attack in std::iter::once(None).chain(Attack::ALL.map(Some)) {
        let (a, b) = (take(&live, attack, 96, "a"), take(&live, attack, 96, "a"));
        assert_eq!(a.jpeg, b.jpeg);
        assert_eq!((a.mask, a.depth), (b.mask, b.depth));
        assert_ne!(a.jpeg, take(&live, attack, 96, "b").jpeg);
        let other = RecaptureOptions::with_side(96);
        let other = recapture(&portrait(&live), attack, &other, 4, "a").unwrap();
        assert_ne!(a.jpeg, other.jpeg);
    }
}

#[test]
fn masks_are_zero_exactly_where_the_picture_was_changed() {
    let live = live();
    for key in ["k0", "k1", "k2", "k3"] {
        let twin = take(&live, None, 160, key);
        assert!(twin.mask.pixels().all(|p| p.0[0] == 255));
        for attack in Attack::ALL {
            let taken = take(&live, Some(attack), 160, key);
            let live_area = taken.mask.pixels().filter(|p| p.0[0] == 255).count() as f64
                / f64::from(MAP_SIDE * MAP_SIDE);
            assert!(taken.mask.pixels().all(|p| [0, 255].contains(&p.0[0])));
            for (m, d) in taken.mask.pixels().zip(taken.depth.pixels()) {
                // A border pixel is covered by half at most.
                assert!(
                    m.0[0] > 0 || d.0[0] <= 128,
                    "{attack}: depth on an artefact"
                );
            }
            if !attack.is_partial() {
                assert_eq!(live_area, 0.0, "{attack}");
                continue;
            }
            if attack == Attack::PrintCut {
                assert!((0.002..0.05).contains(&live_area), "{attack}: {live_area}");
                continue;
            }
            assert!((0.4..0.995).contains(&live_area), "{attack}: {live_area}");
            // The same camera took both: off the artefact the pictures differ by exposure alone.
            let (on, off) = (
                difference(&taken, &twin, &taken, 0),
                difference(&taken, &twin, &taken, 255),
            );
            assert!(on > off, "{attack} {key}: {on} on, {off} off");
        }
    }
}

#[test]
fn artefacts_lie_where_they_belong() {
    let live = live();
    let at = |c: &Capture, [x, y]: [f32; 2]| {
        let scale = MAP_SIDE as f32 / c.image.width() as f32;
        c.mask.get_pixel((x * scale) as u32, (y * scale) as u32).0[0]
    };
    for n in 0..12 {
        let key = format!("p{n}");
        let [r, l] = live.eyes;
        let apart = l[0] - r[0];
        let mouth = [(r[0] + l[0]) / 2.0, (r[1] + l[1]) / 2.0 + 1.12 * apart];
        let of = |a| take(&live, Some(a), 160, &key);
        let (eyes, lips) = (of(Attack::PaperEyes), of(Attack::PaperMouth));
        assert_eq!([at(&eyes, r), at(&eyes, l), at(&eyes, mouth)], [0, 0, 255]);
        assert_eq!(
            [at(&lips, r), at(&lips, l), at(&lips, mouth)],
            [255, 255, 0]
        );
        let half = of(Attack::HalfMask);
        // Through the holes or above the edge, the eyes are the person's.
        assert_eq!([at(&half, r), at(&half, l)], [255, 255]);
        let cut = of(Attack::PrintCut);
        assert_eq!([at(&cut, cut.eyes[0]), at(&cut, cut.eyes[1])], [255, 255]);
    }
}

#[test]
fn geometry_and_size_follow_the_picture() {
    let live = live();
    let twin = take(&live, None, 1024, "g");
    // Never more pixels than the crop has.
    assert_eq!(twin.image.dimensions(), (160, 160));
    let small = take(&live, None, 80, "g");
    assert!((small.face.w - live.face.w / 2.0).abs() < 0.01);
    assert!((small.eyes[0][0] - live.eyes[0][0] / 2.0).abs() < 0.01);
    let apart: i32 = twin
        .depth
        .pixels()
        .zip(live.depth.pixels())
        .map(|(a, b)| i32::from(a.0[0].abs_diff(b.0[0])))
        .sum();
    assert!(apart / 128 / 128 < 6, "the twin's depth is the portrait's");
    // Held pictures keep the face in the box within a detector's error.
    for attack in [Attack::PrintPhoto, Attack::ReplayPhone] {
        let face = take(&live, Some(attack), 160, "g").face;
        let long = face.w.max(face.h);
        assert!((85.0..115.0).contains(&long), "{attack}: {long}");
    }
}

#[test]
fn what_cannot_be_recaptured_is_named() {
    let live = live();
    let options = RecaptureOptions::default();
    let error = |p: Portrait<'_>, a| recapture(&p, a, &options, 0, "").unwrap_err();
    let good = portrait(&live);
    let tiny = FaceBox {
        x: 70.0,
        y: 70.0,
        w: 20.0,
        h: 25.0,
    };
    let small = error(Portrait { face: tiny, ..good }, None);
    assert_eq!(small, RecaptureError::Small { found: 40.0 });
    let blank = Portrait { eyes: None, ..good };
    for attack in Attack::ALL {
        assert_eq!(
            recapture(&blank, Some(attack), &options, 0, "").is_err(),
            attack.needs_eyes(),
            "{attack}"
        );
    }
    assert!(
        error(blank, Some(Attack::PaperEyes))
            .to_string()
            .contains("`partial/paper-eyes`")
    );
    for face in [
        FaceBox { x: 500.0, ..tiny },
        FaceBox {
            w: f32::NAN,
            ..tiny
        },
        FaceBox { w: 900.0, ..tiny },
    ] {
        let found = error(Portrait { face, ..good }, None);
        assert!(matches!(found, RecaptureError::Face { .. }), "{face:?}");
    }
    let swapped = Eyes {
        right: live.eyes[1],
        left: live.eyes[0],
    };
    let found = error(
        Portrait {
            eyes: Some(swapped),
            ..good
        },
        None,
    );
    assert!(found.to_string().contains("mirrored"), "{found}");
    let empty = RgbImage::new(0, 0);
    let none = Portrait {
        picture: &empty,
        ..good
    };
    assert!(matches!(error(none, None), RecaptureError::Face { .. }));
}

#[test]
fn a_held_picture_may_have_the_depth_of_a_plane() {
    let live = live();
    let side = 160;
    let options = RecaptureOptions::with_side(side).with_planar(true);
    let of = |attack: Attack| {
        recapture(&portrait(&live), Some(attack), &options, 3, "a").expect("a portrait that fits")
    };
    let print = of(Attack::PrintPhoto);
    let flat = take(&live, Some(Attack::PrintPhoto), side, "a");
    assert!(
        print.jpeg == flat.jpeg && print.mask == flat.mask,
        "depth only"
    );
    assert!(flat.depth.pixels().all(|p| p.0[0] == 0));
    // One level, as much of the picture as the face has there, around the face box.
    let area = |c: &Capture| c.depth.pixels().filter(|p| p.0[0] > 100).count() as f64;
    let face = live.depth.pixels().filter(|p| p.0[0] > 0).count() as f64;
    assert!(
        (0.7..1.3).contains(&(area(&print) / face)),
        "{} {face}",
        area(&print)
    );
    assert!(print.depth.pixels().all(|p| p.0[0] <= 128));
    let to_map = MAP_SIDE as f32 / side as f32;
    let eye = print.eyes[0].map(|v| (v * to_map) as u32);
    assert_eq!(print.depth.get_pixel(eye[0], eye[1]).0[0], 128);
    assert_eq!(print.depth.get_pixel(1, 1).0[0], 0);
    // Through the holes of a cut print the person's own depth is seen; what is worn stays.
    let cut = of(Attack::PrintCut);
    assert!(cut.depth.pixels().any(|p| p.0[0] > 140));
    let worn = of(Attack::HalfMask);
    assert!(worn.depth == take(&live, Some(Attack::HalfMask), side, "a").depth);
}

#[test]
fn an_artefact_may_show_another_picture_of_the_person() {
    let (live, options) = (live(), RecaptureOptions::with_side(120));
    let other = capture(
        &Identity::new(5, 2),
        Presentation::Live,
        1,
        &CaptureOptions::with_side(160),
    );
    let own = portrait(&live);
    let shown = portrait(&other);
    let with = |shown: Option<&Portrait<'_>>, attack| {
        let both = Portrait { shown, ..own };
        recapture(&both, attack, &options, 3, "a").expect("a portrait that fits")
    };
    for attack in [Attack::PrintPhoto, Attack::PrintCut, Attack::PaperMask] {
        let (a, b) = (with(None, Some(attack)), with(Some(&shown), Some(attack)));
        let everywhere = difference(&a, &b, &b, 0);
        assert!(everywhere > 4.0, "{attack}: {everywhere}");
    }
    // Who is seen beside a worn artefact is the same but for the exposure, which meters all of it;
    // and so is everyone without one.
    let paper = Some(Attack::PaperMask);
    let (a, b) = (with(None, paper), with(Some(&shown), paper));
    let (on, beside) = (difference(&a, &b, &b, 0), difference(&a, &b, &b, 255));
    assert!(a.mask == b.mask && beside < on / 2.0, "{on} {beside}");
    assert!(with(None, None).jpeg == with(Some(&shown), None).jpeg);
    assert!(
        with(None, Some(Attack::HalfMask)).jpeg == with(Some(&shown), Some(Attack::HalfMask)).jpeg
    );
    // One that does not suit is not used.
    let blind = Portrait {
        eyes: None,
        ..shown
    };
    assert!(with(Some(&blind), paper).jpeg == with(None, paper).jpeg);
}

/// A picture of 400 pixels: one rendered face in the middle of a scene whose colour tells the place.
fn wide() -> (RgbImage, Capture) {
    let live = live();
    let mut picture = RgbImage::from_fn(400, 400, |x, y| {
        image::Rgb([(40 + x / 2) as u8, (40 + y / 2) as u8, 120])
    });
    image::imageops::replace(&mut picture, &live.image, 120, 120);
    (picture, live)
}

#[test]
fn a_wide_crop_is_as_wide_as_asked_and_shows_the_same_scene_behind_every_attack() {
    let (picture, live) = wide();
    let moved = |[x, y]: [f32; 2]| [x + 120.0, y + 120.0];
    let portrait = Portrait {
        picture: &picture,
        face: FaceBox {
            x: live.face.x + 120.0,
            y: live.face.y + 120.0,
            ..live.face
        },
        eyes: Some(Eyes {
            right: moved(live.eyes[0]),
            left: moved(live.eyes[1]),
        }),
        depth: None,
        shown: None,
    };
    let taken = |attack: Option<Attack>, scale: f32, key: &str| {
        let options = RecaptureOptions::with_side(256).with_wide_scale(scale);
        recapture(&portrait, attack, &options, 3, key).unwrap()
    };
    // What is no number is the least.
    let least = taken(None, f32::NAN, "n");
    assert_eq!(least.jpeg, taken(None, 1.6, "n").jpeg);
    for n in 0..6 {
        let key = format!("w{n}");
        let twin = taken(None, 3.2, &key);
        let side = twin.image.width() as f32;
        let long = twin.face.w.max(twin.face.h);
        assert!((side / long - 3.2).abs() < 0.02, "{side} {long}");
        let middle = twin.face.x + twin.face.w / 2.0;
        assert!((middle - side / 2.0).abs() < 0.5);
        for attack in Attack::ALL {
            let attack_of = taken(Some(attack), 3.2, &key);
            let long = attack_of.face.w.max(attack_of.face.h);
            // Held pictures are framed as a detector would: some percent off.
            assert!((side / long / 3.2 - 1.0).abs() < 0.15, "{attack}: {long}");
            // The scene is red in one corner and green in the other, which no painted one is.
            let hues = [(251, 4), (4, 251)].map(|(x, y)| {
                let p = attack_of.image.get_pixel(x, y).0;
                f32::from(p[0]) - f32::from(p[1])
            });
            assert!(
                hues[0] > 40.0 && hues[1] < -40.0,
                "{attack} {key}: {hues:?}"
            );
        }
        // What is no wider than 1.6 is what it was without the option.
        let plain = RecaptureOptions::with_side(256);
        let plain = recapture(&portrait, Some(Attack::ReplayPhone), &plain, 3, &key).unwrap();
        assert_eq!(taken(Some(Attack::ReplayPhone), 1.0, &key).jpeg, plain.jpeg);
    }
}
