//! The kernels on burn's CPU backend: `f32` tensors are read in place where they are contiguous.

use crate::conv::{self, Geometry};
use crate::pool::Window;
use crate::{KernelBackend, batch_norm, elementwise, pool, reference};
use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};

/// Whether the kernels take a tensor of this element type.
fn supported(tensors: &[&FlexTensor]) -> bool {
    tensors.iter().all(|tensor| tensor.dtype() == DType::F32)
}

/// The tensor with its elements side by side in memory; copied only if they are not.
fn dense(tensor: FlexTensor) -> FlexTensor {
    if tensor.layout().contiguous_offsets().is_some() {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// Elements of a tensor from [`dense`].
fn floats(tensor: &FlexTensor) -> &[f32] {
    let (start, end) = tensor.layout().contiguous_offsets().unwrap_or_default();
    &tensor.storage::<f32>()[start..end]
}

fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims::<D>()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    let layout = Layout::contiguous(Shape::from(shape));
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}

impl KernelBackend for Flex {
    fn nhwc_conv2d(x: FlexTensor, weight: FlexTensor, stride: usize, padding: usize) -> FlexTensor {
        if !supported(&[&x, &weight]) {
            return reference::conv2d::<Self>(x, weight, stride, padding);
        }
        let (x, weight) = (dense(x), dense(weight));
        let geometry = Geometry::new(dims(&x), dims(&weight), stride, padding);
        let output = conv::forward(floats(&x), floats(&weight), &geometry);
        tensor(output, geometry.output_shape())
    }

    fn nhwc_conv2d_input_grad(
        x: FlexTensor,
        weight: FlexTensor,
        grad: FlexTensor,
        stride: usize,
        padding: usize,
    ) -> FlexTensor {
        if !supported(&[&x, &weight, &grad]) {
            return reference::conv2d_input_grad::<Self>(x, weight, grad, stride, padding);
        }
        let (weight, grad) = (dense(weight), dense(grad));
        let geometry = Geometry::new(dims(&x), dims(&weight), stride, padding);
        tensor(
            conv::input_grad(floats(&weight), floats(&grad), &geometry),
            dims::<4>(&x),
        )
    }

    fn nhwc_conv2d_weight_grad(
        x: FlexTensor,
        weight: FlexTensor,
        grad: FlexTensor,
        stride: usize,
        padding: usize,
    ) -> FlexTensor {
        if !supported(&[&x, &weight, &grad]) {
            return reference::conv2d_weight_grad::<Self>(x, weight, grad, stride, padding);
        }
        let (x, grad) = (dense(x), dense(grad));
        let geometry = Geometry::new(dims(&x), dims(&weight), stride, padding);
        tensor(
            conv::weight_grad(floats(&x), floats(&grad), &geometry),
            dims::<4>(&weight),
        )
    }

    fn nhwc_batch_norm_train(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if !supported(&[&x, &gamma, &beta]) {
            return reference::batch_norm_train::<Self>(x, gamma, beta, epsilon, relu);
        }
        let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
        let shape: [usize; 4] = dims(&x);
        let (mean, variance) = batch_norm::statistics(floats(&x), shape[3]);
        let affine =
            batch_norm::Affine::new(floats(&gamma), floats(&beta), &mean, &variance, epsilon);
        let output = affine.apply(floats(&x), relu);
        (
            tensor(output, shape),
            tensor(mean, [shape[3]]),
            tensor(variance, [shape[3]]),
        )
    }

    fn nhwc_batch_norm_train_grad(
        x: FlexTensor,
        gamma: FlexTensor,
        output: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        grad: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if !supported(&[&x, &gamma, &output, &mean, &variance, &grad]) {
            return reference::batch_norm_train_grad::<Self>(
                x, gamma, output, mean, variance, grad, epsilon, relu,
            );
        }
        let (x, gamma, output, mean, variance, grad) = (
            dense(x),
            dense(gamma),
            dense(output),
            dense(mean),
            dense(variance),
            dense(grad),
        );
        let shape: [usize; 4] = dims(&x);
        let gradients = batch_norm::gradients(
            floats(&x),
            floats(&gamma),
            relu.then(|| floats(&output)),
            floats(&mean),
            floats(&variance),
            floats(&grad),
            epsilon,
        );
        (
            tensor(gradients.x, shape),
            tensor(gradients.gamma, [shape[3]]),
            tensor(gradients.beta, [shape[3]]),
        )
    }

    fn nhwc_batch_norm_infer(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
        relu: bool,
    ) -> FlexTensor {
        if !supported(&[&x, &gamma, &beta, &mean, &variance]) {
            return reference::batch_norm_infer::<Self>(
                x, gamma, beta, mean, variance, epsilon, relu,
            );
        }
        let (x, gamma, beta) = (dense(x), dense(gamma), dense(beta));
        let (mean, variance) = (dense(mean), dense(variance));
        let affine = batch_norm::Affine::new(
            floats(&gamma),
            floats(&beta),
            floats(&mean),
            floats(&variance),
            epsilon,
        );
        tensor(affine.apply(floats(&x), relu), dims::<4>(&x))
    }

    fn nhwc_max_pool2d(x: FlexTensor, kernel: usize, stride: usize, padding: usize) -> FlexTensor {
        if !supported(&[&x]) {
            return reference::max_pool2d::<Self>(x, kernel, stride, padding);
        }
        let x = dense(x);
        let window = Window::new(dims(&x), kernel, stride, padding);
        tensor(pool::max(floats(&x), &window), window.output_shape())
    }

    fn nhwc_max_pool2d_grad(
        x: FlexTensor,
        grad: FlexTensor,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FlexTensor {
        if !supported(&[&x, &grad]) {
            return reference::max_pool2d_grad::<Self>(x, grad, kernel, stride, padding);
        }
        let (x, grad) = (dense(x), dense(grad));
        let window = Window::new(dims(&x), kernel, stride, padding);
        tensor(
            pool::max_grad(floats(&x), floats(&grad), &window),
            dims::<4>(&x),
        )
    }

    fn nhwc_avg_pool2d(x: FlexTensor, kernel: usize) -> FlexTensor {
        if !supported(&[&x]) {
            return reference::avg_pool2d::<Self>(x, kernel);
        }
        let x = dense(x);
        let [n, height, width, channels] = dims(&x);
        let shape = [n, height / kernel, width / kernel, channels];
        tensor(pool::average(floats(&x), shape, kernel), shape)
    }

    fn nhwc_avg_pool2d_grad(grad: FlexTensor, kernel: usize) -> FlexTensor {
        if !supported(&[&grad]) {
            return reference::avg_pool2d_grad::<Self>(grad, kernel);
        }
        let grad = dense(grad);
        let [n, height, width, channels] = dims(&grad);
        let values = pool::average_grad(floats(&grad), [n, height, width, channels], kernel);
        tensor(values, [n, height * kernel, width * kernel, channels])
    }

    fn nhwc_add_relu(a: FlexTensor, b: FlexTensor) -> FlexTensor {
        if !supported(&[&a, &b]) {
            return reference::add_relu::<Self>(a, b);
        }
        let (a, b) = (dense(a), dense(b));
        tensor(elementwise::add_relu(floats(&a), floats(&b)), dims::<4>(&a))
    }

    fn nhwc_add_relu_grad(output: FlexTensor, grad: FlexTensor) -> FlexTensor {
        if !supported(&[&output, &grad]) {
            return reference::add_relu_grad::<Self>(output, grad);
        }
        let (output, grad) = (dense(output), dense(grad));
        let values = elementwise::relu_grad(floats(&output), floats(&grad));
        tensor(values, dims::<4>(&output))
    }
}
