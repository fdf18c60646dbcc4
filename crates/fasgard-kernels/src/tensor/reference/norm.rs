//! Batch normalisation composed from burn's operations.

use super::{activate, activate_grad, add_relu, add_relu_grad, per_channel};
use crate::Activation;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::Shape;

/// Mean over images, rows and columns, `[1, 1, 1, C]`.
fn channel_mean<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    (0..3).fold(x, B::float_mean_dim)
}

/// Sum over images, rows and columns, `[C]`.
fn channel_sum<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    flat::<B>((0..3).fold(x, B::float_sum_dim))
}

/// `[1, 1, 1, C]` as `[C]`.
fn flat<B: Backend>(values: FloatTensor<B>) -> FloatTensor<B> {
    let channels = values.shape().num_elements();
    B::float_reshape(values, Shape::from([channels]))
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(variance, epsilon.into())))
}

/// Batch normalisation with the batch's statistics: output, mean `[C]`, biased variance `[C]`.
pub fn batch_norm_train<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let mean = channel_mean::<B>(x.clone());
    let centred = B::float_sub(x.clone(), mean.clone());
    let variance = channel_mean::<B>(B::float_mul(centred.clone(), centred));
    let (mean, variance) = (flat::<B>(mean), flat::<B>(variance));
    let output = batch_norm_infer::<B>(
        x,
        gamma,
        beta,
        mean.clone(),
        variance.clone(),
        epsilon,
        activation,
    );
    (output, mean, variance)
}

/// The gradient behind the activation of a normalisation.
#[allow(clippy::too_many_arguments)]
fn masked_grad<B: Backend>(
    x: &FloatTensor<B>,
    gamma: &FloatTensor<B>,
    beta: FloatTensor<B>,
    mean: &FloatTensor<B>,
    variance: &FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> FloatTensor<B> {
    if activation == Activation::Identity {
        return grad;
    }
    let output = batch_norm_infer::<B>(
        x.clone(),
        gamma.clone(),
        beta,
        mean.clone(),
        variance.clone(),
        epsilon,
        activation,
    );
    activate_grad::<B>(output, grad, activation)
}

/// Gradients of [`batch_norm_infer`] with respect to `x`, `gamma` and `beta`.
#[allow(clippy::too_many_arguments)]
pub fn batch_norm_infer_grad<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let grad = masked_grad::<B>(
        &x, &gamma, beta, &mean, &variance, grad, epsilon, activation,
    );
    let inverse = per_channel::<B>(inverse_deviation::<B>(variance, epsilon));
    let centred = B::float_sub(x, per_channel::<B>(mean));
    let normal = B::float_mul(centred, inverse.clone());
    let gamma_grad = channel_sum::<B>(B::float_mul(grad.clone(), normal));
    let scale = B::float_mul(per_channel::<B>(gamma), inverse);
    let beta_grad = channel_sum::<B>(grad.clone());
    (B::float_mul(grad, scale), gamma_grad, beta_grad)
}

/// Gradients of [`batch_norm_train`] with respect to `x`, `gamma` and `beta`.
#[allow(clippy::too_many_arguments)]
pub fn batch_norm_train_grad<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let grad = masked_grad::<B>(
        &x, &gamma, beta, &mean, &variance, grad, epsilon, activation,
    );
    let inverse = per_channel::<B>(inverse_deviation::<B>(variance, epsilon));
    let centred = B::float_sub(x, per_channel::<B>(mean));
    let normal = B::float_mul(centred, inverse.clone());
    let weighted = B::float_mul(grad.clone(), normal.clone());
    let (beta_grad, gamma_grad) = (
        channel_sum::<B>(grad.clone()),
        channel_sum::<B>(weighted.clone()),
    );
    let from_mean = channel_mean::<B>(grad.clone());
    let from_variance = B::float_mul(normal, channel_mean::<B>(weighted));
    let inner = B::float_sub(B::float_sub(grad, from_mean), from_variance);
    let scale = B::float_mul(per_channel::<B>(gamma), inverse);
    (B::float_mul(inner, scale), gamma_grad, beta_grad)
}

/// `relu(batch norm of x + residual)` with the batch's statistics: output, mean `[C]`, biased
/// variance `[C]`.
pub fn batch_norm_join<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    residual: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let (output, mean, variance) =
        batch_norm_train::<B>(x, gamma, beta, epsilon, Activation::Identity);
    (add_relu::<B>(output, residual), mean, variance)
}

/// Gradients of [`batch_norm_join`] with respect to `x`, `gamma`, `beta` and `residual`.
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub fn batch_norm_join_grad<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    output: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    grad: FloatTensor<B>,
    epsilon: f64,
) -> (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
) {
    let grad = add_relu_grad::<B>(output, grad);
    let (x, gamma, beta) = batch_norm_train_grad::<B>(
        x,
        gamma,
        beta,
        mean,
        variance,
        grad.clone(),
        epsilon,
        Activation::Identity,
    );
    (x, gamma, beta, grad)
}

/// Batch normalisation with given statistics.
pub fn batch_norm_infer<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> FloatTensor<B> {
    let scale = B::float_mul(gamma, inverse_deviation::<B>(variance, epsilon));
    let centred = B::float_sub(x, per_channel::<B>(mean));
    let scaled = B::float_mul(centred, per_channel::<B>(scale));
    let output = B::float_add(scaled, per_channel::<B>(beta));
    activate::<B>(output, activation)
}
