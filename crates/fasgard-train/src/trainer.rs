//! The training loop.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use burn::tensor::Device;
use fasgard_data::{Dataset, EvalLoader, TargetSpec, TrainLoader};
use fasgard_image::write_atomic;
use fasgard_metrics::{Label, ScoreFile};
use fasgard_model::{
    ModelCard, ModelFile, SCHEMA, SelfTest, TrainingCard, read_tensors, weights_sha256,
    write_tensors,
};
use fasgard_nn::Target;

use crate::{
    DataCheck, Event, ExperimentConfig, Learner, Observer, RunFiles, TrainError, Validation,
    checkpoint::{self, Best, State, sha256},
    data_cards,
    metrics_file::{MetricsFile, TrainRow},
    score_samples,
    validation::{dev_threshold, validate},
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
}

/// Trains `config` on the training split of `dataset`, choosing the best checkpoint on its dev
/// split, and writes the run's files.
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
    let fingerprint = data.fingerprint();
    let files = RunFiles::new(&options.output);
    let text = config
        .to_toml()
        .map_err(|e| TrainError::damaged(&files.config(), e))?;
    let mut run = Run::open(config, files, &text, fingerprint, options, device)?;

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
    let waited = batches.waited();
    drop(batches);
    observer.event(&Event::Done {
        step: run.state.step,
        elapsed: begin.elapsed(),
        waited,
    });
    let weights_sha256 = match finished {
        true => run.finish(config, dataset, dev_samples, device)?,
        false => String::new(),
    };
    Ok(Outcome {
        steps: run.state.step,
        finished,
        best: run.state.best.map(|b| (b.step, b.validation)),
        weights_sha256,
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

struct Run {
    files: RunFiles,
    learner: Learner,
    metrics: MetricsFile,
    state: State,
}

impl Run {
    fn open(
        config: &ExperimentConfig,
        files: RunFiles,
        text: &str,
        data: String,
        options: &TrainOptions,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let mut learner = Learner::new(config, device)?;
        let config_hash = sha256(text.as_bytes());
        let found = checkpoint::latest(&files.checkpoints())?;
        // A run that stopped before its first checkpoint left nothing to go on from: it starts anew.
        let started = files.config().exists();
        let state = match (options.resume, found) {
            (true, None) if !started => return Err(TrainError::NothingToResume(files.root)),
            (true, Some((path, state))) => {
                for (what, expected, found) in [
                    ("the configuration", &state.config, &config_hash),
                    ("the data", &state.data, &data),
                ] {
                    if expected != found {
                        let (expected, found) = (expected.clone(), found.clone());
                        return Err(TrainError::OtherRun {
                            path,
                            what,
                            expected,
                            found,
                        });
                    }
                }
                checkpoint::load(&path, &state, &mut learner)?;
                state
            }
            (resume, found) => {
                if !resume && (found.is_some() || files.model().exists()) {
                    return Err(TrainError::Exists(files.root));
                }
                if let Some(path) = &options.init {
                    init_from(&mut learner, path)?;
                }
                State {
                    schema: 1,
                    step: 0,
                    config: config_hash,
                    data,
                    metrics_bytes: 0,
                    stale: 0,
                    weights_sha256: String::new(),
                    optimizer_sha256: String::new(),
                    best: None,
                }
            }
        };
        fs::create_dir_all(files.checkpoints())
            .map_err(TrainError::file(&files.checkpoints(), "create"))?;
        write_atomic(files.config(), text.as_bytes())?;
        let terms = config.model.supervision.loss_terms();
        let metrics = MetricsFile::open(&files.metrics(), &terms, state.metrics_bytes)?;
        Ok(Self {
            files,
            learner,
            metrics,
            state,
        })
    }

    fn step(
        &mut self,
        config: &ExperimentConfig,
        batches: &mut fasgard_data::Prefetcher,
        epoch: u64,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let t = &config.train;
        let weight = 1.0 / t.accumulate as f64;
        let mut forwards = Vec::new();
        let mut samples = String::new();
        for _ in 0..t.accumulate {
            let batch = batches.next_batch()?;
            let forward = self.learner.forward(&batch, weight);
            let terms = forward
                .terms
                .iter()
                .map(|(name, value)| (name.as_str(), *value));
            if let Some((term, value)) = terms
                .chain([("total", forward.total)])
                .find(|(_, v)| !v.is_finite())
            {
                return Err(TrainError::NotFinite {
                    step: self.state.step + 1,
                    term: term.to_owned(),
                    value,
                    samples: batch.samples.join(", "),
                });
            }
            forwards.push(forward);
            samples = batch.samples.join(", ");
        }
        let count = forwards.len() as f32;
        let loss = forwards.iter().map(|f| f.total).sum::<f32>() / count;
        let terms: Vec<f32> = (0..forwards[0].terms.len())
            .map(|i| forwards.iter().map(|f| f.terms[i].1).sum::<f32>() / count)
            .collect();
        let lr = config.optimizer.lr * config.schedule.factor(self.state.step, t.steps);
        let grad_norm = self.learner.update(forwards, lr);
        self.state.step += 1;
        let step = self.state.step;
        if !grad_norm.is_finite() {
            return Err(TrainError::NotFinite {
                step,
                term: "gradient norm".into(),
                value: grad_norm as f32,
                samples,
            });
        }
        if step.is_multiple_of(t.log_every) || step == t.steps {
            self.metrics.train(&TrainRow {
                step,
                epoch,
                lr,
                loss,
                terms: &terms,
                grad_norm,
            })?;
        }
        observer.event(&Event::Step {
            step,
            steps: t.steps,
            loss,
            lr,
        });
        Ok(())
    }

    fn validate(
        &mut self,
        config: &ExperimentConfig,
        dev: &EvalLoader,
        epoch: u64,
        device: &Device,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let detector = self.learner.valid();
        let validation = validate(&detector, &config.model, dev, device)?;
        let step = self.state.step;
        if !validation.loss.is_finite() {
            return Err(TrainError::NotFinite {
                step,
                term: "dev loss".into(),
                value: validation.loss as f32,
                samples: "the dev split".into(),
            });
        }
        self.metrics.dev(step, epoch, &validation)?;
        let metric = config.train.metric;
        let best = self
            .state
            .best
            .as_ref()
            .is_none_or(|b| validation.better_than(&b.validation, metric));
        if best {
            write_tensors(&self.files.best(), &self.learner.weights(), HashMap::new())?;
            self.state.best = Some(Best {
                step,
                validation: validation.clone(),
            });
            self.state.stale = 0;
        } else {
            self.state.stale += 1;
        }
        observer.event(&Event::Validated {
            step,
            validation: &validation,
            best,
        });
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        self.state.metrics_bytes = self.metrics.sync()?;
        checkpoint::save(&self.files.checkpoints(), &self.learner, self.state.clone())
    }

    /// Scores dev with the best weights, chooses the threshold, writes the model file; returns the
    /// hash of the weights.
    fn finish(
        &mut self,
        config: &ExperimentConfig,
        dataset: &Dataset,
        dev: Vec<fasgard_data::Sample>,
        device: &Device,
    ) -> Result<String, TrainError> {
        let best_file = self.files.best();
        let weights = read_tensors(&best_file)?.0;
        self.learner
            .load(weights.clone())
            .map_err(|e| TrainError::damaged(&best_file, e.to_string()))?;
        let hash = weights_sha256(&weights);
        let detector = self.learner.valid();
        let batch = config.train.batch_size;
        let scored = score_samples(
            &detector,
            &config.model,
            &config.input,
            dev,
            batch,
            device,
            &mut |_| {},
        )?;
        ScoreFile::write(self.files.dev_scores(), &scored.rows)?;
        let threshold = dev_threshold(&ScoreFile::read(self.files.dev_scores())?)?;
        let size = config.input.size as usize;
        let (best_step, dev_value) = self.state.best.as_ref().map_or((0, f64::NAN), |b| {
            (b.step, b.validation.value(config.train.metric))
        });
        let card = ModelCard {
            schema: SCHEMA,
            name: config.name.clone(),
            fasgard: env!("CARGO_PKG_VERSION").into(),
            weights_sha256: hash.clone(),
            model: config.model.clone(),
            preprocess: config.input.clone(),
            labels: [Label::Attack, Label::Live],
            thresholds: vec![threshold],
            support: None,
            self_test: SelfTest::run(&detector, &config.model, size, device),
            training: TrainingCard {
                seed: config.seed,
                steps: self.state.step,
                best_step,
                metric: config.train.metric.name().into(),
                dev_value,
                data: data_cards(dataset),
                protocol: config.protocol.clone(),
            },
            licence: String::new(),
        };
        ModelFile { card, weights }.write(self.files.model())?;
        Ok(hash)
    }
}

fn init_from(learner: &mut Learner, path: &Path) -> Result<(), TrainError> {
    let (weights, _) = read_tensors(path)?;
    learner.load(weights).map_err(|e| {
        TrainError::damaged(
            path,
            format!("{e}; expected weights of the configuration's model"),
        )
    })
}
