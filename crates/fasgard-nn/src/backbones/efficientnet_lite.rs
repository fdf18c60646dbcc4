//! EfficientNet-Lite0 (<https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>,
//! after arXiv 1905.11946): EfficientNet-B0 with ReLU6 instead of swish and without
//! squeeze-and-excitation. Padding is TensorFlow's; stochastic depth and dropout are left out.

use burn::{module::Module, tensor::Tensor};
use fasgard_kernels::Activation;

use super::{
    Piece, conv_bn,
    inverted::{Inverted, stage},
    scaled,
    stages::{self, Stages},
};
use crate::{
    Init, Trace,
    graph::{Graph, Value},
    layers::{ConvBn, ConvShape},
};

/// Added to variances, as in the published weights.
const EPSILON: f64 = 1e-3;
/// Expansion, kernel, stride, channels, blocks of every stage.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
];

/// EfficientNet-Lite0, cut after one of its stages (strides 2, 4, 8, 16, 16, 32, 32) or after its
/// 1x1 head convolution.
#[derive(Module, Debug)]
pub struct EfficientNetLite {
    stem: ConvBn,
    stage1: Vec<Inverted>,
    stage2: Vec<Inverted>,
    stage3: Vec<Inverted>,
    stage4: Vec<Inverted>,
    stage5: Vec<Inverted>,
    stage6: Vec<Inverted>,
    stage7: Vec<Inverted>,
    head: Option<ConvBn>,
    channels: usize,
}

impl EfficientNetLite {
    /// The first `parts` of the seven stages and the head are built.
    pub fn new(parts: usize, width: f64, init: &mut Init) -> Self {
        let mut channels = scaled(32, width);
        let stem =
            conv_bn(ConvShape::new(3, channels, 3, 2).padded_behind(), init).with_epsilon(EPSILON);
        let mut stages: [Vec<Inverted>; 7] = Default::default();
        for (number, blocks) in stages.iter_mut().enumerate().take(parts) {
            *blocks = stage(STAGES[number], &mut channels, (width, EPSILON), init);
        }
        let head = (parts > STAGES.len()).then(|| {
            let outputs = scaled(1280, width);
            let head = conv_bn(ConvShape::new(channels, outputs, 1, 1), init).with_epsilon(EPSILON);
            channels = outputs;
            head
        });
        let [stage1, stage2, stage3, stage4, stage5, stage6, stage7] = stages;
        Self {
            stem,
            stage1,
            stage2,
            stage3,
            stage4,
            stage5,
            stage6,
            stage7,
            head,
            channels,
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, S, S, 3]` to `[N, S / stride, S / stride, C]`, rounded down.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = self.stem.forward_as(images, Activation::Relu6);
        let x = self.stages().forward(x);
        match &self.head {
            Some(head) => head.forward_as(x, Activation::Relu6),
            None => x,
        }
    }

    /// All layers with the part that they belong to.
    pub(super) fn pieces(&mut self) -> Vec<(&'static str, Piece<'_>)> {
        let mut pieces = vec![("stem", Piece::ConvBn(&mut self.stem))];
        pieces.extend(stages::pieces([
            ("stage1", &mut self.stage1),
            ("stage2", &mut self.stage2),
            ("stage3", &mut self.stage3),
            ("stage4", &mut self.stage4),
            ("stage5", &mut self.stage5),
            ("stage6", &mut self.stage6),
            ("stage7", &mut self.stage7),
        ]));
        pieces.extend(
            self.head
                .iter_mut()
                .map(|head| ("head", Piece::ConvBn(head))),
        );
        pieces
    }

    /// Adds all layers to `graph`.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        let x = graph.scope("stem", |g| self.stem.graph_as(images, Activation::Relu6, g));
        let x = self.stages().graph(x, graph);
        match &self.head {
            Some(head) => graph.scope("head", |g| head.graph_as(x, Activation::Relu6, g)),
            None => x,
        }
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = trace.scope("stem", |t| self.stem.describe(input, t));
        let shape = self.stages().describe(shape, trace);
        match &self.head {
            Some(head) => trace.scope("head", |t| head.describe(shape, t)),
            None => shape,
        }
    }

    fn stages(&self) -> Stages<'_, Inverted, 7> {
        Stages([
            ("stage1", &self.stage1),
            ("stage2", &self.stage2),
            ("stage3", &self.stage3),
            ("stage4", &self.stage4),
            ("stage5", &self.stage5),
            ("stage6", &self.stage6),
            ("stage7", &self.stage7),
        ])
    }
}
