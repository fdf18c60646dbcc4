//! A run in progress: what is learnt, what is written, where it stands.

use std::{collections::HashMap, fs, path::Path, time::Instant};

use burn::tensor::Device;
use fasgard_data::{EvalLoader, Prefetcher};
use fasgard_image::write_atomic;
use fasgard_model::{WEIGHTS_KEY, read_tensors, tensor_bytes, weights_sha256};

use crate::{
    DataCheck, Event, ExperimentConfig, Learner, Observer, RunFiles, Times, TrainError,
    TrainOptions,
    checkpoint::{self, Best, State, sha256},
    difference,
    lock::RunLock,
    metrics_file::{MetricsFile, TrainRow},
    validation::validate,
};

/// Largest list of samples or configuration that is read to say what differs, in bytes.
const MAX_COMPARED: u64 = 64 << 20;

pub(crate) struct Run {
    pub(crate) files: RunFiles,
    pub(crate) learner: Learner,
    pub(crate) state: State,
    pub(crate) times: Times,
    metrics: MetricsFile,
    _lock: RunLock,
}

impl Run {
    /// Starts a run, or goes on with the one in the folder; nothing is written into a folder that
    /// is refused but its lock.
    pub(crate) fn open(
        config: &ExperimentConfig,
        files: RunFiles,
        data: &DataCheck,
        options: &TrainOptions,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let text = config
            .to_toml()
            .map_err(|e| TrainError::damaged(&files.config(), e))?;
        let mut learner = Learner::new(config, device)?;
        // A run that stopped before its first checkpoint left nothing to go on from: it starts anew.
        if options.resume && !files.config().exists() {
            return Err(TrainError::NothingToResume(files.root));
        }
        fs::create_dir_all(&files.root).map_err(TrainError::file(&files.root, "create"))?;
        let lock = RunLock::take(&files.lock())?;
        let fresh = State::new(sha256(text.as_bytes()), data.fingerprint());
        let state = match checkpoint::latest(&files.checkpoints())? {
            Some((path, state)) if options.resume => {
                same_run(&path, &state, &fresh, &files, &text, data)?;
                checkpoint::load(&path, &state, &mut learner)?;
                state
            }
            found => {
                if !options.resume && (found.is_some() || files.model().exists()) {
                    return Err(TrainError::Exists(files.root));
                }
                if let Some(path) = &options.init {
                    init_from(&mut learner, path)?;
                }
                fs::create_dir_all(files.checkpoints())
                    .map_err(TrainError::file(&files.checkpoints(), "create"))?;
                write_atomic(files.samples(), data.list().as_bytes())?;
                fresh
            }
        };
        write_atomic(files.config(), text.as_bytes())?;
        let terms = config.model.supervision.loss_terms();
        let metrics = MetricsFile::open(
            &files.metrics(),
            &terms,
            (state.metrics_bytes, &state.metrics_sha256),
        )?;
        Ok(Self {
            files,
            learner,
            state,
            times: Times::default(),
            metrics,
            _lock: lock,
        })
    }

    /// One optimiser step.
    pub(crate) fn step(
        &mut self,
        config: &ExperimentConfig,
        batches: &mut Prefetcher,
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
        let begin = Instant::now();
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
        self.times.logging += begin.elapsed();
        Ok(())
    }

    /// Figures on dev; keeps the weights if they are the best so far.
    pub(crate) fn validate(
        &mut self,
        config: &ExperimentConfig,
        dev: &EvalLoader,
        epoch: u64,
        device: &Device,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        let detector = self.learner.valid();
        let (validation, waited) = validate(&detector, &config.model, dev, device)?;
        self.times.loading += waited;
        let step = self.state.step;
        if !validation.loss.is_finite() {
            return Err(TrainError::NotFinite {
                step,
                term: "dev loss".into(),
                value: validation.loss as f32,
                samples: "the dev split".into(),
            });
        }
        let begin = Instant::now();
        self.metrics.dev(step, epoch, &validation)?;
        let metric = config.train.metric;
        let best = self
            .state
            .best
            .as_ref()
            .is_none_or(|b| validation.better_than(&b.validation, metric));
        if best {
            let weights = self.learner.weights();
            let file = self.files.best();
            write_atomic(&file, &tensor_bytes(&file, &weights, HashMap::new())?)?;
            self.state.best = Some(Best {
                step,
                weights_sha256: weights_sha256(&weights),
                validation: validation.clone(),
            });
            self.state.stale = 0;
        } else {
            self.state.stale += 1;
        }
        self.times.checkpoints += begin.elapsed();
        let begin = Instant::now();
        observer.event(&Event::Validated {
            step,
            validation: &validation,
            best,
        });
        self.times.logging += begin.elapsed();
        Ok(())
    }

    /// Writes a checkpoint of where the run stands.
    pub(crate) fn checkpoint(&mut self) -> Result<(), TrainError> {
        let begin = Instant::now();
        (self.state.metrics_bytes, self.state.metrics_sha256) = self.metrics.sync()?;
        checkpoint::save(&self.files.checkpoints(), &self.learner, self.state.clone())?;
        self.times.checkpoints += begin.elapsed();
        Ok(())
    }
}

/// Refuses a checkpoint of another version, configuration or data, and says what differs.
fn same_run(
    path: &Path,
    state: &State,
    fresh: &State,
    files: &RunFiles,
    text: &str,
    data: &DataCheck,
) -> Result<(), TrainError> {
    let refuse = |what, expected: &str, found: &str, named: Option<String>| {
        Err(TrainError::OtherRun {
            path: path.to_owned(),
            what,
            difference: named.unwrap_or_else(|| format!("expected {expected}, found {found}")),
        })
    };
    if state.fasgard != fresh.fasgard {
        let what = "the version of fasgard";
        return refuse(what, &state.fasgard, &fresh.fasgard, None);
    }
    if state.config != fresh.config {
        let named = known(&files.config(), |own| {
            sha256(own.as_bytes()) == state.config
        })
        .and_then(|own| difference::of_configs(&own, text));
        return refuse("the configuration", &state.config, &fresh.config, named);
    }
    if state.data != fresh.data {
        let named = known(&files.samples(), |_| true)
            .and_then(|own| difference::of_samples(&own, &data.list()));
        return refuse("the data", &state.data, &fresh.data, named);
    }
    Ok(())
}

/// A text of the run, if it can be read and is the one that is meant.
fn known(path: &Path, meant: impl Fn(&str) -> bool) -> Option<String> {
    fs::metadata(path)
        .ok()
        .filter(|m| m.len() <= MAX_COMPARED)?;
    fs::read_to_string(path).ok().filter(|text| meant(text))
}

fn init_from(learner: &mut Learner, path: &Path) -> Result<(), TrainError> {
    let (weights, metadata) = read_tensors(path)?;
    let loaded = match metadata.contains_key(WEIGHTS_KEY) {
        true => learner.load_backbone(weights),
        false => learner.load(weights),
    };
    loaded.map_err(|e| {
        TrainError::damaged(
            path,
            format!("{e}; expected weights of the configuration's model"),
        )
    })
}
