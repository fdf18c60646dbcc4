//! Inverted residual blocks (arXiv 1801.04381): wide inside, narrow where they are joined.

use burn::{module::Module, tensor::Tensor};
use fasgard_kernels::Activation;

use super::{Piece, conv_bn, scaled, stages::StageBlock};
use crate::{
    Init, Trace,
    graph::{Graph, Value},
    layers::{ConvBn, ConvShape},
};

/// A block of EfficientNet-Lite: a 1x1 convolution that widens, a depthwise one, a 1x1 convolution
/// that narrows. ReLU6 behind the first two; from the second block of a stage on the input is added.
#[derive(Module, Debug)]
pub struct Inverted {
    expand: Option<ConvBn>,
    depthwise: ConvBn,
    project: ConvBn,
    residual: bool,
}

/// What a block is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvertedShape {
    /// Channels in.
    pub(super) inputs: usize,
    /// Channels out.
    pub(super) outputs: usize,
    /// How many times wider it is inside.
    pub(super) expansion: usize,
    /// Side of the depthwise kernel.
    pub(super) kernel: usize,
    /// Stride of the depthwise convolution, padded behind.
    pub(super) stride: usize,
    /// Whether the input is added.
    pub(super) residual: bool,
    /// Added to variances.
    pub(super) epsilon: f64,
}

impl Inverted {
    pub(super) fn new(shape: InvertedShape, init: &mut Init) -> Self {
        let inner = shape.inputs * shape.expansion;
        let mut conv = |conv: ConvShape| conv_bn(conv, init).with_epsilon(shape.epsilon);
        Self {
            expand: (shape.expansion > 1).then(|| conv(ConvShape::new(shape.inputs, inner, 1, 1))),
            depthwise: conv(
                ConvShape::depthwise(inner, shape.kernel, shape.stride).padded_behind(),
            ),
            project: conv(ConvShape::new(inner, shape.outputs, 1, 1)),
            residual: shape.residual,
        }
    }
}

impl StageBlock for Inverted {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = match &self.expand {
            Some(expand) => expand.forward_as(x.clone(), Activation::Relu6),
            None => x.clone(),
        };
        let inner = self.depthwise.forward_as(inner, Activation::Relu6);
        match self.residual {
            true => self.project.forward_add(inner, x),
            false => self.project.forward(inner),
        }
    }

    fn graph(&self, x: Value, graph: &mut Graph) -> Value {
        let inner = match &self.expand {
            Some(expand) => graph.scope("expand", |g| expand.graph_as(x, Activation::Relu6, g)),
            None => x,
        };
        let inner = graph.scope("depthwise", |g| {
            self.depthwise.graph_as(inner, Activation::Relu6, g)
        });
        graph.scope("project", |g| {
            let y = self.project.graph(inner, g);
            if self.residual { g.sum(y, x) } else { y }
        })
    }

    fn pieces(&mut self) -> impl Iterator<Item = Piece<'_>> {
        self.expand
            .iter_mut()
            .chain([&mut self.depthwise, &mut self.project])
            .map(Piece::ConvBn)
    }

    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        let mut shape = input;
        if let Some(expand) = &self.expand {
            shape = trace.scope("expand", |t| expand.describe(shape, t));
        }
        shape = trace.scope("depthwise", |t| self.depthwise.describe(shape, t));
        trace.scope("project", |t| self.project.describe(shape, t))
    }
}

/// Blocks of a stage: `(expansion, kernel, stride, channels, count)`; the stride is the first one's.
pub(super) fn stage(
    (expansion, kernel, stride, channels, count): (usize, usize, usize, usize, usize),
    inputs: &mut usize,
    (width, epsilon): (f64, f64),
    init: &mut Init,
) -> Vec<Inverted> {
    let outputs = scaled(channels, width);
    (0..count)
        .map(|number| {
            let shape = InvertedShape {
                inputs: *inputs,
                outputs,
                expansion,
                kernel,
                stride: if number == 0 { stride } else { 1 },
                // No stage begins with as many channels as it has: at full width, that is.
                residual: number > 0,
                epsilon,
            };
            *inputs = outputs;
            Inverted::new(shape, init)
        })
        .collect()
}
