//! The same operations composed from burn's own: the path of backends without kernels here and of
//! element types other than `f32`, and what the kernels are tested against.

mod conv;
mod norm;
mod resize;

pub use conv::{
    conv2d, conv2d_fused, conv2d_input_grad, conv2d_weight_grad, depthwise, depthwise_fused,
    depthwise_grad,
};
pub use norm::{
    batch_norm_infer, batch_norm_infer_grad, batch_norm_join, batch_norm_join_grad,
    batch_norm_train, batch_norm_train_grad,
};
pub use resize::{resize, resize_grad};

use crate::{Activation, AdamStep, WeightDecay};
use burn::backend::Backend;
use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{IntDType, Shape};

const TO_NCHW: [usize; 4] = [0, 3, 1, 2];
const TO_NHWC: [usize; 4] = [0, 2, 3, 1];

/// `x` through an activation.
fn activate<B: Backend>(x: FloatTensor<B>, activation: Activation) -> FloatTensor<B> {
    match activation {
        Activation::Identity => x,
        Activation::Relu => B::relu(x),
        Activation::Relu6 => {
            let six = f64::from(activation.ceiling());
            B::float_clamp_max(B::relu(x), six.into())
        }
    }
}

/// Gradient through an activation with this output.
fn activate_grad<B: Backend>(
    output: FloatTensor<B>,
    grad: FloatTensor<B>,
    activation: Activation,
) -> FloatTensor<B> {
    match activation {
        Activation::Identity => grad,
        Activation::Relu => B::relu_backward(output, grad),
        Activation::Relu6 => {
            let six = f64::from(activation.ceiling());
            let below = B::float_add_scalar(B::float_neg(output.clone()), six.into());
            B::relu_backward(output, B::relu_backward(below, grad))
        }
    }
}

/// `[C]` as `[1, 1, 1, C]`.
fn per_channel<B: Backend>(values: FloatTensor<B>) -> FloatTensor<B> {
    let channels = values.shape().num_elements();
    B::float_reshape(values, Shape::from([1, 1, 1, channels]))
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
