//! Convolution followed by batch normalisation.

use burn::{module::Module, tensor::Tensor};

use super::{BatchNorm, Conv};
use crate::{Init, Trace};

/// A convolution without bias and its batch normalisation.
#[derive(Module, Debug)]
pub struct ConvBn {
    conv: Conv,
    bn: BatchNorm,
}

impl ConvBn {
    /// Puts a batch normalisation of `channels` behind `conv`.
    pub fn new(conv: Conv, channels: usize, init: &Init) -> Self {
        Self {
            conv,
            bn: BatchNorm::new(channels, init),
        }
    }

    /// Convolves and normalises.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.bn.forward(self.conv.forward(x), false)
    }

    /// Convolves, normalises and rectifies.
    pub fn forward_relu(&self, x: Tensor<4>) -> Tensor<4> {
        self.bn.forward(self.conv.forward(x), true)
    }

    /// Adds both layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = self.conv.describe(input, trace);
        self.bn.describe(shape, trace)
    }
}
