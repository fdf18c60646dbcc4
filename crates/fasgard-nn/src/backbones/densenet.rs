//! DenseNet-161 (arXiv 1608.06993), laid out as torchvision's: every layer reads all layers before it
//! of its block. DeepPixBiS (arXiv 1907.04047) cuts it after the second transition.

use burn::{module::Module, tensor::Tensor};
use fasgard_kernels::{
    Activation,
    tensor::{avg_pool2d, max_pool2d},
};

use super::{Piece, scaled};
use crate::{
    Init, Trace,
    graph::{Graph, Op, Value},
    layers::{BatchNorm, Conv, ConvBn, ConvInit, ConvShape},
};

/// Channels that a layer adds, and the stem's.
const GROWTH: usize = 48;
const STEM: usize = 96;
/// Channels of a layer's bottleneck, relative to what it adds.
const BOTTLENECK: usize = 4;
/// Layers of the four blocks.
const BLOCKS: [usize; 4] = [6, 12, 36, 24];

/// Normalisation, ReLU, 1x1 convolution, normalisation, ReLU, 3x3 convolution; the input and what
/// they give side by side.
#[derive(Module, Debug)]
pub struct DenseLayer {
    norm: BatchNorm,
    squeeze: ConvBn,
    conv: Conv,
}

impl DenseLayer {
    fn new(inputs: usize, growth: usize, init: &mut Init) -> Self {
        let inner = growth * BOTTLENECK;
        let norm = BatchNorm::new(inputs, init);
        let squeeze = conv_bn(ConvShape::new(inputs, inner, 1, 1), init);
        let conv = conv(ConvShape::new(inner, growth, 3, 1), init);
        Self {
            norm,
            squeeze,
            conv,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = self
            .squeeze
            .forward_relu(self.norm.forward(x.clone(), true));
        Tensor::cat(vec![x, self.conv.forward(inner)], 3)
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let y = graph.scope("norm", |g| self.norm.graph(x, Activation::Relu, g));
        let y = graph.scope("squeeze", |g| self.squeeze.graph_relu(y, g));
        let y = self.conv.graph(y, graph);
        graph.concat(&[x, y])
    }

    fn pieces(&mut self) -> [Piece<'_>; 3] {
        [
            Piece::Norm(&mut self.norm),
            Piece::ConvBn(&mut self.squeeze),
            Piece::Conv(&mut self.conv),
        ]
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = trace.scope("norm", |t| self.norm.describe(input, t));
        let inner = trace.scope("squeeze", |t| self.squeeze.describe(shape, t));
        let [added, height, width] = self.conv.describe(inner, trace);
        [input[0] + added, height, width]
    }
}

/// Between two blocks: normalisation, ReLU, a 1x1 convolution to half of the channels, and the mean
/// of 2x2 pixels (an odd last row or column is left out).
#[derive(Module, Debug)]
pub struct Transition {
    norm: BatchNorm,
    conv: Conv,
}

impl Transition {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.conv.forward(self.norm.forward(x, true));
        let [_, height, width, _] = y.dims();
        let (even_height, even_width) = (height / 2 * 2, width / 2 * 2);
        let y = if [height, width] == [even_height, even_width] {
            y
        } else {
            y.narrow(1, 0, even_height).narrow(2, 0, even_width)
        };
        avg_pool2d(y, 2)
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let y = self.norm.graph(x, Activation::Relu, graph);
        let y = self.conv.graph(y, graph);
        // A window that does not lie inside the map is left out.
        let (kernel, stride) = (2, 2);
        graph.add(Op::AveragePool { kernel, stride }, &[y])
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = self.norm.describe(input, trace);
        let [channels, height, width] = self.conv.describe(shape, trace);
        trace.add("avgpool", [channels, height / 2, width / 2], 0, 0)
    }
}

/// DenseNet-161, cut after one of its transitions (strides 8, 16, 32) or after its last block and
/// normalisation (stride 32).
#[derive(Module, Debug)]
pub struct DenseNet {
    stem: ConvBn,
    block1: Vec<DenseLayer>,
    transition1: Option<Transition>,
    block2: Vec<DenseLayer>,
    transition2: Option<Transition>,
    block3: Vec<DenseLayer>,
    transition3: Option<Transition>,
    block4: Vec<DenseLayer>,
    last: Option<BatchNorm>,
    channels: usize,
}

impl DenseNet {
    /// The first `blocks` of the four blocks are built, each with what follows it.
    pub fn new(blocks: usize, width: f64, init: &mut Init) -> Self {
        let growth = scaled(GROWTH, width);
        let mut channels = scaled(STEM, width);
        let stem = conv_bn(ConvShape::new(3, channels, 7, 2), init);
        let mut block = |number: usize| {
            let count = if number < blocks { BLOCKS[number] } else { 0 };
            let layers = (0..count)
                .map(|_| {
                    let layer = DenseLayer::new(channels, growth, init);
                    channels += growth;
                    layer
                })
                .collect::<Vec<_>>();
            let transition = (count > 0 && number < 3).then(|| {
                let norm = BatchNorm::new(channels, init);
                let conv = conv(ConvShape::new(channels, channels / 2, 1, 1), init);
                channels /= 2;
                Transition { norm, conv }
            });
            (layers, transition)
        };
        let (block1, transition1) = block(0);
        let (block2, transition2) = block(1);
        let (block3, transition3) = block(2);
        let (block4, _) = block(3);
        Self {
            stem,
            block1,
            transition1,
            block2,
            transition2,
            block3,
            transition3,
            last: (!block4.is_empty()).then(|| BatchNorm::new(channels, init)),
            block4,
            channels,
        }
    }

    /// Channels of the feature map.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, S, S, 3]` to `[N, S / stride, S / stride, C]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = max_pool2d(self.stem.forward_relu(images), 3, 2, 1);
        let x = self
            .blocks()
            .into_iter()
            .fold(x, |x, (_, block, transition)| {
                let x = block.iter().fold(x, |x, layer| layer.forward(x));
                match transition {
                    Some(transition) => transition.forward(x),
                    None => x,
                }
            });
        match &self.last {
            Some(last) => last.forward(x, true),
            None => x,
        }
    }

    /// All layers with the part that they belong to.
    pub(super) fn pieces(&mut self) -> Vec<(&'static str, Piece<'_>)> {
        let mut pieces = vec![("stem", Piece::ConvBn(&mut self.stem))];
        for (block, layers, name, transition) in [
            (
                "block1",
                &mut self.block1,
                "transition1",
                self.transition1.as_mut(),
            ),
            (
                "block2",
                &mut self.block2,
                "transition2",
                self.transition2.as_mut(),
            ),
            (
                "block3",
                &mut self.block3,
                "transition3",
                self.transition3.as_mut(),
            ),
            ("block4", &mut self.block4, "", None),
        ] {
            let layers = layers.iter_mut().flat_map(DenseLayer::pieces);
            pieces.extend(layers.map(|piece| (block, piece)));
            if let Some(Transition { norm, conv }) = transition {
                pieces.push((name, Piece::Norm(norm)));
                pieces.push((name, Piece::Conv(conv)));
            }
        }
        pieces.extend(self.last.iter_mut().map(|norm| ("last", Piece::Norm(norm))));
        pieces
    }

    /// Adds all layers to `graph`.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        let x = graph.scope("stem", |g| self.stem.graph_relu(images, g));
        let mut x = graph.max_pool(x, 3, 2, 1);
        for (number, block, transition) in self.blocks() {
            for (index, layer) in block.iter().enumerate() {
                let name = format!("block{number}.{index}");
                x = graph.scope(&name, |g| layer.graph(x, g));
            }
            if let Some(transition) = transition {
                let name = format!("transition{number}");
                x = graph.scope(&name, |g| transition.graph(x, g));
            }
        }
        match &self.last {
            Some(last) => graph.scope("last", |g| last.graph(x, Activation::Relu, g)),
            None => x,
        }
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let [channels, height, width] = trace.scope("stem", |t| self.stem.describe(input, t));
        let pooled = [channels, height.div_ceil(2), width.div_ceil(2)];
        let mut shape = trace.add("maxpool", pooled, 0, 0);
        for (number, block, transition) in self.blocks() {
            for (index, layer) in block.iter().enumerate() {
                let name = format!("block{number}.{index}");
                shape = trace.scope(&name, |t| layer.describe(shape, t));
            }
            if let Some(transition) = transition {
                let name = format!("transition{number}");
                shape = trace.scope(&name, |t| transition.describe(shape, t));
            }
        }
        match &self.last {
            Some(last) => trace.scope("last", |t| last.describe(shape, t)),
            None => shape,
        }
    }

    fn blocks(&self) -> [(usize, &Vec<DenseLayer>, Option<&Transition>); 4] {
        [
            (1, &self.block1, self.transition1.as_ref()),
            (2, &self.block2, self.transition2.as_ref()),
            (3, &self.block3, self.transition3.as_ref()),
            (4, &self.block4, None),
        ]
    }
}

fn conv(shape: ConvShape, init: &mut Init) -> Conv {
    Conv::new(shape, ConvInit::KaimingFanIn, init)
}

fn conv_bn(shape: ConvShape, init: &mut Init) -> ConvBn {
    ConvBn::new(conv(shape, init), shape.outputs, init)
}
