//! The framework's optimisers, set up with PyTorch's defaults.

use burn::optim::{
    AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig,
    momentum::MomentumConfig,
};

use serde::{Deserialize, Serialize};

/// Which optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam; weight decay is added to the gradient (as PyTorch's `Adam`).
    #[default]
    Adam,
    /// AdamW: weight decay apart from the gradient.
    Adamw,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// The optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Which one.
    pub kind: OptimizerKind,
    /// Learning rate before the schedule.
    pub lr: f64,
    /// Weight decay, at least 0.
    pub weight_decay: f64,
    /// Adam: decay of the mean and of the uncentred variance.
    pub betas: [f64; 2],
    /// Adam: added to the denominator.
    pub epsilon: f64,
    /// SGD: momentum, 0 = none.
    pub momentum: f64,
    /// SGD: Nesterov's form of momentum.
    pub nesterov: bool,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Adam,
            lr: 1e-4,
            weight_decay: 0.0,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            momentum: 0.9,
            nesterov: false,
        }
    }
}

/// Builds what the configuration names.
pub(crate) fn build(config: &OptimizerConfig) -> ModuleOptimizer {
    let decay = config.weight_decay as f32;
    let [beta_1, beta_2] = config.betas.map(|b| b as f32);
    match config.kind {
        OptimizerKind::Adam => AdamConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(config.epsilon as f32)
            .with_weight_decay((decay > 0.0).then(|| WeightDecayConfig::new(decay)))
            .init(),
        OptimizerKind::Adamw => AdamWConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(config.epsilon as f32)
            .with_weight_decay(decay)
            .init(),
        OptimizerKind::Sgd => {
            let momentum = (config.momentum > 0.0).then(|| {
                MomentumConfig::new()
                    .with_momentum(config.momentum)
                    .with_dampening(0.0)
                    .with_nesterov(config.nesterov)
            });
            SgdConfig::new()
                .with_weight_decay((decay > 0.0).then(|| WeightDecayConfig::new(decay)))
                .with_momentum(momentum)
                .init()
        }
    }
}
