//! Epochs have what they promise: every frame or video once, and the shares of classes and species.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{loader, preprocess, rows, sample, sampling};
use fasgard_data::{
    Balance, EpochUnit, EvalLoader, LoaderError, SamplingConfig, TargetSpec, TrainLoader,
};

#[test]
fn an_epoch_has_every_frame_once_and_drops_a_varying_rest() {
    let rows = rows(Path::new("none"), false);
    let loader = loader(rows, SamplingConfig::default(), 4, 3).unwrap();
    let epoch = |e: u64| -> BTreeSet<usize> {
        (e * 4..(e + 1) * 4)
            .flat_map(|k| loader.rows_of(k))
            .collect()
    };
    assert_eq!(loader.steps_per_epoch(), 4);
    let epochs: Vec<_> = (0..6).map(epoch).collect();
    assert!(epochs.iter().all(|e| e.len() == 16));
    let seen: BTreeSet<_> = epochs.iter().flatten().collect();
    assert_eq!(seen.len(), 18, "the same rows are left out each time");
}

#[test]
fn balance_gives_the_shares_it_promises() {
    let rows = rows(Path::new("none"), false);
    let drawn = |balance| {
        let sampling = sampling(EpochUnit::Frames, balance);
        let loader = loader(rows.clone(), sampling, 6, 3).unwrap();
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        let mut live = Vec::new();
        for k in 0..200 {
            let batch = loader.rows_of(k);
            live.push(
                batch
                    .iter()
                    .filter(|&&r| rows[r].row.label.is_live())
                    .count(),
            );
            for row in batch {
                *counts.entry(rows[row].row.class_name()).or_default() += 1;
            }
        }
        (counts.into_values().collect::<Vec<_>>(), live)
    };
    // In the order live, print/1, replay/1.
    let (counts, live) = drawn(Balance::None);
    assert!(
        counts[0].abs_diff(800) <= 20 && counts[1].abs_diff(267) <= 20,
        "{counts:?}"
    );
    assert!(live.iter().any(|n| *n != 3));
    let (counts, live) = drawn(Balance::Class);
    assert!(live.iter().all(|n| *n == 3));
    assert!(
        counts[1].abs_diff(400) <= 30 && counts[2].abs_diff(200) <= 30,
        "{counts:?}"
    );
    let (counts, live) = drawn(Balance::Species);
    assert!(live.iter().all(|n| *n == 3));
    assert_eq!(counts[0], 600);
    assert!(
        counts[1].abs_diff(300) <= 40 && counts[2].abs_diff(300) <= 40,
        "{counts:?}"
    );
}

#[test]
fn one_per_video_draws_every_video_once_by_changing_frames() {
    let root = Path::new("none");
    let mut rows = Vec::new();
    for (video, species) in [("a", None), ("b", Some("print/1")), ("a", Some("print/1"))] {
        for frame in 0..10 {
            let name = format!("{video}{}{frame}", species.is_some());
            rows.push(sample(root, &name, species, Some(video)));
        }
    }
    rows.push(sample(root, "single", None, None));
    let sampling = sampling(EpochUnit::OnePerVideo, Balance::None);
    let loader = loader(rows, sampling, 2, 1).unwrap();
    assert_eq!(loader.steps_per_epoch(), 2);
    let mut frames = BTreeSet::new();
    for epoch in 0..40 {
        let drawn: BTreeSet<_> = (epoch * 2..epoch * 2 + 2)
            .flat_map(|k| loader.rows_of(k))
            .collect();
        let videos: BTreeSet<_> = drawn.iter().map(|r| r / 10).collect();
        assert_eq!((drawn.len(), videos.len()), (4, 4), "{drawn:?}");
        frames.extend(drawn);
    }
    assert!(frames.len() > 25, "frames do not change: {frames:?}");
}

#[test]
fn settings_that_make_no_loader() {
    let rows = rows(Path::new("none"), false);
    let message = |result: Result<TrainLoader, LoaderError>| result.unwrap_err().to_string();
    let text = message(loader(vec![], SamplingConfig::default(), 1, 1));
    assert!(text.contains("expected samples"), "{text}");
    let text = message(loader(rows.clone(), SamplingConfig::default(), 19, 1));
    assert!(text.contains("18 frames") && text.contains("19"), "{text}");
    let text = message(loader(rows.clone(), SamplingConfig::default(), 0, 1));
    assert!(text.contains("batch_size"), "{text}");
    let text = message(loader(
        rows[..12].to_vec(),
        sampling(EpochUnit::Frames, Balance::Class),
        1,
        1,
    ));
    assert!(text.contains("no attack"), "{text}");
    let targets = TargetSpec {
        mask: Some(0),
        depth: None,
    };
    let bad = EvalLoader::new(rows, preprocess(), targets, 1).unwrap_err();
    assert!(bad.to_string().contains("mask side"), "{bad}");
}

#[test]
fn sampling_config_reads_and_refuses() {
    let read = |text: &str| toml::from_str::<SamplingConfig>(text);
    let config = read("epoch = \"one-per-video\"\nbalance = \"species\"").unwrap();
    assert_eq!(config, sampling(EpochUnit::OnePerVideo, Balance::Species));
    assert_eq!(read("").unwrap(), SamplingConfig::default());
    assert!(read("balanced = true").is_err());
    assert!(read("epoch = \"videos\"").is_err());
}
