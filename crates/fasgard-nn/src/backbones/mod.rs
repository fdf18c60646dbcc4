//! Backbones, one family a file, cut after a named tap.
//!
//! To add one: a file beside this, a variant of [`BackboneKind`] and of [`Backbone`], a line in
//! [`Backbone::new`].

mod cdcn;
mod densenet;
mod efficientnet_lite;
mod inverted;
mod minifasnet;
mod mobilenet_v3;
mod piece;
mod resnet;
mod stages;

use burn::{module::Module, tensor::Tensor};

pub use cdcn::Cdcn;
pub use densenet::{DenseLayer, DenseNet, Transition};
pub use efficientnet_lite::EfficientNetLite;
pub use inverted::Inverted;
pub(crate) use minifasnet::SIDE as MINIFASNET_SIDE;
pub use minifasnet::{ConvPrelu, Excite, FasBlock, MiniFasNet};
pub use mobilenet_v3::{MobileBlock, MobileNetV3, SqueezeExcite};
pub(crate) use piece::Piece;
pub use resnet::{Block, Resnet};

use crate::{
    BackboneKind, Compute, Init, ModelConfig, Trace,
    graph::{Graph, Value},
    layers::{Conv, ConvBn, ConvInit, ConvShape},
};

/// A network from images `[N, S, S, 3]` to a feature map.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a detector has one of them")]
pub enum Backbone {
    /// A residual network, cut after one of its stages.
    Resnet(Resnet),
    /// EfficientNet-Lite0, cut after one of its stages.
    EfficientNetLite(EfficientNetLite),
    /// MobileNetV3-Large, cut after one of its stages.
    MobileNetV3(MobileNetV3),
    /// DenseNet-161, cut after one of its transitions.
    DenseNet(DenseNet),
    /// MiniFASNet, either of the two.
    MiniFasNet(MiniFasNet),
    /// CDCN or DepthNet.
    Cdcn(Cdcn),
}

impl Backbone {
    /// Builds what `config` names; `side` is the side of the feature map where the backbone can
    /// choose it (CDCN resizes its blocks' outputs).
    pub fn new(config: &ModelConfig, side: usize, init: &mut Init) -> Self {
        let stage = config.tap_number();
        let resnet = |init: &mut Init, blocks, bottleneck| {
            Self::Resnet(Resnet::new(blocks, bottleneck, stage, config.width, init))
        };
        match config.backbone {
            BackboneKind::Resnet18 => resnet(init, [2, 2, 2, 2], false),
            BackboneKind::Resnet34 => resnet(init, [3, 4, 6, 3], false),
            BackboneKind::Resnet50 => resnet(init, [3, 4, 6, 3], true),
            BackboneKind::EfficientnetLite0 => {
                Self::EfficientNetLite(EfficientNetLite::new(stage, config.width, init))
            }
            BackboneKind::MobilenetV3Large => {
                Self::MobileNetV3(MobileNetV3::new(stage, config.width, init))
            }
            BackboneKind::Densenet161 => Self::DenseNet(DenseNet::new(stage, config.width, init)),
            BackboneKind::MinifasnetV2 => {
                Self::MiniFasNet(MiniFasNet::new(minifasnet::V2, config.width, init))
            }
            BackboneKind::MinifasnetV1se => {
                Self::MiniFasNet(MiniFasNet::new(minifasnet::V1SE, config.width, init))
            }
            BackboneKind::Cdcn => Self::Cdcn(Cdcn::new(config.theta, config.width, side, init)),
            BackboneKind::Depthnet => Self::Cdcn(Cdcn::new(0.0, config.width, side, init)),
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        match self {
            Self::Resnet(net) => net.channels(),
            Self::EfficientNetLite(net) => net.channels(),
            Self::MobileNetV3(net) => net.channels(),
            Self::DenseNet(net) => net.channels(),
            Self::MiniFasNet(net) => net.channels(),
            Self::Cdcn(net) => net.channels(),
        }
    }

    /// `[N, S, S, 3]` to `[N, s, s, C]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Resnet(net) => net.forward(images),
            Self::EfficientNetLite(net) => net.forward(images),
            Self::MobileNetV3(net) => net.forward(images),
            Self::DenseNet(net) => net.forward(images),
            Self::MiniFasNet(net) => net.forward(images),
            Self::Cdcn(net) => net.forward(images),
        }
    }

    /// Fixes the weights of every convolution for inference.
    pub(crate) fn prepare(&mut self) {
        self.pieces()
            .into_iter()
            .for_each(|(_, piece)| piece.prepare());
    }

    /// How every convolution is computed from now on.
    pub(crate) fn set_compute(&mut self, compute: Compute) {
        self.pieces()
            .into_iter()
            .for_each(|(_, piece)| piece.set_compute(compute));
    }

    /// All layers with the part of the backbone that they belong to, which is the beginning of their
    /// weights' names: `layer1` of `backbone.layer1.0.convs.0.conv.weight`.
    pub(crate) fn pieces(&mut self) -> Vec<(&'static str, Piece<'_>)> {
        match self {
            Self::Resnet(net) => net.pieces(),
            Self::EfficientNetLite(net) => net.pieces(),
            Self::MobileNetV3(net) => net.pieces(),
            Self::DenseNet(net) => net.pieces(),
            Self::MiniFasNet(net) => net.pieces(),
            Self::Cdcn(net) => net.pieces(),
        }
    }

    /// Adds all layers to `graph`, from images `[3, S, S]` to the feature map.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        match self {
            Self::Resnet(net) => net.graph(images, graph),
            Self::EfficientNetLite(net) => net.graph(images, graph),
            Self::MobileNetV3(net) => net.graph(images, graph),
            Self::DenseNet(net) => net.graph(images, graph),
            Self::MiniFasNet(net) => net.graph(images, graph),
            Self::Cdcn(net) => net.graph(images, graph),
        }
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        match self {
            Self::Resnet(net) => net.describe(input, trace),
            Self::EfficientNetLite(net) => net.describe(input, trace),
            Self::MobileNetV3(net) => net.describe(input, trace),
            Self::DenseNet(net) => net.describe(input, trace),
            Self::MiniFasNet(net) => net.describe(input, trace),
            Self::Cdcn(net) => net.describe(input, trace),
        }
    }
}

/// A convolution without bias, drawn as torchvision draws residual networks, and its normalisation.
fn conv_bn(shape: ConvShape, init: &mut Init) -> ConvBn {
    let conv = Conv::new(shape, ConvInit::KaimingFanOut, init);
    ConvBn::new(conv, shape.outputs, init)
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
