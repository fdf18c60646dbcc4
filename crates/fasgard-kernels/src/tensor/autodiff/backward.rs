//! What each operation does with the gradient of its output.

use crate::tensor::KernelBackend;
use crate::{Activation, ConvOptions};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;

#[derive(Debug)]
pub(super) struct Conv;

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
pub(super) struct Depthwise;

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
pub(super) struct BatchNorm {
    /// Mean and variance were given, and are not those of `x`.
    pub(super) given_statistics: bool,
}

/// What the normalisation's backward pass needs beyond its checkpointed inputs.
#[derive(Debug, Clone)]
pub(super) struct BatchNormState<F> {
    pub(super) x: NodeId,
    pub(super) gamma: NodeId,
    pub(super) beta: NodeId,
    pub(super) mean: F,
    pub(super) variance: F,
    pub(super) epsilon: f64,
    pub(super) activation: Activation,
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
pub(super) struct Join;

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
pub(super) struct MaxPool;

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
pub(super) struct AvgPool;

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
pub(super) struct Resize;

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
pub(super) struct AddRelu;

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
