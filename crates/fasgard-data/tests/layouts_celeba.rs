//! CelebA-Spoof: label files and the images that they name.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod layouts_support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use common::write_file;
use fasgard_metrics::Split;
use layouts_support::{files, official, scan};

/// An entry of a label file: type, illumination, environment, spoof.
fn entry(name: &str, last: [u8; 4]) -> String {
    let mut numbers = vec![1_u8; 40];
    numbers.extend(last);
    format!("\"{name}\": {numbers:?}")
}

fn labels(root: &Path, split: &str, entries: &[String]) {
    let path = root.join(format!("metas/intra_test/{split}_label.json"));
    write_file(&path, format!("{{{}}}", entries.join(",\n")).as_bytes());
}

/// Subjects 1 to 10 in train and 11 to 14 in test, each with a live image and one of each of the
/// ten spoof types.
fn tree(root: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for (split, subjects) in [("train", 1..=10), ("test", 11..=14)] {
        let mut entries = Vec::new();
        for subject in subjects {
            let live = format!("Data/{split}/{subject}/live/000000.png");
            entries.push(entry(&live, [0, 0, 0, 0]));
            all.push(live);
            for kind in 1..=10 {
                let spoof = format!("Data/{split}/{subject}/spoof/{kind:06}.jpg");
                entries.push(entry(&spoof, [kind, 1 + kind % 4, 1 + kind % 2, 1]));
                all.push(spoof);
            }
        }
        labels(root, split, &entries);
    }
    files(root, &all);
    all
}

#[test]
fn labels_species_and_splits() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    tree(root);
    let found = scan("celeba-spoof", root).unwrap();
    assert_eq!(found.rows.len(), 14 * 11);
    assert_eq!((found.missing.len(), found.surplus.len()), (0, 0));
    assert_eq!(official(&found, "train live"), (10, 10));
    assert_eq!(official(&found, "train attack"), (100, 100));
    let species = "print/photo print/poster print/a4 mask/face mask/upper-body mask/region replay/pc replay/pad replay/phone mask/3d";
    for (index, species) in species.split(' ').enumerate() {
        assert_eq!(official(&found, &format!("test {species}")), (4, 4));
        let sample = format!("test/12/spoof/{:06}", index + 1);
        let row = found.rows.iter().find(|r| r.sample == sample).unwrap();
        assert_eq!(row.class_name(), species);
        assert_eq!(
            (row.subject.as_deref(), row.video.as_deref()),
            (Some("12"), None)
        );
    }
    let row = |s: &str| found.rows.iter().find(|r| r.sample == s).unwrap();
    let spoof = row("test/11/spoof/000003");
    assert_eq!(
        spoof.attributes.to_string(),
        "environment=outdoor;illumination=dark"
    );
    assert!(row("test/11/live/000000").attributes.is_empty());
    // The whole release has 494,405 and 67,170 images.
    assert_eq!(official(&found, "train"), (494_405, 110));
    assert_eq!(official(&found, "test"), (67_170, 44));
    let subjects = |split| -> BTreeSet<_> {
        let rows = found.rows.iter().filter(|r| r.split == Some(split));
        rows.map(|r| r.subject).collect()
    };
    let of = Split::ALL.map(|s| subjects(s).len());
    // Two of ten are a fifth.
    assert_eq!(of, [8, 2, 4]);
    assert!(subjects(Split::Train).is_disjoint(&subjects(Split::Dev)));
}

#[test]
fn dev_of_many_subjects_is_drawn_and_stays_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("CelebA_Spoof");
    let mut names = Vec::new();
    let mut entries = Vec::new();
    for subject in 0..200 {
        for (class, last) in [("live", [0, 0, 0, 0]), ("spoof", [1, 1, 1, 1])] {
            let name = format!("Data/train/{subject}/{class}/000001.png");
            entries.push(entry(&name, last));
            names.push(name);
        }
    }
    files(&root, &names);
    labels(&root, "train", &entries);
    let first = scan("celeba-spoof", dir.path()).unwrap();
    let dev = first.rows.iter().filter(|r| r.split == Some(Split::Dev));
    assert_eq!(dev.count(), 80);
    let notes = first.notes.join("\n");
    assert!(
        notes.contains("40 of 200 subjects, drawn by a hash"),
        "{notes}"
    );
    assert!(notes.contains("there is no test_label.json"), "{notes}");
    entries.reverse();
    labels(&root, "train", &entries);
    assert_eq!(scan("celeba-spoof", dir.path()).unwrap().rows, first.rows);
    assert!(
        (first.rows.get(0).unwrap())
            .image
            .as_str()
            .starts_with("CelebA_Spoof/Data/train/")
    );
}

#[test]
fn missing_surplus_and_contradictions_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    tree(root);
    let gone = "Data/train/3/spoof/000005.jpg";
    let extra = "Data/train/3/spoof/000099.jpg";
    fs::remove_file(root.join(gone)).unwrap();
    files(root, [extra]);
    let found = scan("celeba-spoof", root).unwrap();
    assert_eq!(found.missing, [gone]);
    assert_eq!(found.surplus, [extra]);
    assert_eq!(official(&found, "train mask/upper-body"), (10, 9));
    let contrary = [
        entry("Data/test/11/live/000000.png", [0, 0, 0, 1]),
        entry("Data/test/12/live/000000.png", [1, 1, 1, 1]),
        entry("Data/test/12/spoof/000001.jpg", [0, 0, 0, 0]),
        entry("Data/test/12/spoof/000002.jpg", [11, 1, 1, 1]),
        entry("Data/test/12/spoof/000003.jpg", [1, 9, 1, 1]),
        entry("../12/spoof/000001.jpg", [1, 1, 1, 1]),
        entry("Data/test/13/spoof/000001.jpg", [1, 1, 1, 1]),
    ];
    labels(root, "test", &contrary);
    let found = scan("celeba-spoof", root).unwrap();
    let of_test = found.rows.iter().filter(|r| r.split == Some(Split::Test));
    assert_eq!(of_test.count(), 1);
    let notes = found.notes.join("\n");
    assert!(
        notes.contains("6 images were left out because their labels"),
        "{notes}"
    );
}

#[test]
fn label_files_that_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    tree(root);
    let numbers = |count: usize| vec!["0"; count].join(",");
    let name = "Data/test/11/live/000000.png";
    let mut nested = String::new();
    for _ in 0..200 {
        nested.write_str("[").unwrap();
    }
    for text in [
        String::new(),
        "[]".to_owned(),
        "{".to_owned(),
        format!("{{\n\"{name}\": [{}]}}", numbers(43)),
        format!("{{\n\"{name}\": [{}]}}", numbers(45)),
        format!("{{\n\"{name}\": [{},256]}}", numbers(43)),
        format!("{{\n\"{name}\": [{},-1]}}", numbers(43)),
        format!("{{\n\"{name}\": [{},0.5]}}", numbers(43)),
        format!("{{\n\"{name}\": {nested}"),
        format!("{{\n\"{name}\": [{}]}} more", numbers(44)),
    ] {
        fs::write(root.join("metas/intra_test/test_label.json"), &text).unwrap();
        let error = scan("celeba-spoof", root).unwrap_err();
        assert!(error.contains("test_label.json: line "), "{text}: {error}");
        assert!(error.contains("44 whole numbers"), "{text}: {error}");
    }
}

#[test]
#[ignore = "a timing: cargo test -p fasgard-data --test layouts_celeba -- --ignored --nocapture"]
fn time_of_a_scan() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let (mut names, mut entries) = (Vec::new(), Vec::new());
    for n in 0..50_000 {
        let (class, last) = if n % 4 == 0 {
            ("live", [0; 4])
        } else {
            ("spoof", [1; 4])
        };
        let name = format!("Data/train/{}/{class}/{n:06}", n / 60);
        entries.push(entry(&format!("{name}.png"), last));
        names.extend([format!("{name}.png"), format!("{name}_BB.txt")]);
    }
    files(root, &names);
    labels(root, "train", &entries);
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let found = scan("celeba-spoof", root).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(found.rows.len(), 50_000);
        println!("50,000 images and as many box files: {seconds:.3} s");
    }
}
