//! Parts that training leaves as they are: `train.freeze` and `train.batch_norm`.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::{fs, path::Path};

use burn::tensor::Device;
use common::{StopAt, data, files, options};
use fasgard_data::Dataset;
use fasgard_model::read_tensors;
use fasgard_nn::NamedTensor;
use fasgard_train::{ExperimentConfig, Learner, Quiet, RunFiles, TrainError, TrainOptions, train};

const CONFIG: &str = r#"
schema = 1
name = "tiny"
seed = 5
model = { backbone = "efficientnet-lite0", tap = "stage4", width = 0.125, supervision = { target = "mask", scales = [2, 1] } }
input = { size = 32 }
sampling = { balance = "class" }
train = { steps = 4, batch_size = 4, validate_every = 2, checkpoint_every = 2, clip_norm = 1.0 }
optimizer = { lr = 1e-3, weight_decay = 1e-2 }
"#;

fn config(sets: &[&str]) -> ExperimentConfig {
    let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
    ExperimentConfig::parse(CONFIG, &sets).unwrap()
}

/// The weights after the last step, by name.
fn last(run: &Path) -> Vec<NamedTensor> {
    let folder = RunFiles::new(run).checkpoints().join("step-00000004");
    read_tensors(&folder.join("weights.safetensors")).unwrap().0
}

fn run(root: &Path, dataset: &Dataset, name: &str, sets: &[&str]) -> Vec<NamedTensor> {
    let output = root.join(name);
    let device = Device::flex();
    train(
        &config(sets),
        dataset,
        &options(&output, false),
        &device,
        &mut Quiet,
    )
    .unwrap();
    last(&output)
}

fn start() -> Vec<NamedTensor> {
    Learner::new(&config(&[]), &Device::flex())
        .unwrap()
        .weights()
}

/// Names whose values have other bits than at the start.
fn changed(weights: &[NamedTensor]) -> Vec<&str> {
    let start = start();
    let bits = |w: &NamedTensor| w.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    weights
        .iter()
        .filter(|w| {
            let before = start.iter().find(|s| s.name == w.name).unwrap();
            bits(before) != bits(w)
        })
        .map(|w| w.name.as_str())
        .collect()
}

#[test]
fn frozen_parts_keep_their_bits_and_the_rest_learns() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let is_frozen = |name: &str| {
        ["stem", "stage1", "stage2"]
            .iter()
            .any(|part| name.starts_with(&format!("backbone.{part}.")))
    };
    let dataset = data(root);
    let all = run(root, &dataset, "all", &[]);
    assert_eq!(changed(&all).len(), all.len(), "everything learns");

    let sets = ["train.freeze=[\"stem\", \"stage1\", \"stage2\"]"];
    let weights = run(root, &dataset, "frozen", &sets);
    let expected: Vec<&str> = weights
        .iter()
        .map(|w| w.name.as_str())
        .filter(|name| !is_frozen(name))
        .collect();
    assert_eq!(changed(&weights), expected);
}

#[test]
fn frozen_statistics_keep_their_bits_and_scales_learn() {
    let dir = tempfile::tempdir().unwrap();
    let weights = run(
        dir.path(),
        &data(dir.path()),
        "run",
        &["train.batch_norm=frozen"],
    );
    let expected: Vec<&str> = weights
        .iter()
        .map(|w| w.name.as_str())
        .filter(|name| !name.contains(".running_"))
        .collect();
    assert_eq!(changed(&weights), expected);
}

#[test]
fn a_frozen_run_resumes_as_an_uninterrupted_one_for_any_thread_count() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let dataset = data(root);
    let config = config(&["train.freeze=[\"stem\"]", "train.batch_norm=frozen"]);
    let whole = root.join("whole");
    let device = Device::flex();
    train(
        &config,
        &dataset,
        &options(&whole, false),
        &device,
        &mut Quiet,
    )
    .unwrap();
    for threads in [1, 3] {
        let output = root.join(format!("threads-{threads}"));
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut stop = StopAt(3, 0);
            train(
                &config,
                &dataset,
                &options(&output, false),
                &device,
                &mut stop,
            )
            .unwrap();
            train(
                &config,
                &dataset,
                &options(&output, true),
                &device,
                &mut Quiet,
            )
            .unwrap();
        });
        assert_eq!(files(&whole), files(&output), "{threads} threads");
    }
}

#[test]
fn frozen_weights_are_those_it_started_from() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let dataset = data(root);
    let first = run(root, &dataset, "first", &[]);
    let init = RunFiles::new(root.join("first")).model();
    let options = TrainOptions {
        init: Some(init.clone()),
        ..options(&root.join("second"), false)
    };
    let config = config(&["train.freeze=[\"stem\"]", "seed=9"]);
    train(&config, &dataset, &options, &Device::flex(), &mut Quiet).unwrap();
    let (started, _) = read_tensors(&init).unwrap();
    let name = "backbone.stem.conv.weight";
    let of = |weights: &[NamedTensor]| weights.iter().find(|w| w.name == name).unwrap().clone();
    assert_eq!(of(&last(&root.join("second"))), of(&started));
    assert_eq!(first.len(), started.len());
}

#[test]
fn a_part_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let config = config(&["train.freeze=[\"stage5\"]"]);
    let output = dir.path().join("run");
    let error = train(
        &config,
        &dataset,
        &options(&output, false),
        &Device::flex(),
        &mut Quiet,
    )
    .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("train.freeze")
            && message.contains("stem, stage1, stage2, stage3, stage4")
            && message.contains("`stage5`"),
        "{message}"
    );
    assert!(!matches!(error, TrainError::Exists(_)));
    assert!(!fs::exists(output).unwrap());
}
