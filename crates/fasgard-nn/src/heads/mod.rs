//! Heads, one a file: from a feature map to maps and a logit.
//!
//! To add one: a file beside this, a variant of [`Head`] and of
//! [`Target`], a line in [`Head::new`] and [`Head::as_dyn`].

mod binary;
mod depth;
mod mask;

use burn::{module::Module, tensor::Tensor};

pub use binary::BinaryHead;
pub use depth::DepthHead;
pub use mask::MaskHead;

use crate::{
    Compute, Init, Loss, ModelConfig, Prediction, Pyramid, Target, Targets, Trace,
    graph::{Graph, Value},
    layers::{Conv, ConvBn},
};

/// A [`Prediction`] in a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphPrediction {
    /// One map per scale, largest first, `[1, s, s]`: logits for masks, depths for depth.
    pub maps: Vec<Value>,
    /// The final logit, `[1]`.
    pub logit: Option<Value>,
}

/// What every head does.
pub trait Supervise {
    /// Features `[N, s, s, C]` to maps and, where the head has one, a final logit.
    fn predict(&self, features: Tensor<4>) -> Prediction;

    /// The loss and its terms, one per scale and kind.
    fn loss(&self, prediction: &Prediction, targets: &Targets) -> Loss;

    /// Calls `conv` on every plain convolution and `conv_bn` on every normalised one.
    fn each(&mut self, conv: &mut dyn FnMut(&mut Conv), conv_bn: &mut dyn FnMut(&mut ConvBn));

    /// Adds what [`predict`](Self::predict) does to `graph`.
    fn graph(&self, features: Value, graph: &mut Graph) -> GraphPrediction;

    /// Adds the head's layers to `trace`.
    fn describe(&self, features: [usize; 3], trace: &mut Trace);
}

/// The head of a detector.
#[derive(Module, Debug)]
pub enum Head {
    /// Global average pool and a linear layer.
    Binary(BinaryHead),
    /// A pyramid of binary masks and a final logit.
    Mask(MaskHead),
    /// A pyramid of depth maps.
    Depth(DepthHead),
}

impl Head {
    /// The head that `config` names, on `channels` features.
    pub fn new(
        config: &ModelConfig,
        pyramid: Option<Pyramid>,
        channels: usize,
        init: &mut Init,
    ) -> Self {
        match (config.supervision.target, pyramid) {
            (Target::Binary, _) | (_, None) => {
                Self::Binary(BinaryHead::new(config, channels, init))
            }
            (Target::Mask, Some(pyramid)) => {
                Self::Mask(MaskHead::new(config, &pyramid, channels, init))
            }
            (Target::Depth, Some(pyramid)) => {
                Self::Depth(DepthHead::new(config, &pyramid, channels, init))
            }
        }
    }

    /// Fixes the weights of every convolution for inference.
    pub(crate) fn prepare(&mut self) {
        self.as_dyn_mut()
            .each(&mut Conv::prepare, &mut ConvBn::prepare);
    }

    /// How every convolution is computed from now on.
    pub(crate) fn set_compute(&mut self, compute: Compute) {
        self.as_dyn_mut()
            .each(&mut |conv| conv.set_compute(compute), &mut |conv| {
                conv.set_compute(compute)
            });
    }

    fn as_dyn_mut(&mut self) -> &mut dyn Supervise {
        match self {
            Self::Binary(head) => head,
            Self::Mask(head) => head,
            Self::Depth(head) => head,
        }
    }

    /// The head behind its trait.
    pub fn as_dyn(&self) -> &dyn Supervise {
        match self {
            Self::Binary(head) => head,
            Self::Mask(head) => head,
            Self::Depth(head) => head,
        }
    }
}
