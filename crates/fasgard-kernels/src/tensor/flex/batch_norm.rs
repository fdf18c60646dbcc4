//! Batch normalisation on tensors of burn's CPU backend.

use super::view::{dense, dims, floats, supported, tensor};
use crate::Activation;
use crate::batch_norm::{BatchNorm, BatchNormBackward, BatchNormGrads, Statistics};
use crate::shape::ShapeError;
use crate::tensor::ops::fits;
use crate::tensor::reference;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;

/// Output, mean and variance as tensors.
fn normalized(
    (output, statistics): (Vec<f32>, Statistics),
    shape: [usize; 4],
) -> (FlexTensor, FlexTensor, FlexTensor) {
    (
        tensor(output, shape),
        tensor(statistics.mean, [shape[3]]),
        tensor(statistics.variance, [shape[3]]),
    )
}

fn batch_norm(gamma: &FlexTensor, epsilon: f64, activation: Activation) -> BatchNorm {
    let [channels] = dims(gamma);
    fits(BatchNorm::new(channels, epsilon)).with_activation(activation)
}

/// `KernelBackend::nhwc_batch_norm_train` of this backend.
pub(super) fn train(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    epsilon: f64,
    activation: Activation,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    if !supported(&[&x, &gamma, &beta]) {
        return reference::batch_norm_train::<Flex>(x, gamma, beta, epsilon, activation);
    }
    let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
    let norm = batch_norm(&gamma, epsilon, activation);
    let result = norm.train(floats(&x), floats(&gamma), floats(&beta), None);
    normalized(fits(result), dims(&x))
}

/// `KernelBackend::nhwc_batch_norm_train_grad` of this backend.
#[allow(clippy::too_many_arguments)]
pub(super) fn train_grad(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    grad: FlexTensor,
    epsilon: f64,
    activation: Activation,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    if !supported(&[&x, &gamma, &beta, &mean, &variance, &grad]) {
        return reference::batch_norm_train_grad::<Flex>(
            x, gamma, beta, mean, variance, grad, epsilon, activation,
        );
    }
    let given = [x, gamma, beta, mean, variance, grad];
    gradients(given, epsilon, activation, BatchNorm::backward)
}

/// What a backward pass on slices gives, as tensors; from `x`, `gamma`, `beta`, `mean`, `variance`
/// and the gradient of the output.
fn gradients(
    given: [FlexTensor; 6],
    epsilon: f64,
    activation: Activation,
    backward: impl Fn(&BatchNorm, &BatchNormBackward<'_>) -> Result<BatchNormGrads, ShapeError>,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let [x, gamma, beta, mean, variance, grad] = given.map(dense);
    let from = BatchNormBackward {
        x: floats(&x),
        gamma: floats(&gamma),
        beta: floats(&beta),
        mean: floats(&mean),
        variance: floats(&variance),
        grad: floats(&grad),
        output: None,
    };
    let norm = batch_norm(&gamma, epsilon, activation);
    let grads = fits(backward(&norm, &from));
    let [channels] = dims(&gamma);
    (
        tensor(grads.x, dims::<4>(&x)),
        tensor(grads.gamma, [channels]),
        tensor(grads.beta, [channels]),
    )
}

/// `KernelBackend::nhwc_batch_norm_join` of this backend.
pub(super) fn join(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    residual: FlexTensor,
    epsilon: f64,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    if !supported(&[&x, &gamma, &beta, &residual]) {
        return reference::batch_norm_join::<Flex>(x, gamma, beta, residual, epsilon);
    }
    let (x, gamma, beta, residual) = (dense(x), dense(gamma), dense(beta), dense(residual));
    let norm = batch_norm(&gamma, epsilon, Activation::Relu);
    let residual = Some(floats(&residual));
    let result = norm.train(floats(&x), floats(&gamma), floats(&beta), residual);
    normalized(fits(result), dims(&x))
}

/// `KernelBackend::nhwc_batch_norm_join_grad` of this backend.
#[allow(clippy::too_many_arguments)]
pub(super) fn join_grad(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    output: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    grad: FlexTensor,
    epsilon: f64,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    if !supported(&[&x, &gamma, &beta, &output, &mean, &variance, &grad]) {
        return reference::batch_norm_join_grad::<Flex>(
            x, gamma, beta, output, mean, variance, grad, epsilon,
        );
    }
    let (x, gamma, beta, output) = (dense(x), dense(gamma), dense(beta), dense(output));
    let (mean, variance, grad) = (dense(mean), dense(variance), dense(grad));
    let grads = batch_norm(&gamma, epsilon, Activation::Relu).backward(&BatchNormBackward {
        x: floats(&x),
        gamma: floats(&gamma),
        beta: floats(&beta),
        mean: floats(&mean),
        variance: floats(&variance),
        grad: floats(&grad),
        output: Some(floats(&output)),
    });
    let grads = fits(grads);
    let [channels] = dims(&gamma);
    let residual = grads.residual.unwrap_or_default();
    (
        tensor(grads.x, dims::<4>(&x)),
        tensor(grads.gamma, [channels]),
        tensor(grads.beta, [channels]),
        tensor(residual, dims::<4>(&x)),
    )
}

/// `KernelBackend::nhwc_batch_norm_infer` of this backend.
pub(super) fn infer(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    epsilon: f64,
    activation: Activation,
) -> FlexTensor {
    if !supported(&[&x, &gamma, &beta, &mean, &variance]) {
        return reference::batch_norm_infer::<Flex>(
            x, gamma, beta, mean, variance, epsilon, activation,
        );
    }
    let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
    let (mean, variance) = (dense(mean), dense(variance));
    let statistics = (floats(&mean), floats(&variance));
    let norm = batch_norm(&gamma, epsilon, activation);
    let output = norm.normalize(floats(&x), floats(&gamma), floats(&beta), statistics, None);
    tensor(fits(output), dims::<4>(&x))
}

/// `KernelBackend::nhwc_batch_norm_infer_grad` of this backend.
#[allow(clippy::too_many_arguments)]
pub(super) fn infer_grad(
    x: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    grad: FlexTensor,
    epsilon: f64,
    activation: Activation,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    if !supported(&[&x, &gamma, &beta, &mean, &variance, &grad]) {
        return reference::batch_norm_infer_grad::<Flex>(
            x, gamma, beta, mean, variance, grad, epsilon, activation,
        );
    }
    let given = [x, gamma, beta, mean, variance, grad];
    gradients(given, epsilon, activation, BatchNorm::backward_given)
}
