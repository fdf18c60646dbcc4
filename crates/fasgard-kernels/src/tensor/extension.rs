//! The backend extension: which operations a backend may specialise, and what it gets otherwise.

use super::reference;
use crate::{Activation, AdamStep, ConvOptions};
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::Cube;
use burn::backend::tensor::FloatTensor;
#[allow(unused_imports, reason = "named by the generated routing")]
use burn::backend::{Autodiff, Flex};
use burn::backend::{Backend, backend_extension};

/// Operations on `[N, H, W, C]` tensors that a backend may implement itself.
///
/// The default bodies compose burn's own operations, so another backend joins with one line:
/// `impl KernelBackend for Name {}` and its selector in the attribute. Use the functions at the
/// root of the crate rather than these methods.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub trait KernelBackend: Backend {
    /// Convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
    fn nhwc_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        reference::conv2d::<Self>(x, weight, options)
    }

    /// Depthwise convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`.
    fn nhwc_depthwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        reference::depthwise::<Self>(x, weight, options)
    }

    /// [`KernelBackend::nhwc_depthwise`] plus `bias` `[C]`, through an activation. Not differentiable.
    fn nhwc_depthwise_fused(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions,
        activation: Activation,
    ) -> FloatTensor<Self> {
        reference::depthwise_fused::<Self>(x, weight, bias, options, activation)
    }

    /// Gradients of [`KernelBackend::nhwc_depthwise`] with respect to `x` and `weight`.
    fn nhwc_depthwise_grad(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        reference::depthwise_grad::<Self>(x, weight, grad, options)
    }

    /// Weights `[Co, Ci, k, k]` as [`KernelBackend::nhwc_conv2d_packed`] wants them: for Winograd's
    /// algorithm if `winograd`. Rank 4 whatever the layout.
    fn nhwc_pack_conv2d(
        weight: FloatTensor<Self>,
        options: ConvOptions,
        winograd: bool,
    ) -> FloatTensor<Self> {
        let _ = (options, winograd);
        weight
    }

    /// Convolution with packed weights of `[Co, Ci, k, k]` `shape`, plus `bias` `[Co]`, through an
    /// activation. Not differentiable.
    #[allow(clippy::too_many_arguments)]
    fn nhwc_conv2d_packed(
        x: FloatTensor<Self>,
        packed: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: [usize; 4],
        options: ConvOptions,
        winograd: bool,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let _ = (shape, winograd);
        reference::conv2d_fused::<Self>(x, packed, bias, None, options, activation)
    }

    /// [`KernelBackend::nhwc_conv2d_packed`] plus `residual`, shaped as the output, before the activation.
    #[allow(clippy::too_many_arguments)]
    fn nhwc_conv2d_packed_join(
        x: FloatTensor<Self>,
        packed: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        shape: [usize; 4],
        options: ConvOptions,
        winograd: bool,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let _ = (shape, winograd);
        reference::conv2d_fused::<Self>(x, packed, bias, Some(residual), options, activation)
    }

    /// Gradient of [`KernelBackend::nhwc_conv2d`] with respect to `x` (used for its shape alone).
    fn nhwc_conv2d_input_grad(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        reference::conv2d_input_grad::<Self>(x, weight, grad, options)
    }

    /// Gradient of [`KernelBackend::nhwc_conv2d`] with respect to `weight` (used for its shape
    /// alone).
    fn nhwc_conv2d_weight_grad(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        reference::conv2d_weight_grad::<Self>(x, weight, grad, options)
    }

    /// Batch normalisation with the batch's statistics: output, mean `[C]`, biased variance `[C]`.
    fn nhwc_batch_norm_train(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_train::<Self>(x, gamma, beta, epsilon, activation)
    }

    /// Gradients of [`KernelBackend::nhwc_batch_norm_train`] with respect to `x`, `gamma`, `beta`,
    /// from its inputs and statistics.
    #[allow(clippy::too_many_arguments)]
    fn nhwc_batch_norm_train_grad(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_train_grad::<Self>(
            x, gamma, beta, mean, variance, grad, epsilon, activation,
        )
    }

    /// `relu(batch norm of x + residual)` with the batch's statistics: output, mean `[C]`, biased
    /// variance `[C]`.
    fn nhwc_batch_norm_join(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_join::<Self>(x, gamma, beta, residual, epsilon)
    }

    /// Gradients of [`KernelBackend::nhwc_batch_norm_join`] with respect to `x`, `gamma`, `beta`
    /// and `residual`, from its inputs, output and statistics.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn nhwc_batch_norm_join_grad(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        output: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        reference::batch_norm_join_grad::<Self>(
            x, gamma, beta, output, mean, variance, grad, epsilon,
        )
    }

    /// Batch normalisation with given statistics.
    fn nhwc_batch_norm_infer(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> FloatTensor<Self> {
        reference::batch_norm_infer::<Self>(x, gamma, beta, mean, variance, epsilon, activation)
    }

    /// Gradients of [`KernelBackend::nhwc_batch_norm_infer`] with respect to `x`, `gamma`, `beta`,
    /// from its inputs.
    #[allow(clippy::too_many_arguments)]
    fn nhwc_batch_norm_infer_grad(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_infer_grad::<Self>(
            x, gamma, beta, mean, variance, grad, epsilon, activation,
        )
    }

    /// Largest value of every window.
    fn nhwc_max_pool2d(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        reference::max_pool2d::<Self>(x, kernel, stride, padding)
    }

    /// Gradient of [`KernelBackend::nhwc_max_pool2d`].
    fn nhwc_max_pool2d_grad(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        reference::max_pool2d_grad::<Self>(x, grad, kernel, stride, padding)
    }

    /// Mean of every `kernel x kernel` tile.
    fn nhwc_avg_pool2d(x: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self> {
        reference::avg_pool2d::<Self>(x, kernel)
    }

    /// Gradient of [`KernelBackend::nhwc_avg_pool2d`], from the output gradient alone.
    fn nhwc_avg_pool2d_grad(grad: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self> {
        reference::avg_pool2d_grad::<Self>(grad, kernel)
    }

    /// Bilinear resize of rows and columns to `size`, half-pixel centres, no antialiasing.
    fn nhwc_resize(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        reference::resize::<Self>(x, size)
    }

    /// Gradient of [`KernelBackend::nhwc_resize`] for `input` rows and columns.
    fn nhwc_resize_grad(grad: FloatTensor<Self>, input: [usize; 2]) -> FloatTensor<Self> {
        reference::resize_grad::<Self>(grad, input)
    }

    /// One step of Adam or AdamW: parameter and both moments after it. All of one shape, of any rank.
    fn adam_step(
        parameter: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        moment_1: FloatTensor<Self>,
        moment_2: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::adam_step::<Self>(parameter, grad, moment_1, moment_2, step)
    }

    /// Sum of the squares of all elements, `[1]`.
    fn squared_norm(tensor: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::squared_norm::<Self>(tensor)
    }

    /// `relu(a + b)`.
    fn nhwc_add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::add_relu::<Self>(a, b)
    }

    /// Gradient of [`KernelBackend::nhwc_add_relu`] with respect to either term.
    fn nhwc_add_relu_grad(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::add_relu_grad::<Self>(output, grad)
    }
}

/// Graphics cards run burn's own operations.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl KernelBackend for Cube {}
