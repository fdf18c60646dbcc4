//! Fully connected layer.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use crate::{
    Init, Trace,
    graph::{Graph, Op, Value, Weights},
};

/// `y = x W^T + b`, `W` of shape `[outputs, inputs]` as in PyTorch.
#[derive(Module, Debug)]
pub struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Linear {
    /// Weights and bias uniform in ±1/sqrt(inputs), PyTorch's default.
    pub fn new(inputs: usize, outputs: usize, init: &mut Init) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        Self {
            weight: Param::from_tensor(init.uniform([outputs, inputs], bound)),
            bias: Param::from_tensor(init.uniform([outputs], bound)),
        }
    }

    /// `[N, inputs]` to `[N, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val().transpose()) + self.bias.val().unsqueeze()
    }

    /// Adds this layer to `graph`, on a flat value.
    pub fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let op = Op::Linear {
            weight: Weights::of(self.weight.val()),
            bias: Weights::of(self.bias.val()),
        };
        graph.add(op, &[x])
    }

    /// Adds this layer to `trace`.
    pub fn describe(&self, trace: &mut Trace) {
        let [outputs, inputs] = self.weight.dims();
        trace.add(
            "linear",
            [outputs, 1, 1],
            outputs * (inputs + 1),
            (outputs * inputs) as u64,
        );
    }
}
