//! Masks and depth maps have hashes, and what is not as prepared is not trained on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;

use common::go_on;
use fasgard_data::prepare::check;
use fasgard_data::{Dataset, EvalLoader, LoadError, SyntheticOptions, TargetSpec, write_synthetic};
use fasgard_image::Preprocess;
use fasgard_synth::Presentation::{HalfMask, Live};

/// Two live pictures with depth, two half masks with depth and mask.
fn dataset(folder: &Path) -> Dataset {
    let options = SyntheticOptions {
        identities: [1, 0, 0],
        shots: 2,
        presentations: [vec![Live, HalfMask], vec![], vec![]],
        side: 48,
        ..SyntheticOptions::default()
    };
    write_synthetic(folder, &options, &go_on).unwrap()
}

fn changed(dataset: &Dataset) -> Vec<String> {
    let targets = TargetSpec {
        mask: Some(4),
        depth: Some(4),
    };
    let samples = dataset.samples().to_vec();
    let preprocess = Preprocess {
        size: 16,
        ..Preprocess::default()
    };
    let loader = EvalLoader::new(samples, preprocess, targets, 8).unwrap();
    let failures = loader.batch(0).failures.into_iter();
    failures
        .map(|f| match f.error {
            LoadError::Changed { sample, path, .. } => {
                format!(
                    "{sample} {}",
                    path.parent().unwrap().parent().unwrap().display()
                )
            }
            other => other.to_string(),
        })
        .collect()
}

#[test]
fn a_changed_map_is_found_and_not_trained_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("data");
    let dataset = dataset(&out);
    // As `sha256sum -c` reads it: six lines, of four depth maps and two masks.
    let text = fs::read_to_string(out.join("maps.sha256")).unwrap();
    assert_eq!(text.lines().count(), 6);
    for line in text.lines() {
        let (hash, path) = line.split_once("  ").unwrap();
        assert!(hash.len() == 64 && out.join(path).is_file(), "{line}");
    }
    let report = check(&out).unwrap();
    assert_eq!(
        (report.intact, report.intact_maps, report.unhashed_maps),
        (4, 6, 0)
    );
    assert!(changed(&dataset).is_empty());

    // Another sample's maps, whole and of the right size.
    let rows: Vec<_> = dataset
        .samples()
        .iter()
        .filter(|s| s.row.mask.is_some())
        .collect();
    let [first, second] = rows[..] else { panic!() };
    fs::copy(second.mask_path().unwrap(), first.mask_path().unwrap()).unwrap();
    let live = dataset
        .samples()
        .iter()
        .find(|s| s.row.label.is_live())
        .unwrap();
    fs::copy(second.depth_path().unwrap(), live.depth_path().unwrap()).unwrap();
    let report = check(&out).unwrap();
    assert_eq!((report.intact, report.intact_maps), (4, 4));
    let named: Vec<_> = report.damaged.iter().map(|d| &d.path).collect();
    let expected = [live.depth_path().unwrap(), first.mask_path().unwrap()];
    assert!(
        named.len() == 2 && expected.iter().all(|p| named.contains(&p)),
        "{named:?}"
    );
    let found = changed(&dataset);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .any(|f| f.starts_with(&first.row.sample) && f.ends_with("masks"))
    );
    assert!(
        found
            .iter()
            .any(|f| f.starts_with(&live.row.sample) && f.ends_with("depth"))
    );

    // A dataset of an earlier version has no such file.
    fs::remove_file(out.join("maps.sha256")).unwrap();
    let report = check(&out).unwrap();
    assert_eq!((report.intact_maps, report.unhashed_maps), (0, 6));
    assert!(report.damaged.is_empty());
    assert!(changed(&Dataset::open(&out).unwrap()).is_empty());
}

#[test]
fn lines_of_another_form_are_refused_and_lines_of_nobody_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("data");
    let before = dataset(&out);
    let path = out.join("maps.sha256");
    let text = fs::read_to_string(&path).unwrap();
    let more = format!("{text}{}  masks/train/nobody.png\n", "0".repeat(64));
    fs::write(&path, more).unwrap();
    assert_eq!(Dataset::open(&out).unwrap().samples(), before.samples());
    for line in ["nonsense", "ABCD  masks/x.png", &"x".repeat(5000)] {
        fs::write(&path, format!("{text}{line}\n")).unwrap();
        let error = Dataset::open(&out).unwrap_err().to_string();
        assert!(
            error.contains("maps.sha256") && error.contains('7'),
            "{error}"
        );
    }
}
