//! MobileNetV3-Large (arXiv 1905.02244), laid out as torchvision's: inverted residuals with
//! squeeze-and-excitation, ReLU in the first and hardswish in the later stages.

use burn::{
    module::Module,
    tensor::{Tensor, activation::relu},
};
use fasgard_kernels::Activation;

use super::{
    Piece, conv_bn, scaled,
    stages::{self, StageBlock, Stages},
};
use crate::{
    Init, Trace,
    graph::{self, Graph, Op, Value},
    layers::{Conv, ConvBn, ConvInit, ConvShape},
};

/// Added to variances, as in the published weights.
const EPSILON: f64 = 1e-3;

/// A block: kernel, channels inside and out, squeeze-and-excitation, hardswish, stride.
type Row = (usize, usize, usize, bool, bool, usize);

/// The blocks of the six stages.
const STAGES: [&[Row]; 6] = [
    &[(3, 16, 16, false, false, 1)],
    &[(3, 64, 24, false, false, 2), (3, 72, 24, false, false, 1)],
    &[
        (5, 72, 40, true, false, 2),
        (5, 120, 40, true, false, 1),
        (5, 120, 40, true, false, 1),
    ],
    &[
        (3, 240, 80, false, true, 2),
        (3, 200, 80, false, true, 1),
        (3, 184, 80, false, true, 1),
        (3, 184, 80, false, true, 1),
    ],
    &[(3, 480, 112, true, true, 1), (3, 672, 112, true, true, 1)],
    &[
        (5, 672, 160, true, true, 2),
        (5, 960, 160, true, true, 1),
        (5, 960, 160, true, true, 1),
    ],
];

/// `x * min(max(x + 3, 0), 6) / 6`.
fn hardswish(x: Tensor<4>) -> Tensor<4> {
    x.clone() * (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// Convolves, normalises, and applies hardswish or a ReLU.
fn activated(layer: &ConvBn, x: Tensor<4>, swish: bool) -> Tensor<4> {
    match swish {
        true => hardswish(layer.forward(x)),
        false => layer.forward_as(x, Activation::Relu),
    }
}

/// Adds a convolution with its normalisation, and hardswish or a ReLU, to `graph`.
fn graph_activated(layer: &ConvBn, x: Value, swish: bool, graph: &mut Graph) -> Value {
    let y = layer.graph(x, graph);
    graph.activate(
        y,
        if swish {
            graph::Activation::HardSwish
        } else {
            graph::Activation::Relu
        },
    )
}

/// Squeeze-and-excitation (arXiv 1709.01507) with a ReLU inside and a hard sigmoid at the end.
#[derive(Module, Debug)]
pub struct SqueezeExcite {
    squeeze: Conv,
    expand: Conv,
}

impl SqueezeExcite {
    fn new(channels: usize, init: &mut Init) -> Self {
        let squeezed = squeezed(channels);
        let mut conv = |inputs, outputs| {
            let shape = ConvShape::new(inputs, outputs, 1, 1);
            Conv::new(shape, ConvInit::KaimingFanOut, init).with_bias(init)
        };
        Self {
            squeeze: conv(channels, squeezed),
            expand: conv(squeezed, channels),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mean = x.clone().mean_dim(1).mean_dim(2);
        let weights = self.expand.forward(relu(self.squeeze.forward(mean)));
        x * ((weights + 3.0).clamp(0.0, 6.0) / 6.0)
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let mean = graph.add(Op::GlobalAveragePool, &[x]);
        let inner = graph.scope("squeeze", |g| {
            let y = self.squeeze.graph(mean, g);
            g.activate(y, graph::Activation::Relu)
        });
        graph.scope("excite", |g| {
            let y = self.expand.graph(inner, g);
            let weights = g.activate(y, graph::Activation::HardSigmoid);
            g.add(Op::Multiply, &[x, weights])
        })
    }
}

/// A quarter of the channels, rounded to a multiple of 8 that is not a tenth less.
fn squeezed(channels: usize) -> usize {
    let quarter = channels / 4;
    let rounded = ((quarter + 4) / 8 * 8).max(8);
    match rounded * 10 < quarter * 9 {
        true => rounded + 8,
        false => rounded,
    }
}

/// An inverted residual block.
#[derive(Module, Debug)]
pub struct MobileBlock {
    expand: Option<ConvBn>,
    depthwise: ConvBn,
    excite: Option<SqueezeExcite>,
    project: ConvBn,
    swish: bool,
    residual: bool,
}

impl MobileBlock {
    /// `nominal` are the channels in at full width, which decide what a block is made of.
    fn new([inputs, nominal]: [usize; 2], row: Row, width: f64, init: &mut Init) -> Self {
        let (kernel, inner, outputs, excite, swish, stride) = row;
        let (expands, residual) = (inner != nominal, stride == 1 && outputs == nominal);
        let (inner, outputs) = (scaled(inner, width), scaled(outputs, width));
        Self {
            expand: expands
                .then(|| conv_bn(ConvShape::new(inputs, inner, 1, 1), init).with_epsilon(EPSILON)),
            depthwise: conv_bn(ConvShape::depthwise(inner, kernel, stride), init)
                .with_epsilon(EPSILON),
            excite: excite.then(|| SqueezeExcite::new(inner, init)),
            project: conv_bn(ConvShape::new(inner, outputs, 1, 1), init).with_epsilon(EPSILON),
            swish,
            residual,
        }
    }
}

impl StageBlock for MobileBlock {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mut inner = match &self.expand {
            Some(expand) => activated(expand, x.clone(), self.swish),
            None => x.clone(),
        };
        inner = activated(&self.depthwise, inner, self.swish);
        if let Some(excite) = &self.excite {
            inner = excite.forward(inner);
        }
        match self.residual {
            true => self.project.forward_add(inner, x),
            false => self.project.forward(inner),
        }
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let swish = self.swish;
        let mut inner = match &self.expand {
            Some(expand) => graph.scope("expand", |g| graph_activated(expand, x, swish, g)),
            None => x,
        };
        inner = graph.scope("depthwise", |g| {
            graph_activated(&self.depthwise, inner, swish, g)
        });
        if let Some(excite) = &self.excite {
            inner = excite.graph(inner, graph);
        }
        graph.scope("project", |g| {
            let y = self.project.graph(inner, g);
            if self.residual { g.sum(y, x) } else { y }
        })
    }

    fn pieces(&mut self) -> impl Iterator<Item = Piece<'_>> {
        let excite = self.excite.iter_mut();
        self.expand
            .iter_mut()
            .chain([&mut self.depthwise, &mut self.project])
            .map(Piece::ConvBn)
            .chain(excite.flat_map(|e| [&mut e.squeeze, &mut e.expand].map(Piece::Conv)))
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let mut shape = input;
        if let Some(expand) = &self.expand {
            shape = trace.scope("expand", |t| expand.describe(shape, t));
        }
        shape = trace.scope("depthwise", |t| self.depthwise.describe(shape, t));
        if let Some(excite) = &self.excite {
            let pooled = [shape[0], 1, 1];
            let pooled = trace.scope("squeeze", |t| excite.squeeze.describe(pooled, t));
            trace.scope("excite", |t| excite.expand.describe(pooled, t));
        }
        trace.scope("project", |t| self.project.describe(shape, t))
    }
}

/// MobileNetV3-Large, cut after one of its stages (strides 2, 4, 8, 16, 16, 32) or after its 1x1 head
/// convolution.
#[derive(Module, Debug)]
pub struct MobileNetV3 {
    stem: ConvBn,
    stage1: Vec<MobileBlock>,
    stage2: Vec<MobileBlock>,
    stage3: Vec<MobileBlock>,
    stage4: Vec<MobileBlock>,
    stage5: Vec<MobileBlock>,
    stage6: Vec<MobileBlock>,
    head: Option<ConvBn>,
    channels: usize,
}

impl MobileNetV3 {
    /// The first `parts` of the six stages and the head are built.
    pub fn new(parts: usize, width: f64, init: &mut Init) -> Self {
        let (mut channels, mut nominal) = (scaled(16, width), 16);
        let stem = conv_bn(ConvShape::new(3, channels, 3, 2), init).with_epsilon(EPSILON);
        let mut stages: [Vec<MobileBlock>; 6] = Default::default();
        for (number, blocks) in stages.iter_mut().enumerate().take(parts) {
            for row in STAGES[number] {
                let inputs = [channels, nominal];
                blocks.push(MobileBlock::new(inputs, *row, width, init));
                (channels, nominal) = (scaled(row.2, width), row.2);
            }
        }
        let head = (parts > STAGES.len()).then(|| {
            let outputs = scaled(960, width);
            let head = conv_bn(ConvShape::new(channels, outputs, 1, 1), init).with_epsilon(EPSILON);
            channels = outputs;
            head
        });
        let [stage1, stage2, stage3, stage4, stage5, stage6] = stages;
        Self {
            stem,
            stage1,
            stage2,
            stage3,
            stage4,
            stage5,
            stage6,
            head,
            channels,
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, S, S, 3]` to `[N, S / stride, S / stride, C]`, rounded up.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = activated(&self.stem, images, true);
        let x = self.stages().forward(x);
        match &self.head {
            Some(head) => activated(head, x, true),
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
        let x = graph.scope("stem", |g| graph_activated(&self.stem, images, true, g));
        let x = self.stages().graph(x, graph);
        match &self.head {
            Some(head) => graph.scope("head", |g| graph_activated(head, x, true, g)),
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

    fn stages(&self) -> Stages<'_, MobileBlock, 6> {
        Stages([
            ("stage1", &self.stage1),
            ("stage2", &self.stage2),
            ("stage3", &self.stage3),
            ("stage4", &self.stage4),
            ("stage5", &self.stage5),
            ("stage6", &self.stage6),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squeezed_channels_are_the_published_ones() {
        let found = [72, 120, 480, 672, 960].map(squeezed);
        assert_eq!(found, [24, 32, 120, 168, 240]);
    }
}
