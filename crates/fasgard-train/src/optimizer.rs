//! Optimisers, set up with PyTorch's defaults: the framework's, but Adam in one pass.

use burn::{
    optim::{
        AdamState, AdaptiveMomentumState, ModuleOptimizer, Optimizer, SgdConfig,
        decay::WeightDecayConfig, momentum::MomentumConfig,
    },
    tensor::{Device, Tensor},
};
use fasgard_kernels::{Adam, WeightDecay, tensor::adam_step};
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
        OptimizerKind::Adam | OptimizerKind::Adamw => ModuleOptimizer::from(FusedAdam(Adam {
            beta_1,
            beta_2,
            epsilon: config.epsilon as f32,
            weight_decay: if config.kind == OptimizerKind::Adamw {
                WeightDecay::Decoupled(decay)
            } else {
                WeightDecay::Gradient(decay)
            },
        })),
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

/// Adam and AdamW with the framework's arithmetic and state, over every parameter once instead of
/// once an operation: for ResNet-50 that is a tenth of a training step.
#[derive(Clone)]
struct FusedAdam(Adam);

impl Optimizer for FusedAdam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let (time, moments) = match state {
            Some(AdamState { momentum }) => {
                (momentum.time + 1, [momentum.moment_1, momentum.moment_2])
            }
            None => (1, [tensor.zeros_like(), tensor.zeros_like()]),
        };
        let step = self.0.step(u32::try_from(time).unwrap_or(u32::MAX), lr);
        let (tensor, [moment_1, moment_2]) = adam_step(tensor, grad, moments, step);
        let momentum = AdaptiveMomentumState::new(time, moment_1, moment_2);
        (tensor, Some(AdamState::new(momentum)))
    }

    fn to_device<const D: usize>(mut state: Self::State<D>, device: &Device) -> Self::State<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
