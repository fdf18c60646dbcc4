//! Batch normalisation as PyTorch does it.

use burn::{
    module::{Module, Param, RunningState},
    tensor::Tensor,
};
use fasgard_kernels::{
    Activation,
    tensor::{BatchNormOutput, add_relu, batch_norm_infer, batch_norm_join, batch_norm_train},
};

use crate::{
    Init, Trace,
    graph::{Graph, Op, Value, Weights},
};

/// PyTorch's default: added to the variance before the square root.
const EPSILON: f64 = 1e-5;
/// PyTorch's default: share of the batch in the running statistics.
const MOMENTUM: f64 = 0.1;

/// Batch normalisation over `[N, H, W, C]`, per channel, with or without an activation behind it.
///
/// Batch statistics are used on an autodiff device, running statistics elsewhere and where they are
/// frozen. Unlike the tensor
/// framework's own layer the running variance is the **unbiased** one (n / (n - 1)), as in PyTorch.
#[derive(Module, Debug)]
pub struct BatchNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
    epsilon: f64,
    /// Whether running statistics are used and kept in training too.
    #[module(skip)]
    frozen: bool,
}

impl BatchNorm {
    /// Weight 1, bias 0, running mean 0, running variance 1.
    pub fn new(channels: usize, init: &Init) -> Self {
        Self {
            weight: Param::from_tensor(init.constant([channels], 1.0)),
            bias: Param::from_tensor(init.constant([channels], 0.0)),
            running_mean: RunningState::new(init.constant([channels], 0.0)),
            running_var: RunningState::new(init.constant([channels], 1.0)),
            epsilon: EPSILON,
            frozen: false,
        }
    }

    /// The same with another constant added to the variance.
    pub fn with_epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// From now on running statistics are used, and left as they are, in training too.
    pub(crate) fn freeze_statistics(&mut self) {
        self.frozen = true;
    }

    /// Normalises and applies an activation (`true`: a ReLU); on an autodiff device it also updates
    /// the running statistics, unless they are frozen.
    pub fn forward(&self, x: Tensor<4>, activation: impl Into<Activation>) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let (epsilon, activation) = (self.epsilon, activation.into());
        if self.is_fixed(&x) {
            let (mean, variance) = (self.running_mean.value(), self.running_var.value());
            return batch_norm_infer(x, weight, bias, mean, variance, epsilon, activation);
        }
        let shape = x.dims();
        self.record(
            shape,
            batch_norm_train(x, weight, bias, epsilon, activation),
        )
    }

    fn is_fixed(&self, x: &Tensor<4>) -> bool {
        self.frozen || !x.device().is_autodiff()
    }

    /// Normalises, adds `residual` and rectifies: the end of a residual block.
    pub fn forward_join(&self, x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
        if self.is_fixed(&x) {
            return add_relu(self.forward(x, false), residual);
        }
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let shape = x.dims();
        self.record(
            shape,
            batch_norm_join(x, weight, bias, residual, self.epsilon),
        )
    }

    /// Moves the running statistics and hands the output on.
    fn record(&self, [batch, height, width, _]: [usize; 4], result: BatchNormOutput) -> Tensor<4> {
        let count = (batch * height * width) as f64;
        let variance = result.variance.mul_scalar(count / (count - 1.0).max(1.0));
        update(&self.running_mean, result.mean);
        update(&self.running_var, variance);
        result.output
    }

    /// What the normalisation with running statistics multiplies by and adds, `[C]` each.
    pub(super) fn affine(&self) -> (Tensor<1>, Tensor<1>) {
        let deviation = (self.running_var.value() + self.epsilon).sqrt();
        let scale = self.weight.val() / deviation;
        let shift = self.bias.val() - self.running_mean.value() * scale.clone();
        (scale, shift)
    }

    /// Adds this layer to `graph`, by itself.
    pub fn graph(&self, x: Value, activation: Activation, graph: &mut Graph) -> Value {
        let (scale, shift) = self.affine();
        let (scale, shift) = (Weights::of(scale), Weights::of(shift));
        let y = graph.add(Op::Affine { scale, shift }, &[x]);
        graph.fused(y, activation)
    }

    /// Adds this layer to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        trace.add("bn", input, 2 * input[0], 0)
    }
}

fn update(state: &RunningState<Tensor<1>>, batch: Tensor<1>) {
    let running = state.value_sync();
    let updated = running.mul_scalar(1.0 - MOMENTUM) + batch.detach().mul_scalar(MOMENTUM);
    state.update(updated.detach());
    // The framework averages updates of several threads later; until then a visitor, such as one
    // that saves weights, would see the value of the step before.
    let _ = state.value_sync();
}
