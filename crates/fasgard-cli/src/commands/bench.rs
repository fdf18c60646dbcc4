//! `fasgard bench`.

use std::{path::Path, time::Instant};

use burn::tensor::{Device, Tensor};
use fasgard_model::{ModelFile, SelfTest};
use fasgard_nn::{Detector, InferenceDetector, ModelConfig, Target, Targets};
use fasgard_train::{ExperimentConfig, Learner};

use crate::{args::Bench, device, failure::misuse};

/// Steps before the timed ones.
const WARM_UP: usize = 2;

pub(super) fn run(args: &Bench) -> anyhow::Result<()> {
    let device = device::open(&args.device)?;
    if args.steps == 0 || !(1..=4096).contains(&args.batch) {
        return Err(misuse(format!(
            "--steps: expected at least 1, found {}; --batch: expected 1 to 4096, found {}",
            args.steps, args.batch
        )));
    }
    let (mut times, loss, name, size) = match (args.what.as_str(), &args.model) {
        ("train", Some(_)) => {
            return Err(misuse(
                "--model: bench train takes a configuration (--config)",
            ));
        }
        ("train", None) => {
            let config = config(args)?;
            let (times, loss) = train(&config, args, &device)?;
            (times, loss, config.name, config.input.size)
        }
        _ => {
            let network = Network::open(args, &device)?;
            let times = network.infer(args, &device)?;
            (times, None, network.name, network.size)
        }
    };
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let (min, max) = (times[0], times[times.len() - 1]);
    let images = args.batch as f64 / median;
    let peak = peak_rss_bytes();
    if args.json {
        return super::print_json(&serde_json::json!({
            "what": args.what, "name": name, "batch": args.batch, "size": size,
            "steps": args.steps, "threads": rayon::current_num_threads(), "device": args.device,
            "step_s": {"min": min, "median": median, "max": max},
            "images_per_s": images, "loss": loss, "peak_rss_bytes": peak,
        }));
    }
    let memory = peak.map_or_else(|| "not known".into(), |b| format!("{} MiB", b >> 20));
    super::print(&format!(
        "{} {name} batch {} at {size} px, {} threads: step {median:.4} s ({min:.4} to {max:.4}), {images:.1} images/s, peak memory {memory}\n",
        args.what,
        args.batch,
        rayon::current_num_threads(),
    ))
}

/// The configuration with the settings of the command line.
fn config(args: &Bench) -> anyhow::Result<ExperimentConfig> {
    let mut sets = args.sets.clone();
    if let Some(size) = args.size {
        sets.push(format!("input.size={size}"));
    }
    let path = args.config.as_deref().unwrap_or(Path::new(""));
    ExperimentConfig::read(path, &sets).map_err(misuse)
}

/// The same smooth images `count` times.
fn images(count: usize, size: usize, device: &Device) -> Tensor<4> {
    SelfTest::input(size, device).repeat_dim(0, count)
}

/// Seconds of the steps, and the loss of the last.
fn train(
    config: &ExperimentConfig,
    args: &Bench,
    device: &Device,
) -> anyhow::Result<(Vec<f64>, Option<f32>)> {
    let mut learner = Learner::new(config, device).map_err(misuse)?;
    let device = device.clone().autodiff();
    let batch = args.batch;
    let images = images(batch, config.input.size as usize, &device);
    let side = config.model.supervision.target_side();
    let map = (config.model.supervision.target != Target::Binary)
        .then(|| Tensor::ones([batch, side, side, 1], &device).mul_scalar(0.5));
    let targets = Targets {
        labels: Tensor::ones([batch], &device),
        map,
    };
    let mut loss = None;
    let times = timed(args.steps, &device, || {
        loss = Some(learner.step(images.clone(), &targets, config.optimizer.lr));
    })?;
    Ok((times, loss))
}

/// A network for inference: a model file's, or one with drawn weights.
struct Network {
    name: String,
    size: u32,
    model: ModelConfig,
    detector: InferenceDetector,
}

impl Network {
    fn open(args: &Bench, device: &Device) -> anyhow::Result<Self> {
        if let Some(path) = &args.model {
            let file = ModelFile::read(path).map_err(misuse)?;
            return Ok(Self {
                detector: file.detector(path, device).map_err(misuse)?.prepare(),
                name: file.card.name,
                size: file.card.preprocess.size,
                model: file.card.model,
            });
        }
        let config = config(args)?;
        let rng = fasgard_image::random::stream(config.seed, "init", 0, "");
        let size = config.input.size;
        let mut detector =
            Detector::new(&config.model, size as usize, rng, device).map_err(misuse)?;
        detector.set_compute(config.compute);
        Ok(Self {
            name: config.name,
            size,
            model: config.model,
            detector: detector.prepare(),
        })
    }

    fn infer(&self, args: &Bench, device: &Device) -> anyhow::Result<Vec<f64>> {
        let images = images(args.batch, self.size as usize, device);
        timed(args.steps, device, || {
            let _ = self.detector.forward(images.clone()).scores(&self.model);
        })
    }
}

/// Seconds of every timed step, each until the device has done all of it.
fn timed(steps: usize, device: &Device, mut step: impl FnMut()) -> anyhow::Result<Vec<f64>> {
    let mut run = || {
        let begin = Instant::now();
        step();
        let done = device.sync();
        done.map_err(|e| anyhow::anyhow!("the device failed: {e}"))?;
        Ok(begin.elapsed().as_secs_f64())
    };
    for _ in 0..WARM_UP {
        run()?;
    }
    (0..steps).map(|_| run()).collect()
}

/// The process's largest resident set, where the system tells (Linux).
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
