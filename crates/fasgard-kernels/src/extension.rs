//! The backend extension: which operations a backend may specialise, and what it gets otherwise.

use crate::reference;
use burn::backend::tensor::FloatTensor;
#[allow(unused_imports, reason = "named by the generated routing")]
use burn::backend::{Autodiff, Flex};
use burn::backend::{Backend, backend_extension};

/// Operations on `[N, H, W, C]` tensors that a backend may implement itself.
///
/// The default bodies compose burn's own operations, so another backend joins with one line:
/// `impl KernelBackend for Name {}` and its selector in the attribute. Use the functions at the
/// root of the crate rather than these methods.
#[backend_extension(Flex, Autodiff)]
pub trait KernelBackend: Backend {
    /// Convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`.
    fn nhwc_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        reference::conv2d::<Self>(x, weight, stride, padding)
    }

    /// Gradient of [`KernelBackend::nhwc_conv2d`] with respect to `x` (used for its shape alone).
    fn nhwc_conv2d_input_grad(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        reference::conv2d_input_grad::<Self>(x, weight, grad, stride, padding)
    }

    /// Gradient of [`KernelBackend::nhwc_conv2d`] with respect to `weight` (used for its shape
    /// alone).
    fn nhwc_conv2d_weight_grad(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        reference::conv2d_weight_grad::<Self>(x, weight, grad, stride, padding)
    }

    /// Batch normalisation with the batch's statistics: output, mean `[C]`, biased variance `[C]`.
    fn nhwc_batch_norm_train(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_train::<Self>(x, gamma, beta, epsilon, relu)
    }

    /// Gradients of [`KernelBackend::nhwc_batch_norm_train`] with respect to `x`, `gamma`, `beta`,
    /// from its inputs and outputs.
    #[allow(clippy::too_many_arguments)]
    fn nhwc_batch_norm_train_grad(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        output: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        reference::batch_norm_train_grad::<Self>(
            x, gamma, output, mean, variance, grad, epsilon, relu,
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
        relu: bool,
    ) -> FloatTensor<Self> {
        reference::batch_norm_infer::<Self>(x, gamma, beta, mean, variance, epsilon, relu)
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

    /// `relu(a + b)`.
    fn nhwc_add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::add_relu::<Self>(a, b)
    }

    /// Gradient of [`KernelBackend::nhwc_add_relu`] with respect to either term.
    fn nhwc_add_relu_grad(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        reference::add_relu_grad::<Self>(output, grad)
    }
}
