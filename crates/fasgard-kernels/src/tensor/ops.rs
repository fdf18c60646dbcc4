//! The operations on burn tensors. All of them route to the tensor's backend and, where it is
//! tracked, record a backward pass (first derivatives only).

use super::KernelBackend;
use crate::conv::Conv;
use crate::shape::{self, ShapeError};
use crate::{Activation, AdamStep, AvgPool, ConvOptions, Depthwise, MaxPool, Resize};
use burn::backend::Dispatch;
use burn::tensor::Tensor;

/// Convolution of `x` `[N, H, W, Ci]` with `weight` `[Co, Ci, k, k]`: output `[N, Ho, Wo, Co]` with
/// `Ho = (H + 2 padding + extra - k) / stride + 1`. No bias, groups or dilation. The gradient of `x` is
/// computed only where `x` is tracked, so a network's images cost nothing.
///
/// # Panics
/// If the channels differ, the kernel is not square, a size or the stride is zero, or the kernel is
/// larger than the padded input.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, options: ConvOptions) -> Tensor<4> {
    fits(Conv::with_options(x.dims(), weight.dims(), options));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_conv2d(
        x.into_dispatch(),
        weight.into_dispatch(),
        options,
    ))
}

/// Depthwise convolution of `x` `[N, H, W, C]` with `weight` `[C, 1, k, k]`: every channel with its
/// own kernel. Output as in [`conv2d`]; Winograd's algorithm and the precision do not apply.
///
/// # Panics
/// If the shapes do not fit, a size or the stride is zero, or the kernel is larger than the padded
/// input.
pub fn depthwise_conv2d(x: Tensor<4>, weight: Tensor<4>, options: ConvOptions) -> Tensor<4> {
    fits(Depthwise::with_options(x.dims(), weight.dims(), options));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_depthwise(
        x.into_dispatch(),
        weight.into_dispatch(),
        options,
    ))
}

/// Shapes that do not fit are a panic that names them, as everywhere in the framework.
#[track_caller]
pub(super) fn fits<T>(result: Result<T, ShapeError>) -> T {
    match result {
        Ok(value) => value,
        #[allow(clippy::panic)]
        Err(error) => panic!("{error}"),
    }
}

/// What [`batch_norm_train`] returns.
#[derive(Debug, Clone)]
pub struct BatchNormOutput {
    /// The normalised tensor, `[N, H, W, C]`.
    pub output: Tensor<4>,
    /// Mean of every channel over the batch, `[C]`, detached.
    pub mean: Tensor<1>,
    /// Biased variance (divided by `N * H * W`) of every channel, `[C]`, detached. PyTorch's
    /// running variance is fed `variance * count / (count - 1)`.
    pub variance: Tensor<1>,
}

/// Batch normalisation of `x` `[N, H, W, C]` with the statistics of the batch,
/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, followed by an
/// activation (`true`: a ReLU).
///
/// # Panics
/// If `gamma` or `beta` do not have `C` elements, or a size is zero.
pub fn batch_norm_train(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    activation: impl Into<Activation>,
) -> BatchNormOutput {
    check_channels(
        "batch_norm_train",
        &x,
        &[("gamma [C]", &gamma), ("beta [C]", &beta)],
    );
    let (output, mean, variance) = <Dispatch as KernelBackend>::nhwc_batch_norm_train(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon,
        activation.into(),
    );
    BatchNormOutput {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// `relu(batch normalisation of x + residual)` with the statistics of the batch: the end of a
/// residual block in one pass. Shapes as in [`batch_norm_train`]; `residual` is shaped as `x`.
///
/// # Panics
/// If `gamma` or `beta` do not have `C` elements, the residual has another shape, or a size is
/// zero.
pub fn batch_norm_join(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    residual: Tensor<4>,
    epsilon: f64,
) -> BatchNormOutput {
    const NAME: &str = "batch_norm_join";
    check_channels(NAME, &x, &[("gamma [C]", &gamma), ("beta [C]", &beta)]);
    fits(shape::same(NAME, "residual", &residual.dims(), &x.dims()));
    let (output, mean, variance) = <Dispatch as KernelBackend>::nhwc_batch_norm_join(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        residual.into_dispatch(),
        epsilon,
    );
    BatchNormOutput {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// Batch normalisation of `x` `[N, H, W, C]` with given statistics, followed by an
/// activation (`true`: a ReLU).
///
/// # Panics
/// If a parameter does not have `C` elements, or a size is zero.
pub fn batch_norm_infer(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f64,
    activation: impl Into<Activation>,
) -> Tensor<4> {
    let parameters = [
        ("gamma [C]", &gamma),
        ("beta [C]", &beta),
        ("mean [C]", &mean),
        ("variance [C]", &variance),
    ];
    check_channels("batch_norm_infer", &x, &parameters);
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_batch_norm_infer(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        mean.into_dispatch(),
        variance.into_dispatch(),
        epsilon,
        activation.into(),
    ))
}

/// Largest value of every `kernel x kernel` window of `x` `[N, H, W, C]`; the border counts as
/// minus infinity. The gradient goes to the first position (row by row) that holds the maximum.
///
/// # Panics
/// If a size is zero, `padding` exceeds half of `kernel`, or the window is larger than the padded
/// input.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    fits(MaxPool::new(x.dims(), kernel, stride, padding));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_max_pool2d(
        x.into_dispatch(),
        kernel,
        stride,
        padding,
    ))
}

/// Mean of every `kernel x kernel` tile of `x` `[N, H, W, C]`, tiles side by side.
///
/// # Panics
/// If `kernel` is zero or does not divide rows and columns, or a size is zero.
pub fn avg_pool2d(x: Tensor<4>, kernel: usize) -> Tensor<4> {
    fits(AvgPool::new(x.dims(), kernel));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_avg_pool2d(
        x.into_dispatch(),
        kernel,
    ))
}

/// `x` `[N, H, W, C]` resized bilinearly to `size` rows and columns, with half-pixel centres and
/// without antialiasing: PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
///
/// # Panics
/// If a size is zero.
pub fn resize(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    fits(Resize::new(x.dims(), size));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_resize(
        x.into_dispatch(),
        size,
    ))
}

/// `relu(a + b)`, the join of a residual branch. NaN stays NaN.
///
/// # Panics
/// If the shapes differ.
pub fn add_relu(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    const NAME: &str = "add_relu";
    fits(shape::same(NAME, "second term", &b.dims(), &a.dims()));
    fits(shape::elements(NAME, &a.dims()));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::nhwc_add_relu(
        a.into_dispatch(),
        b.into_dispatch(),
    ))
}

/// One step of Adam or AdamW in one pass: parameter, first and second moment after it, updated in
/// place where no other tensor shares them. Not differentiable.
///
/// # Panics
/// If the shapes differ.
pub fn adam_step<const D: usize>(
    parameter: Tensor<D>,
    grad: Tensor<D>,
    moments: [Tensor<D>; 2],
    step: AdamStep,
) -> (Tensor<D>, [Tensor<D>; 2]) {
    const NAME: &str = "adam_step";
    let of = parameter.dims();
    fits(shape::same(NAME, "gradient", &grad.dims(), &of));
    fits(shape::same(NAME, "first moment", &moments[0].dims(), &of));
    fits(shape::same(NAME, "second moment", &moments[1].dims(), &of));
    fits(shape::elements(NAME, &of));
    let [moment_1, moment_2] = moments;
    let (parameter, moment_1, moment_2) = <Dispatch as KernelBackend>::adam_step(
        parameter.into_dispatch(),
        grad.into_dispatch(),
        moment_1.into_dispatch(),
        moment_2.into_dispatch(),
        step,
    );
    (
        Tensor::from_dispatch(parameter),
        [moment_1, moment_2].map(Tensor::from_dispatch),
    )
}

/// Sum of the squares of all elements, `[1]`. Not differentiable.
///
/// # Panics
/// If the elements are more than memory can address, which only a repeated view can have.
pub fn squared_norm<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    fits(shape::elements("squared_norm", &tensor.dims()));
    Tensor::from_dispatch(<Dispatch as KernelBackend>::squared_norm(
        tensor.into_dispatch(),
    ))
}

/// Panics unless `x` holds something and every parameter has one value a channel.
#[track_caller]
fn check_channels(name: &'static str, x: &Tensor<4>, parameters: &[(&'static str, &Tensor<1>)]) {
    let shape: [usize; 4] = x.dims();
    if shape.contains(&0) {
        fits::<()>(Err(ShapeError::Empty {
            operation: name,
            shape: shape.to_vec(),
            step: 1,
        }));
    }
    fits(shape::elements(name, &shape));
    for (what, parameter) in parameters {
        if parameter.dims() != [shape[3]] {
            fits::<()>(Err(ShapeError::Weights {
                operation: name,
                input: shape.to_vec(),
                weight: parameter.dims().to_vec(),
                expected: what,
            }));
        }
    }
}
