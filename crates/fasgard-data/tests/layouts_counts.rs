//! Trees of empty files as the datasets' papers and readers describe them, at their full size: what
//! was published comes out, and a file too few or too many is named.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod layouts_support;

use std::collections::BTreeSet;

use fasgard_data::layout::{self, Turn};
use layouts_support::{complete, dev_is_of_train, expect, files, official, one_off, row, scan};

#[test]
fn oulu_npu() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let mut names = Vec::new();
    for (folder, users) in [("Train", 1..=20), ("Dev", 21..=35), ("Test", 36..=55)] {
        for user in users {
            for phone in 1..=6 {
                for session in 1..=3 {
                    for file in 1..=5 {
                        let name = format!("{folder}_files/{phone}_{session}_{user:02}_{file}");
                        names.push(format!("{name}.avi"));
                        names.push(format!("{name}.txt"));
                    }
                }
            }
        }
    }
    files(root, &names);
    let found = scan("oulu-npu", root).unwrap();
    assert_eq!(found.rows.len(), 4950);
    complete(&found);
    // A live video of every user, phone and session, and one of each species.
    let mut expected = Vec::new();
    for class in ["live", "print/1", "print/2", "replay/1", "replay/2"] {
        for (split, count) in [("train", 360), ("dev", 270), ("test", 360)] {
            expected.push((format!("{split} {class}"), count));
        }
    }
    expect(
        &found,
        &expected
            .iter()
            .map(|(k, v)| (k.as_str(), *v))
            .collect::<Vec<_>>(),
    );
    assert_eq!(official(&found, "test attack"), (1440, 1440));
    assert_eq!(official(&found, "dev replay/2"), (270, 270));
    let one = row(&found, "5_3_36_4");
    assert_eq!(one.image.as_str(), "Test_files/5_3_36_4.avi");
    assert_eq!(
        (one.class_name(), one.subject.as_deref()),
        ("replay/1", Some("36"))
    );
    assert_eq!(one.attributes.to_string(), "phone=5;session=3");
    assert!(
        found
            .notes
            .iter()
            .any(|n| n.starts_with("4950 of 4950 videos have an annotation"))
    );
    // A user of another split is no file of this one.
    let (gone, extra) = ("Dev_files/1_1_21_1.avi", "Dev_files/1_1_20_1.avi");
    one_off("oulu-npu", root, gone, extra, "dev live");
}

#[test]
fn casia_mfsd() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let mut names = Vec::new();
    for (set, count) in [("train", 20), ("test", 30)] {
        for id in 1..=count {
            let files = (1..=8)
                .map(|n| n.to_string())
                .chain((1..=4).map(|n| format!("HR_{n}")));
            names.extend(files.map(|file| format!("CASIA/{set}_release/{id}/{file}.avi")));
        }
    }
    files(root, &names);
    let found = scan("casia-mfsd", root).unwrap();
    assert_eq!(found.rows.len(), 600);
    complete(&found);
    expect(
        &found,
        &[
            ("train live", 48),
            ("train print/warped", 48),
            ("train print/cut", 48),
            ("train replay/video", 48),
            ("dev live", 12),
            ("dev print/warped", 12),
            ("dev print/cut", 12),
            ("dev replay/video", 12),
            ("test live", 90),
            ("test print/warped", 90),
            ("test print/cut", 90),
            ("test replay/video", 90),
        ],
    );
    // Published before dev was cut: 150 live, 450 attacks.
    assert_eq!(official(&found, "train live"), (60, 60));
    assert_eq!(official(&found, "train attack"), (180, 180));
    assert_eq!(official(&found, "test attack"), (270, 270));
    dev_is_of_train(&found, 4);
    let one = row(&found, "test_release/3/HR_3");
    assert_eq!(one.image.as_str(), "CASIA/test_release/3/HR_3.avi");
    assert_eq!(
        (one.class_name(), one.subject.as_deref()),
        ("print/cut", Some("23"))
    );
    assert_eq!(one.attributes.to_string(), "quality=high");
    let (gone, extra) = (
        "CASIA/test_release/30/8.avi",
        "CASIA/train_release/21/1.avi",
    );
    one_off("casia-mfsd", root, gone, extra, "test replay/video");
}

/// The clients of a set; protocols name 15, 15 and 20 of them.
const CLIENTS: [(&str, &str); 3] = [
    (
        "train",
        "001 002 004 006 007 008 012 016 018 025 027 103 105 108 110",
    ),
    (
        "devel",
        "003 005 010 015 017 022 029 030 101 111 113 114 116 118 119",
    ),
    (
        "test",
        "009 011 013 014 019 020 021 023 024 026 028 031 102 104 106 107 109 112 115 117",
    ),
];

#[test]
fn replay_attack() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let mut names = Vec::new();
    for (set, clients) in CLIENTS {
        for id in clients.split(' ') {
            let session = format!("client{id}_session01");
            for light in ["controlled", "adverse"] {
                names.push(format!("enroll/{set}/{session}_webcam_enroll_{light}.mov"));
                for take in 1..=2 {
                    let real = format!("{session}_webcam_authenticate_{light}_{take}");
                    names.push(format!("{set}/real/{real}.mov"));
                    names.push(format!("face-locations/{set}/real/{real}.face"));
                }
                for support in ["fixed", "hand"] {
                    for (device, shown) in [
                        ("print", "highdef_photo"),
                        ("mobile", "mobile_photo"),
                        ("mobile", "mobile_video"),
                        ("highdef", "highdef_photo"),
                        ("highdef", "highdef_video"),
                    ] {
                        let attack = format!("attack_{device}_{session}_{shown}_{light}");
                        names.push(format!("{set}/attack/{support}/{attack}.mov"));
                    }
                }
            }
        }
    }
    files(root, &names);
    let found = scan("replay-attack", root).unwrap();
    assert_eq!(found.rows.len(), 1200);
    complete(&found);
    expect(
        &found,
        &[
            ("train live", 60),
            ("train print/paper", 60),
            ("train replay/mobile", 120),
            ("train replay/highdef", 120),
            ("dev live", 60),
            ("dev print/paper", 60),
            ("dev replay/mobile", 120),
            ("dev replay/highdef", 120),
            ("test live", 80),
            ("test print/paper", 80),
            ("test replay/mobile", 160),
            ("test replay/highdef", 160),
        ],
    );
    for (part, count) in [
        ("train attack", 300),
        ("dev attack", 300),
        ("test attack", 400),
    ] {
        assert_eq!(official(&found, part), (count, count));
    }
    let notes = found.notes.join("\n");
    assert!(
        notes.contains("100 enrollment videos were left out"),
        "{notes}"
    );
    assert!(
        notes.contains("200 of 1200 videos have an annotation file"),
        "{notes}"
    );
    let one = "devel/attack/hand/attack_mobile_client003_session01_mobile_photo_adverse";
    let one = row(&found, one);
    assert_eq!(
        (one.class_name(), one.subject.as_deref()),
        ("replay/mobile", Some("003"))
    );
    assert_eq!(
        one.attributes.to_string(),
        "light=adverse;original=photo;support=hand"
    );
    one_off(
        "replay-attack",
        root,
        "train/real/client001_session01_webcam_authenticate_adverse_1.mov",
        "train/real/client003_session01_webcam_authenticate_adverse_1.mov",
        "train live",
    );
}

#[test]
fn msu_mfsd() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let train = "02 03 05 06 07 08 09 11 12 21 22 34 53 54 55";
    let test = "01 13 14 23 24 26 28 29 30 32 33 35 36 37 39 42 48 49 50 51";
    let mut names = Vec::new();
    for id in train.split(' ').chain(test.split(' ')) {
        for (camera, extension) in [("android", "mp4"), ("laptop", "mov")] {
            let name = format!("real/real_client0{id}_{camera}_SD_scene01");
            names.push(format!("scene01/{name}.{extension}"));
            names.push(format!("scene01/{name}.face"));
            for shown in ["ipad_video", "iphone_video", "printed_photo"] {
                let name = format!("attack/attack_client0{id}_{camera}_SD_{shown}_scene01");
                names.push(format!("scene01/{name}.{extension}"));
            }
        }
    }
    files(root, &names);
    let found = scan("msu-mfsd", root).unwrap();
    assert_eq!(found.rows.len(), 280);
    complete(&found);
    expect(
        &found,
        &[
            ("train live", 24),
            ("train print/photo", 24),
            ("train replay/ipad", 24),
            ("train replay/iphone", 24),
            ("dev live", 6),
            ("dev print/photo", 6),
            ("dev replay/ipad", 6),
            ("dev replay/iphone", 6),
            ("test live", 40),
            ("test print/photo", 40),
            ("test replay/ipad", 40),
            ("test replay/iphone", 40),
        ],
    );
    assert_eq!(official(&found, "train live"), (30, 30));
    assert_eq!(official(&found, "test attack"), (120, 120));
    dev_is_of_train(&found, 3);
    let layout = layout::by_name("msu-mfsd").unwrap();
    let turned: BTreeSet<_> = found
        .rows
        .iter()
        .filter(|r| layout.turn(r) == Turn::Half)
        .map(|r| r.image.as_str().to_owned())
        .collect();
    let expected = [3, 5, 6, 7, 8, 9]
        .map(|id| format!("scene01/real/real_client00{id}_android_SD_scene01.mp4"));
    assert_eq!(turned, expected.into());
    let one = row(
        &found,
        "attack/attack_client051_laptop_SD_ipad_video_scene01",
    );
    assert_eq!(
        (one.class_name(), one.subject.as_deref()),
        ("replay/ipad", Some("051"))
    );
    assert_eq!(one.attributes.to_string(), "camera=laptop");
    let gone = "scene01/real/real_client055_laptop_SD_scene01.mov";
    let extra = "scene01/real/real_client056_laptop_SD_scene01.mov";
    one_off("msu-mfsd", root, gone, extra, "train live");
}
