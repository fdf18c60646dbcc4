//! Whole runs on a tiny rendered dataset.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::fs;

use burn::tensor::Device;
use common::{StopAt, data, files, options};
use fasgard_data::Dataset;
use fasgard_metrics::{Label, Request, ScoreFile, evaluate};
use fasgard_model::ModelFile;
use fasgard_train::{ExperimentConfig, Quiet, RunFiles, TrainError, train};

const CONFIG: &str = r#"
schema = 1
name = "tiny"
seed = 5
model = { backbone = "resnet18", tap = "layer2", width = 0.125, supervision = { target = "mask", scales = [4, 2, 1] } }
input = { size = 32 }
augment = { flip = 0.5, brightness = [-20.0, 20.0] }
sampling = { balance = "class" }
train = { steps = 6, batch_size = 4, validate_every = 2, checkpoint_every = 2, clip_norm = 1.0 }
optimizer = { lr = 1e-3, weight_decay = 1e-4 }
schedule = { kind = "cosine", warmup = 2 }
"#;

fn config(sets: &[&str]) -> ExperimentConfig {
    let sets: Vec<String> = sets.iter().map(|s| (*s).to_owned()).collect();
    ExperimentConfig::parse(CONFIG, &sets).unwrap()
}

#[test]
fn resume_equals_an_uninterrupted_run_for_any_thread_count() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let device = Device::flex();
    for sets in [
        &[][..],
        &["train.accumulate=2", "optimizer.kind=sgd"],
        &["optimizer.kind=adamw"],
    ] {
        let config = config(sets);
        let run = |name: &str, threads: usize, stops: &[u64]| {
            let output = dir
                .path()
                .join(format!("{name}-{}", sets.len()) + sets.first().unwrap_or(&"adam"));
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                for (i, &stop) in stops.iter().enumerate() {
                    let options = options(&output, i > 0);
                    let outcome =
                        train(&config, &dataset, &options, &device, &mut StopAt(stop, 0)).unwrap();
                    assert!(!outcome.finished);
                }
                let options = options(&output, !stops.is_empty());
                train(&config, &dataset, &options, &device, &mut Quiet).unwrap()
            });
            files(&output)
        };
        let whole = run("whole", 2, &[]);
        assert_eq!(whole, run("resumed", 1, &[1, 3]), "{sets:?}");
        assert_eq!(whole, run("three", 3, &[4]), "{sets:?}");
    }
}

#[test]
fn a_run_leaves_a_usable_model_with_its_contract() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let output = dir.path().join("run");
    let config = config(&[]);
    let outcome = train(
        &config,
        &dataset,
        &options(&output, false),
        &Device::flex(),
        &mut Quiet,
    )
    .unwrap();
    assert!(outcome.finished && outcome.best.is_some());
    let t = outcome.times;
    assert_eq!(t.model() + t.loading + t.checkpoints + t.logging, t.total);
    assert!(t.model() > t.logging && t.checkpoints > std::time::Duration::ZERO);
    let files = RunFiles::new(&output);
    let model = ModelFile::read(files.model()).unwrap();
    assert!(model.verify(files.model(), &Device::flex()).unwrap() < 1e-6);
    assert!(model.card.is_rendered_only());
    let scores = ScoreFile::read(files.dev_scores()).unwrap();
    let threshold = &model.card.thresholds[0];
    assert_eq!(
        threshold.from.sha256.as_deref(),
        Some(scores.sha256.as_str())
    );
    assert_eq!((threshold.from.live, threshold.from.attack), (4, 4));
    // Where dev's scores lay is in the file: of four, 1 % is the lowest and 99 % the highest, 25 % the
    // first and 50 % the second.
    let dev = model.card.dev_scores.unwrap();
    let live = scores.rows.iter().filter(|r| r.label == Label::Live);
    let mut live: Vec<f64> = live.filter_map(|r| r.score).collect();
    live.sort_by(f64::total_cmp);
    assert_eq!((dev.live.count, dev.attack.count), (4, 4));
    for (found, expected) in dev.live.values().iter().zip([0, 0, 0, 1, 2, 3, 3]) {
        assert!((found - live[expected]).abs() < 1e-8, "{dev:?}");
    }
    // The saved model is the one that was validated, running statistics included.
    let mut request = Request::new(None, &scores);
    request.threshold = Some("value=0.5".parse().unwrap());
    let auc = evaluate(&request).unwrap().outcomes()[0].1.test.auc.value;
    assert_eq!(auc, Some(outcome.best.as_ref().unwrap().1.auc));
    let metrics = fs::read_to_string(files.metrics()).unwrap();
    let header = "step,epoch,phase,lr,loss,bce@4,bce@2,bce@1,bce@final,grad_norm,auc,eer,threshold";
    assert_eq!(metrics.lines().next(), Some(header));
    assert_eq!(metrics.lines().filter(|l| l.contains(",train,")).count(), 6);
    assert_eq!(metrics.lines().filter(|l| l.contains(",dev,")).count(), 3);
    assert!(
        metrics.lines().all(|l| l.split(',').count() == 13),
        "{metrics}"
    );
}

#[test]
fn a_tiny_set_is_learnt_by_heart() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    for (target, factor) in [
        (vec![], 0.5),
        (
            vec!["model.supervision={target=\"depth\",scales=[8,4]}"],
            0.7,
        ),
    ] {
        let output = dir.path().join(format!("run-{}", target.len()));
        let mut sets = vec![
            "train.steps=40",
            "train.batch_size=16",
            "augment={}",
            "optimizer.lr=3e-3",
        ];
        sets.extend([
            "train.validate_every=40",
            "schedule.kind=constant",
            "train.clip_norm=0",
        ]);
        sets.extend(target);
        train(
            &config(&sets),
            &dataset,
            &options(&output, false),
            &Device::flex(),
            &mut Quiet,
        )
        .unwrap();
        let metrics = fs::read_to_string(RunFiles::new(&output).metrics()).unwrap();
        let losses: Vec<f64> = metrics
            .lines()
            .filter(|l| l.contains(",train,"))
            .map(|l| l.split(',').nth(4).unwrap().parse().unwrap())
            .collect();
        assert!(losses[39] < factor * losses[0], "{losses:?}");
    }
}

#[test]
fn refusals() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let device = Device::flex();
    let output = dir.path().join("run");
    let go = |config: &ExperimentConfig, dataset: &Dataset, resume: bool| {
        train(
            config,
            dataset,
            &options(&output, resume),
            &device,
            &mut StopAt(2, 0),
        )
    };
    assert!(matches!(
        go(&config(&[]), &dataset, true),
        Err(TrainError::NothingToResume(_))
    ));
    go(&config(&[]), &dataset, false).unwrap();
    assert!(matches!(
        go(&config(&[]), &dataset, false),
        Err(TrainError::Exists(_))
    ));
    let message = go(&config(&["train.steps=7"]), &dataset, true)
        .unwrap_err()
        .to_string();
    assert!(message.contains("the configuration differs"), "{message}");
    let fewer = dataset
        .clone()
        .with_splits(|row| row.split.filter(|_| row.subject.as_deref() != Some("0000")));
    let message = go(&config(&[]), &fewer, true).unwrap_err().to_string();
    assert!(message.contains("the data differs"), "{message}");
    let one_class = dataset
        .clone()
        .with_splits(|row| row.split.filter(|_| row.label.is_live()));
    let error = go(&config(&[]), &one_class, true).unwrap_err();
    assert!(
        error.is_misuse() && error.to_string().contains("split `train`"),
        "{error}"
    );

    // A flipped byte in the checkpoint is noticed.
    let weights = output.join("checkpoints/step-00000002/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let message = go(&config(&[]), &dataset, true).unwrap_err().to_string();
    assert!(message.contains("SHA-256"), "{message}");
}

#[test]
fn a_loss_that_is_not_finite_names_step_term_and_samples() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let config = config(&[
        "optimizer.kind=sgd",
        "optimizer.lr=1e30",
        "train.clip_norm=0",
        "schedule.warmup=0",
    ]);
    let error = train(
        &config,
        &dataset,
        &options(&dir.path().join("r"), false),
        &Device::flex(),
        &mut Quiet,
    )
    .unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, TrainError::NotFinite { .. }), "{message}");
    assert!(
        message.contains("loss term `bce@4`") && message.contains("train/"),
        "{message}"
    );
}

#[test]
fn a_broken_image_stops_training_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = data(dir.path());
    let broken = dataset.samples()[0].image_path();
    let bytes = fs::read(&broken).unwrap();
    fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let message = train(
        &config(&[]),
        &dataset,
        &options(&dir.path().join("r"), false),
        &Device::flex(),
        &mut Quiet,
    )
    .unwrap_err()
    .to_string();
    assert!(
        message.contains(&dataset.samples()[0].row.sample) && message.contains("truncated"),
        "{message}"
    );
}
