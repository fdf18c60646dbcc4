//! Trees of empty files, and what a scan of them must say.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fasgard_data::ManifestRow;
use fasgard_data::layout::{self, Scan};
use fasgard_metrics::Split;

/// Empty files, folders made as needed.
pub fn files<S: AsRef<str>>(root: &Path, names: impl IntoIterator<Item = S>) {
    let mut made = BTreeSet::new();
    for name in names {
        let path = root.join(name.as_ref());
        let parent = path.parent().unwrap();
        if made.insert(parent.to_owned()) {
            fs::create_dir_all(parent).unwrap();
        }
        fs::File::create(path).unwrap();
    }
}

pub fn scan(layout: &str, input: &Path) -> Result<Scan, String> {
    let layout = layout::by_name(layout).unwrap();
    layout.scan(input).map_err(|e| e.to_string())
}

/// Expected and found of a part.
pub fn official(scan: &Scan, part: &str) -> (u64, u64) {
    let found = scan.official.iter().find(|o| o.part == part);
    let found = found.unwrap_or_else(|| panic!("no count of {part}: {:?}", scan.official));
    (found.expected, found.found)
}

/// Rows of each split and class.
pub fn classes(scan: &Scan) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in scan.rows.iter() {
        let split = row.split.map_or(String::new(), |s| format!("{s} "));
        *counts
            .entry(format!("{split}{}", row.class_name()))
            .or_default() += 1;
    }
    counts
}

pub fn expect(scan: &Scan, expected: &[(&str, usize)]) {
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(k, v)| ((*k).to_owned(), *v))
        .collect();
    assert_eq!(classes(scan), expected);
}

pub fn row(scan: &Scan, sample: &str) -> ManifestRow {
    let found = scan.rows.iter().find(|r| r.sample == sample);
    found.unwrap_or_else(|| panic!("no sample {sample}"))
}

/// Everything there: every published count is the count found, and nothing is missing or surplus.
pub fn complete(scan: &Scan) {
    for count in &scan.official {
        assert_eq!(count.expected, count.found, "{}", count.part);
    }
    assert_eq!((scan.missing.len(), scan.surplus.len()), (0, 0));
    for row in scan.rows.iter() {
        assert_eq!((row.video.as_ref(), row.frame), (Some(&row.sample), None));
    }
    let samples: BTreeSet<_> = scan.rows.iter().map(|r| r.sample).collect();
    assert_eq!(samples.len(), scan.rows.len());
}

/// Removes `gone` and adds `extra`: both are named, and one published count is not reached.
pub fn one_off(layout: &str, root: &Path, gone: &str, extra: &str, part: &str) {
    fs::remove_file(root.join(gone)).unwrap();
    files(root, [extra]);
    let scan = scan(layout, root).unwrap();
    assert_eq!(scan.missing, [gone]);
    assert_eq!(scan.surplus, [extra]);
    let (expected, found) = official(&scan, part);
    assert_eq!(expected, found + 1, "{part}");
}

pub fn dev_is_of_train(scan: &Scan, subjects: usize) {
    let of = |split| -> BTreeSet<_> {
        let rows = scan.rows.iter().filter(|r| r.split == Some(split));
        rows.map(|r| r.subject.unwrap()).collect()
    };
    assert_eq!(of(Split::Dev).len(), subjects);
    assert!(of(Split::Dev).is_disjoint(&of(Split::Train)));
    assert!(of(Split::Dev).is_disjoint(&of(Split::Test)));
    assert!(
        scan.notes
            .iter()
            .any(|n| n.contains("has no dev split: the subjects"))
    );
}
