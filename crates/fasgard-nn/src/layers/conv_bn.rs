//! Convolution followed by batch normalisation.

use burn::{module::Module, tensor::Tensor};

use fasgard_kernels::tensor::PreparedConv;

use super::{BatchNorm, Conv};
use crate::{
    Compute, Init, Trace,
    graph::{Activation, Graph, Value},
};

/// A convolution without bias and its batch normalisation.
#[derive(Module, Debug)]
pub struct ConvBn {
    conv: Conv,
    bn: BatchNorm,
    /// Both in one, once [`ConvBn::prepare`] has been called.
    #[module(skip)]
    prepared: Option<Box<PreparedConv>>,
}

impl ConvBn {
    /// Puts a batch normalisation of `channels` behind `conv`.
    pub fn new(conv: Conv, channels: usize, init: &Init) -> Self {
        Self {
            conv,
            bn: BatchNorm::new(channels, init),
            prepared: None,
        }
    }

    /// Convolves and normalises.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match &self.prepared {
            Some(prepared) => prepared.forward(x, None, false),
            None => self.bn.forward(self.conv.forward(x), false),
        }
    }

    /// Convolves, normalises and rectifies.
    pub fn forward_relu(&self, x: Tensor<4>) -> Tensor<4> {
        match &self.prepared {
            Some(prepared) => prepared.forward(x, None, true),
            None => self.bn.forward(self.conv.forward(x), true),
        }
    }

    /// Convolves, normalises, adds `residual` (shaped as the output) and rectifies.
    pub fn forward_join(&self, x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
        match &self.prepared {
            Some(prepared) => prepared.forward(x, Some(residual), true),
            None => self.bn.forward_join(self.conv.forward(x), residual),
        }
    }

    /// Fixes the weights for inference: the normalisation with running statistics becomes part of
    /// the convolution, whose weights are packed once.
    pub(crate) fn prepare(&mut self) {
        let (weight, bias) = self.folded();
        let prepared = PreparedConv::new(weight, bias, self.conv.options());
        self.prepared = Some(Box::new(prepared));
    }

    /// Weight and bias of the one convolution that equals both layers with running statistics.
    fn folded(&self) -> (Tensor<4>, Tensor<1>) {
        let (scale, shift) = self.bn.affine();
        let weight = self.conv.effective_weight();
        let scale = scale.reshape([weight.dims()[0] as i32, 1, 1, 1]);
        (weight * scale, shift)
    }

    /// Adds both layers to `graph` as one convolution.
    pub fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let (weight, bias) = self.folded();
        graph.conv(x, self.conv.folded(weight, bias))
    }

    /// The same with a ReLU behind it.
    pub fn graph_relu(&self, x: Value, graph: &mut Graph) -> Value {
        let y = self.graph(x, graph);
        graph.activate(y, Activation::Relu)
    }

    /// How the convolution is computed.
    pub(crate) fn set_compute(&mut self, compute: Compute) {
        self.conv.set_compute(compute);
    }

    /// Adds both layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = self.conv.describe(input, trace);
        self.bn.describe(shape, trace)
    }
}
