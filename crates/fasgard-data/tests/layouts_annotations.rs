//! Annotation files in each dataset's format, with values by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod layouts_support;

use std::path::Path;

use common::write_file;
use fasgard_data::layout::{self, Annotations};
use layouts_support::{files, scan};

/// The annotation of the only medium of a tree.
fn read(layout: &str, root: &Path) -> Result<Annotations, String> {
    let scan = scan(layout, root).unwrap();
    assert_eq!(scan.rows.len(), 1);
    let layout = layout::by_name(layout).unwrap();
    let annotations = layout.annotations(&scan.root, &scan.rows.get(0).unwrap());
    annotations.map_err(|e| e.to_string())
}

fn face(annotations: &Annotations, frame: u64, size: (u32, u32)) -> Option<[f32; 4]> {
    let face = annotations.at(frame, size)?.face?;
    Some([face.x, face.y, face.w, face.h])
}

fn eyes(annotations: &Annotations, frame: u64, size: (u32, u32)) -> Option<[[f32; 2]; 2]> {
    let eyes = annotations.at(frame, size)?.eyes?;
    Some([eyes.right, eyes.left])
}

#[test]
fn oulu_npu_eyes() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    files(root, ["Dev_files/2_1_21_3.avi"]);
    assert!(
        read("oulu-npu", root).unwrap().is_empty(),
        "no file, no eyes"
    );
    let text = root.join("Dev_files/2_1_21_3.txt");
    write_file(
        &text,
        b"0,400,600,600,600\r\n1,0,0,0,0\r\n\r\n2,610,600,410,600\r\n",
    );
    let found = read("oulu-npu", root).unwrap();
    let size = (1080, 1920);
    assert_eq!(
        eyes(&found, 0, size),
        Some([[400.0, 600.0], [600.0, 600.0]])
    );
    // Distance 200: side 480 about (500, 710).
    let box_0 = face(&found, 0, size).unwrap();
    for (value, expected) in box_0.iter().zip([260.0, 470.0, 480.0, 480.0]) {
        assert!((value - expected).abs() < 0.01, "{box_0:?}");
    }
    assert_eq!(found.at(1, size), None);
    // Whatever a file calls right: the point further left is the subject's right eye.
    assert_eq!(
        eyes(&found, 2, size),
        Some([[410.0, 600.0], [610.0, 600.0]])
    );
    assert_eq!(
        eyes(&found, 7, size),
        Some([[410.0, 600.0], [610.0, 600.0]])
    );
    assert_eq!(found.at(8, size), None);
    for (bad, line, expected) in [
        ("0,1,2,3,4\n1,2,3\n", "line 2", "frame,x_right"),
        ("0,1,2,3,x\n", "line 1", "frame,x_right"),
        ("-1,1,2,3,4\n", "line 1", "frame,x_right"),
        ("0.5,1,2,3,4\n", "line 1", "frame,x_right"),
        ("0,1,2,3,NaN\n", "line 1", "frame,x_right"),
        ("0,1,2,3,1e9\n", "line 1", "frame,x_right"),
        ("0,1,2,3,4\n0,1,2,3,4\n", "line 2", "every frame once"),
    ] {
        write_file(&text, bad.as_bytes());
        let error = read("oulu-npu", root).unwrap_err();
        assert!(error.contains("Dev_files/2_1_21_3.txt"), "{error}");
        assert!(error.contains(line) && error.contains(expected), "{error}");
    }
    write_file(&text, &vec![b'\n'; (8 << 20) + 1]);
    assert!(
        read("oulu-npu", root)
            .unwrap_err()
            .contains("at most 8 MiB")
    );
    write_file(&text, b"");
    assert!(read("oulu-npu", root).unwrap().is_empty());
}

#[test]
fn boxes_of_replay_attack_and_casia_in_all_their_places() {
    let replay = "train/real/client001_session01_webcam_authenticate_adverse_1";
    for (layout, name, extension) in [
        ("replay-attack", replay, "mov"),
        ("casia-mfsd", "test_release/1/HR_1", "avi"),
    ] {
        for (above, place) in [
            ("", "face-locations/"),
            ("", ""),
            ("database/", "database/face-locations/"),
            ("database/", "face-locations/"),
            ("", "replayattack-face-locations-v2/"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path();
            files(root, [format!("{above}{name}.{extension}")]);
            let rows = b"0 236 177 171 171\n1 238 180 171 171\n2 0 0 0 0\n";
            write_file(&root.join(format!("{place}{name}.face")), rows);
            let found = read(layout, root).unwrap();
            let size = (640, 480);
            assert_eq!(
                face(&found, 1, size),
                Some([238.0, 180.0, 171.0, 171.0]),
                "{place}"
            );
            assert_eq!(eyes(&found, 1, size), None);
            assert_eq!(found.at(2, size), None, "{place}: zeros are no face");
            assert_eq!(face(&found, 3, size), Some([238.0, 180.0, 171.0, 171.0]));
            let notes = scan(layout, root).unwrap().notes.join("\n");
            assert!(
                notes.contains("1 of 1 videos have an annotation"),
                "{place}: {notes}"
            );
        }
    }
}

#[test]
fn msu_mfsd_boxes_eyes_and_turned_videos() {
    let row = "0,100,50,300,250,150.5,120,250,122\n1,0,0,0,0,0,0,0,0\n";
    let read_of = |client: &str, text: &str| {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("scene01/real/real_client{client}_android_SD_scene01");
        files(dir.path(), [format!("{name}.mp4")]);
        write_file(&dir.path().join(format!("{name}.face")), text.as_bytes());
        read("msu-mfsd", dir.path()).unwrap()
    };
    let size = (720, 480);
    let upright = read_of("001", row);
    assert_eq!(face(&upright, 0, size), Some([100.0, 50.0, 200.0, 200.0]));
    assert_eq!(
        eyes(&upright, 0, size),
        Some([[150.5, 120.0], [250.0, 122.0]])
    );
    assert_eq!(upright.at(1, size), None);
    // A video on its head whose eyes are in the upper half of the box: already upright.
    assert_eq!(read_of("003", row).at(0, size), upright.at(0, size));
    // Eyes in the lower half: numbers of the stored frame, to be turned.
    let turned = read_of("003", "0,100,50,300,250,150,180,250,182\n");
    assert_eq!(face(&turned, 0, size), Some([420.0, 230.0, 200.0, 200.0]));
    assert_eq!(
        eyes(&turned, 0, size),
        Some([[470.0, 298.0], [570.0, 300.0]])
    );
    // An upright video is never turned.
    let low = read_of("001", "0,100,50,300,250,150,180,250,182\n");
    assert_eq!(face(&low, 0, size), Some([100.0, 50.0, 200.0, 200.0]));
}

#[test]
fn celeba_spoof_boxes_scale_with_the_image() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    files(root, ["Data/train/7/live/000001.png"]);
    let labels = format!("{{\"Data/train/7/live/000001.png\": {:?}}}", [0; 44]);
    write_file(
        &root.join("metas/intra_test/train_label.json"),
        labels.as_bytes(),
    );
    assert!(read("celeba-spoof", root).unwrap().is_empty());
    let file = root.join("Data/train/7/live/000001_BB.txt");
    write_file(&file, b"56 28 112 168 0.9993\n");
    let found = read("celeba-spoof", root).unwrap();
    assert_eq!(
        face(&found, 0, (224, 224)),
        Some([56.0, 28.0, 112.0, 168.0])
    );
    // Twice as wide, four times as high.
    assert_eq!(
        face(&found, 0, (448, 896)),
        Some([112.0, 112.0, 224.0, 672.0])
    );
    for empty in ["", "\n", "0 0 0 0 0\n"] {
        write_file(&file, empty.as_bytes());
        assert!(read("celeba-spoof", root).unwrap().is_empty(), "{empty:?}");
    }
    for bad in ["1 2 3 4\n", "1 2 3 4 5 6\n", "a b c d e\n"] {
        write_file(&file, bad.as_bytes());
        let error = read("celeba-spoof", root).unwrap_err();
        assert!(
            error.contains("000001_BB.txt: line 1: expected the numbers x y w h"),
            "{error}"
        );
    }
}
