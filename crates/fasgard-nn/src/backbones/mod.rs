//! Backbones, one family a file, cut after a named tap.
//!
//! To add one: a file beside this, a variant of [`BackboneKind`] and of [`Backbone`], a line in
//! [`Backbone::new`].

mod cdcn;
mod resnet;

use burn::{module::Module, tensor::Tensor};

pub use cdcn::Cdcn;
pub use resnet::{Block, Resnet};

use crate::{
    BackboneKind, Compute, Init, ModelConfig, Trace,
    graph::{Graph, Value},
    layers::ConvBn,
};

/// A network from images `[N, S, S, 3]` to a feature map.
#[derive(Module, Debug)]
pub enum Backbone {
    /// A residual network, cut after one of its stages.
    Resnet(Resnet),
    /// CDCN or DepthNet.
    Cdcn(Cdcn),
}

impl Backbone {
    /// Builds what `config` names; `side` is the side of the feature map where the backbone can
    /// choose it (CDCN resizes its blocks' outputs).
    pub fn new(config: &ModelConfig, side: usize, init: &mut Init) -> Self {
        let stage = config.stage().unwrap_or(4);
        let resnet = |init: &mut Init, blocks, bottleneck| {
            Self::Resnet(Resnet::new(blocks, bottleneck, stage, config.width, init))
        };
        match config.backbone {
            BackboneKind::Resnet18 => resnet(init, [2, 2, 2, 2], false),
            BackboneKind::Resnet34 => resnet(init, [3, 4, 6, 3], false),
            BackboneKind::Resnet50 => resnet(init, [3, 4, 6, 3], true),
            BackboneKind::Cdcn => Self::Cdcn(Cdcn::new(config.theta, config.width, side, init)),
            BackboneKind::Depthnet => Self::Cdcn(Cdcn::new(0.0, config.width, side, init)),
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        match self {
            Self::Resnet(net) => net.channels(),
            Self::Cdcn(net) => net.channels(),
        }
    }

    /// `[N, S, S, 3]` to `[N, s, s, C]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Resnet(net) => net.forward(images),
            Self::Cdcn(net) => net.forward(images),
        }
    }

    /// Fixes the weights of every convolution for inference.
    pub(crate) fn prepare(&mut self) {
        self.each(&mut ConvBn::prepare);
    }

    /// How every convolution is computed from now on.
    pub(crate) fn set_compute(&mut self, compute: Compute) {
        self.each(&mut |conv| conv.set_compute(compute));
    }

    fn each(&mut self, f: &mut dyn FnMut(&mut ConvBn)) {
        match self {
            Self::Resnet(net) => net.each(f),
            Self::Cdcn(net) => net.each(f),
        }
    }

    /// Adds all layers to `graph`, from images `[3, S, S]` to the feature map.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        match self {
            Self::Resnet(net) => net.graph(images, graph),
            Self::Cdcn(net) => net.graph(images, graph),
        }
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        match self {
            Self::Resnet(net) => net.describe(input, trace),
            Self::Cdcn(net) => net.describe(input, trace),
        }
    }
}

/// `channels` times `width`, rounded to a multiple of 4 (at least 4) unless `width` is 1.
pub(crate) fn scaled(channels: usize, width: f64) -> usize {
    if width == 1.0 {
        return channels;
    }
    ((channels as f64 * width / 4.0).round() as usize * 4).max(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_one_is_exact_and_others_are_multiples_of_four() {
        assert_eq!(scaled(196, 1.0), 196);
        assert_eq!(scaled(196, 0.25), 48);
        assert_eq!(scaled(64, 0.01), 4);
    }
}
