//! MiniFASNet (<https://github.com/minivision-ai/Silent-Face-Anti-Spoofing>): a pruned MobileFaceNet
//! (arXiv 1804.07573) for inputs of 80x80, with PReLU, ending in an embedding of 128 values. Dropout
//! and the Fourier branch, which serve its own training, are left out.

use burn::{module::Module, tensor::Tensor, tensor::activation::sigmoid};

use super::{Piece, conv_bn, scaled};
use crate::{
    Init, Trace,
    graph::{Activation, Graph, Op, Value},
    layers::{ConvBn, ConvShape, Prelu},
};

/// Side of the images, and of the features that the last depthwise convolution covers whole.
pub(crate) const SIDE: usize = 80;
const LAST_SIDE: usize = SIDE / 16;

/// Channels inside the blocks, as left by the published pruning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pruned {
    /// Inside the block that halves the side before each stage.
    down: [usize; 3],
    /// Inside the blocks of each stage.
    stages: [&'static [usize]; 3],
    /// Whether the last block of each stage has squeeze-and-excitation.
    excite: bool,
}

/// MiniFASNetV2.
pub(crate) const V2: Pruned = Pruned {
    down: [103, 231, 308],
    stages: [&[13, 13, 13, 13], &[231, 52, 26, 77, 26, 26], &[26, 26]],
    excite: false,
};
/// MiniFASNetV1SE.
pub(crate) const V1SE: Pruned = Pruned {
    down: [103, 231, 308],
    stages: [&[13, 26, 13, 52], &[154, 52, 26, 52, 26, 26], &[26, 26]],
    excite: true,
};

/// A convolution, its normalisation and a PReLU.
#[derive(Module, Debug)]
pub struct ConvPrelu {
    layer: ConvBn,
    prelu: Prelu,
}

impl ConvPrelu {
    fn new(shape: ConvShape, init: &mut Init) -> Self {
        Self {
            layer: conv_bn(shape, init),
            prelu: Prelu::new(shape.outputs, init),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.prelu.forward(self.layer.forward(x))
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let y = self.layer.graph(x, graph);
        self.prelu.graph(y, graph)
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = self.layer.describe(input, trace);
        self.prelu.describe(shape, trace)
    }
}

/// Squeeze-and-excitation (arXiv 1709.01507) with normalised layers.
#[derive(Module, Debug)]
pub struct Excite {
    squeeze: ConvBn,
    expand: ConvBn,
}

impl Excite {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mean = x.clone().mean_dim(1).mean_dim(2);
        x * sigmoid(self.expand.forward(self.squeeze.forward_relu(mean)))
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let mean = graph.add(Op::GlobalAveragePool, &[x]);
        let inner = graph.scope("squeeze", |g| self.squeeze.graph_relu(mean, g));
        graph.scope("excite", |g| {
            let y = self.expand.graph(inner, g);
            let weights = g.activate(y, Activation::Sigmoid);
            g.add(Op::Multiply, &[x, weights])
        })
    }
}

/// A 1x1 convolution, a depthwise one and a 1x1 convolution; from the second block of a stage on
/// the input is added.
#[derive(Module, Debug)]
pub struct FasBlock {
    expand: ConvPrelu,
    depthwise: ConvPrelu,
    project: ConvBn,
    excite: Option<Excite>,
    residual: bool,
}

impl FasBlock {
    fn new(
        [inputs, inner, outputs]: [usize; 3],
        stride: usize,
        excite: bool,
        init: &mut Init,
    ) -> Self {
        Self {
            expand: ConvPrelu::new(ConvShape::new(inputs, inner, 1, 1), init),
            depthwise: ConvPrelu::new(ConvShape::depthwise(inner, 3, stride), init),
            project: conv_bn(ConvShape::new(inner, outputs, 1, 1), init),
            excite: excite.then(|| {
                let squeezed = (outputs / 4).max(1);
                Excite {
                    squeeze: conv_bn(ConvShape::new(outputs, squeezed, 1, 1), init),
                    expand: conv_bn(ConvShape::new(squeezed, outputs, 1, 1), init),
                }
            }),
            residual: stride == 1,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = self.depthwise.forward(self.expand.forward(x.clone()));
        match (&self.excite, self.residual) {
            (Some(excite), true) => excite.forward(self.project.forward(inner)) + x,
            (None, true) => self.project.forward_add(inner, x),
            (_, false) => self.project.forward(inner),
        }
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let inner = graph.scope("expand", |g| self.expand.graph(x, g));
        let inner = graph.scope("depthwise", |g| self.depthwise.graph(inner, g));
        let mut y = graph.scope("project", |g| self.project.graph(inner, g));
        if let Some(excite) = self.excite.as_ref().filter(|_| self.residual) {
            y = excite.graph(y, graph);
        }
        if self.residual { graph.sum(y, x) } else { y }
    }

    fn pieces(&mut self) -> impl Iterator<Item = Piece<'_>> {
        let excite = self.excite.iter_mut();
        [
            &mut self.expand.layer,
            &mut self.depthwise.layer,
            &mut self.project,
        ]
        .into_iter()
        .chain(excite.flat_map(|e| [&mut e.squeeze, &mut e.expand]))
        .map(Piece::ConvBn)
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = trace.scope("expand", |t| self.expand.describe(input, t));
        let shape = trace.scope("depthwise", |t| self.depthwise.describe(shape, t));
        let shape = trace.scope("project", |t| self.project.describe(shape, t));
        if let Some(excite) = &self.excite {
            let pooled = [shape[0], 1, 1];
            let pooled = trace.scope("squeeze", |t| excite.squeeze.describe(pooled, t));
            trace.scope("excite", |t| excite.expand.describe(pooled, t));
        }
        shape
    }
}

/// MiniFASNet, whole: images of 80x80 to `[N, 1, 1, 128]`.
#[derive(Module, Debug)]
pub struct MiniFasNet {
    stem: ConvPrelu,
    stem_depthwise: ConvPrelu,
    stage1: Vec<FasBlock>,
    stage2: Vec<FasBlock>,
    stage3: Vec<FasBlock>,
    widen: ConvPrelu,
    cover: ConvBn,
    embed: ConvBn,
    channels: usize,
}

impl MiniFasNet {
    pub(crate) fn new(pruned: Pruned, width: f64, init: &mut Init) -> Self {
        let of = |channels| scaled(channels, width);
        let (first, last, embedding) = (of(32), of(512), of(128));
        let stem = ConvPrelu::new(ConvShape::new(3, first, 3, 2), init);
        let stem_depthwise = ConvPrelu::new(ConvShape::depthwise(first, 3, 1), init);
        let mut inputs = first;
        let mut stage = |number: usize, outputs: usize| {
            let outputs = of(outputs);
            let inner = of(pruned.down[number]);
            let mut blocks = vec![FasBlock::new([inputs, inner, outputs], 2, false, init)];
            let inners = pruned.stages[number];
            for (block, inner) in inners.iter().enumerate() {
                let excite = pruned.excite && block + 1 == inners.len();
                let channels = [outputs, of(*inner), outputs];
                blocks.push(FasBlock::new(channels, 1, excite, init));
            }
            inputs = outputs;
            blocks
        };
        let (stage1, stage2, stage3) = (stage(0, 64), stage(1, 128), stage(2, 128));
        let cover = ConvShape::depthwise(last, LAST_SIDE, 1).unpadded();
        Self {
            stem,
            stem_depthwise,
            stage1,
            stage2,
            stage3,
            widen: ConvPrelu::new(ConvShape::new(inputs, last, 1, 1), init),
            cover: conv_bn(cover, init),
            embed: conv_bn(ConvShape::new(last, embedding, 1, 1), init),
            channels: embedding,
        }
    }

    /// Values of the embedding.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[N, 80, 80, 3]` to `[N, 1, 1, C]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = self.stem_depthwise.forward(self.stem.forward(images));
        let x = self
            .stages()
            .into_iter()
            .flat_map(|(_, blocks)| blocks)
            .fold(x, |x, block| block.forward(x));
        self.embed
            .forward(self.cover.forward(self.widen.forward(x)))
    }

    /// All layers with the part that they belong to.
    pub(super) fn pieces(&mut self) -> Vec<(&'static str, Piece<'_>)> {
        let mut pieces = vec![
            ("stem", Piece::ConvBn(&mut self.stem.layer)),
            (
                "stem_depthwise",
                Piece::ConvBn(&mut self.stem_depthwise.layer),
            ),
        ];
        for (name, blocks) in [
            ("stage1", &mut self.stage1),
            ("stage2", &mut self.stage2),
            ("stage3", &mut self.stage3),
        ] {
            let layers = blocks.iter_mut().flat_map(FasBlock::pieces);
            pieces.extend(layers.map(|piece| (name, piece)));
        }
        pieces.push(("widen", Piece::ConvBn(&mut self.widen.layer)));
        pieces.push(("cover", Piece::ConvBn(&mut self.cover)));
        pieces.push(("embed", Piece::ConvBn(&mut self.embed)));
        pieces
    }

    /// Adds all layers to `graph`.
    pub fn graph(&self, images: Value, graph: &mut Graph) -> Value {
        let x = graph.scope("stem", |g| self.stem.graph(images, g));
        let mut x = graph.scope("stem_depthwise", |g| self.stem_depthwise.graph(x, g));
        for (name, blocks) in self.stages() {
            for (number, block) in blocks.iter().enumerate() {
                x = graph.scope(&format!("{name}.{number}"), |g| block.graph(x, g));
            }
        }
        let x = graph.scope("widen", |g| self.widen.graph(x, g));
        let x = graph.scope("cover", |g| self.cover.graph(x, g));
        graph.scope("embed", |g| self.embed.graph(x, g))
    }

    /// Adds all layers to `trace`.
    pub fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let shape = trace.scope("stem", |t| self.stem.describe(input, t));
        let mut shape = trace.scope("stem_depthwise", |t| self.stem_depthwise.describe(shape, t));
        for (name, blocks) in self.stages() {
            for (number, block) in blocks.iter().enumerate() {
                shape = trace.scope(&format!("{name}.{number}"), |t| block.describe(shape, t));
            }
        }
        let shape = trace.scope("widen", |t| self.widen.describe(shape, t));
        let shape = trace.scope("cover", |t| self.cover.describe(shape, t));
        trace.scope("embed", |t| self.embed.describe(shape, t))
    }

    fn stages(&self) -> [(&'static str, &Vec<FasBlock>); 3] {
        [
            ("stage1", &self.stage1),
            ("stage2", &self.stage2),
            ("stage3", &self.stage3),
        ]
    }
}
