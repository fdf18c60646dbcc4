//! The training loop.

use std::{path::PathBuf, time::Instant};

use burn::tensor::Device;
use fasgard_data::{Dataset, EvalLoader, TargetSpec, TrainLoader};
use fasgard_nn::Target;

use crate::{
    DataCheck, Event, ExperimentConfig, Observer, RunFiles, Times, TrainError, Validation,
    finish::finish, run::Run,
};

/// Batches decoded ahead of the model.
const AHEAD: usize = 3;

/// How to run.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// The run's folder.
    pub output: PathBuf,
    /// Go on from the latest checkpoint.
    pub resume: bool,
    /// Start from these weights (a model file or plain weights) instead of drawn ones.
    pub init: Option<PathBuf>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Steps done.
    pub steps: u64,
    /// False if the observer asked to stop: the run can be resumed.
    pub finished: bool,
    /// The best validation and its step.
    pub best: Option<(u64, Validation)>,
    /// [`weights_sha256`](fasgard_model::weights_sha256) of the model's weights, also in its card.
    pub weights_sha256: String,
    /// Where the time of the loop went, since the start or resume.
    pub times: Times,
}

/// Trains `config` on the training split of `dataset`, choosing the best checkpoint on its dev
/// split, and writes the run's files. The run's folder is locked meanwhile.
///
/// # Errors
/// [`TrainError`]; the checkpoints written before stay valid.
pub fn train(
    config: &ExperimentConfig,
    dataset: &Dataset,
    options: &TrainOptions,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let data = DataCheck::new(dataset, config.model.supervision.target)?;
    let mut run = Run::open(
        config,
        RunFiles::new(&options.output),
        &data,
        options,
        device,
    )?;

    let targets = target_spec(config);
    let t = &config.train;
    let loader = TrainLoader::new(
        data.train,
        config.input.clone(),
        config.augment.clone(),
        config.sampling,
        targets,
        t.batch_size,
        config.seed,
    )?
    .with_cache(t.cache_mb);
    let dev_samples = data.dev.clone();
    let dev = EvalLoader::new(data.dev, config.input.clone(), targets, t.batch_size)?
        .with_cache(t.cache_mb / 2);

    observer.event(&Event::Start {
        step: run.state.step,
        steps: t.steps,
        samples: loader.rows().len(),
        without_depth: data.without_depth,
        parameters: run
            .learner
            .detector()
            .summary(config.input.size as usize)
            .parameters,
    });
    let begin = Instant::now();
    let mut batches = loader.prefetch(run.state.step * t.accumulate, AHEAD);
    let mut saved = run.state.step;
    let mut finished = true;
    while run.state.step < t.steps {
        if t.patience > 0 && run.state.stale >= t.patience {
            observer.event(&Event::EarlyStop {
                step: run.state.step,
            });
            break;
        }
        let epoch = loader.epoch_of(run.state.step * t.accumulate);
        run.step(config, &mut batches, epoch, observer)?;
        let step = run.state.step;
        if step.is_multiple_of(t.validate_every) || step == t.steps {
            run.validate(config, &dev, epoch, device, observer)?;
        }
        let cancelled = observer.cancelled();
        if step.is_multiple_of(t.checkpoint_every) || step == t.steps || cancelled {
            run.checkpoint()?;
            saved = step;
        }
        if cancelled && step < t.steps {
            finished = false;
            break;
        }
    }
    if saved != run.state.step {
        run.checkpoint()?;
    }
    run.times.loading += batches.waited();
    run.times.total = begin.elapsed();
    drop(batches);
    observer.event(&Event::Done {
        step: run.state.step,
        times: run.times,
    });
    let weights_sha256 = match finished {
        true => finish(&mut run, config, dataset, dev_samples, device)?,
        false => String::new(),
    };
    Ok(Outcome {
        steps: run.state.step,
        finished,
        best: run.state.best.map(|b| (b.step, b.validation)),
        weights_sha256,
        times: run.times,
    })
}

/// The targets that a configuration's loss needs.
fn target_spec(config: &ExperimentConfig) -> TargetSpec {
    let side = config.model.supervision.target_side() as u32;
    match config.model.supervision.target {
        Target::Binary => TargetSpec::default(),
        Target::Mask => TargetSpec {
            mask: Some(side),
            depth: None,
        },
        Target::Depth => TargetSpec {
            mask: None,
            depth: Some(side),
        },
    }
}
