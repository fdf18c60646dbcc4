//! Hand-written backward passes, over any backend that implements the extension.

mod backward;

use super::KernelBackend;
use crate::{Activation, ConvOptions};
use backward::{
    AddRelu, AvgPool, BatchNorm, BatchNormState, Conv, Depthwise, Join, MaxPool, Resize,
};
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};

/// The gradients (`*_grad`) keep their default bodies here: they run on the inner backend, and no
/// second derivative is offered.
impl<B: Backend + KernelBackend, C: CheckpointStrategy> KernelBackend for Autodiff<B, C> {
    fn nhwc_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        let prepared = Backward::<B, 2>::prepare::<C>(Conv, [x.node(), weight.node()]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (
                    prepared.checkpoint(&x),
                    prepared.checkpoint(&weight),
                    options,
                );
                let (x, weight) = (x.into_primitive(), weight.into_primitive());
                prepared.finish(state, B::nhwc_conv2d(x, weight, options))
            }
            OpsKind::UnTracked(prepared) => {
                let (x, weight) = (x.into_primitive(), weight.into_primitive());
                prepared.finish(B::nhwc_conv2d(x, weight, options))
            }
        }
    }

    fn nhwc_depthwise(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions,
    ) -> FloatTensor<Self> {
        let prepared = Backward::<B, 2>::prepare::<C>(Depthwise, [x.node(), weight.node()]);
        let (inner_x, inner_weight) = (x.primitive().clone(), weight.primitive().clone());
        let output = B::nhwc_depthwise(inner_x, inner_weight, options);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let nodes = (prepared.checkpoint(&x), prepared.checkpoint(&weight));
                prepared.finish((nodes.0, nodes.1, options), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn nhwc_batch_norm_train(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let prepared = Backward::<B, 3>::prepare::<C>(
            BatchNorm {
                given_statistics: false,
            },
            nodes,
        );
        let (output, mean, variance) = B::nhwc_batch_norm_train(
            x.primitive().clone(),
            gamma.primitive().clone(),
            beta.primitive().clone(),
            epsilon,
            activation,
        );
        let detached = [mean.clone(), variance.clone()].map(<Self as AutodiffBackend>::from_inner);
        let output = match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = BatchNormState {
                    x: prepared.checkpoint(&x),
                    gamma: prepared.checkpoint(&gamma),
                    beta: prepared.checkpoint(&beta),
                    mean,
                    variance,
                    epsilon,
                    activation,
                };
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        let [mean, variance] = detached;
        (output, mean, variance)
    }

    fn nhwc_batch_norm_join(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node(), residual.node()];
        let prepared = Backward::<B, 4>::prepare::<C>(Join, nodes);
        let (output, mean, variance) = B::nhwc_batch_norm_join(
            x.primitive().clone(),
            gamma.primitive().clone(),
            beta.primitive().clone(),
            residual.into_primitive(),
            epsilon,
        );
        let detached = [mean.clone(), variance.clone()].map(<Self as AutodiffBackend>::from_inner);
        let output = match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = BatchNormState {
                    x: prepared.checkpoint(&x),
                    gamma: prepared.checkpoint(&gamma),
                    beta: prepared.checkpoint(&beta),
                    mean,
                    variance,
                    epsilon,
                    activation: Activation::Relu,
                };
                prepared.finish((state, output.clone()), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        let [mean, variance] = detached;
        (output, mean, variance)
    }

    /// Mean and variance are constants: no gradient reaches them.
    fn nhwc_batch_norm_infer(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let prepared = Backward::<B, 3>::prepare::<C>(
            BatchNorm {
                given_statistics: true,
            },
            nodes,
        );
        let (mean, variance) = (mean.into_primitive(), variance.into_primitive());
        let output = B::nhwc_batch_norm_infer(
            x.primitive().clone(),
            gamma.primitive().clone(),
            beta.primitive().clone(),
            mean.clone(),
            variance.clone(),
            epsilon,
            activation,
        );
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = BatchNormState {
                    x: prepared.checkpoint(&x),
                    gamma: prepared.checkpoint(&gamma),
                    beta: prepared.checkpoint(&beta),
                    mean,
                    variance,
                    epsilon,
                    activation,
                };
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn nhwc_max_pool2d(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(MaxPool, [x.node()]);
        let output = B::nhwc_max_pool2d(x.primitive().clone(), kernel, stride, padding);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (prepared.checkpoint(&x), kernel, stride, padding);
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn nhwc_avg_pool2d(x: FloatTensor<Self>, kernel: usize) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(AvgPool, [x.node()]);
        let output = B::nhwc_avg_pool2d(x.into_primitive(), kernel);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(kernel, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn nhwc_resize(x: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(Resize, [x.node()]);
        let [_, height, width, _] = x.primitive().shape().dims::<4>();
        let output = B::nhwc_resize(x.into_primitive(), size);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish([height, width], output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn nhwc_add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = Backward::<B, 2>::prepare::<C>(AddRelu, [a.node(), b.node()]);
        let output = B::nhwc_add_relu(a.into_primitive(), b.into_primitive());
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(output.clone(), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
