//! Convolutions composed from burn's operations.

use super::{TO_NCHW, TO_NHWC, activate, per_channel};
use crate::{Activation, ConvOptions};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, ops};
use burn::tensor::{Shape, Slice};

fn burn_options(options: ConvOptions) -> ops::ConvOptions<2> {
    ops::ConvOptions::new([options.stride; 2], [options.padding; 2], [1; 2], 1)
}

/// Convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
pub fn conv2d<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let x = B::float_permute(with_extra::<B>(x, options), &TO_NCHW);
    let y = B::conv2d(x, weight, None, burn_options(options));
    B::float_permute(y, &TO_NHWC)
}

/// [`conv2d`] plus `bias` `[Co]` and `residual`, through an activation.
pub fn conv2d_fused<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    residual: Option<FloatTensor<B>>,
    options: ConvOptions,
    activation: Activation,
) -> FloatTensor<B> {
    let y = B::float_add(conv2d::<B>(x, weight, options), per_channel::<B>(bias));
    let y = match residual {
        Some(residual) => B::float_add(y, residual),
        None => y,
    };
    activate::<B>(y, activation)
}

/// Gradient of [`conv2d`] with respect to `x`.
pub fn conv2d_input_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let shape = x.shape();
    let x = B::float_permute(with_extra::<B>(x, options), &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    let grad = B::conv2d_x_backward(x, weight, grad, burn_options(options));
    without_extra::<B>(B::float_permute(grad, &TO_NHWC), shape, options)
}

/// Gradient of [`conv2d`] with respect to `weight`.
pub fn conv2d_weight_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let x = B::float_permute(with_extra::<B>(x, options), &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    B::conv2d_weight_backward(x, weight, grad, burn_options(options))
}

fn depthwise_options(channels: usize, options: ConvOptions) -> ops::ConvOptions<2> {
    ops::ConvOptions::new([options.stride; 2], [options.padding; 2], [1; 2], channels)
}

/// Depthwise convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`.
pub fn depthwise<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    options: ConvOptions,
) -> FloatTensor<B> {
    let depthwise = depthwise_options(weight.shape()[0], options);
    let x = B::float_permute(with_extra::<B>(x, options), &TO_NCHW);
    B::float_permute(B::conv2d(x, weight, None, depthwise), &TO_NHWC)
}

/// [`depthwise`] plus `bias` `[C]`, through an activation.
pub fn depthwise_fused<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    options: ConvOptions,
    activation: Activation,
) -> FloatTensor<B> {
    let y = depthwise::<B>(x, weight, options);
    activate::<B>(B::float_add(y, per_channel::<B>(bias)), activation)
}

/// Gradients of [`depthwise`] with respect to `x` and `weight`.
pub fn depthwise_grad<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    grad: FloatTensor<B>,
    options: ConvOptions,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let shape = x.shape();
    let depthwise = depthwise_options(weight.shape()[0], options);
    let x = B::float_permute(with_extra::<B>(x, options), &TO_NCHW);
    let grad = B::float_permute(grad, &TO_NCHW);
    let dx = B::conv2d_x_backward(x.clone(), weight.clone(), grad.clone(), depthwise.clone());
    let dw = B::conv2d_weight_backward(x, weight, grad, depthwise);
    let dx = B::float_permute(dx, &TO_NHWC);
    (without_extra::<B>(dx, shape, options), dw)
}

/// `x` `[N, H, W, C]` with its extra zeros at the bottom and at the right.
fn with_extra<B: Backend>(x: FloatTensor<B>, options: ConvOptions) -> FloatTensor<B> {
    if options.extra == 0 {
        return x;
    }
    let [images, rows, cols, channels] = x.shape().dims::<4>();
    let zeros =
        |shape: [usize; 4]| B::float_zeros(Shape::from(shape), &x.device(), x.dtype().into());
    let below = zeros([images, options.extra, cols, channels]);
    let right = zeros([images, rows + options.extra, options.extra, channels]);
    let x = B::float_cat(vec![x, below], 1);
    B::float_cat(vec![x, right], 2)
}

/// The part of a padded gradient that is `shape`'s.
fn without_extra<B: Backend>(
    grad: FloatTensor<B>,
    shape: Shape,
    options: ConvOptions,
) -> FloatTensor<B> {
    if options.extra == 0 {
        return grad;
    }
    let slices: Vec<Slice> = shape
        .dims::<4>()
        .iter()
        .map(|size| (0..*size).into())
        .collect();
    B::float_slice(grad, &slices)
}
