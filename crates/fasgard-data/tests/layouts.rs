//! Trees of files in each layout, and what is found in them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{folder_tree, write_file, write_jpeg};
use fasgard_data::layout::{self, Scan};
use fasgard_metrics::{Label, Split};

fn scan(name: &str, input: &Path) -> Result<Scan, String> {
    layout::by_name(name)
        .unwrap()
        .scan(input)
        .map_err(|e| e.to_string())
}

#[test]
fn every_layout_is_known_by_its_name() {
    for layout in layout::LAYOUTS {
        assert_eq!(
            layout::by_name(layout.name()).unwrap().name(),
            layout.name()
        );
        assert!(!layout.summary().is_empty());
    }
    let error = layout::by_name("nua").err().unwrap().to_string();
    assert!(
        error.contains("folder, csv, nuaa") && error.contains("`nua`"),
        "{error}"
    );
}

#[test]
fn folder_with_splits() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    folder_tree(root, 4);
    write_jpeg(&root.join("test/live/clip/f_001.jpg"), 20, 20, 1);
    write_jpeg(&root.join("test/attack/print/1/clip/f_002.png"), 20, 20, 1);
    write_file(&root.join("train/live/p0.mask.png"), b"mask");
    write_file(&root.join("train/live/p0.depth.png"), b"depth");
    write_file(&root.join("train/live/alone.mask.png"), b"mask");
    write_file(&root.join("train/live/readme.txt"), b"text");
    write_file(&root.join("notes.txt"), b"text");
    let scan = scan("folder", root).unwrap();
    assert_eq!(scan.rows.len(), 26);
    let row = |sample: &str| scan.rows.iter().find(|r| r.sample == sample).unwrap();
    let live = row("train/live/p0");
    assert_eq!(
        (live.split, live.label, live.video.as_deref()),
        (Some(Split::Train), Label::Live, None)
    );
    assert_eq!(
        live.mask.as_ref().unwrap().as_str(),
        "train/live/p0.mask.png"
    );
    assert_eq!(
        live.depth.as_ref().unwrap().as_str(),
        "train/live/p0.depth.png"
    );
    assert_eq!(row("dev/attack/print/1/a0").class_name(), "print/1");
    assert_eq!(row("dev/attack/replay/a1").class_name(), "replay/any");
    let frame = row("test/attack/print/1/clip/f_002");
    assert_eq!(frame.class_name(), "print/1");
    assert_eq!(
        (frame.video.as_deref(), frame.frame),
        (Some("test/attack/print/1/clip"), Some(2))
    );
    let notes = scan.notes.join("\n");
    assert!(notes.contains("3 files or folders"), "{notes}");
    assert!(!notes.contains("no splits"), "{notes}");
}

#[test]
fn folder_without_splits_says_how_they_were_made() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..50 {
        write_file(&dir.path().join(format!("live/{i}.jpg")), b"x");
        write_file(&dir.path().join(format!("attack/mask/half/{i}.jpg")), b"x");
    }
    let first = scan("folder", dir.path()).unwrap();
    for label in [Label::Live, Label::Attack] {
        let of = |s| {
            first
                .rows
                .iter()
                .filter(|r| r.label == label && r.split == Some(s))
                .count()
        };
        assert_eq!(Split::ALL.map(of), [30, 10, 10]);
    }
    assert!(first.notes[0].contains("by a hash") && first.notes[0].contains("optimistic"));
    assert_eq!(scan("folder", dir.path()).unwrap().rows, first.rows);
}

#[test]
fn folders_of_another_kind_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    assert!(
        scan("folder", &root.join("none"))
            .unwrap_err()
            .contains("none")
    );
    assert!(
        scan("folder", root)
            .unwrap_err()
            .contains("an empty folder")
    );
    fs::create_dir(root.join("real")).unwrap();
    assert!(scan("folder", root).unwrap_err().contains("found real"));
    fs::create_dir(root.join("live")).unwrap();
    assert!(
        scan("folder", root)
            .unwrap_err()
            .contains("expected images")
    );
    write_file(&root.join("attack/Print/1.jpg"), b"x");
    assert!(scan("folder", root).unwrap_err().contains("lower-case"));
    fs::remove_dir_all(root.join("attack")).unwrap();
    write_file(&root.join("attack/1.jpg"), b"x");
    assert!(scan("folder", root).unwrap_err().contains("family"));
    fs::remove_dir_all(root.join("attack")).unwrap();
    write_file(&root.join("live/1.jpg"), b"x");
    write_file(&root.join("live/1.png"), b"x");
    assert!(
        scan("folder", root)
            .unwrap_err()
            .contains("one image or video of a name")
    );
    fs::create_dir(root.join("train")).unwrap();
    assert!(scan("folder", root).unwrap_err().contains("both kinds"));
}

#[test]
fn csv_takes_manifest_columns_and_names_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.csv");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        scan("csv", &path)
    };
    let good = read("\u{feff}image,label,species,split,subject\nb/1.jpg,live,,train,x\nb/2.jpg,attack,print/1,dev,x\n").unwrap();
    assert_eq!(good.root, dir.path());
    assert_eq!(good.rows.get(1).unwrap().sample, "b/2");
    assert_eq!(good.rows.get(1).unwrap().split, Some(Split::Dev));
    assert_eq!(good.rows.get(0).unwrap().subject.as_deref(), Some("x"));
    assert!(good.notes.is_empty());
    let error = read("image,label\n1.jpg,live\n2.jpg,fake\n").unwrap_err();
    assert!(
        error.contains("list.csv: line 3, column `label`") && error.contains("`fake`"),
        "{error}"
    );
    let error = read("image,label\n../1.jpg,live\n").unwrap_err();
    assert!(error.contains("line 2, column `image`"), "{error}");
    assert!(
        read("image,species\n")
            .unwrap_err()
            .contains("no column `label`")
    );
    assert!(
        read("image,label,colour\n")
            .unwrap_err()
            .contains("`colour`")
    );
    assert!(read("image,label\n").unwrap_err().contains("found none"));
    let error = read("image,label\na/1.jpg,live\na/1.png,live\n").unwrap_err();
    assert!(error.contains("lines 2 and 3"), "{error}");
    assert!(
        scan("csv", dir.path())
            .unwrap_err()
            .contains("found a folder")
    );
    let mut text = "image,label,subject\n".to_owned();
    for i in 0..60 {
        text += &format!("{i}.jpg,live,s{}\n", i / 4);
    }
    let scan = read(&text).unwrap();
    assert!(
        scan.notes[0].contains("subjects were assigned"),
        "{:?}",
        scan.notes
    );
    let pairs: BTreeSet<_> = scan
        .rows
        .iter()
        .map(|r| (r.subject.clone(), r.split))
        .collect();
    assert_eq!(pairs.len(), 15, "a subject is in two splits");
}

/// Subjects 1 to 5 with 10 live and 8 attack training images each, 6 and 7 in test.
fn nuaa_tree(root: &Path) {
    let lists = [
        ("client_train_raw.txt", "ClientRaw", 1..=5, 10, '/'),
        ("imposter_train_raw.txt", "ImposterRaw", 1..=5, 8, '\\'),
        ("client_test_raw.txt", "ClientRaw", 5..=7, 3, '/'),
        ("imposter_test_raw.txt", "ImposterRaw", 6..=7, 4, '\\'),
    ];
    for (list, folder, subjects, images, slash) in lists {
        let session = if list.contains("test") { 3 } else { 1 };
        let mut lines = String::new();
        for id in subjects {
            for n in 0..images {
                let name = format!("{id:04}_00_01_{session:02}_{n}.jpg");
                write_jpeg(
                    &root.join(folder).join(format!("{id:04}")).join(&name),
                    64,
                    48,
                    id * 100 + n,
                );
                lines += &format!("{id:04}{slash}{name}\r\n");
            }
        }
        lines += &format!("0018{slash}someone (1).jpeg\r\n0020{slash}x.jpg\r\n");
        fs::write(root.join(list), lines).unwrap();
    }
}

#[test]
fn nuaa_lists_splits_and_notes() {
    let dir = tempfile::tempdir().unwrap();
    nuaa_tree(dir.path());
    let found = scan("nuaa", dir.path()).unwrap();
    let of = |split, label| {
        found
            .rows
            .iter()
            .filter(|r| r.split == Some(split) && r.label == label)
            .count()
    };
    assert_eq!(
        [
            of(Split::Train, Label::Live),
            of(Split::Train, Label::Attack)
        ],
        [40, 32]
    );
    assert_eq!(
        [of(Split::Dev, Label::Live), of(Split::Dev, Label::Attack)],
        [10, 8]
    );
    assert_eq!(
        [of(Split::Test, Label::Live), of(Split::Test, Label::Attack)],
        [9, 8]
    );
    let subjects = |split| -> BTreeSet<_> {
        found
            .rows
            .iter()
            .filter(|r| r.split == Some(split))
            .map(|r| r.subject.clone())
            .collect()
    };
    assert!(subjects(Split::Train).is_disjoint(&subjects(Split::Dev)));
    let row = found
        .rows
        .iter()
        .find(|r| r.sample == "imposter/0006_00_01_03_2")
        .unwrap();
    assert_eq!(row.image.as_str(), "ImposterRaw/0006/0006_00_01_03_2.jpg");
    assert_eq!(
        (row.video.as_deref(), row.frame),
        (Some("imposter/0006_00_01_03"), Some(2))
    );
    assert_eq!(
        (row.class_name(), row.attributes.to_string()),
        ("print/photo", "session=3".to_owned())
    );
    let official: Vec<_> = found
        .official
        .iter()
        .map(|o| (o.expected, o.found))
        .collect();
    assert_eq!(official, [(1743, 50), (1748, 40), (3362, 9), (5761, 8)]);
    let notes = found.notes.join("\n");
    assert!(
        notes.contains("client_train_raw.txt: 2 lines of the IDs 0018 to 0020"),
        "{notes}"
    );
    assert!(
        notes.contains("NUAA has no dev split: the subjects 0001"),
        "{notes}"
    );
    assert!(
        notes.contains("shares subjects with train and dev: 0005"),
        "{notes}"
    );
}

#[test]
fn nuaa_lists_that_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    nuaa_tree(dir.path());
    let list = dir.path().join("client_test_raw.txt");
    for (line, expected) in [
        ("0005/0005_00_01_x.jpg", "ID/ID_a_b_SESSION_NUMBER"),
        ("0005/0006_00_01_03_1.jpg", "ID/ID_a_b_SESSION_NUMBER"),
        ("../0005/a.jpg", "without `..`"),
        ("0005.jpg", "ID/FILE"),
    ] {
        fs::write(&list, format!("0005/0005_00_01_03_0.jpg\n{line}\n")).unwrap();
        let error = scan("nuaa", dir.path()).unwrap_err();
        assert!(
            error.contains("client_test_raw.txt: line 2") && error.contains(expected),
            "{error}"
        );
    }
    fs::write(
        &list,
        "0005/0005_00_01_03_0.jpg\n0005/0005_00_01_03_0.jpg\n",
    )
    .unwrap();
    assert!(scan("nuaa", dir.path()).unwrap_err().contains("twice"));
    fs::remove_file(&list).unwrap();
    assert!(
        scan("nuaa", dir.path())
            .unwrap_err()
            .contains("client_test_raw.txt")
    );
    fs::remove_dir_all(dir.path().join("ClientRaw")).unwrap();
    assert!(scan("nuaa", dir.path()).unwrap_err().contains("ClientRaw"));
}
