//! The experiment's configuration file.

use std::path::{Path, PathBuf};

use fasgard_data::{SamplingConfig, TrainAugment};
use fasgard_image::Preprocess;
use fasgard_model::ProtocolCard;
use fasgard_nn::{Compute, ModelConfig};
use serde::{Deserialize, Serialize};

use crate::{OptimizerConfig, ScheduleConfig};

/// Largest configuration file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ConfigFileError {
    /// The file.
    pub path: PathBuf,
    /// The key, with its line where the text is at fault; what was expected and found.
    pub reason: String,
}

/// Everything a training run needs besides its data. Unknown keys are refused; every default is
/// written back to the run's `config.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentConfig {
    /// Version of the file's layout: 1.
    pub schema: u32,
    /// Name of the model, as shown in reports.
    pub name: String,
    /// Seed of every random stream.
    #[serde(default)]
    pub seed: u64,
    /// Backbone and supervision.
    pub model: ModelConfig,
    /// From pixels to the network's input.
    #[serde(default)]
    pub input: Preprocess,
    /// Random changes of training samples, simulated attacks among them.
    #[serde(default)]
    pub augment: TrainAugment,
    /// What an epoch is made of.
    #[serde(default)]
    pub sampling: SamplingConfig,
    /// Length, batch, validation, checkpoints.
    #[serde(default)]
    pub train: TrainConfig,
    /// The optimiser.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// The learning rate over time.
    #[serde(default)]
    pub schedule: ScheduleConfig,
    /// How convolutions are computed.
    #[serde(default)]
    pub compute: Compute,
    /// The protocol's fold that assigned the splits. It is written to a run's `config.toml`, never
    /// given by hand: so a run is resumed under the same fold of the same protocol only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolCard>,
}

/// Length, batch, validation, checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Optimiser steps of the whole run, at least 1.
    pub steps: u64,
    /// Samples in a batch, at least 2 (batch normalisation).
    pub batch_size: usize,
    /// Batches whose gradients are averaged before a step, at least 1.
    pub accumulate: u64,
    /// Largest Euclidean norm of the whole gradient; 0 = not clipped.
    pub clip_norm: f64,
    /// Steps between validations on dev, at least 1; the last step is always validated.
    pub validate_every: u64,
    /// Steps between checkpoints, at least 1.
    pub checkpoint_every: u64,
    /// Steps between rows of `metrics.csv`, at least 1.
    pub log_every: u64,
    /// Validations without improvement after which training stops; 0 = never.
    pub patience: u64,
    /// The dev metric that chooses the best checkpoint.
    pub metric: Metric,
    /// Memory for decoded images, in MiB.
    pub cache_mb: u64,
    /// Parts of the backbone that are left as they are, weights and running statistics, such as
    /// `["stem", "layer1"]`; of use with `--init`.
    pub freeze: Vec<String>,
    /// Which statistics the backbone's batch normalisations use.
    pub batch_norm: BatchNormMode,
}

/// Which statistics the backbone's batch normalisations use in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchNormMode {
    /// Those of the batch; the running ones follow.
    #[default]
    Batch,
    /// The running ones, which stay as they are; of use with `--init`.
    Frozen,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 1000,
            batch_size: 16,
            accumulate: 1,
            clip_norm: 0.0,
            validate_every: 100,
            checkpoint_every: 100,
            log_every: 1,
            patience: 0,
            metric: Metric::Auc,
            cache_mb: 512,
            freeze: Vec::new(),
            batch_norm: BatchNormMode::Batch,
        }
    }
}

/// A metric on the dev split; ties are broken by the dev loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Area under the ROC curve: higher is better.
    #[default]
    Auc,
    /// Equal error rate: lower is better.
    Eer,
    /// The loss: lower is better.
    Loss,
}

impl Metric {
    /// The name used in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auc => "auc",
            Self::Eer => "eer",
            Self::Loss => "loss",
        }
    }
}

impl ExperimentConfig {
    /// Reads a configuration and applies `sets`, each `key=value` with a dotted key.
    ///
    /// # Errors
    /// [`ConfigFileError`] with the line of an unknown key or a wrong value.
    pub fn read(path: impl AsRef<Path>, sets: &[String]) -> Result<Self, ConfigFileError> {
        let path = path.as_ref();
        let wrong = |reason: String| ConfigFileError {
            path: path.to_owned(),
            reason,
        };
        let length = std::fs::metadata(path)
            .map_err(|e| wrong(format!("cannot be read: {e}")))?
            .len();
        if length > MAX_BYTES {
            return Err(wrong(format!(
                "expected at most {MAX_BYTES} bytes, found {length}"
            )));
        }
        let text =
            std::fs::read_to_string(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
        Self::parse(&text, sets).map_err(wrong)
    }

    /// Parses a configuration; the error is the reason.
    ///
    /// # Errors
    /// What is wrong, with the line if the text itself is.
    pub fn parse(text: &str, sets: &[String]) -> Result<Self, String> {
        // The text first, on its own: its errors carry line and column. A key that it lacks may be set.
        let own = match toml::from_str::<Self>(text) {
            Err(error) if sets.is_empty() || !error.message().starts_with("missing field") => {
                return Err(error.to_string());
            }
            own => own,
        };
        if let (Ok(config), true) = (own, sets.is_empty()) {
            config.validate()?;
            return Ok(config);
        }
        let mut table: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
        for set in sets {
            apply(&mut table, set)?;
        }
        let config: Self = table.try_into().map_err(|e: toml::de::Error| {
            format!("with --set {}: {}", sets.join(" --set "), e.message())
        })?;
        config.validate()?;
        Ok(config)
    }

    /// The text with every default written out.
    ///
    /// # Errors
    /// Never for a configuration that was read.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|e| e.to_string())
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The key, what was expected and found.
    pub fn validate(&self) -> Result<(), String> {
        let key = |key: &str, expected: &str, found: &dyn std::fmt::Display| {
            Err(format!("key `{key}`: expected {expected}, found {found}"))
        };
        if self.schema != 1 {
            return key("schema", "1", &self.schema);
        }
        if self.name.is_empty() || self.name.len() > 100 || self.name.contains(char::is_control) {
            return key(
                "name",
                "1 to 100 printable characters",
                &format!("{:?}", self.name),
            );
        }
        self.model
            .validate(self.input.size as usize)
            .map_err(|e| e.to_string())?;
        self.input.validate().map_err(|e| e.to_string())?;
        self.augment.validate().map_err(|e| e.to_string())?;
        let t = &self.train;
        for (name, value) in [
            ("train.steps", t.steps),
            ("train.accumulate", t.accumulate),
            ("train.validate_every", t.validate_every),
            ("train.checkpoint_every", t.checkpoint_every),
            ("train.log_every", t.log_every),
        ] {
            if value == 0 {
                return key(name, "at least 1", &0);
            }
        }
        if !(2..=4096).contains(&t.batch_size) {
            return key("train.batch_size", "2 to 4096", &t.batch_size);
        }
        let o = &self.optimizer;
        for (name, value, ok, expected) in [
            (
                "train.clip_norm",
                t.clip_norm,
                t.clip_norm >= 0.0,
                "at least 0",
            ),
            ("optimizer.lr", o.lr, o.lr > 0.0, "above 0"),
            (
                "optimizer.weight_decay",
                o.weight_decay,
                o.weight_decay >= 0.0,
                "at least 0",
            ),
            (
                "optimizer.betas",
                o.betas[0],
                (0.0..1.0).contains(&o.betas[0]),
                "0 up to 1, 1 excluded",
            ),
            (
                "optimizer.betas",
                o.betas[1],
                (0.0..1.0).contains(&o.betas[1]),
                "0 up to 1, 1 excluded",
            ),
            ("optimizer.epsilon", o.epsilon, o.epsilon > 0.0, "above 0"),
            (
                "optimizer.momentum",
                o.momentum,
                (0.0..1.0).contains(&o.momentum),
                "0 up to 1, 1 excluded",
            ),
        ] {
            if !(ok && value.is_finite()) {
                return key(name, expected, &value);
            }
        }
        self.schedule.validate()
    }
}

/// Sets a dotted key of a table: the value is TOML, or a plain word.
fn apply(table: &mut toml::Table, set: &str) -> Result<(), String> {
    let Some((path, text)) = set.split_once('=') else {
        return Err(format!("--set: expected key=value, found `{set}`"));
    };
    let text = text.trim();
    let value = format!("v = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()));
    let keys: Vec<&str> = path.trim().split('.').collect();
    let (last, parents) = keys
        .split_last()
        .ok_or_else(|| format!("--set: no key in `{set}`"))?;
    let mut table = table;
    for parent in parents {
        table = table
            .entry(*parent)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| format!("--set {set}: `{parent}` is no table"))?;
    }
    table.insert((*last).to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
schema = 1
name = "test"

[model]
backbone = "resnet18"
tap = "layer3"
supervision = { target = "mask", scales = [8, 4, 2, 1] }

[input]
size = 128
"#;

    #[test]
    fn defaults_are_written_back() {
        let config = ExperimentConfig::parse(TEXT, &[]).unwrap();
        let text = config.to_toml().unwrap();
        assert!(text.contains("weight_decay = 0.0"), "{text}");
        assert!(
            text.contains("[augment.simulate]") && text.contains("twin = 0.5"),
            "{text}"
        );
        assert_eq!(ExperimentConfig::parse(&text, &[]).unwrap(), config);
    }

    #[test]
    fn unknown_keys_name_their_line() {
        let message = ExperimentConfig::parse(&format!("{TEXT}colour = 3\n"), &[]).unwrap_err();
        assert!(
            message.contains("line 12") && message.contains("colour"),
            "{message}"
        );
    }

    #[test]
    fn sets_override_and_are_checked() {
        let sets = |s: &[&str]| s.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let config = ExperimentConfig::parse(
            TEXT,
            &sets(&["train.steps=7", "name=other", "optimizer.lr=1e-3"]),
        )
        .unwrap();
        assert_eq!(
            (
                config.train.steps,
                config.name.as_str(),
                config.optimizer.lr
            ),
            (7, "other", 1e-3)
        );
        for (set, text) in [
            ("train.step=7", "unknown field `step`"),
            ("train.steps", "expected key=value"),
            ("name.x=1", "no table"),
            (
                "train.batch_size=1",
                "`train.batch_size`: expected 2 to 4096, found 1",
            ),
            ("model.supervision.scales=[8,3]", "scale 3 does not"),
            ("input.size=100", "7 as the largest scale"),
            ("augment.flop=1", "unknown field `flop`"),
            ("augment.simulate.probability=2", "`simulate.probability`"),
            ("augment.simulate.species=[\"print\"]", "found `print`"),
        ] {
            let message = ExperimentConfig::parse(TEXT, &sets(&[set])).unwrap_err();
            assert!(message.contains(text), "{set}: {message}");
        }
    }
}
