//! CDCN (arXiv 2003.04092) and its vanilla twin DepthNet: a stem and three blocks of three 3x3
//! convolutions and a max-pool, whose outputs are resized to one side and concatenated.

use burn::{module::Module, tensor::Tensor};
use fasgard_kernels::tensor::max_pool2d;

use super::scaled;
use crate::{
    Init, Trace,
    graph::{Graph, Value},
    layers::{Conv, ConvBn, ConvInit, ConvShape, resize_bilinear},
};

/// CDCN's body: with `theta` 0 it is DepthNet's.
#[derive(Module, Debug)]
pub struct Cdcn {
    stem: ConvBn,
    blocks: Vec<Vec<ConvBn>>,
    side: usize,
    channels: usize,
}

impl Cdcn {
    /// `side` is that of the concatenated features, whatever the input size.
    pub fn new(theta: f64, width: f64, side: usize, init: &mut Init) -> Self {
        let (narrow, middle, wide) = (scaled(64, width), scaled(128, width), scaled(196, width));
        let mut conv = |inputs, outputs| {
            let shape = ConvShape::new(inputs, outputs, 3, 1);
            let conv = Conv::new(shape, ConvInit::UniformFanIn, init).with_theta(theta);
            ConvBn::new(conv, outputs, init)
        };
        let stem = conv(3, narrow);
        let blocks = [narrow, middle, middle]
            .map(|inputs| vec![conv(inputs, middle), conv(middle, wide), conv(wide, middle)])
            .into();
        Self {
            stem,
            blocks,
            side,
            channels: 3 * middle,
        }
    }

    /// Channels of the concatenated features.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, S, S, 3]` to `[N, side, side, C]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let mut x = self.stem.forward_relu(images);
        let mut levels = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            x = block.iter().fold(x, |x, conv| conv.forward_relu(x));
            x = max_pool2d(x, 3, 2, 1);
            levels.push(resize_bilinear(x.clone(), self.side));
        }
        Tensor::cat(levels, 3)
    }

    /// Calls `f` on every convolution.
    pub(super) fn each(&mut self, f: &mut dyn FnMut(&mut ConvBn)) {
        f(&mut self.stem);
        self.blocks.iter_mut().flatten().for_each(f);
    }

    /// Adds all layers to `graph`.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        let mut x = graph.scope("stem", |g| self.stem.graph_relu(images, g));
        let mut levels = Vec::with_capacity(self.blocks.len());
        for (b, block) in self.blocks.iter().enumerate() {
            for (i, conv) in block.iter().enumerate() {
                x = graph.scope(&format!("blocks.{b}.{i}"), |g| conv.graph_relu(x, g));
            }
            let level = graph.scope(&format!("blocks.{b}"), |g| {
                x = g.max_pool(x, 3, 2, 1);
                g.resize(x, self.side)
            });
            levels.push(level);
        }
        graph.concat(&levels)
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let mut shape = trace.scope("stem", |t| self.stem.describe(input, t));
        for (b, block) in self.blocks.iter().enumerate() {
            for (i, conv) in block.iter().enumerate() {
                shape = trace.scope(&format!("blocks.{b}.{i}"), |t| conv.describe(shape, t));
            }
            let [channels, height, width] = shape;
            let pooled = [channels, height.div_ceil(2), width.div_ceil(2)];
            shape = trace.scope(&format!("blocks.{b}"), |t| t.add("maxpool", pooled, 0, 0));
        }
        trace.add("concat", [self.channels, self.side, self.side], 0, 0)
    }
}
