//! The kernels on burn's CPU backend: `f32` tensors are read in place where they are contiguous.

mod batch_norm;
mod view;

use super::ops::fits;
use super::{KernelBackend, reference};
use crate::conv::Conv;
use crate::{
    Activation, AdamSlices, AdamStep, AvgPool, ConvOptions, Depthwise, Epilogue, MaxPool, Resize,
    elementwise, sum_of_squares,
};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use view::{dense, dims, floats, supported, tensor, whole};

fn conv(x: &FlexTensor, weight: &FlexTensor, options: ConvOptions) -> Conv {
    fits(Conv::with_options(dims(x), dims(weight), options))
}

#[allow(clippy::too_many_arguments)]
fn packed_conv(
    x: FlexTensor,
    packed: FlexTensor,
    bias: FlexTensor,
    residual: Option<FlexTensor>,
    shape: [usize; 4],
    options: ConvOptions,
    winograd: bool,
    activation: Activation,
) -> FlexTensor {
    let (x, bias, residual) = (dense(x), dense(bias), residual.map(dense));
    let conv = fits(Conv::with_options(dims(&x), shape, options));
    let epilogue = Epilogue {
        bias: Some(floats(&bias)),
        residual: residual.as_ref().map(floats),
        activation,
    };
    let output = conv.forward_with(floats(&x), floats(&packed), winograd, epilogue);
    tensor(fits(output), conv.output_shape())
}

impl KernelBackend for Flex {
    fn nhwc_conv2d(x: FlexTensor, weight: FlexTensor, options: ConvOptions) -> FlexTensor {
        if !supported(&[&x, &weight]) {
            return reference::conv2d::<Self>(x, weight, options);
        }
        let (x, weight) = (dense(x), dense(weight));
        let conv = conv(&x, &weight, options);
        let output = conv.forward(floats(&x), floats(&weight), Epilogue::default());
        tensor(fits(output), conv.output_shape())
    }

    fn nhwc_depthwise(x: FlexTensor, weight: FlexTensor, options: ConvOptions) -> FlexTensor {
        if !supported(&[&x, &weight]) {
            return reference::depthwise::<Self>(x, weight, options);
        }
        let (x, weight) = (dense(x), dense(weight));
        let conv = fits(Depthwise::with_options(dims(&x), dims(&weight), options));
        let output = conv.forward(floats(&x), floats(&weight), Epilogue::default());
        tensor(fits(output), conv.output_shape())
    }

    fn nhwc_depthwise_fused(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        options: ConvOptions,
        activation: Activation,
    ) -> FlexTensor {
        if !supported(&[&x, &weight, &bias]) {
            return reference::depthwise_fused::<Self>(x, weight, bias, options, activation);
        }
        let (x, weight, bias) = (dense(x), dense(weight), dense(bias));
        let conv = fits(Depthwise::with_options(dims(&x), dims(&weight), options));
        let epilogue = Epilogue {
            bias: Some(floats(&bias)),
            residual: None,
            activation,
        };
        let output = conv.forward(floats(&x), floats(&weight), epilogue);
        tensor(fits(output), conv.output_shape())
    }

    fn nhwc_depthwise_grad(
        x: FlexTensor,
        weight: FlexTensor,
        grad: FlexTensor,
        options: ConvOptions,
    ) -> (FlexTensor, FlexTensor) {
        if !supported(&[&x, &weight, &grad]) {
            return reference::depthwise_grad::<Self>(x, weight, grad, options);
        }
        let (x, weight, grad) = (dense(x), dense(weight), dense(grad));
        let conv = fits(Depthwise::with_options(dims(&x), dims(&weight), options));
        let dx = conv.input_grad(floats(&weight), floats(&grad));
        let dw = conv.weight_grad(floats(&x), floats(&grad));
        (
            tensor(fits(dx), dims::<4>(&x)),
            tensor(fits(dw), dims::<4>(&weight)),
        )
    }

    fn nhwc_pack_conv2d(weight: FlexTensor, options: ConvOptions, winograd: bool) -> FlexTensor {
        if !supported(&[&weight]) {
            return weight;
        }
        let weight = dense(weight);
        let [_, inputs, kernel, _] = dims(&weight);
        // Packing depends on the weights alone: the least input stands for any.
        let conv = Conv::with_options([1, kernel, kernel, inputs], dims(&weight), options);
        let packed = fits(conv).packed(floats(&weight), winograd).into_values();
        let len = packed.len();
        tensor(packed, [1, 1, 1, len])
    }

    fn nhwc_conv2d_packed(
        x: FlexTensor,
        packed: FlexTensor,
        bias: FlexTensor,
        shape: [usize; 4],
        options: ConvOptions,
        winograd: bool,
        activation: Activation,
    ) -> FlexTensor {
        if !supported(&[&x, &packed, &bias]) {
            return reference::conv2d_fused::<Self>(x, packed, bias, None, options, activation);
        }
        packed_conv(x, packed, bias, None, shape, options, winograd, activation)
    }

    fn nhwc_conv2d_packed_join(
        x: FlexTensor,
        packed: FlexTensor,
        bias: FlexTensor,
        residual: FlexTensor,
        shape: [usize; 4],
        options: ConvOptions,
        winograd: bool,
        activation: Activation,
    ) -> FlexTensor {
        if !supported(&[&x, &packed, &bias, &residual]) {
            return reference::conv2d_fused::<Self>(
                x,
                packed,
                bias,
                Some(residual),
                options,
                activation,
            );
        }
        packed_conv(
            x,
            packed,
            bias,
            Some(residual),
            shape,
            options,
            winograd,
            activation,
        )
    }

    fn nhwc_conv2d_input_grad(
        x: FlexTensor,
        weight: FlexTensor,
        grad: FlexTensor,
        options: ConvOptions,
    ) -> FlexTensor {
        if !supported(&[&x, &weight, &grad]) {
            return reference::conv2d_input_grad::<Self>(x, weight, grad, options);
        }
        let (weight, grad) = (dense(weight), dense(grad));
        let conv = conv(&x, &weight, options);
        let values = conv.input_grad(floats(&weight), floats(&grad));
        tensor(fits(values), dims::<4>(&x))
    }

    fn nhwc_conv2d_weight_grad(
        x: FlexTensor,
        weight: FlexTensor,
        grad: FlexTensor,
        options: ConvOptions,
    ) -> FlexTensor {
        if !supported(&[&x, &weight, &grad]) {
            return reference::conv2d_weight_grad::<Self>(x, weight, grad, options);
        }
        let (x, grad) = (dense(x), dense(grad));
        let conv = conv(&x, &weight, options);
        let values = conv.weight_grad(floats(&x), floats(&grad));
        tensor(fits(values), dims::<4>(&weight))
    }

    fn nhwc_batch_norm_train(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        batch_norm::train(x, gamma, beta, epsilon, activation)
    }

    fn nhwc_batch_norm_train_grad(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        grad: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        batch_norm::train_grad(x, gamma, beta, mean, variance, grad, epsilon, activation)
    }

    fn nhwc_batch_norm_join(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        residual: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        batch_norm::join(x, gamma, beta, residual, epsilon)
    }

    fn nhwc_batch_norm_join_grad(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        output: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        grad: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        batch_norm::join_grad(x, gamma, beta, output, mean, variance, grad, epsilon)
    }

    fn nhwc_batch_norm_infer(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> FlexTensor {
        batch_norm::infer(x, gamma, beta, mean, variance, epsilon, activation)
    }

    fn nhwc_batch_norm_infer_grad(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        grad: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        batch_norm::infer_grad(x, gamma, beta, mean, variance, grad, epsilon, activation)
    }

    fn nhwc_max_pool2d(x: FlexTensor, kernel: usize, stride: usize, padding: usize) -> FlexTensor {
        if !supported(&[&x]) {
            return reference::max_pool2d::<Self>(x, kernel, stride, padding);
        }
        let x = dense(x);
        let pool = fits(MaxPool::new(dims(&x), kernel, stride, padding));
        tensor(fits(pool.forward(floats(&x))), pool.output_shape())
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
        let pool = fits(MaxPool::new(dims(&x), kernel, stride, padding));
        let values = pool.input_grad(floats(&x), floats(&grad));
        tensor(fits(values), dims::<4>(&x))
    }

    fn nhwc_avg_pool2d(x: FlexTensor, kernel: usize) -> FlexTensor {
        if !supported(&[&x]) {
            return reference::avg_pool2d::<Self>(x, kernel);
        }
        let x = dense(x);
        let pool = fits(AvgPool::new(dims(&x), kernel));
        tensor(fits(pool.forward(floats(&x))), pool.output_shape())
    }

    fn nhwc_avg_pool2d_grad(grad: FlexTensor, kernel: usize) -> FlexTensor {
        if !supported(&[&grad]) {
            return reference::avg_pool2d_grad::<Self>(grad, kernel);
        }
        let grad = dense(grad);
        let [n, height, width, channels] = dims(&grad);
        let shape = [n, height * kernel, width * kernel, channels];
        let pool = fits(AvgPool::new(shape, kernel));
        tensor(fits(pool.input_grad(floats(&grad))), shape)
    }

    fn nhwc_resize(x: FlexTensor, size: [usize; 2]) -> FlexTensor {
        if !supported(&[&x]) {
            return reference::resize::<Self>(x, size);
        }
        let x = dense(x);
        let resize = fits(Resize::new(dims(&x), size));
        tensor(fits(resize.forward(floats(&x))), resize.output_shape())
    }

    fn nhwc_resize_grad(grad: FlexTensor, input: [usize; 2]) -> FlexTensor {
        if !supported(&[&grad]) {
            return reference::resize_grad::<Self>(grad, input);
        }
        let grad = dense(grad);
        let [n, height, width, channels] = dims(&grad);
        let shape = [n, input[0], input[1], channels];
        let resize = fits(Resize::new(shape, [height, width]));
        tensor(fits(resize.input_grad(floats(&grad))), shape)
    }

    fn adam_step(
        parameter: FlexTensor,
        grad: FlexTensor,
        moment_1: FlexTensor,
        moment_2: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if !supported(&[&parameter, &grad, &moment_1, &moment_2]) {
            return reference::adam_step::<Self>(parameter, grad, moment_1, moment_2, step);
        }
        let grad = dense(grad);
        let [mut parameter, mut moment_1, mut moment_2] =
            [parameter, moment_1, moment_2].map(whole);
        // Copies only what is shared.
        let result = step.apply(AdamSlices {
            parameter: parameter.storage_mut::<f32>(),
            grad: floats(&grad),
            moment_1: moment_1.storage_mut::<f32>(),
            moment_2: moment_2.storage_mut::<f32>(),
        });
        fits(result);
        (parameter, moment_1, moment_2)
    }

    fn squared_norm(tensor: FlexTensor) -> FlexTensor {
        if !supported(&[&tensor]) {
            return reference::squared_norm::<Self>(tensor);
        }
        let sum = sum_of_squares(floats(&dense(tensor)));
        view::tensor(vec![sum as f32], [1])
    }

    fn nhwc_add_relu(a: FlexTensor, b: FlexTensor) -> FlexTensor {
        if !supported(&[&a, &b]) {
            return reference::add_relu::<Self>(a, b);
        }
        let (a, b) = (dense(a), dense(b));
        let values = elementwise::add_relu(floats(&a), floats(&b));
        tensor(fits(values), dims::<4>(&a))
    }

    fn nhwc_add_relu_grad(output: FlexTensor, grad: FlexTensor) -> FlexTensor {
        if !supported(&[&output, &grad]) {
            return reference::add_relu_grad::<Self>(output, grad);
        }
        let (output, grad) = (dense(output), dense(grad));
        let values = elementwise::relu_grad(floats(&output), floats(&grad));
        tensor(fits(values), dims::<4>(&output))
    }
}
