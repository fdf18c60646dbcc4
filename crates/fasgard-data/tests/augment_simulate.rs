//! Live samples shown as simulated attacks while training: labels, targets, determinism.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;

use common::{go_on, preprocess, with_threads};
use fasgard_data::{
    Batch, Dataset, LoaderError, Sample, SamplingConfig, SimulateAugment, SyntheticOptions,
    TargetSpec, TrainAugment, TrainLoader, write_synthetic,
};
use fasgard_image::{AugmentConfig, FaceBox, Preprocess};
use fasgard_metrics::Split;
use fasgard_synth::{Attack, Presentation};

const SIDE: usize = 16;

/// Six live pictures and as many prints of three rendered people, with masks and depth.
fn rows(dir: &std::path::Path) -> Vec<Sample> {
    let known = vec![Presentation::Live, Presentation::Print];
    let options = SyntheticOptions {
        identities: [3, 1, 1],
        shots: 2,
        presentations: [known.clone(), known.clone(), known],
        side: 96,
        ..SyntheticOptions::default()
    };
    let dataset: Dataset = write_synthetic(dir, &options, &go_on).unwrap();
    dataset.rows(Split::Train)
}

fn loader(rows: &[Sample], simulate: SimulateAugment) -> Result<TrainLoader, LoaderError> {
    let augment = TrainAugment {
        pixels: AugmentConfig {
            flip: 0.5,
            ..AugmentConfig::default()
        },
        simulate,
    };
    let targets = TargetSpec {
        mask: Some(SIDE as u32),
        depth: Some(SIDE as u32),
    };
    let sampling = SamplingConfig::default();
    TrainLoader::new(
        rows.to_vec(),
        preprocess(),
        augment,
        sampling,
        targets,
        6,
        5,
    )
}

fn simulate(species: &[Attack], probability: f64, twin: f64) -> SimulateAugment {
    SimulateAugment {
        probability,
        twin,
        species: species.to_vec(),
        side: 48,
    }
}

/// Mean mask and mean depth of a batch's sample.
fn targets(batch: &Batch, i: usize) -> (f32, f32) {
    let area = SIDE * SIDE;
    let mean = |values: &Option<Vec<f32>>| {
        let values = values.as_ref().unwrap();
        values[i * area..(i + 1) * area].iter().sum::<f32>() / area as f32
    };
    (mean(&batch.masks), mean(&batch.depths))
}

#[test]
fn labels_masks_and_depth_are_those_of_the_attack() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path());
    let species = [Attack::PrintPhoto, Attack::HalfMask, Attack::ReplayPhone];
    let loader = loader(&rows, simulate(&species, 0.5, 0.5)).unwrap();
    let (mut seen, mut live) = (BTreeSet::new(), 0);
    for step in 0..12 {
        let batch = loader.batch(step).unwrap();
        assert_eq!(batch.rows, loader.rows_of(step));
        for i in 0..batch.len() {
            let (mask, depth) = targets(&batch, i);
            let row = &rows[batch.rows[i]].row;
            let what = format!("{} as {:?}: {mask} {depth}", row.sample, batch.simulated[i]);
            assert_eq!(batch.samples[i], row.sample);
            match batch.simulated[i] {
                Some(attack) => {
                    assert!(row.label.is_live(), "{what}");
                    assert_eq!((batch.labels[i], depth), (0.0, 0.0), "{what}");
                    let partial = attack == Attack::HalfMask;
                    assert_eq!(mask > 0.1 && mask < 0.95, partial, "{what}");
                    assert!(partial || mask == 0.0, "{what}");
                    seen.insert(attack);
                }
                None if row.label.is_live() => {
                    assert!(
                        batch.labels[i] == 1.0 && mask == 1.0 && depth > 0.1,
                        "{what}"
                    );
                    live += 1;
                }
                None => assert_eq!((batch.labels[i], mask, depth), (0.0, 0.0, 0.0), "{what}"),
            }
        }
    }
    assert_eq!(seen.len(), 3, "an attack was never drawn");
    // 36 live draws, half of them simulated.
    assert!((9..=27).contains(&live), "{live}");
}

#[test]
fn a_twin_keeps_targets_and_changes_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path());
    // Nearly never an attack, always the twin; the same draws otherwise.
    let all = Attack::ALL;
    let own = loader(&rows, simulate(&all, 1e-9, 0.0)).unwrap();
    let twin = loader(&rows, simulate(&all, 1e-9, 1.0)).unwrap();
    let off = loader(&rows, simulate(&all, 0.0, 1.0)).unwrap();
    let (own, twin, off) = (
        own.batch(0).unwrap(),
        twin.batch(0).unwrap(),
        off.batch(0).unwrap(),
    );
    assert!(own == off, "probability 0 switches twins off, too");
    assert_eq!(own.labels, twin.labels);
    assert!(own.masks == twin.masks, "masks stay");
    let len = own.images.len() / own.len();
    for i in 0..own.len() {
        let of = |b: &Batch| b.images[i * len..(i + 1) * len].to_vec();
        let live = rows[own.rows[i]].row.label.is_live();
        assert_eq!(of(&own) != of(&twin), live, "only live samples have twins");
        // The same frame: the depth moves by no more than its resampling.
        let (a, b) = (targets(&own, i).1, targets(&twin, i).1);
        assert!((a - b).abs() < 0.05, "{a} {b}");
    }
}

#[test]
fn an_attack_is_as_wide_as_the_crop_that_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = rows(dir.path());
    // The middle half of the old box is called the face, so that the pictures hold 3.2 of it.
    for row in rows.iter_mut().map(|s| &mut s.row) {
        let face = row.face.unwrap();
        row.face = Some(FaceBox {
            x: face.x + face.w / 4.0,
            y: face.y + face.h / 4.0,
            w: face.w / 2.0,
            h: face.h / 2.0,
        });
        row.eyes = None;
    }
    let wide = Preprocess {
        crop_scale: 2.4,
        ..preprocess()
    };
    let augment = TrainAugment {
        pixels: AugmentConfig {
            crop_scale: Some([2.3, 2.5]),
            shift: 0.05,
            ..AugmentConfig::default()
        },
        simulate: simulate(&[Attack::ReplayScreen, Attack::ReplayPhone], 0.5, 1.0),
    };
    let (sampling, targets) = (SamplingConfig::default(), TargetSpec::default());
    let loader = TrainLoader::new(rows, wide, augment, sampling, targets, 6, 5).unwrap();
    let mut seen = 0;
    for step in 0..6 {
        let batch = loader.batch(step).unwrap();
        let side = batch.size as usize;
        for (picture, attack) in (batch.images.chunks_exact(3 * side * side)).zip(&batch.simulated)
        {
            // A crop that reaches beyond its picture ends in rows or columns of exact zeros.
            let at = |x: usize, y: usize| (0..3).all(|c| picture[(c * side + y) * side + x] == 0.0);
            for line in [0, side - 1] {
                let framed = (0..side).all(|k| at(k, line)) || (0..side).all(|k| at(line, k));
                assert!(!framed, "{attack:?} of step {step} has a black frame");
            }
            seen += usize::from(attack.is_some());
        }
    }
    assert!(seen > 5, "{seen} attacks");
}

#[test]
fn batches_depend_on_seed_and_step_only_and_epochs_differ() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path());
    let new = || loader(&rows, simulate(&Attack::ALL, 0.5, 0.5)).unwrap();
    let reference = new();
    let expected: Vec<_> = (0..8).map(|k| reference.batch(k).unwrap()).collect();
    for threads in 1..=3 {
        let other = new().with_cache(u64::from(threads == 2));
        with_threads(threads, || {
            for k in [7, 2, 0] {
                assert!(other.batch(k).unwrap() == expected[k as usize], "{threads}");
            }
        });
    }
    let mut ahead = new().prefetch(3, 2);
    for batch in &expected[3..] {
        assert!(&ahead.next_batch().unwrap() == batch);
    }
    // The same sample as the same attack in two epochs is two pictures.
    let shown = |row: usize| {
        let found = expected.iter().flat_map(|b| {
            let len = b.images.len() / b.len();
            let at = (0..b.len()).filter(move |&i| b.rows[i] == row && b.simulated[i].is_some());
            at.map(move |i| b.images[i * len..(i + 1) * len].to_vec())
        });
        found.collect::<Vec<_>>()
    };
    let twice = (0..rows.len()).map(shown).find(|s| s.len() > 1).unwrap();
    assert!(twice[0] != twice[1]);
}

#[test]
fn without_eyes_nothing_is_worn() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = rows(dir.path());
    rows.iter_mut().for_each(|s| s.row.eyes = None);
    let loader = loader(&rows, simulate(&Attack::ALL, 0.9, 0.0)).unwrap();
    let held: BTreeSet<_> = (0..8)
        .flat_map(|k| loader.batch(k).unwrap().simulated)
        .flatten()
        .collect();
    let expected = Attack::ALL.into_iter().filter(|a| !a.needs_eyes());
    assert_eq!(held, expected.collect());
}

#[test]
fn values_out_of_range_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(dir.path());
    let good = simulate(&Attack::ALL, 0.5, 0.5);
    for (bad, key) in [
        (simulate(&Attack::ALL, 1.0, 0.5), "simulate.probability"),
        (
            simulate(&Attack::ALL, f64::NAN, 0.5),
            "simulate.probability",
        ),
        (simulate(&Attack::ALL, 0.5, 1.5), "simulate.twin"),
        (simulate(&[], 0.5, 0.5), "simulate.species"),
        (
            simulate(&[Attack::HalfMask; 2], 0.5, 0.5),
            "simulate.species",
        ),
        (SimulateAugment { side: 8, ..good }, "simulate.side"),
    ] {
        let message = loader(&rows, bad).unwrap_err().to_string();
        assert!(message.contains(key), "{message}");
    }
}
