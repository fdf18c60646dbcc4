//! What a model file says about itself.

use fasgard_image::Preprocess;
use fasgard_metrics::{Label, Threshold};
use fasgard_nn::ModelConfig;
use serde::{Deserialize, Serialize};

use crate::{DevScores, SelfTest};

/// Version of the card's layout.
pub const SCHEMA: u32 = 1;

/// The contract of a model: everything needed to use its weights rightly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The configuration's name.
    pub name: String,
    /// Version of fasgard that wrote the file.
    pub fasgard: String,
    /// [`weights_sha256`](crate::weights_sha256) of the weights, checked when the file is read.
    pub weights_sha256: String,
    /// The architecture.
    pub model: ModelConfig,
    /// From pixels to the network's input.
    pub preprocess: Preprocess,
    /// Class 0, class 1.
    pub labels: [Label; 2],
    /// Thresholds with where they came from; the first is the default.
    pub thresholds: Vec<Threshold>,
    /// Scores between which the model has been measured; none = not calibrated.
    pub support: Option<[f64; 2]>,
    /// Scores strictly between these two were seen of neither class in calibration; none = no gap.
    #[serde(default)]
    pub gap: Option<[f64; 2]>,
    /// Where the scores of the dev split lay when training ended; none = not known (older files,
    /// imported weights).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_scores: Option<DevScores>,
    /// What the model answers to a fixed input.
    pub self_test: SelfTest,
    /// How it was trained.
    pub training: TrainingCard,
    /// Terms of use of the weights; empty = not stated.
    pub licence: String,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingCard {
    /// Seed of every random stream.
    pub seed: u64,
    /// Optimiser steps of the whole run.
    pub steps: u64,
    /// Step of these weights, chosen on the dev split.
    pub best_step: u64,
    /// The dev metric that chose it, such as `auc`.
    pub metric: String,
    /// Its value on dev.
    pub dev_value: f64,
    /// What it was trained on.
    pub data: Vec<DataCard>,
    /// The protocol's fold that assigned the splits; absent where the manifests' own splits were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolCard>,
}

/// A fold of a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolCard {
    /// The protocol's name.
    pub name: String,
    /// The fold.
    pub fold: String,
    /// SHA-256 of the protocol file, 64 hexadecimal digits.
    pub sha256: String,
}

impl std::fmt::Display for ProtocolCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.sha256.chars().take(12).collect();
        write!(f, "fold `{}` of {} (file {start})", self.fold, self.name)
    }
}

/// A dataset as used in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCard {
    /// The dataset's name.
    pub name: String,
    /// Its layout.
    pub layout: String,
    /// SHA-256 of the manifests' rows as used, 64 hexadecimal digits.
    pub sha256: String,
    /// Live samples of the training split.
    pub train_live: u64,
    /// Attack samples of the training split.
    pub train_attack: u64,
    /// Species in the training split.
    pub species: Vec<String>,
}

/// Layout name of rendered data, whose models are not for real faces.
const RENDERED: &str = "synthetic";

impl ModelCard {
    /// True if every image in training was rendered: such a model is not for real faces.
    pub fn is_rendered_only(&self) -> bool {
        !self.training.data.is_empty() && self.training.data.iter().all(|d| d.layout == RENDERED)
    }
}
