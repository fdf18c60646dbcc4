//! Rendered datasets, and what must hold before a dataset is used.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{contents, folder_tree, go_on, with_threads};
use fasgard_data::checks::{DataWarning, both_classes, leaks};
use fasgard_data::{
    Dataset, EvalLoader, PrepareOptions, SyntheticOptions, TargetSpec, layout, prepare,
    write_synthetic,
};
use fasgard_image::Preprocess;
use fasgard_metrics::Split;
use fasgard_synth::Presentation::{HalfMask, Live, PaperEyes, Print, Replay};

fn options() -> SyntheticOptions {
    SyntheticOptions {
        identities: [2, 1, 1],
        shots: 1,
        presentations: [
            vec![Live, Print],
            vec![Live, Replay],
            vec![Live, Print, PaperEyes, HalfMask],
        ],
        side: 48,
        ..SyntheticOptions::default()
    }
}

#[test]
fn a_synthetic_dataset_is_a_prepared_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for threads in 1..=2 {
        let out = dir.path().join(threads.to_string());
        let dataset = with_threads(threads, || write_synthetic(&out, &options(), &go_on)).unwrap();
        assert_eq!(dataset.samples().len(), 10);
        all.push(contents(&out));
    }
    assert!(all[0] == all[1], "files depend on the number of threads");
    let dataset = Dataset::open(dir.path().join("1")).unwrap();
    assert_eq!(
        fasgard_data::prepare::check(dir.path().join("1"))
            .unwrap()
            .intact,
        10
    );
    assert!(leaks(&dataset).is_empty());
    for split in Split::ALL {
        let rows = both_classes(&dataset, split).unwrap();
        let subjects = |live: bool| -> BTreeSet<_> {
            let of = |s: &&fasgard_data::Sample| s.row.label.is_live() == live;
            rows.iter()
                .filter(of)
                .map(|s| s.row.subject.clone())
                .collect()
        };
        assert!(
            subjects(false).is_subset(&subjects(true)),
            "an attacked person is not live"
        );
        for sample in &rows {
            let row = &sample.row;
            let partial =
                ["partial", "mask"].contains(&row.species.as_ref().map_or("", |s| s.family()));
            assert_eq!(row.mask.is_some(), partial, "{}", row.sample);
            assert_eq!(
                row.depth.is_some(),
                partial || row.label.is_live(),
                "{}",
                row.sample
            );
            assert!(row.face.is_some() && row.eyes.is_some() && !row.attributes.is_empty());
        }
    }
    let targets = TargetSpec {
        mask: Some(8),
        depth: Some(8),
    };
    let preprocess = Preprocess {
        size: 32,
        ..Preprocess::default()
    };
    let rows = dataset.rows(Split::Test);
    let loaded = EvalLoader::new(rows, preprocess, targets, 8)
        .unwrap()
        .batch(0);
    assert!(loaded.failures.is_empty(), "{:?}", loaded.failures);
    let masks = loaded.batch.masks.unwrap();
    let depths = loaded.batch.depths.unwrap();
    for (i, sample) in loaded.batch.samples.iter().enumerate() {
        let of = |values: &[f32]| values[i * 64..(i + 1) * 64].iter().sum::<f32>() / 64.0;
        let (mask, depth) = (of(&masks), of(&depths));
        if sample.contains("live") {
            assert!(mask == 1.0 && depth > 0.1, "{sample}: {mask} {depth}");
        } else if sample.contains("print") {
            assert!(mask == 0.0 && depth == 0.0, "{sample}: {mask} {depth}");
        } else {
            assert!(mask > 0.1 && mask < 0.98, "{sample}: {mask}");
        }
    }
}

#[test]
fn synthetic_options_out_of_range() {
    let dir = tempfile::tempdir().unwrap();
    let write = |options: SyntheticOptions| {
        write_synthetic(&dir.path().join("out"), &options, &go_on)
            .unwrap_err()
            .to_string()
    };
    assert!(
        write(SyntheticOptions {
            side: 8,
            ..options()
        })
        .contains("`side`")
    );
    assert!(
        write(SyntheticOptions {
            shots: 0,
            ..options()
        })
        .contains("`shots`")
    );
    assert!(
        write(SyntheticOptions {
            identities: [0; 3],
            ..options()
        })
        .contains("`identities`")
    );
    let presentations = [vec![Print], vec![Live], vec![Live]];
    assert!(
        write(SyntheticOptions {
            presentations,
            ..options()
        })
        .contains("live in every split")
    );
    fs::create_dir_all(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/x.txt"), b"x").unwrap();
    assert!(write(options()).contains("`x.txt`"));
}

fn prepared(raw: &Path, out: &Path) -> Dataset {
    let layout = layout::by_name("folder").unwrap();
    prepare(layout, raw, out, &PrepareOptions::default(), None, &go_on).unwrap();
    Dataset::open(out).unwrap()
}

#[test]
fn splits_that_are_not_fit_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    folder_tree(&raw, 2);
    fs::remove_dir_all(raw.join("dev/attack")).unwrap();
    fs::remove_dir_all(raw.join("test")).unwrap();
    fs::copy(raw.join("train/live/p0.jpg"), raw.join("dev/live/p0.jpg")).unwrap();
    let dataset = prepared(&raw, &dir.path().join("out"));
    assert_eq!(both_classes(&dataset, Split::Train).unwrap().len(), 4);
    let error = both_classes(&dataset, Split::Dev).unwrap_err().to_string();
    assert!(
        error.contains("`dev`") && error.contains("2 samples that are all live"),
        "{error}"
    );
    let error = both_classes(&dataset, Split::Test).unwrap_err().to_string();
    assert!(
        error.contains("`test` of `raw`") && error.contains("4 in train"),
        "{error}"
    );
    let notes = dataset.infos()[0].notes.join("\n");
    assert!(
        notes.contains("no test split") && notes.contains("dev split has no attack"),
        "{notes}"
    );
    let warnings = leaks(&dataset);
    assert!(
        matches!(&warnings[..], [DataWarning::SharedImage { images: 1, .. }]),
        "{warnings:?}"
    );
    let text = warnings[0].to_string();
    assert!(
        text.contains("train/live/p0") && text.contains("dev/live/p0"),
        "{text}"
    );
}

#[test]
fn folders_are_merged_unless_samples_clash() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        folder_tree(&dir.path().join(name), 2);
        prepared(
            &dir.path().join(name),
            &dir.path().join(format!("{name}-out")),
        );
    }
    let of = |names: &[&str]| {
        Dataset::open_all(names.iter().map(|n| dir.path().join(format!("{n}-out"))))
    };
    let both = of(&["a", "b"]).unwrap();
    assert_eq!((both.samples().len(), both.infos().len()), (24, 2));
    let moved = both.with_splits(|row| (row.dataset == "a").then_some(Split::Test));
    assert_eq!(
        (
            moved.rows(Split::Test).len(),
            moved.rows(Split::Train).len()
        ),
        (12, 0)
    );
    let error = of(&["a", "a"]).unwrap_err().to_string();
    assert!(error.contains("a/dev/attack/print/1/a0"), "{error}");
    assert!(of(&[]).is_err());
    fs::write(
        dir.path().join("a-out/dataset.toml"),
        "schema = 2\nnew = 1\n",
    )
    .unwrap();
    let error = of(&["a"]).unwrap_err().to_string();
    assert!(
        error.contains("`schema`") && error.contains("found 2"),
        "{error}"
    );
    fs::remove_file(dir.path().join("b-out/manifest.csv")).unwrap();
    assert!(of(&["b"]).unwrap_err().to_string().contains("manifest.csv"));
}
