//! The same operations composed from burn's own: the path of backends without kernels here and of
//! element types other than `f32`, and what the kernels are tested against.

mod resize;

pub use resize::{resize, resize_grad};

use crate::{AdamStep, ConvOptions, WeightDecay};
use burn::backend::Backend;
use burn::backend::TensorMetadata;
use burn::backend::ops;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{IntDType, Shape};

const TO_NCHW: [usize; 4] = [0, 3, 1, 2];
const TO_NHWC: [usize; 4] = [0, 2, 3, 1];

fn burn_options(options: ConvOptions) -> ops::ConvOptions<2> {
    ops::ConvOptions::new([options.stride; 2], [options.padding; 2], [1; 2], 1)
}

/// Convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
pub fn conv2d<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let x = B::float_permute(x, &TO_NCHW);
    let y = B::conv2d(x, weight, None, burn_options(options));
    B::float_permute(y, &TO_NHWC)
}

/// [`conv2d`] plus `bias` `[Co]` and `residual`, through a ReLU if `relu`.
pub fn conv2d_fused<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: Option<FloatTensor<B>>,
    options: ConvOptions,
    relu: bool,
) -> FloatTensor<B> {
    let y = B::float_add(conv2d::<B>(x, weight, options), per_channel::<B>(bias));
    let y = match residual {
        Some(residual) => B::float_add(y, residual),
        None => y,
    };
    if relu { B::relu(y) } else { y }
}

/// Gradient of [`conv2d`] with respect to `x`.
pub fn conv2d_input_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let x = B::float_permute(x, &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    let grad = B::conv2d_x_backward(x, weight, grad, burn_options(options));
    B::float_permute(grad, &TO_NHWC)
}

/// Gradient of [`conv2d`] with respect to `weight`.
pub fn conv2d_weight_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let x = B::float_permute(x, &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    B::conv2d_weight_backward(x, weight, grad, burn_options(options))
}

fn depthwise_options(channels: usize, stride: usize, padding: usize) -> ops::ConvOptions<2> {
    ops::ConvOptions::new([stride; 2], [padding; 2], [1; 2], channels)
}

/// Depthwise convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`.
pub fn depthwise<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    let options = depthwise_options(weight.shape()[0], stride, padding);
    let x = B::float_permute(x, &TO_NCHW);
    B::float_permute(B::conv2d(x, weight, None, options), &TO_NHWC)
}

/// Gradients of [`depthwise`] with respect to `x` and `weight`.
pub fn depthwise_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    stride: usize,
    padding: usize,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let options = depthwise_options(weight.shape()[0], stride, padding);
    let x = B::float_permute(x, &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    let dx = B::conv2d_x_backward(x.clone(), weight.clone(), grad.clone(), options.clone());
    let dw = B::conv2d_weight_backward(x, weight, grad, options);
    (B::float_permute(dx, &TO_NHWC), dw)
}

/// `[C]` as `[1, 1, 1, C]`.
fn per_channel<B: Backend>(values: FloatTensor<B>) -> FloatTensor<B> {
    let channels = values.shape().num_elements();
    B::float_reshape(values, Shape::from([1, 1, 1, channels]))
}

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
    relu: bool,
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
        relu,
    );
    (output, mean, variance)
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
    relu: bool,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let grad = if relu {
        let output = batch_norm_infer::<B>(
            x.clone(),
            gamma.clone(),
            beta,
            mean.clone(),
            variance.clone(),
            epsilon,
            true,
        );
        B::relu_backward(output, grad)
    } else {
        grad
    };
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
    let (output, mean, variance) = batch_norm_train::<B>(x, gamma, beta, epsilon, false);
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
    let (x, gamma, beta) =
        batch_norm_train_grad::<B>(x, gamma, beta, mean, variance, grad.clone(), epsilon, false);
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
    relu: bool,
) -> FloatTensor<B> {
    let scale = B::float_mul(gamma, inverse_deviation::<B>(variance, epsilon));
    let centred = B::float_sub(x, per_channel::<B>(mean));
    let scaled = B::float_mul(centred, per_channel::<B>(scale));
    let output = B::float_add(scaled, per_channel::<B>(beta));
    if relu { B::relu(output) } else { output }
}

/// Largest value of every window.
pub fn max_pool2d<B: Backend>(
    x: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    let x = B::float_permute(x, &TO_NCHW);
    let y = B::max_pool2d(x, [kernel; 2], [stride; 2], [padding; 2], [1; 2], false);
    B::float_permute(y, &TO_NHWC)
}

/// Gradient of [`max_pool2d`].
pub fn max_pool2d_grad<B: Backend>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> FloatTensor<B> {
    let (kernel, stride, padding) = ([kernel; 2], [stride; 2], [padding; 2]);
    let x = B::float_permute(x, &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    let dtype = IntDType::I32;
    let indices =
        B::max_pool2d_with_indices(x.clone(), kernel, stride, padding, [1; 2], false, dtype)
            .indices;
    let grad = B::max_pool2d_with_indices_backward(
        x, kernel, stride, padding, [1; 2], false, grad, indices,
    );
    B::float_permute(grad.x_grad, &TO_NHWC)
}

/// Mean of every `kernel x kernel` tile.
pub fn avg_pool2d<B: Backend>(x: FloatTensor<B>, kernel: usize) -> FloatTensor<B> {
    let x = B::float_permute(x, &TO_NCHW);
    let y = B::avg_pool2d(x, [kernel; 2], [kernel; 2], [0; 2], true, false);
    B::float_permute(y, &TO_NHWC)
}

/// Gradient of [`avg_pool2d`]: every pixel of a tile gets an equal share.
pub fn avg_pool2d_grad<B: Backend>(grad: FloatTensor<B>, kernel: usize) -> FloatTensor<B> {
    let [n, height, width, channels] = grad.shape().dims::<4>();
    let share = B::float_mul_scalar(grad, (1.0 / (kernel * kernel) as f64).into());
    let tiles = B::float_reshape(share, Shape::from([n, height, 1, width, 1, channels]));
    let tiles = B::float_expand(
        tiles,
        Shape::from([n, height, kernel, width, kernel, channels]),
    );
    B::float_reshape(
        tiles,
        Shape::from([n, height * kernel, width * kernel, channels]),
    )
}

/// `relu(a + b)`.
pub fn add_relu<B: Backend>(a: FloatTensor<B>, b: FloatTensor<B>) -> FloatTensor<B> {
    B::relu(B::float_add(a, b))
}

/// Gradient of [`add_relu`] with respect to either term.
pub fn add_relu_grad<B: Backend>(output: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    B::relu_backward(output, grad)
}

/// One step of Adam or AdamW: parameter and both moments after it.
pub fn adam_step<B: Backend>(
    parameter: FloatTensor<B>,
    grad: FloatTensor<B>,
    moment_1: FloatTensor<B>,
    moment_2: FloatTensor<B>,
    step: AdamStep,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let times = |tensor: FloatTensor<B>, factor: f32| B::float_mul_scalar(tensor, factor.into());
    let AdamStep {
        adam,
        learning_rate,
        grad_scale,
        corrections: [correction_1, correction_2],
    } = step;
    let grad = times(grad, grad_scale);
    let grad = match adam.weight_decay {
        WeightDecay::Gradient(penalty) => B::float_add(times(parameter.clone(), penalty), grad),
        WeightDecay::Decoupled(_) => grad,
    };
    let moment_1 = B::float_add(
        times(moment_1, adam.beta_1),
        times(grad.clone(), 1.0 - adam.beta_1),
    );
    let moment_2 = B::float_add(
        times(moment_2, adam.beta_2),
        times(B::float_mul(grad.clone(), grad), 1.0 - adam.beta_2),
    );
    let mean = times(moment_1.clone(), 1.0 / correction_1);
    let deviation = B::float_sqrt(times(moment_2.clone(), 1.0 / correction_2));
    let direction = B::float_div(mean, B::float_add_scalar(deviation, adam.epsilon.into()));
    let parameter = match adam.weight_decay {
        WeightDecay::Gradient(_) => parameter,
        WeightDecay::Decoupled(decay) => {
            times(parameter, (1.0 - learning_rate * f64::from(decay)) as f32)
        }
    };
    let parameter = B::float_sub(parameter, times(direction, learning_rate as f32));
    (parameter, moment_1, moment_2)
}

/// Sum of the squares of all elements, `[1]`.
pub fn squared_norm<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_sum(B::float_mul(tensor.clone(), tensor))
}
