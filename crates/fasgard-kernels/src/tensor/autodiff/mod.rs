//! Hand-written backward passes, over any backend that implements the extension.

use super::KernelBackend;
use crate::{Activation, ConvOptions};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};

#[derive(Debug)]
struct Conv;

impl<B: KernelBackend> Backward<B, 2> for Conv {
    type State = (NodeId, NodeId, ConvOptions);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, saved: &mut Checkpointer) {
        let [x_node, weight_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight, options) = ops.state;
        let x = saved.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        let weight = saved.retrieve_node_output::<B::FloatTensorPrimitive>(weight);
        if let Some(node) = weight_node {
            let (x, weight, grad) = (x.clone(), weight.clone(), grad.clone());
            let grad = B::nhwc_conv2d_weight_grad(x, weight, grad, options);
            grads.register::<B>(node.id, grad);
        }
        if let Some(node) = x_node {
            let grad = B::nhwc_conv2d_input_grad(x, weight, grad, options);
            grads.register::<B>(node.id, grad);
        }
    }
}

#[derive(Debug)]
struct Depthwise;

impl<B: KernelBackend> Backward<B, 2> for Depthwise {
    type State = (NodeId, NodeId, ConvOptions);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, saved: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight, options) = ops.state;
        let x = saved.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        let weight = saved.retrieve_node_output::<B::FloatTensorPrimitive>(weight);
        let (x, weight) = B::nhwc_depthwise_grad(x, weight, grad, options);
        for (node, grad) in ops.parents.into_iter().zip([x, weight]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct BatchNorm {
    /// Mean and variance were given, and are not those of `x`.
    given_statistics: bool,
}

/// What the normalisation's backward pass needs beyond its checkpointed inputs.
#[derive(Debug, Clone)]
struct BatchNormState<F> {
    x: NodeId,
    gamma: NodeId,
    beta: NodeId,
    mean: F,
    variance: F,
    epsilon: f64,
    activation: Activation,
}

impl<B: KernelBackend> Backward<B, 3> for BatchNorm {
    type State = BatchNormState<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, saved: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let state = ops.state;
        let x = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.x);
        let gamma = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.gamma);
        let beta = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.beta);
        let gradients = if self.given_statistics {
            B::nhwc_batch_norm_infer_grad
        } else {
            B::nhwc_batch_norm_train_grad
        };
        let (x, gamma, beta) = gradients(
            x,
            gamma,
            beta,
            state.mean,
            state.variance,
            grad,
            state.epsilon,
            state.activation,
        );
        for (node, grad) in ops.parents.into_iter().zip([x, gamma, beta]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct Join;

impl<B: KernelBackend> Backward<B, 4> for Join {
    /// The normalisation's state and the output.
    type State = (BatchNormState<FloatTensor<B>>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, saved: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (state, output) = ops.state;
        let x = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.x);
        let gamma = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.gamma);
        let beta = saved.retrieve_node_output::<B::FloatTensorPrimitive>(state.beta);
        let (x, gamma, beta, residual) = B::nhwc_batch_norm_join_grad(
            x,
            gamma,
            beta,
            output,
            state.mean,
            state.variance,
            grad,
            state.epsilon,
        );
        for (node, grad) in ops.parents.into_iter().zip([x, gamma, beta, residual]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct MaxPool;

impl<B: KernelBackend> Backward<B, 1> for MaxPool {
    type State = (NodeId, usize, usize, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, saved: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, kernel, stride, padding) = ops.state;
        let x = saved.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        if let [Some(node)] = ops.parents {
            let grad = B::nhwc_max_pool2d_grad(x, grad, kernel, stride, padding);
            grads.register::<B>(node.id, grad);
        }
    }
}

#[derive(Debug)]
struct AvgPool;

impl<B: KernelBackend> Backward<B, 1> for AvgPool {
    type State = usize;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::nhwc_avg_pool2d_grad(grad, ops.state));
        }
    }
}

#[derive(Debug)]
struct Resize;

impl<B: KernelBackend> Backward<B, 1> for Resize {
    /// Input rows and columns.
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::nhwc_resize_grad(grad, ops.state));
        }
    }
}

#[derive(Debug)]
struct AddRelu;

impl<B: KernelBackend> Backward<B, 2> for AddRelu {
    /// The output.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let grad = B::nhwc_add_relu_grad(ops.state, grad);
        for node in ops.parents.into_iter().flatten() {
            grads.register::<B>(node.id, grad.clone());
        }
    }
}

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
