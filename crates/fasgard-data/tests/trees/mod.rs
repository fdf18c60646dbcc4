//! Manifest rows of the datasets at their official sizes, by way of the layouts: one row a video.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

use fasgard_data::ManifestRow;

use crate::layouts_support::{files, scan};

/// The rows of a tree of empty files, as `prepare --name NAME` would name them.
fn rows(layout: &str, name: &str, root: &Path) -> Vec<ManifestRow> {
    let mut rows: Vec<_> = scan(layout, root).unwrap().rows.iter().collect();
    for row in &mut rows {
        row.dataset = name.to_owned();
    }
    rows
}

fn tree(layout: &str, name: &str, names: Vec<String>) -> Vec<ManifestRow> {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path(), names);
    rows(layout, name, dir.path())
}

pub fn oulu_npu() -> Vec<ManifestRow> {
    // Thousands of files, and several tests of a binary want them.
    static ROWS: OnceLock<Vec<ManifestRow>> = OnceLock::new();
    ROWS.get_or_init(oulu_npu_tree).clone()
}

fn oulu_npu_tree() -> Vec<ManifestRow> {
    let mut names = Vec::new();
    for (folder, users) in [("Train", 1..=20), ("Dev", 21..=35), ("Test", 36..=55)] {
        for user in users {
            for (phone, session) in (1..=6).flat_map(|p| (1..=3).map(move |s| (p, s))) {
                for file in 1..=5 {
                    names.push(format!(
                        "{folder}_files/{phone}_{session}_{user:02}_{file}.avi"
                    ));
                }
            }
        }
    }
    tree("oulu-npu", "my-oulu", names)
}

pub fn casia_mfsd() -> Vec<ManifestRow> {
    let mut names = Vec::new();
    for (set, count) in [("train", 20), ("test", 30)] {
        for id in 1..=count {
            names.extend((1..=8).map(|n| format!("{set}_release/{id}/{n}.avi")));
            names.extend((1..=4).map(|n| format!("{set}_release/{id}/HR_{n}.avi")));
        }
    }
    tree("casia-mfsd", "my-casia", names)
}

pub fn replay_attack() -> Vec<ManifestRow> {
    let clients = [
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
    let mut names = Vec::new();
    for (set, clients) in clients {
        for id in clients.split(' ') {
            let session = format!("client{id}_session01");
            for light in ["controlled", "adverse"] {
                for take in 1..=2 {
                    names.push(format!(
                        "{set}/real/{session}_webcam_authenticate_{light}_{take}.mov"
                    ));
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
    tree("replay-attack", "my-replay", names)
}

pub fn msu_mfsd() -> Vec<ManifestRow> {
    let subjects = "02 03 05 06 07 08 09 11 12 21 22 34 53 54 55 01 13 14 23 24 26 28 29 30 32 33 35 36 37 39 42 48 49 50 51";
    let mut names = Vec::new();
    for id in subjects.split(' ') {
        for (camera, extension) in [("android", "mp4"), ("laptop", "mov")] {
            names.push(format!(
                "scene01/real/real_client0{id}_{camera}_SD_scene01.{extension}"
            ));
            for shown in ["ipad_video", "iphone_video", "printed_photo"] {
                names.push(format!(
                    "scene01/attack/attack_client0{id}_{camera}_SD_{shown}_scene01.{extension}"
                ));
            }
        }
    }
    tree("msu-mfsd", "my-msu", names)
}

/// The videos of public lists: 659 live, 669 attacks.
pub fn siw_m() -> Vec<ManifestRow> {
    let mut names = Vec::new();
    for (prefix, from, count) in [
        ("Live/Train/Live", 1, 528),
        ("Live/Test/Live", 529, 131),
        ("Replay/Replay", 1, 99),
        ("Paper/Paper", 1, 118),
        ("Mask/HalfMask/Mask_Half", 1, 72),
        ("Mask/SiliconeMask/Mask_Silicone", 1, 27),
        ("Mask/TransparentMask/Mask_Trans", 1, 88),
        ("Mask/PaperMask/Mask_Paper", 1, 17),
        ("Mask/MannequinHead/Mask_Mann", 1, 40),
        ("Makeup/Obfuscation/Makeup_Ob", 1, 23),
        ("Makeup/Impersonation/Makeup_Im", 1, 61),
        ("Makeup/Cosmetic/Makeup_Co", 1, 50),
        ("Partial/FunnyeyeGlasses/Partial_Funnyeye", 1, 160),
        ("Partial/PaperGlasses/Partial_Paperglass", 1, 127),
        ("Partial/PaperCut/Partial_Eye", 1, 57),
        ("Partial/PaperCut/Partial_Mouth", 1, 29),
    ] {
        names.extend((from..from + count).map(|n| format!("{prefix}_{n}.mov")));
    }
    tree("siw-m", "my-siw-m", names)
}

/// The published numbers of images, of people 1 to 9 in train and 1 to 16 in test.
pub fn nuaa() -> Vec<ManifestRow> {
    let dir = tempfile::tempdir().unwrap();
    // Images that a list names stay rows without a file; only folders must be there.
    let mut names = BTreeSet::new();
    // The sizes of the lists, and how much of each is session 1; the rest of train is session 2.
    for (list, folder, people, count, first) in [
        ("client_train_raw", "ClientRaw", 9, 1743, 889),
        ("imposter_train_raw", "ImposterRaw", 9, 1748, 855),
        ("client_test_raw", "ClientRaw", 16, 3362, 0),
        ("imposter_test_raw", "ImposterRaw", 16, 5761, 0),
    ] {
        let mut lines = String::new();
        for i in 0..count {
            let session = match first {
                0 => 3,
                _ => 1 + u32::from(i >= first),
            };
            let (id, number) = (i % people + 1, i / people);
            let name = format!("{id:04}/{id:04}_00_00_0{session}_{number}.jpg");
            names.insert(format!("{folder}/{id:04}"));
            writeln!(lines, "{name}").unwrap();
        }
        std::fs::write(dir.path().join(format!("{list}.txt")), lines).unwrap();
    }
    for name in names {
        std::fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    rows("nuaa", "my-nuaa", dir.path())
}

/// 30 subjects of train and 10 of test, each with a live image and ten attacks.
pub fn celeba_spoof() -> Vec<ManifestRow> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("metas/intra_test")).unwrap();
    let mut names = Vec::new();
    for (split, subjects) in [("train", 1..=30), ("test", 31..=40)] {
        let mut entries = Vec::new();
        for subject in subjects {
            for kind in 0..=10 {
                let class = if kind == 0 { "live" } else { "spoof" };
                let name = format!("Data/{split}/{subject}/{class}/{kind:06}.png");
                let mut numbers = vec![0_u8; 40];
                numbers.extend([kind, 1, 1, u8::from(kind > 0)]);
                entries.push(format!("\"{name}\": {numbers:?}"));
                names.push(name);
            }
        }
        let path = format!("metas/intra_test/{split}_label.json");
        let text = format!("{{{}}}", entries.join(",\n"));
        std::fs::write(dir.path().join(path), text).unwrap();
    }
    files(dir.path(), names);
    rows("celeba-spoof", "my-celeba", dir.path())
}
