//! Stages of blocks: every walk through a network takes them in the same order and by the same names.

use burn::tensor::Tensor;

use super::Piece;
use crate::{
    Trace,
    graph::{Graph, Value},
};

/// A block of layers that keeps its kind through all stages of a network.
pub(super) trait StageBlock {
    /// `[N, H, W, C]` to the block's own size and channels.
    fn forward(&self, x: Tensor<4>) -> Tensor<4>;

    /// Adds its layers to `graph`.
    fn graph(&self, x: Value, graph: &mut Graph) -> Value;

    /// Its layers.
    fn pieces(&mut self) -> impl Iterator<Item = Piece<'_>>;

    /// Adds its layers to `trace`; channels, height and width come in and go out.
    fn describe(&self, input: [usize; 3], trace: &mut Trace) -> [usize; 3];
}

/// The stages of a network with their names; those behind its cut are empty.
pub(super) struct Stages<'a, B, const N: usize>(pub(super) [(&'static str, &'a Vec<B>); N]);

impl<'a, B: StageBlock, const N: usize> Stages<'a, B, N> {
    pub(super) fn forward(self, x: Tensor<4>) -> Tensor<4> {
        let blocks = self.0.into_iter().flat_map(|(_, blocks)| blocks);
        blocks.fold(x, |x, block| block.forward(x))
    }

    pub(super) fn graph(self, x: Value, graph: &mut Graph) -> Value {
        self.named().fold(x, |x, (name, block)| {
            graph.scope(&name, |g| block.graph(x, g))
        })
    }

    pub(super) fn describe(self, input: [usize; 3], trace: &mut Trace) -> [usize; 3] {
        self.named().fold(input, |shape, (name, block)| {
            trace.scope(&name, |t| block.describe(shape, t))
        })
    }

    /// Each block by the name of its weights, such as `stage2.0`.
    fn named(self) -> impl Iterator<Item = (String, &'a B)> {
        self.0.into_iter().flat_map(|(name, blocks)| {
            let numbered = blocks.iter().enumerate();
            numbered.map(move |(i, block)| (format!("{name}.{i}"), block))
        })
    }
}

/// The layers of all stages, each with its stage's name.
pub(super) fn pieces<'a, B: StageBlock + 'a, const N: usize>(
    stages: [(&'static str, &'a mut Vec<B>); N],
) -> impl Iterator<Item = (&'static str, Piece<'a>)> {
    stages.into_iter().flat_map(|(name, blocks)| {
        let layers = blocks.iter_mut().flat_map(StageBlock::pieces);
        layers.map(move |piece| (name, piece))
    })
}
