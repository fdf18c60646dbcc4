//! `fasgard train`.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fasgard_data::checks::leaks;
use fasgard_train::{Event, ExperimentConfig, Observer, Outcome, TrainError, TrainOptions, train};

use super::fold;
use crate::{
    args::Train,
    device,
    failure::misuse,
    progress::{Progress, say},
    stop::on_ctrl_c,
};

pub(super) fn run(args: &Train) -> anyhow::Result<()> {
    let device = device::open(&args.device)?;
    if args.resume && args.init.is_some() {
        return Err(misuse(
            "--init starts a new run and --resume goes on with an old one; give one of them",
        ));
    }
    if args.resume {
        device::check_resume()?;
    }
    let mut config = ExperimentConfig::read(&args.config, &args.sets).map_err(misuse)?;
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    let (dataset, protocol) = fold::open(&args.data, &args.fold)?;
    if config.protocol.is_some() && protocol.is_none() {
        return Err(misuse(format!(
            "{}: key `protocol`: it is of a run's config.toml; give --protocol FILE --fold NAME, or remove the key",
            args.config.display()
        )));
    }
    config.protocol = protocol;
    if args.resume {
        fold::same(&args.output, config.protocol.as_ref())?;
    }
    for warning in leaks(&dataset) {
        say(&format!("warning: {warning}"));
    }
    let widest = config.augment.pixels.widest_crop(config.input.crop_scale);
    super::warn_if_narrow(&dataset, widest.max(config.input.crop_scale));
    if config.augment.simulate.probability > 0.0 {
        let wanted = config.augment.photographed(config.input.crop_scale);
        // A fiftieth more is a sliver that no input shows.
        for (name, held) in super::narrower(&dataset, f64::from(wanted) / 1.02) {
            say(&format!(
                "warning: crops of simulated attacks reach up to {wanted:.1} times the face box, and dataset `{name}` holds {held} times: some end in a black edge, and a little more often than those of live faces; prepare it with a larger --wide-scale (4 at most), or draw smaller crops and shifts"
            ));
        }
    }
    let mut watcher = Watcher::new(config.name.clone(), on_ctrl_c()?);
    let options = TrainOptions {
        output: args.output.clone(),
        resume: args.resume,
        init: args.init.clone(),
    };
    let outcome = train(&config, &dataset, &options, &device, &mut watcher).map_err(refused)?;
    drop(watcher);
    if args.json {
        let best = outcome
            .best
            .as_ref()
            .map(|(step, v)| serde_json::json!({"step": step, "dev": v}));
        let times = outcome.times;
        super::print_json(&serde_json::json!({
            "steps": outcome.steps, "finished": outcome.finished, "best": best,
            "weights_sha256": outcome.weights_sha256,
            "time_s": {
                "total": times.total.as_secs_f64(), "model": times.model().as_secs_f64(),
                "loading": times.loading.as_secs_f64(),
                "checkpoints": times.checkpoints.as_secs_f64(),
                "logging": times.logging.as_secs_f64(),
            },
        }))?;
    } else {
        super::print(&describe(&outcome, &args.output))?;
    }
    // So that a script does not go on to score a model that is not there.
    anyhow::ensure!(
        outcome.finished,
        "stopped after step {}; a checkpoint is written: go on with the same command and --resume",
        outcome.steps
    );
    Ok(())
}

fn refused(error: TrainError) -> anyhow::Error {
    match error.is_misuse() {
        true => misuse(error),
        false => error.into(),
    }
}

fn describe(outcome: &Outcome, output: &Path) -> String {
    let mut text = String::new();
    if let Some((step, v)) = &outcome.best {
        text += &format!(
            "best on dev at step {step}: AUC {:.4}, EER {:.2} %, loss {:.4}\n",
            v.auc,
            v.eer * 100.0,
            v.loss
        );
    }
    text + &match outcome.finished {
        true => format!(
            "model: {}\nweights sha256 {}\n",
            output.join("model.safetensors").display(),
            outcome.weights_sha256
        ),
        false => String::new(),
    }
}

/// Shows a run's progress.
pub(super) struct Watcher {
    name: String,
    stop: Arc<AtomicBool>,
    progress: Option<Progress>,
    dev: String,
}

impl Watcher {
    pub(super) fn new(name: String, stop: Arc<AtomicBool>) -> Self {
        Self {
            name,
            stop,
            progress: None,
            dev: String::new(),
        }
    }
}

impl Observer for Watcher {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start {
                step,
                steps,
                samples,
                without_depth,
                parameters,
            } => {
                let progress = Progress::new(self.name.clone(), "steps", *steps);
                progress.line(&format!(
                    "{}: {samples} training samples, {parameters} parameters, steps {step} to {steps}",
                    self.name
                ));
                if *without_depth > 0 {
                    progress.line(&format!(
                        "{}: {without_depth} live samples without a depth map are left out; their attribute `depth` says why",
                        self.name
                    ));
                }
                self.progress = Some(progress);
            }
            Event::Step { step, loss, .. } => {
                let message = format!("loss {loss:.4}{}", self.dev);
                if let Some(progress) = &mut self.progress {
                    progress.set(*step, &message);
                }
            }
            Event::Validated { validation, .. } => {
                self.dev = format!(
                    ", dev AUC {:.4} EER {:.1} %",
                    validation.auc,
                    validation.eer * 100.0
                );
            }
            Event::EarlyStop { step } => {
                if let Some(progress) = &self.progress {
                    progress.line(&format!(
                        "{}: no improvement for long enough, stopped at step {step}",
                        self.name
                    ));
                }
            }
            Event::Done { times, .. } => {
                if let Some(progress) = self.progress.take() {
                    let total = times.total.as_secs_f64();
                    let share = |part: Duration| 100.0 * part.as_secs_f64() / total.max(1e-9);
                    progress.line(&format!(
                        "{}: {total:.1} s: {:.1} % in the model, {:.1} % waiting for images, {:.1} % checkpoints, {:.1} % log",
                        self.name,
                        share(times.model()),
                        share(times.loading),
                        share(times.checkpoints),
                        share(times.logging),
                    ));
                }
            }
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
