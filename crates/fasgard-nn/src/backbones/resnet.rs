//! Residual networks (arXiv 1512.03385), laid out as torchvision's: the stride of a bottleneck
//! lies in its 3x3 convolution.

use burn::{module::Module, tensor::Tensor};
use fasgard_kernels::tensor::max_pool2d;

use super::{
    Piece, conv_bn, scaled,
    stages::{self, StageBlock, Stages},
};
use crate::{
    Init, Trace,
    graph::{Activation, Graph, Value},
    layers::{ConvBn, ConvShape},
};

/// Output channels of a bottleneck relative to its inner ones.
const EXPANSION: usize = 4;

/// A residual block: basic (two 3x3) or bottleneck (1x1, 3x3, 1x1).
#[derive(Module, Debug)]
pub struct Block {
    convs: Vec<ConvBn>,
    downsample: Option<ConvBn>,
}

impl Block {
    fn new(inputs: usize, inner: usize, stride: usize, bottleneck: bool, init: &mut Init) -> Self {
        let outputs = if bottleneck { inner * EXPANSION } else { inner };
        let shapes = if bottleneck {
            vec![
                ConvShape::new(inputs, inner, 1, 1),
                ConvShape::new(inner, inner, 3, stride),
                ConvShape::new(inner, outputs, 1, 1),
            ]
        } else {
            vec![
                ConvShape::new(inputs, inner, 3, stride),
                ConvShape::new(inner, inner, 3, 1),
            ]
        };
        let convs = shapes
            .into_iter()
            .map(|shape| conv_bn(shape, init))
            .collect();
        let downsample = (stride != 1 || inputs != outputs)
            .then(|| conv_bn(ConvShape::new(inputs, outputs, 1, stride), init));
        Self { convs, downsample }
    }
}

impl StageBlock for Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some(downsample) => downsample.forward(x.clone()),
            None => x.clone(),
        };
        let mut y = x;
        for (i, conv) in self.convs.iter().enumerate() {
            y = if i + 1 < self.convs.len() {
                conv.forward_relu(y)
            } else {
                conv.forward_join(y, shortcut.clone())
            };
        }
        y
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let shortcut = match &self.downsample {
            Some(downsample) => graph.scope("downsample", |g| downsample.graph(x, g)),
            None => x,
        };
        let mut y = x;
        for (i, conv) in self.convs.iter().enumerate() {
            y = graph.scope(&format!("convs.{i}"), |g| {
                if i + 1 < self.convs.len() {
                    return conv.graph_relu(y, g);
                }
                let y = conv.graph(y, g);
                let joined = g.sum(y, shortcut);
                g.activate(joined, Activation::Relu)
            });
        }
        y
    }

    fn pieces(&mut self) -> impl Iterator<Item = Piece<'_>> {
        self.convs
            .iter_mut()
            .chain(&mut self.downsample)
            .map(Piece::ConvBn)
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let mut shape = input;
        for (i, conv) in self.convs.iter().enumerate() {
            shape = trace.scope(&format!("convs.{i}"), |t| conv.describe(shape, t));
        }
        if let Some(downsample) = &self.downsample {
            trace.scope("downsample", |t| downsample.describe(input, t));
        }
        shape
    }
}

/// A residual network cut after one of its four stages (`layer1` ... `layer4`, strides 4 to 32).
#[derive(Module, Debug)]
pub struct Resnet {
    stem: ConvBn,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    channels: usize,
}

impl Resnet {
    /// `blocks` per stage, of which the first `stages` are built.
    pub fn new(
        blocks: [usize; 4],
        bottleneck: bool,
        stages: usize,
        width: f64,
        init: &mut Init,
    ) -> Self {
        let mut channels = scaled(64, width);
        let stem = conv_bn(ConvShape::new(3, channels, 7, 2), init);
        let mut layers: [Vec<Block>; 4] = Default::default();
        for (stage, layer) in layers.iter_mut().enumerate().take(stages) {
            let inner = scaled(64 << stage, width);
            for block in 0..blocks[stage] {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                layer.push(Block::new(channels, inner, stride, bottleneck, init));
                channels = if bottleneck { inner * EXPANSION } else { inner };
            }
        }
        let [layer1, layer2, layer3, layer4] = layers;
        Self {
            stem,
            layer1,
            layer2,
            layer3,
            layer4,
            channels,
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, S, S, 3]` to `[N, S / stride, S / stride, C]`, rounded up.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = self.stem.forward_relu(images);
        let x = max_pool2d(x, 3, 2, 1);
        self.stages().forward(x)
    }

    /// Adds all layers to `graph`.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        let x = graph.scope("stem", |g| self.stem.graph_relu(images, g));
        let x = graph.max_pool(x, 3, 2, 1);
        self.stages().graph(x, graph)
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let [channels, height, width] = trace.scope("stem", |t| self.stem.describe(input, t));
        let shape = trace.add(
            "maxpool",
            [channels, height.div_ceil(2), width.div_ceil(2)],
            0,
            0,
        );
        self.stages().describe(shape, trace)
    }

    /// All layers with the part that they belong to.
    pub(super) fn pieces(&mut self) -> Vec<(&'static str, Piece<'_>)> {
        let mut pieces = vec![("stem", Piece::ConvBn(&mut self.stem))];
        pieces.extend(stages::pieces([
            ("layer1", &mut self.layer1),
            ("layer2", &mut self.layer2),
            ("layer3", &mut self.layer3),
            ("layer4", &mut self.layer4),
        ]));
        pieces
    }

    fn stages(&self) -> Stages<'_, Block, 4> {
        Stages([
            ("layer1", &self.layer1),
            ("layer2", &self.layer2),
            ("layer3", &self.layer3),
            ("layer4", &self.layer4),
        ])
    }
}
