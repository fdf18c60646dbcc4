//! Trees that are not as they should be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod layouts_support;

use std::fs;
use std::path::Path;

use common::write_file;
use fasgard_data::layout::LAYOUTS;
use layouts_support::{files, scan};
use proptest::prelude::*;

const OULU: [&str; 3] = [
    "Train_files/1_1_01_1.avi",
    "Train_files/1_1_02_2.avi",
    "Test_files/1_3_36_4.avi",
];

#[test]
fn another_layout_is_recognised() {
    let trees: [(&str, &[&str]); 8] = [
        ("oulu-npu", &OULU),
        ("siw-m", &["Live/Train/Live_1.mov", "Paper/Paper_3.mov"]),
        ("casia-mfsd", &["train_release/1/1.avi"]),
        (
            "replay-attack",
            &["test/real/client009_session01_webcam_authenticate_adverse_1.mov"],
        ),
        (
            "msu-mfsd",
            &["scene01/real/real_client001_laptop_SD_scene01.mov"],
        ),
        (
            "celeba-spoof",
            &[
                "metas/intra_test/train_label.json",
                "Data/train/1/live/1.png",
            ],
        ),
        ("nuaa", &["ClientRaw/0001/a.jpg", "ImposterRaw/0001/a.jpg"]),
        ("folder", &["train/live/a.jpg", "train/attack/print/a.jpg"]),
    ];
    for (is, names) in trees {
        let dir = tempfile::tempdir().unwrap();
        files(dir.path(), names);
        for asked in [
            "oulu-npu",
            "siw-m",
            "casia-mfsd",
            "replay-attack",
            "msu-mfsd",
        ] {
            if asked == is {
                continue;
            }
            let error = scan(asked, dir.path()).unwrap_err();
            let hint = format!("it looks like the layout `{is}`");
            assert!(error.contains(&hint), "{asked} of {is}: {error}");
            assert!(error.contains("expected `"), "{error}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let error = scan("msu-mfsd", dir.path()).unwrap_err();
    assert!(error.contains("found no image or video"), "{error}");
    let error = scan("celeba-spoof", dir.path()).unwrap_err();
    assert!(error.contains("train_label.json"), "{error}");
    for layout in ["oulu-npu", "siw-m", "celeba-spoof"] {
        let error = scan(layout, &dir.path().join("none")).unwrap_err();
        assert!(error.contains("none: cannot read"), "{error}");
    }
}

#[test]
fn spelling_copies_and_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    files(root, OULU);
    files(
        root,
        [
            "copy/of/Train_files/1_1_01_1.avi",
            "dev_files/2_2_21_5.AVI",
            "Train_files/1_1_03_1.MP4",
            "Train_files/.hidden.avi",
            "Train_files/1_1_01_6.avi",
            "Train_files/1_1_0x_1.avi",
            "Train_files/+1_1_01_1.avi",
            "Train_files/7_1_01_1.avi",
            "Train_files/face.png",
            "Train_files/1_1_01_1.txt",
            "Protocols/Protocol_1/Train.txt",
        ],
    );
    let found = scan("oulu-npu", root).unwrap();
    let samples: Vec<_> = found.rows.iter().map(|r| r.sample).collect();
    assert_eq!(
        samples,
        ["1_1_01_1", "1_1_02_2", "1_1_03_1", "1_3_36_4", "2_2_21_5"]
    );
    let first = found.rows.get(0).unwrap();
    assert_eq!(first.image.as_str(), "Train_files/1_1_01_1.avi");
    assert_eq!(
        found.surplus,
        [
            "Train_files/+1_1_01_1.avi",
            "Train_files/1_1_01_6.avi",
            "Train_files/1_1_0x_1.avi",
            "Train_files/7_1_01_1.avi",
            "Train_files/face.png",
            "copy/of/Train_files/1_1_01_1.avi",
        ]
    );
    assert_eq!(found.missing.len(), 4950 - 5);
    let notes = found.notes.join("\n");
    assert!(notes.contains("1 videos are there twice"), "{notes}");
    assert!(
        notes.contains("1 of 5 videos have an annotation"),
        "{notes}"
    );
}

#[test]
fn videos_in_the_general_layouts() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    files(
        root,
        [
            "live/a.mp4",
            "live/clip/1.jpg",
            "attack/print/b.MOV",
            "other/c.avi",
        ],
    );
    let found = scan("folder", root).unwrap();
    let row = |s: &str| found.rows.iter().find(|r| r.sample == s).unwrap();
    assert_eq!(row("live/a").video.as_deref(), Some("live/a"));
    assert_eq!(
        (row("live/a").frame, row("live/clip/1").frame),
        (None, Some(1))
    );
    assert_eq!(row("attack/print/b").class_name(), "print/any");
    write_file(
        &root.join("list.csv"),
        b"image,label,frame\nlive/a.mp4,live,\nlive/clip/1.jpg,live,\n",
    );
    let found = scan("csv", &root.join("list.csv")).unwrap();
    let videos: Vec<_> = found.rows.iter().map(|r| r.video).collect();
    assert_eq!(videos, [Some("live/a".to_owned()), None]);
}

#[cfg(unix)]
#[test]
fn links_foreign_names_and_closed_folders() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    let dir = tempfile::tempdir().unwrap();
    let (root, elsewhere) = (dir.path().join("set"), dir.path().join("elsewhere"));
    files(&root, &OULU[..2]);
    files(&elsewhere, ["1_3_36_4.avi"]);
    // A folder that lies on another disk is read through its link.
    symlink(&elsewhere, root.join("Test_files")).unwrap();
    // Circles: to the root, to itself, to a folder above, and two that lead into each other.
    symlink(&root, root.join("Train_files/root")).unwrap();
    symlink(root.join("Train_files"), root.join("Train_files/self")).unwrap();
    symlink(root.join("nowhere"), root.join("nowhere")).unwrap();
    for (a, b) in [("x", "y"), ("y", "x")] {
        fs::create_dir_all(root.join(a)).unwrap();
        fs::create_dir_all(root.join(b)).unwrap();
        symlink(root.join(b), root.join(a).join("to")).unwrap();
    }
    let strange = OsStr::from_bytes(b"1_1_\xff01_1.avi");
    fs::write(root.join("Train_files").join(strange), b"").unwrap();
    fs::create_dir(root.join(OsStr::from_bytes(b"dir\xff"))).unwrap();
    files(&root, ["Train_files/1_1_01\n_1.avi", "closed/1.avi"]);
    let closed = root.join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_closed = fs::read_dir(&closed).is_err();
    let found = scan("oulu-npu", &root);
    let general = scan("siw-m", &root);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let found = found.unwrap();
    assert!(general.is_err());
    assert_eq!(found.rows.len(), 3);
    let shown = |name: &str| found.surplus.iter().any(|s| s == name);
    assert!(
        shown("Train_files/1_1_\u{fffd}01_1.avi"),
        "{:?}",
        found.surplus
    );
    assert!(
        shown("Train_files/1_1_01\u{fffd}_1.avi"),
        "{:?}",
        found.surplus
    );
    let notes = found.notes.join("\n");
    for folder in ["Train_files/root", "Train_files/self", "dir\u{fffd}"] {
        assert!(
            notes.contains(&format!("the folder `{folder}` was left out")),
            "{notes}"
        );
    }
    // Root may read everything.
    if is_closed {
        assert!(
            notes.contains("the folder `closed` was left out: cannot read"),
            "{notes}"
        );
    }
    // The layout of plain folders names a foreign name as well, and goes on.
    let plain = dir.path().join("plain");
    files(&plain, ["live/a.jpg", "attack/print/1/a.jpg"]);
    fs::write(plain.join("live").join(OsStr::from_bytes(b"\xff.jpg")), b"").unwrap();
    // A manifest would read a backslash as a separator, and name another file.
    fs::write(plain.join("live").join("b\\.jpg"), b"").unwrap();
    let found = scan("folder", &plain).unwrap();
    let surplus = ["live/b\\.jpg", "live/\u{fffd}.jpg"].map(str::to_owned);
    assert_eq!((found.rows.len(), found.surplus), (2, surplus.to_vec()));
}

#[test]
fn the_order_of_files_on_disk_does_not_matter() {
    let mut names: Vec<String> = OULU.iter().map(|n| (*n).to_owned()).collect();
    for user in 1..=20 {
        names.push(format!("Train_files/3_2_{user:02}_1.avi"));
        names.push(format!("a/Train_files/3_2_{user:02}_1.avi"));
        names.push(format!("b/Train_files/3_2_{user:02}_1.avi"));
        names.push(format!("b/{user}.avi"));
    }
    let of = |names: &[String]| {
        let dir = tempfile::tempdir().unwrap();
        files(dir.path(), names);
        let found = scan("oulu-npu", dir.path()).unwrap();
        (found.rows, found.notes, found.missing, found.surplus)
    };
    let first = of(&names);
    names.reverse();
    assert_eq!(of(&names), first);
    names.sort_by_key(|n| n.len() * 31 % 7);
    assert_eq!(of(&names), first);
}

/// Parts of real names beside arbitrary text, so that parsers are reached and then misled.
fn part() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Train_files",
        "train_release",
        "train",
        "devel",
        "real",
        "attack",
        "fixed",
        "Live",
        "Train",
        "Mask",
        "scene01",
        "Data",
        "live",
        "spoof",
        "1",
        "HR_1",
        "1_1_01_1",
        "Live_0",
        "Live_",
        "Mask_Half_99999999999",
        "attack_print_client001_session01_highdef_photo_adverse",
        "real_client001_android_SD_scene01",
        "client\u{e9}01_session01_webcam_authenticate_adverse_1",
        "clien\u{20ac}_session01_webcam_authenticate_adverse_1",
        "_",
        "____",
    ]);
    prop_oneof![
        3 => known.prop_map(str::to_owned),
        1 => "[^/\\x00]{1,12}".prop_filter("a name", |s| s != "." && s != ".."),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let extension = prop::sample::select(vec!["avi", "MOV", "mp4", "png", "txt", "face", ""]);
    (prop::collection::vec(part(), 1..5), extension)
        .prop_map(|(parts, extension)| format!("{}.{extension}", parts.join("/")))
}

fn make(root: &Path, names: &[String]) {
    for name in names {
        let path = root.join(name);
        // One name may be a folder of another's.
        let _ = fs::create_dir_all(path.parent().unwrap());
        let _ = fs::write(&path, b"");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_panics(names in prop::collection::vec(name(), 1..12)) {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &names);
        for layout in LAYOUTS {
            if let Ok(found) = layout.scan(dir.path()) {
                for row in found.rows.iter() {
                    prop_assert!(row.image.under(dir.path()).exists());
                    let _ = layout.annotations(&found.root, &row);
                    let _ = layout.turn(&row);
                }
            }
        }
    }

    #[test]
    fn no_annotation_panics(
        text in prop_oneof!["[0-9,. eE+-]{0,60}(\n[0-9,. -]{0,60}){0,4}", ".{0,60}"],
        frame: u64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        files(root, ["Train_files/1_1_01_1.avi", "train_release/1/1.avi"]);
        write_file(&root.join("Train_files/1_1_01_1.txt"), text.as_bytes());
        write_file(&root.join("train_release/1/1.face"), text.as_bytes());
        for layout in ["oulu-npu", "casia-mfsd"] {
            let found = scan(layout, root).unwrap();
            let layout = fasgard_data::layout::by_name(layout).unwrap();
            if let Ok(annotations) = layout.annotations(root, &found.rows.get(0).unwrap()) {
                let place = annotations.at(frame, (640, 480));
                prop_assert!(place.and_then(|p| p.face).is_none_or(|f| f.is_valid()));
            }
        }
    }
}
